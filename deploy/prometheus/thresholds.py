"""`thresholds.yaml` as values; a mistake is named by its place. Times come out in seconds."""

import re
from pathlib import Path
from typing import Annotated, Any, Final

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

FILE: Final = Path(__file__).with_name("thresholds.yaml")
UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class ThresholdsError(ValueError):
    """One line for each mistake."""


def seconds(value: Any) -> Any:
    found = re.fullmatch(r"(\d+)([smhd])", value) if isinstance(value, str) else None
    if isinstance(value, str) and found is None:
        raise ValueError("expected a time such as 90s, 15m, 2h or 5d")
    return int(found[1]) * UNITS[found[2]] if found else value


Limit = Annotated[float, BeforeValidator(seconds), Field(ge=0)]


class Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Levels(Strict):
    """From `warning` on, and from `critical` on; None: never."""

    warning: Limit | None = None
    critical: Limit | None = None

    def items(self) -> list[tuple[str, float]]:
        both = {"warning": self.warning, "critical": self.critical}
        return [(severity, limit) for severity, limit in both.items() if limit is not None]


class Requests(Strict):
    backlog: Levels = Levels()
    oldest: Levels = Levels()
    growth: Levels = Levels()
    t2approve: Levels = Levels()


class Rooms(Strict):
    cancelled: Levels
    cancelled_of: int
    overlaps: Levels


class Content(Strict):
    oldest: Levels


class Pipeline(Strict):
    stale: Limit
    behind: Levels
    slot_retained_bytes: Levels
    slot_safe_bytes: Levels
    restarts: int


class Thresholds(Strict):
    runbooks: str
    requests: Requests
    services: dict[Annotated[str, Field(pattern=r"^[\w.-]+$")], Requests] = {}
    rooms: Rooms
    content: Content
    pipeline: Pipeline

    @model_validator(mode="after")
    def ordered(self) -> "Thresholds":
        for place, levels in places(self):
            rising = not place.endswith("slot_safe_bytes")
            if None not in (levels.warning, levels.critical) and (levels.warning > levels.critical) is rising:  # type: ignore[operator]
                raise ValueError(f"{place}: expected warning {'below' if rising else 'above'} critical")
        return self


def places(model: BaseModel, at: str = "") -> list[tuple[str, Levels]]:
    """Every pair of levels and where it stands."""
    found: list[tuple[str, Levels]] = []
    for name, value in {**dict(model), **(getattr(model, "services", None) or {})}.items():
        if isinstance(value, Levels):
            found.append((f"{at}{name}", value))
        elif isinstance(value, BaseModel):
            found += places(value, f"{at}{name}.")
    return found


def load_thresholds(path: Path = FILE) -> Thresholds:
    try:
        return Thresholds.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        raise ThresholdsError(f"{path.name} is not valid YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        lines = (
            f"{path.name}: {'.'.join(map(str, item['loc']))}: {item['msg'].removeprefix('Value error, ')}"
            for item in error.errors()
        )
        raise ThresholdsError("\n".join(lines)) from None
