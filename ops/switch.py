"""The tables of a rebuilt database take the place of the old ones, one by one, each in an instant.

Before the first is exchanged, the table `rebuild_switch` in the served database says which tables are the new ones, by
UUID. While it is there no worker starts (`streams/agents/loading.py`); whoever finds it can finish: what has its UUID
already is done. `watermarks` comes last. In the end it moves to the other database, which now has the old data.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from schemas.errors import Problem
from schemas.rows import DEAD_LETTERS, SEEN_UNTIL, WATERMARKS
from sinks.clickhouse import INSERT_SETTINGS, Client
from sinks.statements import name
from streams.continuity import HEARTBEATS
from streams.plan import SWITCH
from streams.resync import RESYNC_REQUIRED

DONE: Final = "rebuild_done"
OF_THE_LOG: Final = frozenset(
    {table.name for table in (DEAD_LETTERS, SEEN_UNTIL, WATERMARKS, HEARTBEATS, RESYNC_REQUIRED)}
    | {"schema_migrations"}
)
"""Tables without `_topic` that belong to one state of the log; what else there is (worker_events) stays where it is."""


@dataclass(frozen=True, slots=True)
class Switch:
    """`served` is the database that users read, `shadow` the rebuilt one."""

    client: Client
    served: str
    shadow: str

    @property
    def under_way(self) -> bool:
        return SWITCH in self.tables(self.served)

    @property
    def old_data_left(self) -> bool:
        return DONE in self.tables(self.shadow)

    def run(self) -> int:
        """Begins or finishes; the number of tables that are served anew."""
        if not self.under_way:
            self.begin()
        wanted = self.wanted()
        for table, uuid in sorted(wanted.items(), key=lambda item: (item[0] == WATERMARKS.name, item[0])):
            self.exchange(table, uuid)
        self.client.command(f"RENAME TABLE {self.at(self.served, SWITCH)} TO {self.at(self.shadow, DONE)}")
        return len(wanted)

    def begin(self) -> None:
        """All rows of the mark in one insert: it is there as a whole or not at all."""
        new = list(self.chosen())
        if not new:
            raise Problem(f"database {self.shadow} has no rebuilt tables; run techhub-cdc rebuild again")
        mark = self.at(self.shadow, SWITCH)
        self.client.command(f"DROP TABLE IF EXISTS {mark}")
        self.client.command(f"CREATE TABLE {mark} (name String, uuid String) ENGINE = MergeTree ORDER BY name")
        self.client.insert(SWITCH, new, database=self.shadow, column_names=["name", "uuid"], settings=INSERT_SETTINGS)
        self.client.command(f"RENAME TABLE {mark} TO {self.at(self.served, SWITCH)}")

    def chosen(self) -> Iterator[tuple[str, str]]:
        served = self.tables(self.served)
        for table, uuid in self.tables(self.shadow).items():
            if table in OF_THE_LOG or self.of_the_log(table) or table not in served:
                yield table, uuid

    def of_the_log(self, table: str) -> bool:
        rows = self.client.query(
            "SELECT count() FROM system.columns WHERE database = {database:String} AND table = {table:String} "
            "AND name = '_topic'",
            parameters={"database": self.shadow, "table": table},
        ).result_rows
        return bool(rows[0][0])

    def wanted(self) -> dict[str, str]:
        rows = self.client.query(f"SELECT name, uuid FROM {self.at(self.served, SWITCH)}").result_rows  # noqa: S608
        return {str(table): str(uuid) for table, uuid in rows}

    def exchange(self, table: str, uuid: str) -> None:
        there = self.tables(self.served)
        if there.get(table) == uuid:
            return
        served, shadow = self.at(self.served, table), self.at(self.shadow, table)
        verb = f"EXCHANGE TABLES {served} AND {shadow}" if table in there else f"RENAME TABLE {shadow} TO {served}"
        self.client.command(verb)

    def tables(self, database: str) -> Mapping[str, str]:
        """Name -> UUID of the tables with rows."""
        rows = self.client.query(
            "SELECT name, toString(uuid) FROM system.tables WHERE database = {database:String} "
            "AND engine LIKE '%MergeTree'",
            parameters={"database": database},
        ).result_rows
        return {str(table): str(uuid) for table, uuid in rows}

    def drop_old(self) -> None:
        if not self.old_data_left:
            raise Problem(f"database {self.shadow} does not hold old data of a rebuild that has ended")
        self.client.command(f"DROP DATABASE {name(self.shadow)}")

    @staticmethod
    def at(database: str, table: str) -> str:
        return f"{name(database)}.{name(table)}"
