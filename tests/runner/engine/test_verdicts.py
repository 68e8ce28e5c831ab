"""Consequences: from an error to a state, with the waits and limits of the route."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transload.canonical.errors import Reject, Retry, Stop, Unknown
from transload.canonical.findings import Finding
from transload.runner.delivering.verdicts import failed, not_begun
from transload.runner.ledger import State
from transload.runner.ledger.attempts import Delivery
from transload.runner.ledger.fingerprints import fingerprint
from transload.runner.lines.backoff import next_attempt, wait_after
from transload.runner.lines.summary import Summary, Tally
from transload.runner.workspace.model import RetryPolicy

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
POLICY = RetryPolicy(
    attempts=5, first=timedelta(seconds=10), longest=timedelta(minutes=5), give_up_after=timedelta(days=1)
)


def delivery(**more):
    values = {
        "id": 1,
        "lane": "l",
        "target": "t",
        "connection": "c",
        "kind": "document",
        "state": State.STAGED,
        "key": "k",
        "order_key": None,
        "content": b"",
        "content_type": "",
        "metadata": {},
        "digest": "0" * 64,
        "tries": 0,
        "failures": 0,
        "unsure": False,
        "staged_at": NOW,
        "receipt": None,
    }
    return Delivery(**(values | more))


@given(st.integers(min_value=1, max_value=5000), st.none() | st.floats(min_value=0, max_value=1e6))
def test_a_wait_is_within_the_window_and_never_shorter_than_asked_for(failures, at_least):
    wait = wait_after(POLICY, failures, at_least=at_least).total_seconds()
    window = min(10 * 2 ** min(failures - 1, 20), 300)
    assert wait >= (at_least or 0) - 1e-6
    assert wait <= max(window, at_least or 0) + 1e-6


def test_waits_are_spread_over_the_whole_window():
    waits = [wait_after(POLICY, 3).total_seconds() for _ in range(300)]
    assert min(waits) < 10
    assert max(waits) > 30
    assert max(waits) <= 40


@given(st.integers(min_value=1, max_value=10), st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=3)))
def test_limits_are_kept(failures, age):
    moment = next_attempt(POLICY, failures=failures, staged_at=NOW, now=NOW + age)
    if failures >= POLICY.attempts or age > POLICY.give_up_after:
        assert moment is None
    elif moment is not None:
        assert NOW + age <= moment <= NOW + POLICY.give_up_after


@pytest.mark.parametrize(
    ("error", "state", "said", "counts", "unsure"),
    [
        (Retry("later"), State.RETRY_AT, "retry", True, False),
        (Reject("wrong"), State.DEAD, "rejected", False, False),
        (Stop("login"), State.STAGED, "stopped", False, False),
        (Unknown("lost"), State.RETRY_AT, "unknown", True, True),
        (KeyError("fault"), State.RETRY_AT, "unknown", True, True),
    ],
)
def test_each_error_has_its_consequence(error, state, said, counts, unsure):
    outcome = failed(delivery(), error, POLICY, NOW)
    assert (outcome.state, outcome.said, outcome.counts, outcome.unsure) == (state, said, counts, unsure)
    assert outcome.findings


def test_a_doubtful_delivery_is_never_called_dead_by_itself():
    outcome = failed(delivery(failures=4), Unknown("lost"), POLICY, NOW)
    assert (outcome.state, outcome.unsure) == (State.UNKNOWN, True)
    assert failed(delivery(failures=4), Retry("later"), POLICY, NOW).state is State.DEAD


@pytest.mark.parametrize(
    ("before", "state"),
    [({}, State.STAGED), ({"failures": 1}, State.RETRY_AT), ({"unsure": True}, State.RETRY_AT)],
)
def test_what_was_not_begun_stands_as_before(before, state):
    outcome = not_begun(delivery(**before), NOW)
    assert (outcome.state, outcome.unsure, outcome.counts) == (state, before.get("unsure", False), False)


def test_a_fingerprint_leaves_out_what_varies():
    def of(message, code="E-X"):
        return fingerprint((Finding(code=code, message=message),))

    assert of("order '4711' of line 3 refused") == of("order '99' of line 12 refused")
    assert of("order refused") != of("order lost")
    assert of("order refused") != of("order refused", code="E-Y")


# summaries


@pytest.mark.parametrize(
    ("summary", "code"),
    [
        ({}, 0),
        ({"deliveries": {State.SENT: 3}, "documents": {State.DUPLICATE: 1}}, 0),
        ({"deliveries": {State.RETRY_AT: 1}}, 3),
        ({"waiting": {State.STAGED: 1}}, 3),
        ({"postponed": 1}, 3),
        ({"waiting": {State.UNKNOWN: 1}}, 1),
        ({"deliveries": {State.DEAD: 1, State.RETRY_AT: 1}}, 1),
        ({"documents": {State.QUARANTINED: 1}}, 1),
        ({"receipts": {State.QUARANTINED: 1}}, 1),
        ({"failed": 1, "postponed": 1}, 1),
    ],
)
def test_exit_codes(summary, code):
    assert Summary(**summary).exit_code == code


def test_a_delivery_counts_once_with_its_last_state():
    tally = Tally()
    tally.delivered(1, State.RETRY_AT)
    tally.delivered(1, State.SENT)
    assert tally.summary({}).deliveries == {State.SENT: 1}


def test_findings_that_are_left_out_are_counted():
    tally = Tally(most_findings=2)
    tally.note([Finding(code="E-X", message=str(number)) for number in range(5)])
    assert [finding.message for finding in tally.summary({}).findings] == [
        *("0", "1", "3 more findings are in the ledger and not repeated here")
    ]


def test_a_summary_as_json():
    tally = Tally()
    tally.arrived(new=True)
    tally.read(State.PARSED, [State.STAGED])
    tally.delivered(1, State.SENT)
    assert tally.summary({}).as_dict() == {
        "received": 1,
        "repeated": 0,
        "receipts": {"PARSED": 1},
        "documents": {"STAGED": 1},
        "deliveries": {"SENT": 1},
        "waiting": {},
        "failed": 0,
        "postponed": 0,
        "findings": [],
        "incidents": [],
        "exit_code": 0,
    }
