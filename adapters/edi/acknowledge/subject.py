"""What an acknowledgement speaks of: a received interchange, its groups and messages, and what is wrong with each.

Only what may be reported is held.  Of a message in which nothing was found its type and
reference are enough, and where accepted messages are not named at all (`SubjectGroup.unnamed`) a count of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from transload.canonical.findings import Finding, errors_of

ACKNOWLEDGEMENTS = frozenset({"CONTRL", "997", "999", "TA1"})
"""Messages that are never acknowledged: two systems would answer each other for ever."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SubjectMessage:
    """A received message: type, version (``D:96A:UN:EAN008``, ``004010``), own reference, and its findings.

    ``number`` counts from 1 in the interchange; ``guide`` is the implementation convention that ST03 names.
    """

    kind: str
    version: str = ""
    reference: str = ""
    number: int = 0
    guide: str = ""
    findings: tuple[Finding, ...] = ()

    @property
    def is_acknowledgement(self) -> bool:
        """Whether this message is an acknowledgement itself."""
        return self.kind in ACKNOWLEDGEMENTS

    @property
    def accepted(self) -> bool:
        """Whether nothing stops this message; remarks and warnings do not."""
        return not errors_of(self.findings)


@dataclass(frozen=True, kw_only=True)
class SubjectGroup:
    """A received functional group.

    ``kind`` is X12 479 (``PO``) or EDIFACT 0038, ``version`` GS08; ``sender`` and ``receiver`` are the components of
    UNG S006 and S007; ``announced`` is the count of its trailer, None where there is none to
    read.  ``unnamed`` is how many accepted messages there are beside ``messages``.
    ``findings`` concern the group's own header and trailer.
    """

    kind: str
    reference: str
    version: str = ""
    sender: tuple[str, ...] = ()
    receiver: tuple[str, ...] = ()
    announced: int | None = None
    messages: tuple[SubjectMessage, ...] = ()
    unnamed: int = 0
    findings: tuple[Finding, ...] = ()

    @property
    def received(self) -> int:
        """How many messages there are."""
        return len(self.messages) + self.unnamed

    @property
    def accepted(self) -> int:
        """How many of them are accepted; acknowledgements always are, since they are never answered."""
        return sum(message.accepted or message.is_acknowledgement for message in self.messages) + self.unnamed


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A received interchange.

    ``sender`` and ``receiver`` are the components of UNB S002 and S003 (id, qualifier,
    routing), or id and qualifier of ISA.  ``prepared`` is its date and time as they stand
    there.  ``syntax`` is the syntax version of UNB, ``requested`` whether it asks for an acknowledgement.
    ``messages`` are those outside of groups, TA1 among them; ``unnamed`` is how many accepted ones there are beside
    them.  ``findings`` concern the interchange's own header and trailer.
    """

    reference: str
    sender: tuple[str, ...]
    receiver: tuple[str, ...]
    prepared: tuple[str, str] = ("", "")
    syntax: str = "3"
    requested: bool = False
    messages: tuple[SubjectMessage, ...] = ()
    unnamed: int = 0
    groups: tuple[SubjectGroup, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def held(self) -> Iterator[SubjectMessage]:
        """All messages that are held, in and outside of groups."""
        yield from self.messages
        for group in self.groups:
            yield from group.messages

    @property
    def calls_for_none(self) -> bool:
        """Whether all that it holds are acknowledgements, so that it must not be answered."""
        if self.unnamed or any(group.unnamed for group in self.groups):
            return False
        held = list(self.held)
        return bool(held) and all(message.is_acknowledgement for message in held)
