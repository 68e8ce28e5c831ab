"""What a receipt gave before, where its messages are mapped again."""

from sqlalchemy import func, select

from transload.runner.engine.drafting import Original
from transload.runner.ledger import Ledger, State
from transload.runner.ledger.receipts import Receipt
from transload.runner.ledger.repeating import FAILED
from transload.runner.ledger.schema import deliveries, delivery_documents, documents, gathered


def originals(ledger: Ledger, receipt: Receipt) -> dict[tuple[int, int], Original]:
    """The latest document at each place of the receipt, and what became of it; of a correction what it replaces."""
    replaced = {(message, 0): Original(id=document) for message, document in receipt.replaces.items()}
    return {**replaced, **(_own(ledger, receipt) if receipt.generation else {})}


def _own(ledger: Ledger, receipt: Receipt) -> dict[tuple[int, int], Original]:
    latest = (
        select(func.max(documents.c.id))
        .where(documents.c.receipt_id == receipt.id)
        .group_by(documents.c.message, documents.c.ordinal)
    )
    columns = (documents.c.id, documents.c.message, documents.c.ordinal, documents.c.state)
    served = (
        select(delivery_documents.c.document_id, deliveries.c.target)
        .join(deliveries, deliveries.c.id == delivery_documents.c.delivery_id)
        .where(
            delivery_documents.c.document_id.in_(latest),
            deliveries.c.state.not_in([state.value for state in FAILED]),
        )
    )
    waiting = select(gathered.c.document_id, gathered.c.target).where(gathered.c.document_id.in_(latest))
    targets: dict[int, set[str]] = {}
    with ledger.read() as connection:
        for document, target in (*connection.execute(served), *connection.execute(waiting)):
            targets.setdefault(document, set()).add(target)
        rows = connection.execute(select(*columns).where(documents.c.id.in_(latest))).all()
    return {
        (row.message, row.ordinal): Original(
            id=row.id,
            good=not receipt.force and not _failed(receipt, row.message, row.state),
            served=frozenset() if receipt.force else frozenset(targets.get(row.id, ())),
        )
        for row in rows
        if row.state != State.SUPPRESSED
    }


def _failed(receipt: Receipt, message: int, state: str) -> bool:
    """Whether a document is to be made again: what is DEAD only where a person has named its message."""
    named = receipt.again is not None and message in receipt.again
    return state == State.QUARANTINED or (named and state in FAILED)
