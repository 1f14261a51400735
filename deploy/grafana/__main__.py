"""Writes the dashboards: `python -m deploy.grafana [--language ru] [--runbooks URL] [--check]`."""

import argparse
import sys
from pathlib import Path
from typing import Final

from deploy.grafana.dashboards import RUNBOOKS, dashboards
from deploy.grafana.panels import LANGUAGES
from schemas.settings import load
from sinks.catalogue import load_catalogue

GENERATED: Final = Path(__file__).with_name("generated")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.grafana", description="Writes Grafana's dashboards.")
    parser.add_argument("--directory", type=Path, default=GENERATED, help="where to; default: %(default)s")
    parser.add_argument("--language", choices=LANGUAGES, default="en", help="of titles; default: %(default)s")
    parser.add_argument("--runbooks", default=RUNBOOKS, help="address of the folder docs; default: %(default)s")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit code 1 when a file is not as generated"
    )
    chosen = parser.parse_args(arguments)
    made = dashboards(load_catalogue(), load().timezone, chosen.language, chosen.runbooks)
    differing = [name for name, text in made.items() if text_of(chosen.directory / name) != text]
    for name in differing:
        print(f"{name}: {'not as generated, run make dashboards' if chosen.check else 'written'}")
        if not chosen.check:
            chosen.directory.mkdir(parents=True, exist_ok=True)
            (chosen.directory / name).write_text(made[name], encoding="utf-8")
    return int(bool(differing) and chosen.check)


def text_of(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


if __name__ == "__main__":
    sys.exit(main())
