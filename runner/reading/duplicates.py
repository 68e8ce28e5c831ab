"""Verdicts about interchanges that were received before."""

from collections.abc import Callable

from sqlalchemy import bindparam, select

from transload.adapters.base import Identity, Message
from transload.canonical.findings import Finding, Severity
from transload.runner.ledger import Ledger, State
from transload.runner.ledger.receipts import Receipt
from transload.runner.ledger.schema import documents

# without an order: SQLite would go through all documents of the route, whose index has it, and not to the interchange
before = select(documents.c.id, documents.c.reference, documents.c.wire_digest).where(
    documents.c.route == bindparam("of_route"),
    documents.c.interchange == bindparam("of_interchange"),
    documents.c.sender == bindparam("of_sender"),
    documents.c.receiver == bindparam("of_receiver"),
    # one by one: how often a list is written out costs more than the query
    *(documents.c.state != state.value for state in (State.QUARANTINED, State.DUPLICATE, State.SUPPRESSED)),
    documents.c.receipt_id != bindparam("of_receipt"),
)
"""What brought the messages of an interchange before."""


class Earlier:
    """What the route received before ``receipt``, looked up once for each interchange.

    ``settle`` is told which one (its reference, sender and receiver) before the ledger is asked.
    """

    def __init__(
        self, ledger: Ledger, receipt: Receipt, settle: Callable[[tuple[str, str, str]], None] = lambda key: None
    ) -> None:
        self._ledger = ledger
        self._receipt = receipt
        self._settle = settle
        self._known: dict[tuple[str, str, str], dict[str, tuple[int, str]]] = {}

    def verdict(self, message: Message, digest: str) -> Finding | None:
        """Whether an interchange of the same parties and reference brought this message before.

        R-DUPLICATE (a remark): with the same bytes.  W-REFERENCE (a warning): with others.  An earlier
        one that was quarantined does not count, so that its correction gets through.
        """
        interchange = message.interchange
        if not interchange or message.sender is None:
            return None
        found = self._messages(interchange, party_text(message.sender), party_text(message.receiver))
        if message.reference not in found:
            return None
        document, earlier = found[message.reference]
        what = f"the message {message.reference} of interchange {interchange}"
        if earlier == digest:
            return Finding(
                code="R-DUPLICATE",
                severity=Severity.REMARK,
                message=f"{what} was processed before, byte for byte the same, as document d{document}",
                hint="it is kept, and not processed again",
            )
        return Finding(
            code="W-REFERENCE",
            severity=Severity.WARNING,
            message=f"{what} has the reference of another one with other content, document d{document}",
            hint="ask the partner whether its counter was set back, or this replaces the earlier one",
        )

    def _messages(self, interchange: str, sender: str, receiver: str) -> dict[str, tuple[int, str]]:
        """The messages of an interchange by reference: the document that each gave, and the digest of its bytes."""
        key = (interchange, sender, receiver)
        if key not in self._known:
            self._settle(key)
            values = {
                "of_route": self._receipt.route,
                "of_interchange": interchange,
                "of_sender": sender,
                "of_receiver": receiver,
                "of_receipt": self._receipt.id,
            }
            rows = sorted(self._ledger.database.rows(before, values))
            self._known[key] = {row.reference: (row.id, row.wire_digest) for row in rows}
        return self._known[key]


def party_text(identity: Identity | None) -> str:
    """A party of an envelope as it is kept: ``id:qualifier``."""
    if identity is None:
        return ""
    return f"{identity.id}:{identity.qualifier}" if identity.qualifier else identity.id
