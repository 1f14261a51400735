"""Names of people, rooms and companies: a YAML file that the operators keep. Captured data never supplies them.

people: {12: Айгүл С.}
rooms: {1: Байконур, 2: Хан-Тенгри}
companies: {7: Samruk}
"""

from pathlib import Path
from typing import Final

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

LARGEST: Final = 1_000_000
"""Bytes."""


class LabelsError(ValueError):
    """The file cannot be used; the text names the file and what was expected."""


class Labels(BaseModel):
    """Id -> what to show."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    people: dict[int, str] = {}
    rooms: dict[int, str] = {}
    companies: dict[int, str] = {}


def load_labels(path: Path | None) -> Labels:
    """Nothing is set: ids are shown."""
    if path is None:
        return Labels()
    try:
        if path.stat().st_size > LARGEST:
            raise LabelsError(f"labels {path}: expected at most {LARGEST:,} bytes")
        return Labels.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    except OSError as error:
        raise LabelsError(f"labels {path}: cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, yaml.YAMLError):
        raise LabelsError(f"labels {path}: expected YAML in UTF-8") from None
    except ValidationError as error:
        places = ", ".join(".".join(map(str, item["loc"])) or "the file" for item in error.errors()[:5])
        raise LabelsError(
            f"labels {path}: {places}: expected people, rooms, companies, each a map of id to name"
        ) from None
