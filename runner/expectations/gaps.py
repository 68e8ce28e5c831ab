"""Judging control numbers: which interchanges of a sender and receiver have never come."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from transload.runner.expectations.sequence import Hole, Sequence, number_of
from transload.runner.ledger.expectations import Numbered, Observed
from transload.runner.ledger.incidents import Change, Closing, Incident, Judged, Opening
from transload.runner.workspace.expectations import Expectation

SETTLED = timedelta(minutes=1)
"""Messages younger than this are looked at the next time: with several writers an older id may be committed later."""
_MOST_PAIRS = 1000
_LISTED = 20
_LONGEST = 80
"""Signs of a party's identification that are looked at; EDIFACT has 35, X12 15."""


@dataclass(frozen=True, kw_only=True)
class Counted:
    """An expectation about the control numbers of a route's partner.

    ``routes`` are all by which he sends: most partners count through all that they send, acknowledgements included.
    """

    route: str
    routes: tuple[str, ...]
    partner: str
    expectation: Expectation

    @property
    def subject(self) -> str:
        """Its name in the ledger; incidents add sender and receiver."""
        return f"gap|{self.route}|{self.expectation.name}"


def judge(
    counted: Counted, observed: Observed, state: Mapping[str, Any] | None, incidents: Iterable[Incident], now: datetime
) -> Judged:
    """Take in what has come since the last look; ``incidents`` are the open ones of this expectation."""
    if state is None:
        return Judged(states={counted.subject: (now, {"after": observed.newest_document(), "pairs": {}})})
    pairs = {pair: Sequence.of(values) for pair, values in state["pairs"].items()}
    after = int(state["after"])
    for message in observed.numbered(counted.routes, after, now - SETTLED):
        after = message.id
        _take(pairs, message)
    open_now = {incident.subject: incident for incident in incidents}
    changes: list[Opening | Change | Closing] = []
    for pair, sequence in pairs.items():
        changes += _changes(counted, pair, sequence, open_now.get(f"{counted.subject}|{pair}"), now)
    kept = {pair: sequence.as_dict() for pair, sequence in pairs.items()}
    return Judged(changes=changes, states={counted.subject: (now, {"after": after, "pairs": kept})})


def _take(pairs: dict[str, Sequence], message: Numbered) -> None:
    number, pair = number_of(message.interchange), f"{_plain(message.sender)}|{_plain(message.receiver)}"
    if number is None:
        return
    if pair in pairs:
        pairs[pair].see(number, message.at)
    elif len(pairs) < _MOST_PAIRS:
        pairs[pair] = Sequence(highest=number)


def _plain(name: str) -> str:
    """A party as it stands in a subject: short, and without the sign that parts the two."""
    return name.replace("|", "/")[:_LONGEST]


def _changes(
    counted: Counted, pair: str, sequence: Sequence, incident: Incident | None, now: datetime
) -> list[Opening | Change | Closing]:
    if incident is None:  # what was told has been closed by a person since
        sequence.holes = [hole for hole in sequence.holes if not hole.told]
    span = counted.expectation.gaps
    assert span is not None
    due = [hole for hole in sequence.holes if hole.told or hole.since + span <= now]
    if not due:
        return [Closing(incident=incident.id, why="the missing numbers came")] if incident is not None else []
    for hole in due:
        hole.told = True
    sender, _, receiver = pair.partition("|")
    count, title = sum(hole.size for hole in due), _title(counted.route, sender, receiver, due)
    detail = {"sender": sender, "receiver": receiver, "missing": [hole.text for hole in due]}
    if incident is not None:
        changed = incident.detail != detail
        return [Change(incident=incident.id, title=title, count=count, detail=detail)] if changed else []
    subject = f"{counted.subject}|{pair}"
    return [
        Opening(
            source="gap",
            subject=subject,
            key=f"{subject}|{due[0].first}|{due[0].since.isoformat()}",
            severity=counted.expectation.severity,
            partner=counted.partner,
            about=counted.route,
            title=title,
            hint="ask the partner to send these interchanges again, or whether the numbers were never used",
            detail=detail,
            count=count,
        )
    ]


def _title(route: str, sender: str, receiver: str, due: list[Hole]) -> str:
    shown = ", ".join(hole.text for hole in due[:_LISTED]) + (", ..." if len(due) > _LISTED else "")
    return f"interchanges {shown} from {sender} to {receiver} never came on {route}"
