"""The states of documents, which follow those of their deliveries."""

from collections.abc import Sequence
from functools import cache

from sqlalchemy import ColumnElement, Connection, Update, bindparam, case, func, or_, select

from transload.runner.ledger.dialects import id_list, listed
from transload.runner.ledger.schema import deliveries, delivery_documents, documents, gathered
from transload.runner.ledger.states import State, of_document

_lock = select(documents.c.id).where(documents.c.id == bindparam("of")).with_for_update(key_share=True)
_set = documents.update().where(documents.c.id == bindparam("of_document")).values(state=bindparam("new_state"))


def replayed() -> ColumnElement[bool]:
    """Whether a delivery was sent again by hand, so that the newer one counts; one that was cancelled does not."""
    newer, newest = deliveries.alias("newer"), deliveries.alias("newest")
    replaced = select(newest.c.id).where(newest.c.origin_id == newer.c.id).exists()
    counts = or_(newer.c.state != State.SUPPRESSED.value, replaced)
    return select(newer.c.id).where(newer.c.origin_id == deliveries.c.id, counts).exists()


def documents_of(connection: Connection, delivery: int) -> list[int]:
    """The documents that a delivery carries."""
    query = select(delivery_documents.c.document_id).where(delivery_documents.c.delivery_id == delivery)
    return sorted(connection.scalars(query))


def state_of(connection: Connection, document: int) -> str:
    """The state of a document from those of its deliveries that no replay has taken the place of.

    Of one that the partner has judged apart from others of its delivery it is that judgement.

    The document is locked: of two lanes that have news of it, the second sees what the first has written.
    """
    connection.execute(_lock, {"of": document})
    judged = deliveries.c.state.in_([State.ACKED.value, State.REJECTED.value])
    query = (
        select(case((judged, func.coalesce(delivery_documents.c.state, deliveries.c.state)), else_=deliveries.c.state))
        .join(delivery_documents, delivery_documents.c.delivery_id == deliveries.c.id)
        .where(delivery_documents.c.document_id == document, ~replayed())
    )
    states = [State(state) for state in connection.scalars(query)]
    waits = select(gathered.c.document_id).where(gathered.c.document_id == document).limit(1)
    if connection.scalar(waits) is not None:
        states.append(State.STAGED)  # for another target, in a batch
    return of_document(states).value


def follow(connection: Connection, delivery: int) -> None:
    """Let the documents' states follow the delivery's."""
    for document in documents_of(connection, delivery):
        state = state_of(connection, document)
        connection.execute(documents.update().where(documents.c.id == document).values(state=state))


def follow_news(connection: Connection, news: Sequence[tuple[int, int, State]]) -> None:
    """Let documents follow what became of deliveries: each a document, how many deliveries it has, and the new state.

    Those with several deliveries are locked in their order, so that lanes that have the same ones wait for each other
    in one order; of any other only one lane has news.
    """
    dialect = connection.dialect.name
    alone: dict[State, list[int]] = {}
    for document, targets, state in news:
        if targets == 1:
            alone.setdefault(state, []).append(document)
    shared = sorted({document for document, targets, _ in news if targets != 1})
    states = [(document, state_of(connection, document)) for document in shared]
    if states:
        connection.execute(_set, [{"of_document": document, "new_state": state} for document, state in states])
    for state, ids in sorted(alone.items()):
        connection.execute(_set_all(dialect), {"of": id_list(dialect, sorted(ids)), "new": state.value})


@cache
def _set_all(dialect: str) -> Update:
    return documents.update().where(listed(documents.c.id, dialect, "of")).values(state=bindparam("new"))
