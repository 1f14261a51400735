"""`python -m tests.containers [pytest's arguments]`: the tests that need a stack, on containers.

Exit code 3 where no Docker engine answers, else pytest's.
"""

import os
import sys

import pytest

from schemas.errors import Unreachable
from tests.containers.provider import engine


def main(arguments: list[str]) -> int:
    try:
        version = engine()
    except Unreachable as error:
        print(f"error {error}", file=sys.stderr)
        return error.exit_code
    print(f"on Docker engine {version}")
    os.environ["TECHHUB_TEST_PROVIDER"] = "containers"
    # tests/local is about the embedded stack itself: its processes, its files
    return int(pytest.main(["-m", "stack", "--ignore=tests/local", *arguments]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
