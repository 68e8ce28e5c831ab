"""The states of receipts, documents and deliveries, and which of them are final."""

from enum import StrEnum


class State(StrEnum):
    """Where something stands.  Receipts, documents and deliveries use those that concern them."""

    RECEIVED = "RECEIVED"
    """The bytes are durable; reading is due (receipt)."""
    UNPACKED = "UNPACKED"
    """Filters have unwrapped it: each payload in it is a receipt of its own (receipt)."""
    PARSED = "PARSED"
    """Split into its messages (receipt: all of them are dealt with; message: an event)."""
    VALIDATED = "VALIDATED"
    """Envelope and structure were checked (an event)."""
    MAPPED = "MAPPED"
    """A canonical document exists (document: final where the route sends it nowhere)."""
    STAGED = "STAGED"
    """The bytes to send are frozen and durable."""
    SENDING = "SENDING"
    """A call to the target has been announced; whether it was made is not known until its outcome is."""
    SENT = "SENT"
    """The target has it."""
    ACKED = "ACKED"
    """The partner has acknowledged it: its acknowledgement accepts all that it carries."""
    REJECTED = "REJECTED"
    """The partner's acknowledgement rejects it, or a part of it; a person decides what to send instead."""
    AWAITING = "AWAITING"
    """The target took it, and its own receipt for it, which comes later by itself, is awaited."""
    RETRY_AT = "RETRY_AT"
    """An attempt failed; another one is due later."""
    UNKNOWN = "UNKNOWN"
    """It was sent, its answer was lost, and nobody can tell; a person decides."""
    DEAD = "DEAD"
    """Refused, or tried in vain as often and as long as the route allows."""
    QUARANTINED = "QUARANTINED"
    """What arrived, or what would be sent, is wrong; it waits for correction."""
    DUPLICATE = "DUPLICATE"
    """The same interchange, byte for byte, was processed before."""
    SUPPRESSED = "SUPPRESSED"
    """Replaced by a replay, or held back by a person."""
    RECONCILED = "RECONCILED"
    """An acknowledgement that was brought together with what it speaks of (document: it is not mapped)."""


ACTIVE = (State.STAGED, State.RETRY_AT, State.SENDING, State.AWAITING)
"""The states of a delivery from which the runner goes on by itself."""
FINAL = (
    State.SENT,
    State.ACKED,
    State.REJECTED,
    State.DUPLICATE,
    State.SUPPRESSED,
    State.RECONCILED,
    State.DEAD,
    State.QUARANTINED,
    State.MAPPED,
    State.PARSED,
    State.UNPACKED,
)
"""The states that nothing leaves by itself.  UNKNOWN is not among them: it waits for a person."""
GOOD = (
    State.SENT,
    State.ACKED,
    State.DUPLICATE,
    State.SUPPRESSED,
    State.RECONCILED,
    State.MAPPED,
    State.PARSED,
    State.UNPACKED,
)
"""The final states that need nobody's attention."""

_RANK = (
    State.DEAD,
    State.REJECTED,
    State.UNKNOWN,
    State.QUARANTINED,
    State.RETRY_AT,
    State.SENDING,
    State.STAGED,
    State.AWAITING,
    State.SENT,
    State.ACKED,
    State.SUPPRESSED,
)


def of_document(deliveries: list[State]) -> State:
    """The state of a document from those of its deliveries: the one that most needs attention."""
    return min(deliveries, key=_RANK.index, default=State.MAPPED)
