"""Migrations: `migrations/NNNN_name.sql` as statements that may each run twice.

Flows in: files, and what a database has recorded. Flows out: migrations in order. What was recorded never changes: a
file that did is refused, and so is a database that is newer than the files.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from sinks.statements import SqlError, rendered, statements

MIGRATIONS: Final = Path(__file__).with_name("migrations")

REPEATABLE: Final = re.compile(
    r"CREATE\s+(TABLE|DICTIONARY|FUNCTION)\s+IF\s+NOT\s+EXISTS\b|CREATE\s+OR\s+REPLACE\b|DROP\s+\w+\s+IF\s+EXISTS\b"
    r"|ALTER\s+TABLE\s+\S+\s+(ADD\s+(COLUMN|INDEX)\s+IF\s+NOT\s+EXISTS|DROP\s+(COLUMN|INDEX)\s+IF\s+EXISTS"
    r"|MODIFY\s+(COLUMN|SETTING|TTL|COMMENT)|COMMENT\s+COLUMN)\b|INSERT\s+INTO\s+[^;]*\bSELECT\b",
    re.IGNORECASE,
)


class MigrationError(ValueError):
    """The database cannot be brought to this version; the text names what stands in the way."""


@dataclass(frozen=True, slots=True)
class Migration:
    number: int
    name: str
    checksum: str
    statements: tuple[str, ...]


def load_migrations(storage: str, directory: Path = MIGRATIONS) -> list[Migration]:
    """Migrations in order; raises `MigrationError` for two of one number or a statement that cannot run twice."""
    found = [load_migration(path, storage) for path in sorted(directory.glob("*.sql"))]
    for first, second in pairwise(found):
        if first.number == second.number:
            raise MigrationError(
                f"migrations {first.name} and {second.name} have one number: give the newer one the next"
            )
    return found


def load_migration(path: Path, storage: str) -> Migration:
    text = path.read_text(encoding="utf-8")
    if not re.fullmatch(r"\d{4}_\w+", path.stem):
        raise MigrationError(f"migration {path.name}: expected a name like 0002_what_it_does.sql")
    try:
        found = tuple(map(repeatable, statements(rendered(text, {"storage": storage}))))
    except SqlError as error:
        raise MigrationError(f"migration {path.stem}: {error}") from None
    return Migration(int(path.stem[:4]), path.stem, hashlib.sha256(text.encode()).hexdigest(), found)


def repeatable(statement: str) -> str:
    """The statement in a form that may run twice."""
    statement = re.sub(r"\A(CREATE\s+TABLE)\s+(?!IF\b)", r"\1 IF NOT EXISTS ", statement, flags=re.IGNORECASE)
    if not REPEATABLE.match(statement):
        start = " ".join(statement.split())[:60]
        raise SqlError(f"{start!r} cannot run twice: write IF [NOT] EXISTS, or INSERT ... SELECT of versioned rows")
    return statement


def check_applied(applied: Mapping[int, tuple[str, str]], migrations: list[Migration]) -> None:
    known = {migration.number: migration for migration in migrations}
    for number, (title, checksum) in sorted(applied.items()):
        if number not in known:
            raise MigrationError(
                f"migration {title} is applied but unknown here: the database is newer than this version, upgrade"
            )
        if known[number].checksum != checksum:
            raise MigrationError(
                f"migration {title} was changed after it had been applied: "
                "restore the file, and put the change in a new migration"
            )
