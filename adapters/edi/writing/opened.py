"""What is begun and has no trailer yet: an interchange, and a group in it."""

from collections.abc import Hashable
from dataclasses import dataclass, field

from transload.adapters.edi.envelope import Elements, Envelope
from transload.adapters.edi.writing.carrier import Carrier
from transload.adapters.edi.writing.numbers import References


@dataclass(kw_only=True)
class OpenInterchange:
    """An interchange whose trailer is yet to come: its header, filled in, and what it holds so far."""

    envelope: Envelope
    carrier: Carrier
    header: Elements | None
    references: References
    packages: References = field(default_factory=References)
    messages: int = 0
    groups: int = 0
    ended: set[int] = field(default_factory=set)
    """Hashes of the groups that were read and are written: none of them may begin again."""
    last_kind: str = ""

    def holds(self, envelope: Envelope) -> bool:
        """Whether ``envelope`` is one of a message of this interchange."""
        own = self.envelope
        return own is envelope or identity_of(own) == identity_of(envelope)


@dataclass(kw_only=True)
class OpenGroup:
    """A group whose trailer is yet to come."""

    header: Elements
    key: Hashable
    references: References
    messages: int = 0


def identity_of(envelope: Envelope) -> Hashable:
    """What tells the interchanges of a file apart."""
    return envelope.position[0], envelope.interchange
