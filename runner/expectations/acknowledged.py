"""Judging acknowledgements that partners owe for what was sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from transload.runner.calendar import Calendar, after_working_time
from transload.runner.ledger.expectations import Observed
from transload.runner.ledger.incidents import Change, Closing, Incident, Judged, Opening
from transload.runner.workspace.expectations import AcknowledgementExpectation

_MOST = 10_000
_SLACK = timedelta(days=21)
"""How much longer than working time clock time may be, with holidays."""


@dataclass(frozen=True, kw_only=True)
class Owed:
    """What is expected of a send route's partner."""

    route: str
    partner: str
    expectation: AcknowledgementExpectation
    calendar: Calendar

    @property
    def subject(self) -> str:
        """What it is about, in the ledger."""
        return f"acknowledgement|{self.route}"

    def due(self, sent_at: datetime) -> datetime:
        """When the acknowledgement of what was sent then must be there."""
        if self.expectation.hours == "clock":
            return sent_at + self.expectation.within
        return after_working_time(sent_at, self.expectation.within, self.calendar)


def judge(
    owed: Owed, observed: Observed, state: Mapping[str, Any] | None, incident: Incident | None, now: datetime
) -> Judged:
    """Find what is overdue since the last look; what was due before the first one is not told."""
    kind = owed.expectation.kind
    begun = datetime.fromisoformat(state["begun"]) if state else now
    after = int(state["after"]) if state else 0
    newest = observed.last_delivery(owed.route)
    waits = observed.unfinished(owed.route, after)
    earliest = begun - owed.expectation.within - _SLACK
    rows = [row for row in observed.awaited(owed.route, kind, after, _MOST) if row.sent_at >= earliest]
    overdue = [row.id for row in rows if begun < owed.due(row.sent_at) <= now]
    later = [row.id for row in rows if owed.due(row.sent_at) > now]
    firsts = [*later[:1], *([waits] if waits is not None else [])]
    after = max(after, min(firsts) - 1 if firsts else newest)
    states = {owed.subject: (now, {"begun": begun.isoformat(), "after": after})}
    if incident is None:
        changes: list[Opening | Change | Closing] = [_opening(owed, overdue)] if overdue else []
        return Judged(changes=changes, states=states)
    count = observed.still_awaited(incident.id, kind) + len(overdue)
    if count == 0:
        return Judged(changes=[Closing(incident=incident.id, why="the acknowledgements came")], states=states)
    if count == incident.count and not overdue:
        return Judged(states=states)
    change = Change(incident=incident.id, title=_title(owed, count), count=count, members=overdue)
    return Judged(changes=[change], states=states)


def _opening(owed: Owed, overdue: list[int]) -> Opening:
    return Opening(
        source="acknowledgement",
        subject=owed.subject,
        key=f"{owed.subject}|s{overdue[0]}",
        severity=owed.expectation.severity,
        partner=owed.partner,
        about=owed.route,
        title=_title(owed, len(overdue)),
        hint=f"transload statement {owed.partner} --list tells which; ask the partner whether it has them",
        count=len(overdue),
        members=overdue,
    )


def _title(owed: Owed, count: int) -> str:
    span = owed.expectation.within.total_seconds()
    minutes = int(span // 60)
    words = f"{minutes // 60}h{minutes % 60:02}m" if minutes else f"{span:g}s"
    kind = "acknowledgement" if owed.expectation.kind == "any" else owed.expectation.kind.upper()
    hours = " of working time" if owed.expectation.hours == "working" else ""
    what = "delivery has" if count == 1 else "deliveries have"
    return f"{count} {what} no {kind} on {owed.route} within {words}{hours}"
