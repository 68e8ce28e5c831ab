"""Deliveries before they are staged: what makes their bytes, and what they are for; and the end of a receipt."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from transload.adapters.base.acknowledgement import Reference
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
    A ``shared`` one carries a whole payload: the messages of a receipt have one together for each
    target.  With ``holds`` those after it in its sequence wait for a person once it has failed.
    """

    lane: str
    target: str
    connection: str
    key: str
    freeze: Callable[[Numbers], Frozen]
    order_key: str | None = None
    artifacts: tuple[Artifact, ...] = ()
    product: str = ""
    shared: bool = False
    holds: bool = False


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
    """

    state: State
    findings: tuple[Finding, ...] = ()
    acknowledge: Callable[[Numbers], Sequence[AcknowledgementDraft]] | None = None
    incomplete: bool = False
