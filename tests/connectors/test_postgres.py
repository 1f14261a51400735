"""The SQL that capture needs, from contract and catalogue alone."""

from dataclasses import replace

from connectors.catalogue import Catalogue, Publication, Rights, SourceColumn
from connectors.postgres import Statement, statements
from schemas.contract import Contract
from schemas.settings import Settings
from tests.connectors.conftest import with_column


def texts(found: list[Statement]) -> list[str]:
    return [statement.text for statement in found]


def test_a_complete_source_needs_nothing(contract: Contract, settings: Settings, complete: Catalogue) -> None:
    assert statements(contract, settings, complete) == []


def test_an_empty_source_gets_role_schema_grants_and_publication(
    contract: Contract, settings: Settings, empty: Catalogue
) -> None:
    found = statements(contract, settings, empty)
    assert all(statement.runnable and statement.why for statement in found)
    grants = [text for text in texts(found) if text.startswith("grant select (") and '"public"' in text]
    assert len(grants) == len(contract.tables)
    assert any(text.startswith('create publication "techhub_cdc" for table "public".') for text in texts(found))
    assert not any("for all tables" in text.lower() for text in texts(found))


def test_exactly_the_listed_columns_are_granted(contract: Contract, settings: Settings, empty: Catalogue) -> None:
    columns = ", ".join(f'"{name}"' for name in contract.tables["account_user"].sources)
    granted = f'grant select ({columns}) on "public"."account_user" to "techhub_cdc"'
    assert granted in texts(statements(contract, settings, empty))


def test_no_password_is_in_any_statement(contract: Contract, settings: Settings, empty: Catalogue) -> None:
    found = "\n".join(texts(statements(contract, settings, empty, password_works=False)))
    assert "<password of the connector>" in found
    assert "sentinel-password" not in found and "owner-secret" not in found


def test_a_grant_that_the_contract_does_not_list_is_taken_back(
    contract: Contract, settings: Settings, complete: Catalogue
) -> None:
    surplus = with_column(complete, "account_user", SourceColumn("iin", "text", 99, True, readable=True))
    assert texts(statements(contract, settings, surplus)) == [
        'revoke select ("iin") on "public"."account_user" from "techhub_cdc"'
    ]


def test_a_grant_on_a_whole_table_is_replaced_by_columns(
    contract: Contract, settings: Settings, complete: Catalogue
) -> None:
    table = replace(complete.tables["public.booking_room"], readable=True)
    source = replace(complete, tables={**complete.tables, table.qualified: table})
    assert texts(statements(contract, settings, source)) == [
        'revoke select on "public"."booking_room" from "techhub_cdc"',
        'grant select ("id", "name", "capacity") on "public"."booking_room" to "techhub_cdc"',
    ]


def test_the_publication_gains_and_loses_tables_with_the_contract(
    contract: Contract, settings: Settings, complete: Catalogue
) -> None:
    assert complete.publication is not None
    tables = complete.publication.tables - {"public.booking_room"} | {"public.user_sessions_session"}
    source = replace(complete, publication=Publication(False, True, True, tables, frozenset()))
    assert texts(statements(contract, settings, source)) == [
        'alter publication "techhub_cdc" add table "public"."booking_room"',
        'alter publication "techhub_cdc" drop table "public"."user_sessions_session"',
    ]


def test_what_the_role_of_the_dsn_may_not_do_is_marked(
    contract: Contract, settings: Settings, empty: Catalogue
) -> None:
    reader = replace(empty, rights=Rights("reader", superuser=False, create_role=False, create_on_database=False))
    tables = {name: replace(table, owned=False) for name, table in reader.tables.items()}
    assert not any(statement.runnable for statement in statements(contract, settings, replace(reader, tables=tables)))


def test_a_refused_password_is_set_again(contract: Contract, settings: Settings, complete: Catalogue) -> None:
    assert texts(statements(contract, settings, complete, password_works=False)) == [
        "alter role \"techhub_cdc\" password '<password of the connector>'"
    ]
