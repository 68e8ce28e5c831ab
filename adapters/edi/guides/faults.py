"""What a guide can find wrong with a message: each kind of fault with its finding code and acknowledgement codes.

This is the only table of these codes; `documented` prints it for docs/guides.md.  The codes are those of UN/EDIFACT
0085 (syntax error, coded) and of the X12 data elements 720 (segment) and 723 (element) of the 997; the 999 has lists of
its own, 620 and 621, which hold the same codes and those of an implementation (``I``).
"""

from dataclasses import dataclass
from enum import Enum

from transload.canonical.findings import Severity


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """A kind of fault: the code and severity of its finding, a title, and the codes that acknowledgements report.

    ``edifact`` is 0085; ``segment`` and ``element`` are X12 720 and 723, of which a kind has one; ``note`` is what the
    999 says instead, where it has a code of its own.
    """

    code: str
    title: str
    edifact: str = ""
    segment: str = ""
    element: str = ""
    note: str = ""
    severity: Severity = Severity.ERROR


class FaultKind(Enum):
    """All kinds of faults."""

    UNKNOWN_SEGMENT = Kind(
        code="E-SEGMENT", title="a segment that the directory does not have", edifact="15", segment="1"
    )
    FOREIGN_SEGMENT = Kind(
        code="E-SEGMENT", title="a segment of the directory that the message does not have", edifact="15", segment="6"
    )
    UNCHARTED_SEGMENT = Kind(
        code="R-SEGMENT",
        title="a segment that a guide of a part of the message does not know",
        severity=Severity.REMARK,
    )
    MISPLACED = Kind(code="E-ORDER", title="a segment out of its place", edifact="15", segment="7")
    MISSING_SEGMENT = Kind(
        code="E-MANDATORY", title="a mandatory segment or group is missing", edifact="13", segment="3"
    )
    MANY_SEGMENTS = Kind(code="E-REPEAT", title="a segment stands too many times", edifact="35", segment="5")
    MANY_GROUPS = Kind(code="E-REPEAT", title="a group stands too many times", edifact="36", segment="4")
    NO_VARIANT = Kind(
        code="E-VARIANT",
        title="a segment whose code selects none of the uses that are possible here",
        edifact="12",
        element="7",
        note="I6",
    )
    MISSING_ELEMENT = Kind(
        code="E-MANDATORY", title="a mandatory element or component has no value", edifact="13", element="1"
    )
    UNUSED = Kind(
        code="E-UNUSED",
        title="a value where the guide says that there is none",
        edifact="15",
        element="10",
        note="I10",
    )
    MANY_ELEMENTS = Kind(code="E-ELEMENT", title="more elements than the guide knows", edifact="16", element="3")
    MANY_COMPONENTS = Kind(
        code="E-ELEMENT", title="more components than the guide knows", edifact="16", element="3", note="13"
    )
    MANY_REPETITIONS = Kind(
        code="E-REPEAT", title="an element is repeated too many times", edifact="35", element="3", note="12"
    )
    SPLIT = Kind(code="E-ELEMENT", title="a component separator inside a simple element", edifact="16", element="6")
    SPLIT_TEXT = Kind(code="W-SEPARATOR", title="a component separator inside a text of X12", severity=Severity.WARNING)
    TOO_LONG = Kind(code="E-LENGTH", title="a value longer than its form", edifact="39", element="5")
    TOO_SHORT = Kind(code="E-LENGTH", title="a value shorter than its form", edifact="40", element="4")
    WRONG_CHARACTERS = Kind(
        code="E-FORMAT", title="letters in a number, or digits among letters", edifact="37", element="6"
    )
    WRONG_DECIMAL = Kind(
        code="E-FORMAT", title="a number with decimal marks in the wrong places", edifact="19", element="6"
    )
    NO_DIGIT = Kind(
        code="E-FORMAT", title="a number without a digit before its decimal mark", edifact="38", element="6"
    )
    NO_DATE = Kind(code="E-FORMAT", title="no day of the calendar", element="8")
    NO_TIME = Kind(code="E-FORMAT", title="no time of day", element="9")
    NO_CODE = Kind(code="E-CODE", title="a value that is not in the code list", edifact="12", element="7")
    ASSOCIATION_CODE = Kind(
        code="W-CODE",
        title="a code that the published list does not have, in a message of an association (UNH 0057)",
        severity=Severity.WARNING,
    )
    CODE_ELSEWHERE = Kind(
        code="E-CODE",
        title="a code of the directory that this use does not allow",
        edifact="12",
        element="7",
        note="I6",
    )
    CONDITION_MISSING = Kind(
        code="E-CONDITION", title="a condition asks for a value that is not there", edifact="13", element="2"
    )
    CONDITION_EXCLUDED = Kind(
        code="E-CONDITION", title="a condition excludes a value that is there", edifact="15", element="10"
    )
    TRAILING = Kind(code="R-TRAILING", title="separators that nothing follows", severity=Severity.REMARK)
    MORE = Kind(code="E-MORE", title="more findings than are listed one by one")

    @property
    def code(self) -> str:
        """The code of its findings."""
        return self.value.code

    @property
    def severity(self) -> Severity:
        """The severity of its findings."""
        return self.value.severity

    def ack(self, standard: str, *, tag: str = "", position: int | None = None, element: str = "") -> dict[str, str]:
        """The codes of an acknowledgement, by the number of the data element that carries them.

        ``tag`` and ``position`` are those of the segment (X12 721 and 719), ``element`` is the number of the element in
        its directory (X12 725, which is numeric: composites have none).
        """
        kind = self.value
        if standard == "edifact":
            return {"0085": kind.edifact} if kind.edifact else {}
        if kind.segment:
            where = {"719": str(position)} if position is not None else {}
            return {"720": kind.segment, "721": tag[:3], **where}
        if kind.element:
            note = {"621": kind.note} if kind.note else {}
            number = {"725": element} if element.isdigit() else {}
            return {"723": kind.element, **number, **note}
        return {}


def documented() -> str:
    """The table of all kinds as Markdown, for docs/guides.md."""
    rows = ["| finding | severity | what is wrong | CONTRL 0085 | 997 | 999 |", "| --- | --- | --- | --- | --- | --- |"]
    for kind in (each.value for each in FaultKind):
        in_997 = f"720: {kind.segment}" if kind.segment else f"723: {kind.element}" if kind.element else ""
        in_999 = in_997.replace("720", "620").replace("723:", "621:")
        if kind.note:
            in_999 = f"621: {kind.note}"
        rows.append(f"| `{kind.code}` | {kind.severity} | {kind.title} | {kind.edifact} | {in_997} | {in_999} |")
    return "\n".join(rows) + "\n"
