"""The ClickHouse interface as a part of the stack."""

import os
import sys
from pathlib import Path

import requests

import deploy
from deploy.local.part import Part
from deploy.local.place import Place
from deploy.local.processes import Launch

USER = "techhub"
ROOT = Path(deploy.__path__[0]).parent


def launch(place: Place) -> Launch:
    folder = place.folder("clickhouse")
    place.secret("clickhouse")
    command: list[str | Path] = [sys.executable, "-m", "deploy.local.clickhouse", "--directory", folder]
    command += ["--port", str(place.ports["clickhouse"]), "--user", USER]
    command += ["--password-file", place.directory / "secrets" / "clickhouse"]
    # it finds its modules where we found ours, whoever started us from where
    return Launch(command, folder, {"TZ": "UTC", "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])})


def healthy(place: Place) -> bool:
    """It answers a statement with our password: another program on the port would not."""
    try:
        answer = requests.post(
            f"http://127.0.0.1:{place.ports['clickhouse']}/",
            data="SELECT 1",
            auth=(USER, place.secret("clickhouse")),
            timeout=2,
        )
    except requests.RequestException:
        return False
    return answer.ok and answer.text == "1\n"


PART = Part("clickhouse", ports=("clickhouse",), launch=launch, healthy=healthy)
