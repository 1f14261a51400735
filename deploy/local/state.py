"""What a stack remembers between commands: its ports and the processes that run. A file in its directory."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from deploy.local.place import write_private
from deploy.local.processes import Running
from schemas.errors import Problem

FILE = "state.json"


@dataclass(slots=True)
class State:
    ports: dict[str, int] = field(default_factory=dict)
    running: dict[str, Running] = field(default_factory=dict)
    source_loaded: bool = False


def load(directory: Path) -> State | None:
    """None when there is no such stack."""
    file = directory / FILE
    try:
        stored = json.loads(file.read_text(encoding="utf-8"))
        running = {part: Running(**process) for part, process in stored["running"].items()}
        return State(stored["ports"], running, stored["source_loaded"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Problem(f"{file} cannot be read ({error}): stop what runs there and delete {directory}") from None


def save(directory: Path, state: State) -> None:
    write_private(directory / FILE, json.dumps(asdict(state), indent=2))
