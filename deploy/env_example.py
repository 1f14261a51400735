"""Settings -> the text of `.env.example`: `python -m deploy.env_example > .env.example`.

A setting without a default is an empty line to fill in, one with a default a comment to take away.
"""

from collections.abc import Iterator
from pathlib import Path

from pydantic import SecretStr

from schemas.settings import PREFIX, Settings

HEADER = """\
# Settings of techhub-cdc: copy to .env and fill in what your installation has. An empty value counts as not set.
# A secret may stay in a file of its own: PREFIX<NAME>_FILE=/path instead of PREFIX<NAME> in the process's environment.
"""


def lines() -> Iterator[str]:
    yield HEADER.replace("PREFIX", PREFIX)
    for name, field in Settings.model_fields.items():
        secret = SecretStr in getattr(field.annotation, "__args__", (field.annotation,))
        yield f"# {field.description}{' (secret)' if secret else ''}"
        if field.default is None:
            yield f"{PREFIX}{name.upper()}=\n"
        else:
            yield f"# {PREFIX}{name.upper()}={_shown(field.default)}\n"


def _shown(default: object) -> str:
    """A path of this installation is shown as it is inside the project."""
    if isinstance(default, Path) and default.is_absolute():
        return str(default.relative_to(Path(__file__).resolve().parents[1]))
    return str(default)


def text() -> str:
    return "\n".join(lines())


if __name__ == "__main__":
    print(text(), end="")
