"""Every runbook link leads to a section that says what to do, and every link in there leads somewhere."""

import re
from pathlib import Path
from typing import Final

import pytest

from deploy.prometheus.alerts import Alert, alerts
from deploy.prometheus.rules import rule
from deploy.prometheus.thresholds import load_thresholds

ROOT: Final = Path(__file__).parents[2]
ALERTS: Final = {alert.name: alert for alert in alerts(load_thresholds())}
PAGE: Final = ROOT / "docs" / "alerts.md"
RUNBOOKS: Final = "docs/alerts.md"


def anchor(heading: str) -> str:
    """As GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def sections(page: Path) -> dict[str, str]:
    """Anchor -> the text below its heading."""
    parts = re.split(r"^#+ (.*)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {anchor(heading): text for heading, text in zip(parts[1::2], parts[2::2], strict=True)}


@pytest.mark.parametrize("alert", ALERTS.values(), ids=ALERTS)
def test_a_runbook_link_leads_to_a_section_that_says_what_to_do(alert: Alert) -> None:
    page, _, place = rule(alert, RUNBOOKS)["annotations"]["runbook_url"].partition("#")
    text = sections(ROOT / page)[place]
    assert len(text.split()) > 20


def test_every_section_about_an_alert_is_about_one_that_there_is() -> None:
    named = re.findall(r"^### (\w+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(named) == sorted(ALERTS)


def test_every_link_of_the_page_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]*)#?([^)]*)\)", PAGE.read_text(encoding="utf-8"))
    assert links
    for file, place in links:
        page = PAGE.parent / file if file else PAGE
        assert page.is_file(), file
        assert not place or place in sections(page), f"{file}#{place}"
