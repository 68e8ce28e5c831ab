"""What is awaited by when: for people who want to see what the watch will judge."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from transload.runner.expectations import acknowledged, arrivals, gaps, silence
from transload.runner.expectations.sequence import Sequence
from transload.runner.expectations.watch import Each, expected_of
from transload.runner.expectations.windows import next_window
from transload.runner.ledger import Ledger
from transload.runner.ledger.incidents import Incident
from transload.runner.workspace.model import Workspace

_MOST = 10_000


def awaited(workspace: Workspace, ledger: Ledger, now: datetime) -> Iterator[dict[str, Any]]:
    """One entry for each expectation: ``route``, ``kind``, ``what`` in words, ``due``, ``state`` and ``incidents``.

    ``state`` is ``met``, ``waiting``, ``overdue`` (an incident is open), ``learning`` or ``nothing due``.
    """
    states, known = ledger.incidents.states(), ledger.incidents.waiting()
    for each in expected_of(workspace, ledger):
        incidents = [one for one in known if one.subject == each.subject or one.subject.startswith(f"{each.subject}|")]
        state = states.get(each.subject, (None, None))[1]
        found = _of(each, ledger, state, now)
        if incidents:
            found["state"] = "overdue"
        yield {"route": each.route, **found, "incidents": [_named(one) for one in incidents]}


def _of(each: Each, ledger: Ledger, state: dict[str, Any] | None, now: datetime) -> dict[str, Any]:
    if isinstance(each, arrivals.Expected):
        return _arrivals(each, now)
    if isinstance(each, gaps.Counted):
        return _gaps(each, state)
    if isinstance(each, silence.Heard):
        return _silence(each, ledger, state, now)
    return _acknowledged(each, ledger, state, now)


def _arrivals(each: arrivals.Expected, now: datetime) -> dict[str, Any]:
    expectation = each.expectation
    kind = "by" if expectation.by is not None else "every"
    window = next_window(expectation, each.calendar, now)
    what = f"{expectation.at_least} {expectation.document or 'or more arrivals'}"
    if window is None:
        return {"kind": kind, "what": what, "due": None, "state": "nothing due"}
    came = each.count(window.begin, now) if window.begin < now else 0
    met = "met" if came >= expectation.at_least else "waiting"
    return {"kind": kind, "what": f"{what}, {came} so far", "due": window.due.isoformat(), "state": met}


def _gaps(each: gaps.Counted, state: dict[str, Any] | None) -> dict[str, Any]:
    pairs = {pair: Sequence.of(values) for pair, values in (state or {}).get("pairs", {}).items()}
    lines = [f"{pair.replace('|', ' to ')} at {sequence.highest}" for pair, sequence in sorted(pairs.items())[:5]]
    holes = [hole for sequence in pairs.values() for hole in sequence.holes]
    assert each.expectation.gaps is not None
    due = min((hole.since + each.expectation.gaps for hole in holes), default=None)
    return {
        "kind": "gaps",
        "what": "control numbers: " + ("; ".join(lines) or "none seen yet"),
        "due": due.isoformat() if due is not None else None,
        "state": "waiting" if holes else "met",
    }


def _silence(each: silence.Heard, ledger: Ledger, state: dict[str, Any] | None, now: datetime) -> dict[str, Any]:
    limits = (state or {}).get("limits")
    if limits is None:
        return {"kind": "silence", "what": "too little is known yet", "due": None, "state": "learning"}
    hour = now.astimezone(each.calendar.timezone).hour
    last = ledger.observed.last_arrival(each.route)
    known = f"at this hour {timedelta(seconds=int(limits[hour]))} without anything is too long"
    return {
        "kind": "silence",
        "what": f"{known}; last on {last.isoformat() if last else 'no day'}",
        "due": None,
        "state": "met",
    }


def _acknowledged(
    each: acknowledged.Owed, ledger: Ledger, state: dict[str, Any] | None, now: datetime
) -> dict[str, Any]:
    rows = ledger.observed.awaited(each.route, each.expectation.kind, int((state or {}).get("after", 0)), _MOST)
    dues = [due for row in rows if (due := each.due(row.sent_at)) > now]
    return {
        "kind": "acknowledgement",
        "what": f"{each.expectation.kind} for {len(dues)} deliveries",
        "due": min(dues).isoformat() if dues else None,
        "state": "waiting" if dues else "met",
    }


def _named(incident: Incident) -> dict[str, str]:
    return {"ref": incident.ref, "title": incident.title}
