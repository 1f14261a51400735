"""Imports point one way: schemas <- streams core <- streams/agents; sinks and connectors know schemas only; the live
page and the embedded stack stand on those, the command line on top.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]
OURS: Final = ("schemas", "connectors", "streams", "sinks", "ops", "dashboard", "deploy")
MAY_IMPORT: Final = {
    "schemas": {"schemas"},
    "connectors": {"schemas", "connectors"},
    "streams": {"schemas", "streams"},
    "streams.agents": {"schemas", "streams", "streams.agents", "sinks", "connectors"},
    "sinks": {"schemas", "sinks"},
    "dashboard": {"schemas", "sinks", "connectors", "dashboard"},
    "deploy": {"schemas", "sinks", "deploy"},
}
"""Packages by package; those that are not listed sit on top."""
ONLY_IN: Final = {
    "faust": ("streams/agents/",),
    "mode": ("streams/agents/",),
    "aiokafka": ("streams/agents/",),
    "clickhouse_connect": ("sinks/clickhouse.py", "sinks/asynchronous.py"),
}
OUTSIDE: Final = {
    "time",
    "random",
    "secrets",
    "socket",
    "asyncio",
    "threading",
    "subprocess",
    "requests",
    "psycopg",
    "logging",
}
"""Clock, chance and the world: not in the core."""
NOW: Final = {"now", "utcnow", "today", "uuid1", "uuid4", "time", "time_ns", "monotonic", "urandom"}


def package(path: str) -> str:
    parts = path.removesuffix(".py").split("/")
    return "streams.agents" if parts[:2] == ["streams", "agents"] else parts[0]


def sources() -> list[str]:
    return sorted(
        path.relative_to(ROOT).as_posix()
        for name in OURS
        for path in (ROOT / name).rglob("*.py")
        if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
    )


@cache
def tree(path: str) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"), path)


def imported(path: str) -> Iterator[str]:
    """Modules by their full names, wherever in the file they are imported."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def ours(module: str) -> str | None:
    first = module.partition(".")[0]
    return package(module.replace(".", "/")) if first in OURS else None


SOURCES: Final = sources()
CORE: Final = [path for path in SOURCES if package(path) in ("streams", "schemas")]


def test_there_is_something_to_look_at() -> None:
    assert {package(path) for path in SOURCES} >= set(MAY_IMPORT)


@pytest.mark.parametrize("path", [path for path in SOURCES if package(path) in MAY_IMPORT])
def test_a_package_imports_only_what_lies_below_it(path: str) -> None:
    found = {name for module in imported(path) if (name := ours(module))}
    assert found <= MAY_IMPORT[package(path)]


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_library_has_one_place(library: str) -> None:
    users = [path for path in SOURCES for module in imported(path) if module.partition(".")[0] == library]
    assert [path for path in users if not path.startswith(ONLY_IN[library])] == []


@pytest.mark.parametrize("path", CORE)
def test_the_core_knows_no_clock_no_chance_and_no_world(path: str) -> None:
    assert {module.partition(".")[0] for module in imported(path)} & OUTSIDE == set()
    calls = [node.attr for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute) and node.attr in NOW]
    assert calls == []


@pytest.mark.parametrize("path", [path for path in SOURCES if path != "schemas/settings.py"])
def test_only_the_settings_read_the_environment(path: str) -> None:
    if path.startswith("deploy/local/"):
        return  # starts foreign processes, which get an environment
    names = [node.attr for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute)]
    assert not {"environ", "getenv"} & set(names)
