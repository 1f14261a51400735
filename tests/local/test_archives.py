"""Of the archives of classes those stay that were used last."""

import os
from pathlib import Path

import pytest

from deploy.local.java import ARCHIVES, forget_archives


def test_an_archive_that_was_not_used_for_long_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TECHHUB_LOCAL_CACHE", str(tmp_path))
    for age in range(ARCHIVES + 2):
        archive = tmp_path / f"kafka-{age}.aot"
        archive.touch()
        os.utime(archive, (1_000_000 - age, 1_000_000 - age))
    (tmp_path / "connect-0.aot").touch()
    forget_archives("kafka")
    assert {file.name for file in tmp_path.iterdir()} == {"connect-0.aot", *(f"kafka-{n}.aot" for n in range(ARCHIVES))}
