"""The document that a browser opens: words, cards and labels as data in it, figures come by the stream.

The data block is JSON with every `<` escaped; nothing in the document is executed but `/static/page.js`.
"""

import html
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from dashboard.labels import Labels
from dashboard.pages import PAGES, Card
from schemas.lifecycles import Lifecycle
from sinks.catalogue import Query

HERE: Final = Path(__file__).parent
WORDS: Final = HERE / "words.yaml"
BEHIND_SECONDS: Final = 5
STALE_SECONDS: Final = 15
"""As in v_freshness."""

DOCUMENT: Final = """<!doctype html>
<html lang="{language}" data-theme="{theme}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} · TechHub</title>
<link rel="icon" href="/static/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/static/page.css">
<script type="module" src="/static/page.js"></script>
</head>
<body>
<noscript><p class="banner">{noscript}</p></noscript>
<script type="application/json" id="boot">{boot}</script>
</body>
</html>
"""

Words = Mapping[str, Mapping[str, str]]


def load_words(path: Path = WORDS) -> Words:
    """Key -> language -> text."""
    words: Words = yaml.safe_load(path.read_text(encoding="utf-8"))
    return words


class Shell:
    """Documents of every page; `statuses` are those of requests, for the filter."""

    def __init__(
        self, catalogue: Mapping[str, Query], lifecycles: Mapping[str, Lifecycle], *, zone: str, admin_url: str | None
    ) -> None:
        self._catalogue = catalogue
        self._words = load_words()
        self._zone = zone
        self._admin_url = admin_url
        requests = lifecycles["requests"]
        self._statuses = [status for status in requests.statuses if status not in requests.terminal]

    def words(self, language: str) -> dict[str, str]:
        return {key: texts[language] for key, texts in self._words.items()}

    def document(self, page: str, language: str, theme: str, labels: Labels) -> str:
        words = self.words(language)
        boot = json.dumps(self.boot(page, language, labels, words), ensure_ascii=False).replace("<", "\\u003c")
        title = html.escape(words[f"page.{page}"])
        noscript = html.escape(words["noscript"])
        return DOCUMENT.format(language=language, theme=theme, title=title, noscript=noscript, boot=boot)

    def boot(self, page: str, language: str, labels: Labels, words: Mapping[str, str]) -> dict[str, Any]:
        return {
            "page": page,
            "pages": list(PAGES),
            "language": language,
            "words": words,
            "cards": [self._card(card, language, words) for card in PAGES[page].cards],
            "filters": PAGES[page].filters,
            "statuses": self._statuses,
            "labels": labels.model_dump(),
            "admin_url": self._admin_url,
            "zone": self._zone,
            "behind": BEHIND_SECONDS,
            "stale": STALE_SECONDS,
        }

    def _card(self, card: Card, language: str, words: Mapping[str, str]) -> dict[str, Any]:
        query = self._catalogue[card.query]
        columns = list(query.columns.items())
        return {
            "name": card.name,
            "shape": card.shape,
            "columns": card.columns,
            "tall": card.tall,
            "title": words.get(f"card.{card.name}") or getattr(query.title, language),
            "unit": query.unit,
            "tables": query.tables,
            "fields": [
                {"name": name, "title": getattr(column, language), "unit": column.unit}
                for name, column in (columns[place] for place in card.shown(query.columns))
            ],
            "thresholds": {name: threshold.model_dump() for name, threshold in query.thresholds.items()},
        }
