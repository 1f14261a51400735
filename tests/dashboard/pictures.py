"""Pictures of the live page for the documents: `make pictures` while a demo runs.

Run as `python -m tests.dashboard.pictures`.
"""

import argparse
import asyncio
import tempfile
from pathlib import Path
from typing import Final

from ops.target import settings_for
from tests.dashboard.browser import Tab, browser, find
from tests.dashboard.site import serving

DIRECTORY: Final = Path(__file__).parents[2] / "docs" / "pictures"
LOADED: Final = "document.querySelector('.card') && !document.querySelector('.card[data-state=loading]')"
FRESH: Final = f"{LOADED} && !document.querySelector('.card:not([data-state=fresh])')"
PICTURES: Final = {
    "operations-laptop": ("/?theme=light", 1440, 1000),
    "operations-wall-dark": ("/?theme=dark", 1920, 1080),
    "rooms-laptop": ("/rooms?theme=light", 1440, 1000),
    "pipeline-laptop-dark-en": ("/pipeline?theme=dark&lang=en", 1440, 1000),
    "operations-phone-kk": ("/?theme=light&lang=kk", 390, 844),
}
"""Name -> address, width, height."""


async def take(tab: Tab, address: str, name: str, directory: Path) -> None:
    path, width, height = PICTURES[name]
    await tab.size(width, height, phone=width < 500)
    await tab.open(f"{address}{path}")
    try:
        await tab.until(FRESH, 60)
    except AssertionError:
        await tab.until(LOADED)
    await tab.picture(directory / f"{name}.png")


async def main(stack: str, directory: Path) -> None:
    binary = find()
    if binary is None:
        raise SystemExit("no chromium: apt-get install chromium")
    settings = settings_for(stack, "clickhouse_dsn")
    labels = settings.local_directory / stack / "labels.yaml"
    with tempfile.TemporaryDirectory() as place:
        known = {"labels": labels} if labels.exists() else {}
        async with serving(settings, **known) as address, browser(binary, Path(place)) as new_tab:
            tab = await new_tab()
            for name in PICTURES:
                await take(tab, address, name, directory)
                print(directory / f"{name}.png")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", default="demo", help="the embedded stack, running")
    parser.add_argument("--directory", type=Path, default=DIRECTORY)
    given = parser.parse_args()
    given.directory.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(given.name, given.directory))
