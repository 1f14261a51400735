"""Kafka, Kafka Connect and Debezium as jars: coordinates in, two folders of verified files in the user's cache out.

`jars.lock` names every jar with its SHA-256, so a fetch resolves nothing and accepts nothing else. (The resolver only
warns about a wrong checksum.) `python -m deploy.local.jars` writes the lock anew from ROOTS: so versions are raised.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jgo.maven import MavenContext
from requests import RequestException

from deploy.local.cache import cache_directory, exclusively
from schemas.errors import Problem, Unreachable
from schemas.settings import load

KAFKA = "4.3.1"
DEBEZIUM = "3.7.0.Final"
ROOTS = (
    ("kafka", (f"org.apache.kafka:kafka_2.13:{KAFKA}", f"org.apache.kafka:connect-runtime:{KAFKA}")),
    # The slf4j 1.7 binding, without which Kafka logs nothing. On its own: the resolver takes the versions that a root
    # manages for the roots beside it too, and this one would bring an older kafka-clients.
    ("kafka", ("org.apache.logging.log4j:log4j-slf4j-impl:2.25.4",)),
    ("debezium", (f"io.debezium:debezium-connector-postgres:{DEBEZIUM}",)),
)
LOCK = Path(__file__).with_name("jars.lock")
ATTEMPTS = 3
PARALLEL = 4

Fetched = Callable[[int, int], None]
"""Called with (jars done, jars in all)."""


@dataclass(frozen=True, slots=True)
class Jar:
    folder: str
    coordinate: str
    sha256: str

    @property
    def name(self) -> str:
        _, artifact, version = self.coordinate.split(":")
        return f"{artifact}-{version}.jar"


@dataclass(frozen=True, slots=True)
class Jars:
    """A complete set: `kafka` is the class path of broker and worker, `plugins` what Connect loads connectors from."""

    directory: Path

    @property
    def class_path(self) -> str:
        # sorted, because a class data archive is only valid for the same order
        return ":".join(str(path) for path in sorted((self.directory / "kafka").glob("*.jar")))

    @property
    def plugins(self) -> Path:
        return self.directory / "plugins"


def locked() -> list[Jar]:
    return [Jar(*line.split()) for line in LOCK.read_text(encoding="ascii").splitlines() if not line.startswith("#")]


def fetch(progress: Fetched = lambda done, total: None) -> Jars:
    """The jars of the lock; downloads them once. Raises `Unreachable` (no network) or `Problem` (a wrong checksum)."""
    cache = cache_directory()
    version = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]
    complete = cache / f"jars-{version}"
    if complete.is_dir():
        return Jars(complete)
    with exclusively(cache / "jars.lock"):
        if not complete.is_dir():
            _fetch_into(complete, locked(), progress)
    return Jars(complete)


def _fetch_into(complete: Path, jars: list[Jar], progress: Fetched) -> None:
    """Fills a temporary directory and renames it: a folder that exists is complete."""
    with tempfile.TemporaryDirectory(dir=complete.parent, prefix="fetching-") as scratch:
        place = Path(scratch, "jars")
        context = _context(Path(scratch, "repository"))
        with ThreadPoolExecutor(PARALLEL) as pool:
            try:
                for done, _ in enumerate(pool.map(lambda jar: _fetch_one(context, jar, place), jars), start=1):
                    progress(done, len(jars))
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        place.rename(complete)


def _fetch_one(context: Any, jar: Jar, place: Path) -> None:
    fetched = _download(context, jar.coordinate)
    if _sha256(fetched) != jar.sha256:
        raise Problem(f"{jar.coordinate} has another checksum than {LOCK.name} says: it was not used; fetch again")
    folder = place / "kafka" if jar.folder == "kafka" else place / "plugins" / jar.folder
    folder.mkdir(parents=True, exist_ok=True)
    shutil.move(fetched, folder / jar.name)


def _download(context: Any, coordinate: str) -> Path:
    artifact = context.create_dependency(coordinate).artifact
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return Path(artifact.resolve())
        except (RequestException, RuntimeError, OSError) as error:
            # what a broken download leaves behind would count as fetched
            Path(artifact.cached_path).unlink(missing_ok=True)
            if attempt == ATTEMPTS:
                raise Unreachable(
                    f"{coordinate} could not be fetched: {error}\n"
                    "expected a reachable Maven repository: check the network, or name a mirror in TECHHUB_LOCAL_MAVEN"
                ) from None
    raise AssertionError("unreachable")


def _context(repository: Path) -> Any:
    mirror = load().local_maven
    return MavenContext(repo_cache=repository, timeout=60, remote_repos={"mirror": mirror} if mirror else None)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def resolve(context: Any) -> Iterator[Jar]:
    """What ROOTS need, found by the resolver. What an earlier root brought is not taken again."""
    known: dict[str, str] = {}
    for folder, roots in ROOTS:
        # both parts of the answer are needed: the roots themselves and what they depend on
        inputs, transitive = context.resolver.resolve([context.create_dependency(root) for root in roots])
        for found in (*inputs, *transitive):
            name = f"{found.groupId}:{found.artifactId}"
            coordinate = f"{name}:{found.version}"
            # the connector has its own class loader and may need another version than the worker
            taken = known.get(name) == coordinate if folder == "debezium" else name in known
            if found.scope in ("compile", "runtime", None) and not taken:
                known[name] = coordinate
                yield Jar(folder, coordinate, _sha256(Path(found.artifact.resolve())))


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        jars = sorted(resolve(_context(Path(scratch))), key=lambda jar: (jar.folder, jar.coordinate))
    lines = [f"{jar.folder} {jar.coordinate} {jar.sha256}\n" for jar in jars]
    LOCK.write_text("# folder, coordinate, SHA-256; written by python -m deploy.local.jars\n" + "".join(lines))


if __name__ == "__main__":
    main()
