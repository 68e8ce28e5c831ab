"""Unwrapping a receipt: the payloads that its route's filters find in it become receipts of their own."""

from dataclasses import dataclass, field

from transload.adapters.base import Payload
from transload.canonical.errors import Reject
from transload.canonical.findings import Finding, Severity
from transload.runner.ledger import Ledger
from transload.runner.ledger.receipts import Receipt
from transload.runner.ledger.unpacking import Part
from transload.runner.lines.filtering import named, unwrapped
from transload.runner.lines.lines import Line
from transload.runner.reading.drafting import Origin

REMARKS_KEPT = 20
"""How many remarks of filters are kept with a receipt."""


@dataclass(frozen=True, kw_only=True)
class Unwrapping:
    """The work on one receipt whose ``line`` has filters."""

    ledger: Ledger
    line: Line
    receipt: Receipt
    origin: Origin
    remarks: list[Finding] = field(default_factory=list)

    def work(self, content: bytes, epoch: int) -> int:
        """Make receipts of what is in ``content`` and close the receipt; gives how many.

        Each payload is on its way to disk before the next one is unpacked.  Raises `Reject` when a filter refuses,
        which leaves everything as it was, `Stop` and `Retry` when a secret cannot be had, and `LedgerError`.
        """
        filters = self.line.route.filters
        payload = Payload(content=content, name=self.origin.file)
        parts = [
            Part(
                blob=self.ledger.unpacking.prepare(found.content),
                origin=origin_of(self.origin, found),
                metadata=found.metadata,
            )
            for found in unwrapped(filters, payload, self.remarks.append)
        ]
        if not parts:
            raise nothing_inside(self.origin)
        made = self.ledger.unpacking.unpack(
            self.receipt,
            parts,
            self.origin.now,
            lane=self.line.lane,
            epoch=epoch,
            filters=named(filters),
            findings=self.findings,
        )
        return len(made)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The remarks so far, the first of them where there are many."""
        left = len(self.remarks) - REMARKS_KEPT
        if left <= 0:
            return tuple(self.remarks)
        more = Finding(code="R-MORE", severity=Severity.REMARK, message=f"{left} more remarks are left out")
        return (*self.remarks[:REMARKS_KEPT], more)


def origin_of(origin: Origin, payload: Payload) -> str:
    """What people call an unwrapped payload: where it came in, and its own name behind that."""
    inside = payload.metadata.get("entry") or payload.name
    return origin.receipt.origin if inside == origin.file else f"{origin.receipt.origin}/{inside}"


def nothing_inside(origin: Origin) -> Reject:
    """The refusal of an archive in which no entry is a payload."""
    message = f"{origin.file} holds nothing to read"
    finding = Finding(
        code="E-EMPTY", message=message, hint="it is an empty archive, or no 'pattern' of its filter fits"
    )
    return Reject(message, findings=[finding])
