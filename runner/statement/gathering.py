"""Counting a statement."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from transload.runner.expectations.sequence import Sequence, number_of
from transload.runner.ledger import Ledger, State
from transload.runner.ledger.incidents import Incident
from transload.runner.ledger.statements import Received, Sent
from transload.runner.masking.fields import MASKED, Fields

RECEIVED = ("messages", "accepted", "quarantined", "duplicates", "replaced", "acknowledgements")
"""What is counted of messages that came: ``acknowledgements`` are the partner's for what we sent."""
SENT = ("deliveries", "sent", "acknowledged", "rejected", "overdue", "under way", "unknown", "failed")
"""What is counted of deliveries: ``sent`` are those that the partner has, acknowledged and rejected ones included."""
_MOST_PAIRS = 1000
_COUNTED_IN = {
    State.QUARANTINED: "quarantined",
    State.DUPLICATE: "duplicates",
    State.SUPPRESSED: "replaced",
    State.RECONCILED: "acknowledgements",
}
_COUNTED_OUT = {
    State.SENT: ("sent",),
    State.ACKED: ("sent", "acknowledged"),
    State.REJECTED: ("sent", "rejected"),
    State.UNKNOWN: ("unknown",),
    State.DEAD: ("failed",),
    State.QUARANTINED: ("failed",),
    State.SUPPRESSED: (),
}
Counts = dict[tuple[str, str], dict[str, int]]
"""By route and type of document."""


@dataclass(frozen=True, kw_only=True)
class Gap:
    """Interchanges that are missing between the first and the last of the period."""

    sender: str
    receiver: str
    missing: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Statement:
    """The counts; ``received_rows`` and ``sent_rows`` read the ledger again, row by row."""

    partner: str
    begin: datetime
    end: datetime
    received: Counts
    sent: Counts
    gaps: tuple[Gap, ...]
    incidents: tuple[Incident, ...]
    ledger: Ledger = field(repr=False)
    mask: Fields = field(default_factory=Fields)

    def received_rows(self) -> Iterator[Received]:
        """The messages that came."""
        for row in self.ledger.statements.received(self.partner, self.begin, self.end):
            yield replace(row, number=MASKED) if row.number and self._hides(row.type) else row

    def sent_rows(self) -> Iterator[Sent]:
        """The deliveries."""
        for row in self.ledger.statements.sent(self.partner, self.begin, self.end):
            hidden = row.numbers and any(self._hides(kind) for kind in row.type.split(", "))
            yield replace(row, numbers=(MASKED,) * len(row.numbers)) if hidden else row

    def _hides(self, kind: str) -> bool:
        """Whether the numbers of documents of a type are masked; of messages without one too."""
        return self.mask.cover(kind if "/" in kind else None, "number")

    def as_dict(self) -> dict[str, Any]:
        """It as JSON values, without the rows."""
        return {
            "partner": self.partner,
            "from": self.begin.isoformat(),
            "to": self.end.isoformat(),
            "received": _listed(self.received),
            "sent": _listed(self.sent),
            "gaps": [{**vars(gap), "missing": list(gap.missing)} for gap in self.gaps],
            "incidents": [incident.as_dict() for incident in self.incidents],
        }


def gather(ledger: Ledger, partner: str, begin: datetime, end: datetime, mask: Fields | None = None) -> Statement:
    """Count what went between us and ``partner`` from ``begin`` to before ``end``; ``mask`` is not told of the rows."""
    received, gaps = _received(ledger.statements.received(partner, begin, end))
    return Statement(
        partner=partner,
        begin=begin,
        end=end,
        received=received,
        sent=_sent(ledger.statements.sent(partner, begin, end)),
        gaps=gaps,
        incidents=tuple(ledger.statements.incidents(partner, begin, end)),
        ledger=ledger,
        mask=mask or Fields(),
    )


def _received(rows: Iterable[Received]) -> tuple[Counts, tuple[Gap, ...]]:
    counts: Counts = {}
    pairs: dict[tuple[str, str], Sequence] = {}
    for row in rows:
        found = counts.setdefault((row.route, row.type), dict.fromkeys(RECEIVED, 0))
        found["messages"] += 1
        found[_COUNTED_IN.get(row.state, "accepted")] += 1
        number, pair = number_of(row.interchange), (row.sender, row.receiver)
        if number is None or row.state is State.DUPLICATE:
            continue
        if pair in pairs:
            pairs[pair].see(number, row.at)
        elif len(pairs) < _MOST_PAIRS:
            pairs[pair] = Sequence(highest=number)
    gaps = [
        Gap(sender=sender, receiver=receiver, missing=tuple(hole.text for hole in sequence.holes))
        for (sender, receiver), sequence in pairs.items()
        if sequence.holes
    ]
    return counts, tuple(gaps)


def _sent(rows: Iterable[Sent]) -> Counts:
    counts: Counts = {}
    for row in rows:
        found = counts.setdefault((row.route, row.type), dict.fromkeys(SENT, 0))
        found["deliveries"] += 1
        for name in _COUNTED_OUT.get(row.state, ("under way",)):
            found[name] += 1
        found["overdue"] += row.overdue
    return counts


def _listed(counts: Counts) -> list[Mapping[str, Any]]:
    return [
        {"route": route, "type": kind, **{name.replace(" ", "_"): number for name, number in values.items()}}
        for (route, kind), values in sorted(counts.items())
    ]
