"""What is staged of receipts, a portion of each: its messages as they were read, and what came of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from transload.canonical.findings import Finding
from transload.runner.ledger.artifacts import Artifact
from transload.runner.ledger.drafts import Closing, Draft
from transload.runner.ledger.receipts import Receipt
from transload.runner.ledger.reconciled import PartnerVerdict
from transload.runner.ledger.states import State


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """One document of a message, or a message that gave none (``ordinal`` 0) and why.

    ``passed`` are the states it went through, for the events.  ``verdicts`` are what it says of deliveries of ours,
    where it is an acknowledgement.  ``replaces`` is the document before it, where this is a replay.
    """

    message: int
    ordinal: int
    state: State
    partner: str
    kind: str = ""
    version: str = ""
    sender: str = ""
    receiver: str = ""
    interchange: str = ""
    reference: str = ""
    wire_digest: str
    start: int = 0
    end: int = 0
    document: str | None = None
    number: str | None = None
    about: str | None = None
    canonical: str | None = field(default=None, repr=False)
    residue: Mapping[str, Any] | None = field(default=None, repr=False)
    digest: str | None = None
    mapping: str | None = None
    artifacts: tuple[Artifact, ...] = ()
    product: str = ""
    findings: tuple[Finding, ...] = ()
    passed: tuple[State, ...] = ()
    drafts: tuple[Draft, ...] = ()
    verdicts: tuple[PartnerVerdict, ...] = ()
    replaces: int | None = None

    @property
    def shares(self) -> bool:
        """Whether it is delivered together with other messages."""
        return any(draft.shared for draft in self.drafts)


@dataclass(frozen=True, kw_only=True)
class Portion:
    """Some messages of a receipt, those up to number ``position``; ``closing`` ends the receipt.

    ``begins`` tells that nothing of it was ever committed before.
    """

    receipt: Receipt
    parsed: Sequence[Parsed]
    position: int
    closing: Closing | None = None
    begins: bool = False


@dataclass(frozen=True, kw_only=True)
class Staged:
    """What was staged of a portion: the documents' states in order, and the lanes that have new work.

    ``answered`` are deliveries that an acknowledgement has brought to another state.
    """

    documents: tuple[int, ...] = ()
    states: tuple[State, ...] = ()
    deliveries: tuple[int, ...] = ()
    delivery_states: tuple[State, ...] = ()
    answered: tuple[tuple[int, State], ...] = ()
    lanes: frozenset[str] = frozenset()
    findings: tuple[Finding, ...] = ()
