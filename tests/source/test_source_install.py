"""The source database as `up` makes it."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import psycopg
import pytest

from deploy.local.source import CANARY, MARKER, NotEmbedded, domains, install
from deploy.local.source.domains.service import NEXT
from schemas.contract import load_contract

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
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


def test_every_captured_column_of_a_domain_that_is_here_exists(ask: Ask) -> None:
    columns = set(ask("SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"))
    here = {path.stem for path in Path(domains.__path__[0]).glob("*.sql")}
    for name, table in load_contract().tables.items():
        if table.domain in here:
            assert {(name, column) for column in table.sources} <= columns


def test_a_second_install_changes_nothing(dsn: str, ask: Ask) -> None:
    before = ask(f"SELECT * FROM {MARKER}")
    assert install(dsn, scale=1) is False
    assert ask(f"SELECT * FROM {MARKER}") == before


def test_volumes_follow_the_scale(ask: Ask) -> None:
    counts = {
        "account_user": 2700, "account_company": 330, "service_servicerequest": 2800, "service_hubformdata": 3080,
        "booking_booking": 435, "booking_room": 16, "service_service": 310,
    }  # fmt: skip
    for table, count in counts.items():
        assert ask(f"SELECT count(*) FROM {table}") == [(count,)], table
    assert 4090 <= int(str(ask("SELECT count(*) FROM service_servicerequeststatus")[0][0])) <= 4100


def test_the_same_seed_and_instant_give_the_same_rows(dsn: str, new_database: Callable[[], str]) -> None:
    again, other = new_database(), new_database()
    install(again, scale=0.05, now=NOW)
    install(other, scale=0.05, now=NOW, seed=2)
    for table in ("account_user", "service_service", "service_servicerequest", "booking_bookingstatus"):
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
    assert len(keys) >= 20
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
