"""PostgreSQL from a wheel: a cluster of its own, on loopback over TCP only, with the application's owner role.

The owner is no superuser: it owns the database, and may create the connector's role with REPLICATION (for which it must
have that itself).
"""

import shutil
import signal
import subprocess

import psycopg
from psycopg import sql

from deploy.local.part import Part
from deploy.local.place import Place, write_private
from deploy.local.postgres_home import Home, find_home
from deploy.local.processes import Launch, primary_group
from schemas.errors import Problem

OWNER = "techhub"
DATABASE = "techhub"
SUPERUSER = "postgres"

LOCALE = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
"""The same on every machine, whatever locales it has."""

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "wal_level": "logical",
    # an abandoned slot must not fill the disk
    "max_slot_wal_keep_size": "2GB",
    # frees the slot of a frozen connector
    "wal_sender_timeout": "10s",
    "max_connections": "100",
    "max_wal_senders": "10",
    "max_replication_slots": "10",
    # what the stream says about commits can be compared with what the database says
    "track_commit_timestamp": "on",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
}


def prepare(place: Place) -> None:
    """Makes the cluster once; settings are written at each start."""
    home = find_home(place.directory)
    if not (home.data / "made").exists():
        shutil.rmtree(home.data, ignore_errors=True)  # an interrupted attempt
        _initialise(place, home)
    lines = "".join(f"{name} = '{value}'\n" for name, value in SETTINGS.items())
    (home.data / "postgresql.auto.conf").write_text(f"{lines}port = {place.ports['postgres']}\n", encoding="utf-8")


def _initialise(place: Place, home: Home) -> None:
    home.data.mkdir(mode=0o700, parents=True)
    password = home.data.with_name(f"{home.data.name}.password")
    write_private(password, place.secret("postgres"))
    for path in (home.data, password):
        if home.user:
            shutil.chown(path, home.user, primary_group(home.user))
    command = [home.binaries / "initdb", "-D", home.data, "-U", SUPERUSER, "-E", "UTF8", *LOCALE]
    command_text = [*map(str, command), "-A", "scram-sha-256", f"--pwfile={password}"]
    try:
        done = subprocess.run(
            command_text,
            user=home.user,
            group=primary_group(home.user),
            extra_groups=[] if home.user else None,
            cwd=home.data,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        password.unlink()
    if done.returncode != 0:
        raise Problem(f"postgres: initdb failed\n{(done.stdout + done.stderr).strip()[-1500:]}")
    (home.data / "made").touch()


def launch(place: Place) -> Launch:
    home = find_home(place.directory)
    # SIGINT is its fast shutdown; SIGTERM would wait for every client to leave
    return Launch([home.binaries / "postgres", "-D", home.data], home.data, user=home.user, stop_signal=signal.SIGINT)


def dsn(place: Place) -> str:
    """The database as its owner."""
    return f"postgresql://{OWNER}:{place.secret('owner')}@127.0.0.1:{place.ports['postgres']}/{DATABASE}"


def _superuser(place: Place, database: str = SUPERUSER) -> "psycopg.Connection[tuple[object, ...]]":
    return psycopg.connect(
        host="127.0.0.1",
        port=place.ports["postgres"],
        user=SUPERUSER,
        password=place.secret("postgres"),
        dbname=database,
        connect_timeout=2,
        autocommit=True,
    )


def healthy(place: Place) -> bool:
    try:
        with _superuser(place) as connection:
            connection.execute("select 1")
    except psycopg.OperationalError:
        return False
    return True


def settle(place: Place) -> None:
    """The owner and the database; what is there already stays."""
    owner, database = sql.Identifier(OWNER), sql.Identifier(DATABASE)
    with _superuser(place) as connection:
        if not connection.execute("select 1 from pg_roles where rolname = %s", [OWNER]).fetchone():
            connection.execute(sql.SQL("create role {}").format(owner))
        connection.execute(
            sql.SQL("alter role {} login nosuperuser createrole replication password {}").format(
                owner, sql.Literal(place.secret("owner"))
            )
        )
        if not connection.execute("select 1 from pg_database where datname = %s", [DATABASE]).fetchone():
            connection.execute(sql.SQL("create database {} owner {}").format(database, owner))


def purge(place: Place) -> None:
    """The data may live outside the stack's directory."""
    shutil.rmtree(find_home(place.directory).data, ignore_errors=True)


PART = Part(
    "postgres",
    ports=("postgres",),
    prepare=prepare,
    launch=launch,
    healthy=healthy,
    settle=settle,
    purge=purge,
    abort_signal=signal.SIGQUIT,
)
