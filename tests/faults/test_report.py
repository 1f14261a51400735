"""The report keeps what it was not asked to run again."""

from pathlib import Path

import pytest

from tests.faults import report
from tests.faults.scenario import Outcome
from tests.faults.scenarios import SCENARIOS, chosen


def outcome(name: str, seed: int, failure: str = "") -> Outcome:
    return Outcome(SCENARIOS[name], seed, 3, 200.0, 1000, 0, 0, {"SIGKILL": 3}, 1.5, failure)


def test_a_partial_run_updates_only_its_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "DOCUMENT", tmp_path / "faults.md")
    first, other = report.row([outcome("F01", 1)]), report.row([outcome("F03", 1)])
    report.update({"F01": first, "F03": other}, {})
    again = report.row([outcome("F01", 7), outcome("F01", 8, "AssertionError: 3 | lost")])
    report.update({"F01": again}, {"lsn-alone": ("lsn-alone", "a rule", "F16", "1", "facts differ")})
    text = (tmp_path / "faults.md").read_text()
    above, below = text.split("## Broken rules")
    assert list(report.parsed(above)) == ["F01", "F03"]
    assert report.parsed(above)["F03"] == other
    assert report.parsed(above)["F01"][2] == "no: AssertionError: 3 / lost"
    assert report.parsed(above)["F01"][4:8] == ("6", "7-8", "2,000", "6 SIGKILL")
    assert report.parsed(below)["lsn-alone"][4] == "facts differ"


def test_scenarios_are_chosen_by_the_beginning_of_their_names() -> None:
    assert [scenario.name for scenario in chosen("F08,F01")] == ["F01", "F08 away", "F08 lost", "F08 slow"]
    assert "F23" not in [scenario.name for scenario in chosen("")]
    with pytest.raises(LookupError, match="expected one of F01"):
        chosen("F99")
