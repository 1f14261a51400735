"""Java's archives of classes, made before the first stack of a machine: without them every start of Kafka and Connect
reads its classes from jars, and writes down which, which takes it several times the CPU. Dozens of starts follow.
"""

from pathlib import Path
from typing import Final

from connectors.apply import apply
from deploy.local.cache import cache_directory, exclusively
from deploy.local.java import from_archive
from deploy.local.stack import Stack
from schemas.contract import load_contract
from tests.patience import SECONDS
from tests.pipeline.pipeline import settings_of

NAME: Final = "training"


def train(root: Path) -> None:
    """A stack with a connector, taken down in order; whoever comes meanwhile waits for it and finds it done."""
    with exclusively(cache_directory() / "training.lock"):
        if from_archive("kafka") and from_archive("connect"):
            return
        try:
            settings = settings_of(Stack(root).up(NAME, scale=0.0005), NAME)
            apply(settings, load_contract(settings.contract), lambda _: None, deadline_seconds=SECONDS)
        finally:
            Stack(root).down(NAME, purge=True)
