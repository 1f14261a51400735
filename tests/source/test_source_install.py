"""The source database as `up` makes it."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise

import psycopg
import pytest

from connectors.catalogue import read
from connectors.check import compare
from deploy.local.source import CANARY, MARKER, NotEmbedded, install
from deploy.local.source.domains.core_content import PLACES
from deploy.local.source.domains.service import NEXT
from deploy.local.source.volumes import FIXED, FULL, Volumes
from schemas.contract import Table as ContractTable
from schemas.contract import load_contract
from schemas.settings import load

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
STATUSES = {"draft", "sent", "correction", "success", "reject", "deleted"}
Ask = Callable[[str], list[tuple[object, ...]]]


@pytest.fixture(scope="module")
def dsn(new_database: Callable[[], str]) -> str:
    dsn = new_database()
    assert install(dsn, scale=0.05, now=NOW)
    return dsn


@pytest.fixture
def ask(dsn: str) -> Ask:
    return lambda query: rows(dsn, query)


def rows(dsn: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(query.encode()).fetchall()


def checksum(dsn: str, table: str) -> list[tuple[object, ...]]:
    return rows(dsn, f"SELECT count(*), sum(hashtextextended(t::text, 0)) FROM {table} t")


def test_the_whole_contract_can_be_captured(dsn: str) -> None:
    """Nothing is missing or of another type, not even what is optional."""
    contract = load_contract()
    with psycopg.connect(dsn, autocommit=True) as connection:
        found = compare(contract, read(connection, contract, load(postgres_dsn=dsn)))
    assert [finding for finding in found.findings if finding.level != "note"] == []
    assert found.contract == contract


@pytest.mark.parametrize("table", load_contract().tables.values(), ids=lambda table: table.name)
def test_no_captured_column_holds_what_identifies_a_person(ask: Ask, table: ContractTable) -> None:
    """But for documents of which only a part is kept."""
    for name in {column.source for column in table.columns if not column.path}:
        assert ask(f"SELECT count(*) FROM {table.name} WHERE \"{name}\"::text LIKE '%{CANARY}%'") == [(0,)], name


def test_a_second_install_changes_nothing(dsn: str, ask: Ask) -> None:
    before = ask(f"SELECT * FROM {MARKER}")
    assert install(dsn, scale=1) is False
    assert ask(f"SELECT * FROM {MARKER}") == before


@pytest.mark.parametrize("table", [*FIXED, *FULL])
def test_volumes_follow_the_scale(ask: Ask, table: str) -> None:
    """A history is cut where a path begins."""
    [(count,)] = ask(f"SELECT count(*) FROM {table}")
    expected = Volumes(0.05).rows(table)
    assert isinstance(count, int)
    assert expected - 10 <= count <= expected if table.endswith("status") else count == expected


def test_titles_are_in_three_languages(ask: Ask) -> None:
    for table in PLACES:
        texts = "title ?& array['ru', 'kk', 'en'] AND title ->> 'ru' <> ''"
        assert ask(f"SELECT bool_and({texts}) FROM {table}") == [(True,)], table


def test_content_has_the_statuses_of_its_lifecycle_and_is_published_when_it_succeeded(ask: Ask) -> None:
    for table in PLACES:
        assert {status for (status,) in ask(f"SELECT DISTINCT status FROM {table}")} <= STATUSES
        assert ask(f"SELECT bool_and(published = (status = 'success')) FROM {table}") == [(True,)], table
        assert ask(f"SELECT count(*) FROM {table} WHERE updated_at < created_at OR created_at > '{NOW}'") == [(0,)]
    [(share,)] = ask("SELECT avg((status = 'success')::int)::float8 FROM core_blog")
    assert isinstance(share, float) and 0.5 < share < 0.95


def test_the_feed_has_an_entry_with_the_status_of_each_piece_of_content(ask: Ask) -> None:
    for table in PLACES:
        join = f"{table} c LEFT JOIN core_feed f ON f.{table.removeprefix('core_')}_id = c.id"
        assert ask(f"SELECT bool_and(f.status = c.status AND f.published = c.published) FROM {join}") == [(True,)], (
            table
        )


def test_a_reply_is_about_what_its_parent_is_about(ask: Ask) -> None:
    join = "core_comment c JOIN core_comment p ON p.id = c.parent_id"
    [(replies, same)] = ask(
        f"SELECT count(*), bool_and((c.source, c.primary_key) = (p.source, p.primary_key)) FROM {join}"
    )
    assert isinstance(replies, int) and replies > 20
    assert same is True


def test_the_same_seed_and_instant_give_the_same_rows(dsn: str, new_database: Callable[[], str]) -> None:
    again, other = new_database(), new_database()
    install(again, scale=0.05, now=NOW)
    install(other, scale=0.05, now=NOW, seed=2)
    for table in ("account_user", "service_service", "service_servicerequest", "booking_bookingstatus", "core_blog"):
        assert checksum(again, table) == checksum(dsn, table)
        assert checksum(other, table) != checksum(dsn, table)


def test_recorded_history_is_a_legal_path_that_ends_at_the_status_of_the_request(ask: Ask) -> None:
    paths = ask(
        "SELECT r.status, array_agg(h.status ORDER BY h.created_at, h.id), min(h.created_at) = r.created_at"
        " FROM service_servicerequeststatus h JOIN service_servicerequest r ON r.id = service_request_id GROUP BY r.id"
    )
    assert len(paths) > 500
    for status, path, from_creation in paths:
        assert isinstance(path, list) and path[0] in ("draft", "sent") and from_creation
        assert path[-1] == status
        assert all(after in NEXT[before] for before, after in pairwise(path))


def test_a_few_percent_are_open_and_nothing_is_later_than_now(ask: Ask) -> None:
    [(share,)] = ask(
        "SELECT avg((status NOT IN ('success', 'reject', 'rejected'))::int)::float8 FROM service_servicerequest"
    )
    assert isinstance(share, float) and 0.02 < share < 0.08
    for table in ("service_servicerequest", "service_servicerequeststatus", "booking_booking", "booking_bookingstatus"):
        assert ask(f"SELECT count(*) FROM {table} WHERE created_at > '{NOW}'") == [(0,)], table
    assert ask("SELECT count(*) FROM service_servicerequest WHERE updated_at < created_at") == [(0,)]


def test_the_database_gives_ids_above_the_loaded_ones(dsn: str) -> None:
    with psycopg.connect(dsn) as connection:
        row = connection.execute(
            "INSERT INTO booking_bookingstatus (booking_id, status, created_at) VALUES (1, 'active', now())"
            " RETURNING id > (SELECT max(id) FROM booking_bookingstatus)"
        ).fetchone()
        assert row == (True,)
        connection.rollback()


def test_foreign_keys_are_checked_at_commit_like_djangos(ask: Ask) -> None:
    keys = ask("SELECT condeferred FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace")
    assert len(keys) >= 90
    assert set(keys) == {(True,)}


def test_texts_that_identify_people_carry_the_canary(ask: Ask) -> None:
    for column in ("email", "first_name", "last_name", "data::text"):
        assert ask(f"SELECT bool_and({column} LIKE '%{CANARY}%') FROM account_user") == [(True,)]


def test_an_empty_installation_has_the_tables_and_the_marker_only(new_database: Callable[[], str]) -> None:
    dsn = new_database()
    assert install(dsn, empty=True)
    assert rows(dsn, "SELECT count(*) FROM service_service") == [(0,)]
    assert rows(dsn, f"SELECT scale FROM {MARKER}") == [(0.0,)]


def test_a_techhub_without_the_marker_is_left_alone(new_database: Callable[[], str]) -> None:
    dsn = new_database()
    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE TABLE service_servicerequest (id bigint)")
    with pytest.raises(NotEmbedded, match=MARKER):
        install(dsn)
    assert rows(dsn, "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'") == [(1,)]
