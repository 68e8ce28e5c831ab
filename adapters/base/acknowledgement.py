"""What partners answer to what we sent: the words in which a format tells what an acknowledgement says.

A format finds the numbers that its payloads carry (`Format.references`), the numbers that an incoming
acknowledgement speaks of (`Format.acknowledged`), and brings both together (`Format.reconcile`).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from transload.canonical.findings import Finding


class Verdict(StrEnum):
    """What a partner says of an interchange, a group or a message: one vocabulary for all kinds."""

    RECEIVED = "received"
    """It has arrived; whether it is accepted is not said."""
    ACCEPTED = "accepted"
    ACCEPTED_WITH_ERRORS = "accepted with errors"
    PARTIAL = "partially accepted"
    """Some of what is inside is accepted, some is rejected."""
    REJECTED = "rejected"


_RANK = (
    Verdict.REJECTED,
    Verdict.PARTIAL,
    Verdict.RECEIVED,
    Verdict.ACCEPTED_WITH_ERRORS,
    Verdict.ACCEPTED,
)


def worse(one: Verdict, other: Verdict) -> Verdict:
    """The verdict of the two that needs more attention."""
    return min(one, other, key=_RANK.index)


def overall(verdicts: list[Verdict | None]) -> Verdict | None:
    """The verdict on a whole from those on its parts: accepted and rejected ones together make a partial one.

    None when nothing is said of any part.
    """
    known = [verdict for verdict in verdicts if verdict is not None]
    if not known:
        return None
    bad = {Verdict.REJECTED, Verdict.PARTIAL}
    if any(verdict in bad for verdict in known) and not all(verdict is Verdict.REJECTED for verdict in verdicts):
        return Verdict.PARTIAL
    return min(known, key=_RANK.index)


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A control number that a payload carries, by which a partner can acknowledge it.

    ``level`` is ``interchange`` or ``group``.  ``sender`` and ``receiver`` are the identifications of the payload's
    envelope without their qualifiers, which partners often change; ``number`` has no leading zeros where the standard
    makes it a number.
    """

    standard: str
    level: str
    sender: str
    receiver: str
    number: str

    def __str__(self) -> str:
        return f"{self.standard} {self.level} {self.number} from {self.sender or '?'} to {self.receiver or '?'}"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What an acknowledgement says of one message that was sent.

    ``message`` is its position in its interchange, from 1.  ``verdict`` is None where the
    acknowledgement says nothing of it, and its rules leave open what that means.
    ``findings`` are the errors that the partner reports, their places on our own bytes.
    """

    interchange: int
    group: int | None
    message: int
    kind: str
    reference: str
    verdict: Verdict | None
    findings: tuple[Finding, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The outcome in JSON."""
        return {
            "interchange": self.interchange,
            "group": self.group,
            "message": self.message,
            "kind": self.kind,
            "reference": self.reference,
            "verdict": self.verdict.value if self.verdict else None,
            "findings": [finding.as_dict() for finding in self.findings],
        }


@dataclass(frozen=True, kw_only=True)
class Reconciliation:
    """An acknowledgement brought together with the payload that it speaks of.

    ``kind`` is that of the acknowledgement, ``about`` what it names.  ``outcomes`` holds the messages that it speaks
    of, in their order; none when the payload is not the one that it means.  ``findings`` are
    about the acknowledgement as a whole: errors of envelopes, numbers that were never sent
    (``E-ACK-UNKNOWN``), statements that contradict each other.
    """

    kind: str
    about: tuple[Reference, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def verdict(self) -> Verdict | None:
        """What it says of all of them together."""
        return overall([outcome.verdict for outcome in self.outcomes])

    def as_dict(self) -> dict[str, Any]:
        """The reconciliation in JSON."""
        return {
            "kind": self.kind,
            "about": [str(reference) for reference in self.about],
            "verdict": self.verdict.value if self.verdict else None,
            "messages": [outcome.as_dict() for outcome in self.outcomes],
            "findings": [finding.as_dict() for finding in self.findings],
        }
