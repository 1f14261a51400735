"""Migrations of the source under load: they never fail because of us, and none goes unnoticed that costs figures."""

from functools import partial
from typing import Final

from tests.faults.invariants import assert_loud, assert_standing, mend
from tests.faults.scenario import Run, Scenario
from tests.pipeline.pipeline import report

QUIET_TABLE: Final = "service_hubformstep"
"""Nobody writes to it under load."""
HARMLESS: Final = (
    "ALTER TABLE service_servicerequest ADD COLUMN {n}_priority integer NOT NULL DEFAULT 3",
    "ALTER TABLE service_servicerequest RENAME COLUMN {n}_priority TO {n}_urgency",
    "ALTER TABLE service_servicerequest ALTER COLUMN {n}_urgency TYPE bigint",
    "ALTER TABLE booking_booking ADD COLUMN {n}_note text",
    "CREATE TABLE {n}_new (id serial PRIMARY KEY, text text)",
    "INSERT INTO {n}_new (text) SELECT 'x' FROM generate_series(1, 1000)",
    "ALTER TABLE core_event ALTER COLUMN slug TYPE varchar(400)",
    "CREATE INDEX {n}_status ON service_servicerequest (status)",
    "ALTER TABLE service_servicerequest DROP COLUMN {n}_urgency",
    "ALTER TABLE booking_booking DROP COLUMN {n}_note",
    "DROP INDEX {n}_status",
    "DROP TABLE {n}_new",
)  # fmt: skip


def migrations(run: Run) -> None:
    """Columns that are not listed come and go, a listed one becomes wider, tables are new."""
    with run.load():
        for statement in HARMLESS:
            run.pause(0.2, 1.0)
            run.pipeline.execute(statement.format(n=f"f{run.seed}"))
            run.inject("migration")


def listed_column(run: Run, there: str, back: str) -> None:
    """The migration goes through, the table's figures say that they miss something, the others go on."""
    pipeline = run.pipeline
    with run.load():
        run.pause(1.0, 2.0)
        pipeline.execute(there)
        run.inject("migration of a listed column")
        try:
            assert_loud(pipeline, QUIET_TABLE)
            result = pipeline.reconcile([table for table in pipeline.contract.tables if table != QUIET_TABLE])
            assert result.exact, report(result)
        finally:
            pipeline.execute(back.format(role=pipeline.settings.connector_user))
        mend(pipeline)
        run.recovered()
    assert_standing(pipeline)


RENAME: Final = "ALTER TABLE service_hubformstep RENAME COLUMN {} TO {}"
DROP: Final = "ALTER TABLE service_hubformstep DROP COLUMN hub_form_id"
ADD: Final = (
    "ALTER TABLE service_hubformstep ADD COLUMN hub_form_id bigint; "
    "UPDATE service_hubformstep SET hub_form_id = (SELECT min(id) FROM service_hubform); "
    "GRANT SELECT (hub_form_id) ON service_hubformstep TO {role}"
)
"""A column made anew is not what was granted: `connectors apply` refuses it until somebody grants it by hand."""
THERE: Final = RENAME.format("hub_form_id", "form_id")
BACK: Final = RENAME.format("form_id", "hub_form_id")
LOUD: Final = "no migration fails, loud, other tables exact; exact once it is mended"

SCENARIOS: Final = (
    Scenario("F17", "migrations under load: add, rename, drop, widen, new table", "no migration fails, I1-I7",
             migrations),
    Scenario("F17 renamed", "a listed column renamed", LOUD, partial(listed_column, there=THERE, back=BACK),
             settles=False, own=True),
    Scenario("F17 removed", "a listed column dropped", LOUD, partial(listed_column, there=DROP, back=ADD),
             settles=False, own=True),
)  # fmt: skip
