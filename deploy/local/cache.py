"""Where fetched and derived files live: outside every work tree, shared by all checkouts of a user.

`TECHHUB_LOCAL_CACHE` or the user's cache directory in, an existing writable folder out. `exclusively` lets one
process at a time fill a part of it.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs

from schemas.errors import Usage
from schemas.settings import load


def cache_directory() -> Path:
    """The cache, created when it is missing; raises `Usage` when it cannot be written."""
    chosen = load().local_cache or platformdirs.user_cache_path("techhub-cdc")
    directory = Path(chosen).expanduser().absolute()
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Usage(_not_writable(directory, error.strerror)) from None
    if not os.access(directory, os.W_OK | os.X_OK):
        raise Usage(_not_writable(directory, "permission denied"))
    return directory


def _not_writable(directory: Path, reason: str | None) -> str:
    return f"cache directory {directory} cannot be written ({reason}): set TECHHUB_LOCAL_CACHE to one that can"


@contextmanager
def exclusively(lock: Path) -> Iterator[None]:
    """Holds the file lock; another process waits here. The lock ends with the process, however that ends."""
    with lock.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
