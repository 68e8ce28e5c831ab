"""What an acknowledgement speaks of: a received interchange, its groups and messages, and what is wrong with each."""

from dataclasses import dataclass

from transload.canonical.findings import Finding, errors_of

ACKNOWLEDGEMENTS = frozenset({"CONTRL", "997", "999", "TA1"})
"""Messages that are never acknowledged: two systems would answer each other for ever."""


@dataclass(frozen=True, kw_only=True)
class SubjectMessage:
    """A received message: type, version (``D:96A:UN:EAN008``, ``004010``), own reference, and its findings."""

    kind: str
    version: str = ""
    reference: str = ""
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

    ``kind`` is X12 479 (``PO``) or EDIFACT 0038; ``sender`` and ``receiver`` are the components of UNG
    S006 and S007; ``announced`` is the count of its trailer, None where there is none to
    read.  ``findings`` concern the group's own header and trailer.
    """

    kind: str
    reference: str
    sender: tuple[str, ...] = ()
    receiver: tuple[str, ...] = ()
    announced: int | None = None
    messages: tuple[SubjectMessage, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A received interchange.

    ``sender`` and ``receiver`` are the components of UNB S002 and S003 (id, qualifier,
    routing), or id and qualifier of ISA.  ``prepared`` is its date and time as they stand
    there.  ``messages`` are those outside of groups, TA1 among them.
    ``findings`` concern the interchange's own header and trailer.
    """

    reference: str
    sender: tuple[str, ...]
    receiver: tuple[str, ...]
    prepared: tuple[str, str] = ("", "")
    messages: tuple[SubjectMessage, ...] = ()
    groups: tuple[SubjectGroup, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def calls_for_none(self) -> bool:
        """Whether all that it holds are acknowledgements, so that it must not be answered."""
        held = [*self.messages, *(message for group in self.groups for message in group.messages)]
        return bool(held) and all(message.is_acknowledgement for message in held)
