"""Packages: an object of any bytes between UNO and UNP, in the place of a message (ISO 9735-8).

The object follows UNO's terminator directly and UNP follows the object directly; both state its length.  Segments and
lengths as in the service directory of the Joint Syntax Working Group, and in EANCOM's.
"""

from transload.adapters.base.format import COMPONENT, Encoded
from transload.adapters.edi.envelope import Elements
from transload.adapters.edi.interchange import states
from transload.adapters.edi.writing.domain import refusal
from transload.canonical.findings import Finding
from transload.canonical.places import Place

PACKAGE = "UNO"
"""The kind of a message that is a package; its body is one text with a character for each byte."""
TRAILER = "UNP"
_STATUS = 3
"""Which element of UNO, from 0, is S022, whose first component is the length of the object."""


def object_of(message: Encoded, number: int) -> tuple[bytes, list[Finding]]:
    """The object's bytes, and a finding where the body is none."""
    text = "".join(message.body)
    try:
        return text.encode("latin-1"), []
    except UnicodeEncodeError as error:
        wrong = text[error.start]
        reason = f"{wrong!r} is no byte: an object is a text with one character from U+0000 to U+00FF for each byte"
        hint = "decode the object's bytes as ISO 8859-1"
        return b"", [refusal(reason, Place(message=number, tag=PACKAGE), wrong, hint)]


def package_findings(header: Elements | None, number: int) -> list[Finding]:
    """What is missing in the header of a package: only the sender knows what the object belongs to, and its type."""
    names = ((2, "the reference of the object (S020)"), (3, "the type of the object (S021)"))
    return [
        refusal(
            f"UNO needs {what}",
            Place(message=number, segment=1, tag=PACKAGE, element=element),
            "",
            "give the elements of UNO as the message of its envelope",
        )
        for element, what in names
        if header is None or len(header) < element or not header[element - 1].strip(COMPONENT)
    ]


def with_length(header: Elements, size: int) -> Elements:
    """UNO's elements with the object's ``size`` in bytes; a number that says so already stays as it is."""
    found = [*header, *[""] * (_STATUS + 1 - len(header))]
    length, *rest = found[_STATUS].split(COMPONENT)
    found[_STATUS] = COMPONENT.join((length if states(length, size) else str(size), *rest))
    return tuple(found)
