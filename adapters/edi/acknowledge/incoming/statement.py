"""What an acknowledgement says, as plain records: of whom, of which numbers, with which verdict, and why.

All kinds use the same records and one vocabulary of verdicts.  Positions are those that `Place` has: a segment's
counts the message's header as 1, an element's and a component's begin at 1 after the tag.
"""

from dataclasses import dataclass

from transload.adapters.base.acknowledgement import Verdict
from transload.adapters.base.format import Identity
from transload.adapters.edi.acknowledge.codes import LISTS
from transload.canonical.findings import Finding
from transload.canonical.places import Place


@dataclass(frozen=True, kw_only=True)
class Complaint:
    """One error that the partner reports.

    ``element_list`` is the number of the code list that ``code`` is from (``0085``, ``723``).  ``tag`` is the segment
    that it names, if any; ``element`` is None for an error of a whole segment, message or envelope.
    ``value`` is the bad value as the partner repeats it, ``context`` what it adds (CTX).  ``said`` is the place in the
    acknowledgement.
    """

    element_list: str
    code: str
    said: Place
    segment: int | None = None
    tag: str | None = None
    element: int | None = None
    component: int | None = None
    repetition: int | None = None
    value: str | None = None
    context: tuple[str, ...] = ()

    @property
    def meaning(self) -> str:
        """What the code means, in a few words."""
        return LISTS[self.element_list].meaning(self.code)


@dataclass(frozen=True, kw_only=True)
class StatedMessage:
    """What is said of one message: type, version and reference as repeated; ``verdict`` None where none is legible."""

    kind: str
    reference: str
    said: Place
    version: str = ""
    verdict: Verdict | None = None
    complaints: tuple[Complaint, ...] = ()


@dataclass(frozen=True, kw_only=True)
class StatedGroup:
    """What is said of one group.

    ``kind`` is the functional identifier (X12).  ``included``, ``received`` and ``accepted`` are the counts of AK9;
    None where there are none.
    """

    reference: str
    said: Place
    kind: str = ""
    version: str = ""
    sender: str = ""
    receiver: str = ""
    verdict: Verdict | None = None
    included: int | None = None
    received: int | None = None
    accepted: int | None = None
    complaints: tuple[Complaint, ...] = ()
    messages: tuple[StatedMessage, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Statement:
    """An acknowledgement as a whole.

    ``kind`` is CONTRL, 997, 999 or TA1.  ``sender`` and ``receiver`` are those of the interchange that it speaks of,
    so that ``sender`` is whoever is answered here.  ``reference`` is that interchange's control reference (CONTRL,
    TA1), and empty in a 997 or 999, which name groups.  ``verdict`` is that on the interchange, where one
    is said.  ``prepared`` are date and time that a TA1 repeats.  ``findings`` are what could not be read.
    """

    kind: str
    standard: str
    said: Place
    sender: Identity | None
    receiver: Identity | None
    reference: str = ""
    prepared: tuple[str, str] = ("", "")
    verdict: Verdict | None = None
    complaints: tuple[Complaint, ...] = ()
    groups: tuple[StatedGroup, ...] = ()
    messages: tuple[StatedMessage, ...] = ()
    findings: tuple[Finding, ...] = ()
