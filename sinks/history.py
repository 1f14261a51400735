"""History facts: what a status history table tells about the time before capture, as transitions.

One fact for each row of the history's mirror that only snapshot reads have seen (`_lsn` = 0): the transitions of
streamed rows are facts of the entity already. `from_status` is the status of the entity's row before, by instant and
id. The statements may be run again at any time: the same rows give the same facts.
"""

from schemas.contract import Contract
from schemas.lifecycles import REMOVED, UNKNOWN, History, Lifecycle
from sinks.statements import literal, literals, name, rendered

INSERT = """
INSERT INTO $facts (
    $id, lsn, from_status, to_status, at, seconds_in_from, legal, origin, $dimensions, _topic, _partition, _version
)
SELECT
    h.entity,
    0,
    h.before,
    h.status,
    h.at,
    dateDiff('microsecond', h.before_at, h.at) / 1000000,
    $legal,
    'history',
    $values,
    $topic,
    h._partition,
    toUInt64(h.id)
FROM (
    SELECT
        assumeNotNull(r.$history_id) AS entity,
        r.$history_status AS status,
        assumeNotNull(r.$history_at) AS at,
        r.id AS id,
        r._partition AS _partition,
        r._lsn AS _lsn,
        lagInFrame(toString(r.$history_status)) OVER previous AS before,
        lagInFrame(r.$history_at) OVER previous AS before_at
    FROM $history AS r FINAL
    WHERE r.$history_id IS NOT NULL AND r.$history_at IS NOT NULL
    WINDOW previous AS (
        PARTITION BY r.$history_id ORDER BY r.$history_at, r.id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
) AS h
LEFT JOIN (SELECT * FROM $table FINAL) AS e ON e.id = h.entity
WHERE h._lsn = 0
"""


def history_statements(contract: Contract, lifecycles: dict[str, Lifecycle], topic_prefix: str) -> list[str]:
    """One statement for each lifecycle whose history table is captured."""
    return [
        history_statement(contract, lifecycle, lifecycle.history, topic_prefix)
        for lifecycle in lifecycles.values()
        if lifecycle.history and lifecycle.history.table in contract.tables and lifecycle.table in contract.tables
    ]


def history_statement(contract: Contract, lifecycle: Lifecycle, history: History, topic_prefix: str) -> str:
    table = contract.tables[lifecycle.table]
    texts = {column.name for column in table.columns if column.type == "string"}
    values = (
        "NULL" if c is None else f"ifNull(e.{name(c)}, '')" if c in texts else f"e.{name(c)}"
        for c in lifecycle.dimensions.values()
    )
    return rendered(
        INSERT,
        {
            "facts": name(lifecycle.facts),
            "id": name(lifecycle.id),
            "dimensions": ", ".join(map(name, (*lifecycle.constants, *lifecycle.dimensions))),
            "values": ", ".join((*map(literal, lifecycle.constants.values()), *values)),
            "legal": legal(lifecycle),
            "topic": literal(contract.topic(topic_prefix, history.table)),
            "history": name(history.table),
            "history_id": name(history.id),
            "history_status": name(history.status),
            "history_at": name(history.at),
            "table": name(lifecycle.table),
        },
    ).strip()


def legal(lifecycle: Lifecycle) -> str:
    """Whether the lifecycle allows the transition of `h`."""
    listed = literals(["", *lifecycle.statuses])
    cases = (
        f"(h.before {f'NOT IN {listed}' if before == UNKNOWN else f'= {literal(before)}'}"
        f" AND h.status IN {literals(sorted(after))})"
        for before, after in lifecycle.legal.items()
    )
    return " OR ".join([f"h.status = {literal(REMOVED)}", *cases])
