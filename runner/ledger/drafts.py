"""Deliveries before they are staged: what makes their bytes, and what they are for; and the end of a receipt."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from transload.adapters.base.acknowledgement import Reference
from transload.adapters.base.format import Encoded
from transload.canonical.context import Numbers
from transload.canonical.findings import Finding
from transload.runner.ledger.artifacts import Artifact
from transload.runner.ledger.states import State


@dataclass(frozen=True, kw_only=True)
class Frozen:
    """What a target will be handed, the same at every attempt."""

    content: bytes = field(repr=False)
    content_type: str = "application/octet-stream"
    metadata: Mapping[str, str] = field(default_factory=dict)
    references: tuple[Reference, ...] = ()
    """The control numbers in the content, by which the partner can acknowledge it."""
    findings: tuple[Finding, ...] = ()
    """What of the document the content does not hold."""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A delivery to be staged.

    ``freeze`` is called inside the transaction with the control numbers and makes the
    bytes; when it raises `TransloadError`, the delivery is quarantined and its numbers are not used.
    ``key`` gives its idempotency key, always the same.  A ``shared`` one carries a whole payload: the messages of a
    receipt have one together for each target.  With ``holds`` those after it in its sequence wait for a person once it
    has failed.  One that is ``gathered`` is not staged by itself: it leaves with others (`Batch`), under their key.
    """

    lane: str
    target: str
    connection: str
    key: Callable[[], str]
    freeze: Callable[[Numbers], Frozen]
    order_key: str | None = None
    artifacts: tuple[Artifact, ...] = ()
    product: str = ""
    shared: bool = False
    holds: bool = False
    gathered: "Gathered | None" = None


NEVER = datetime(9999, 1, 1, tzinfo=UTC)
"""When a batch leaves that waits for a number of documents alone."""


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """A document for a batch: its body as the mapping wrote it, None where that needs control numbers of ours.

    Without ``due`` it leaves when its receipt ends.  Else it leaves at that moment with what others of its lane are due
    then (`NEVER`: not by time), and before it once ``most`` wait.
    """

    body: Encoded | None = field(repr=False)
    due: datetime | None = None
    most: int | None = None


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A document as the ledger has it: its model's name, its JSON, what else its message held, and what has read it."""

    document: str
    canonical: str = field(repr=False)
    residue: Mapping[str, Any] | None = field(repr=False)
    mapping: str


@dataclass(frozen=True, kw_only=True)
class Member:
    """A document of a batch that is made; ``body`` is None where it is not at hand any more, or never was."""

    document: int
    body: Encoded | None = field(repr=False)
    stored: Callable[[], Stored] = field(repr=False)


class RevocableNumbers(Numbers, Protocol):
    """Control numbers that can be taken back while nothing was made with them."""

    def mark(self) -> dict[str, int]:
        """How far each series is now."""

    def back(self, mark: dict[str, int]) -> None:
        """Take back the numbers given out since ``mark``."""


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """What became of a batch: its bytes, None where no document could be written, and the documents it is without."""

    frozen: Frozen | None
    members: tuple[int, ...]
    refused: Mapping[int, tuple[Finding, ...]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Batch:
    """The deliveries in which documents leave together to one target, ``most`` in each.

    ``freeze`` is called inside the transaction, with the numbers and the members in their order; when it raises
    `TransloadError`, all of them are quarantined.  ``key`` gives the key of the first, second, ... one of a receipt, or
    of the one with members whose digest is given.
    """

    lane: str
    target: str
    connection: str
    key: Callable[[int | str], str]
    freeze: Callable[[RevocableNumbers, str, Iterable[Member]], Bundle]
    most: int | None = None
    artifacts: tuple[Artifact, ...] = ()
    product: str = ""


@dataclass(frozen=True, kw_only=True)
class AcknowledgementDraft:
    """An acknowledgement to be staged as a delivery, and what it says about which interchange."""

    kind: str
    reference: str
    accepted: bool
    draft: Draft


@dataclass(frozen=True, kw_only=True)
class Closing:
    """The end of a receipt: its final ``state``, what was found about it as a whole, and its acknowledgements.

    ``acknowledge`` is called inside the transaction, since an acknowledgement carries numbers of ours.
    ``incomplete`` tells that the acknowledgements which are owed could not be made.
    ``batches`` are by target; what was gathered for a target that is not among them is quarantined.  ``bodies`` are
    those of documents that were staged before, by document and target, as far as they are at hand.
    """

    state: State
    findings: tuple[Finding, ...] = ()
    acknowledge: Callable[[Numbers], Sequence[AcknowledgementDraft]] | None = None
    incomplete: bool = False
    batches: Mapping[str, Batch] = field(default_factory=dict)
    bodies: Mapping[tuple[int, str], Encoded | None] = field(default_factory=dict, repr=False)
