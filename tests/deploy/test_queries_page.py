"""docs/queries.md is what the catalogue says."""

from pathlib import Path

from deploy.queries_page import text

PAGE = Path(__file__).parents[2] / "docs" / "queries.md"


def test_the_page_is_as_generated() -> None:
    assert PAGE.read_text(encoding="utf-8") == text(), "python -m deploy.queries_page > docs/queries.md"
