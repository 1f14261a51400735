"""The source database of the profile `try`: an empty database in, the application's schema and a base data set out.

Refuses every database that has techhub's tables and was not made here.
"""

import sys

import psycopg

from deploy.local.source import NotEmbedded
from deploy.local.source.install import install
from schemas.settings import SettingsError, load


def main() -> int:
    try:
        dsn = load("postgres_dsn").postgres_dsn
        assert dsn is not None
        made = install(dsn.get_secret_value(), progress=print)
    except (SettingsError, NotEmbedded, psycopg.Error) as error:
        print(f"error {str(error).strip()}", file=sys.stderr)
        return 2 if isinstance(error, SettingsError) else 3 if isinstance(error, psycopg.OperationalError) else 1
    print("the source database is ready" if made else "the source database is there already")
    return 0


if __name__ == "__main__":
    sys.exit(main())
