"""docs/metrics-reference.md is what is declared, and a declaration says something."""

from pathlib import Path

from deploy.metrics_reference import SECTIONS, text
from schemas.metrics import METRICS

PAGE = Path(__file__).parents[2] / "docs" / "metrics-reference.md"


def test_the_page_is_what_is_declared() -> None:
    assert PAGE.read_text(encoding="utf-8") == text(), "python -m deploy.metrics_reference > docs/metrics-reference.md"


def test_every_metric_is_in_one_section_with_meaning_and_remedy() -> None:
    named = [metric.name for _, _, metrics in SECTIONS for metric in metrics]
    assert sorted(named) == sorted(METRICS) and len(named) == len(set(named))
    assert all(metric.meaning.endswith(".") and metric.remedy.endswith(".") for metric in METRICS.values())
