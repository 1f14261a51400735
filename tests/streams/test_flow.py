"""What a heartbeat proves: nothing for a while after a gap, and a worker that comes later finds the same."""

from streams.freshness import GAP_MS, GRACE_MS, Flow

INTERVAL = 500


def test_heartbeats_that_come_evenly_prove_what_was_before_them() -> None:
    flow = Flow(INTERVAL)
    assert all(flow.even(at) for at in range(10_000, 40_000, INTERVAL + GAP_MS))


def test_after_a_gap_they_prove_nothing_until_everything_was_sent_again() -> None:
    flow, back = Flow(INTERVAL), 20_000
    assert flow.even(10_000)
    found = [flow.even(at) for at in range(back, back + 2 * GRACE_MS, INTERVAL)]
    assert found == [at >= back + GRACE_MS for at in range(back, back + 2 * GRACE_MS, INTERVAL)]


def test_a_worker_that_begins_behind_the_gap_finds_it_by_the_last_heartbeat_that_was_looked_at() -> None:
    assert not Flow(INTERVAL, last=10_000).even(20_000)
    assert Flow(INTERVAL, last=19_500).even(20_000)
    assert Flow(INTERVAL).even(20_000), "a new database knows no past"


def test_an_answer_that_did_not_come_counts_as_a_gap() -> None:
    flow = Flow(INTERVAL)
    flow.even(10_000)
    flow.disturbed(flow.last)
    assert [flow.even(at) for at in range(10_500, 10_001 + GRACE_MS, INTERVAL)] == [False] * 9 + [True]
