"""What a partner's application says of a document, ``application_advice/1``: EDIFACT APERAK, X12 824.

It answers the business content; whether the syntax was right is answered by CONTRL, 997 and 999.
"""

from typing import ClassVar, Literal

from transload.canonical.model import Day, Instant, Model, Text, known
from transload.canonical.parts import Party, Reference


class ApplicationError(Model):
    """One thing that the application found wrong or remarks."""

    code: Text | None = known("What is wrong, as a code of the partner or of UNCL 9321", "ERC 9321", "TED 01")
    text: Text | None = known("The same in words", "FTX 4440[AAO]", "TED 02", "NTE 02")
    severity: Literal["error", "warning"] = known("Whether it leads to rejection", default="error")
    line: Text | None = known("Line of the document it is about", "RFF 1154[LI]")
    segment: Text | None = known("Segment it is about", "TED 03")
    segment_number: Text | None = known("Where that segment stands in the message", "TED 04")
    element: Text | None = known("Element it is about, by its number in the segment", "TED 05")
    value: Text | None = known("The value that was found", "TED 07")
    references: tuple[Reference, ...] = known("What it is about: an order, an item, ...", default=())


class ApplicationAdvice(Model):
    """Whether an application took a document, and what it found wrong with it."""

    document: ClassVar[str] = "application_advice/1"

    number: Text = known("Number of the advice", "BGM 1004", "BGN 02", required=True)
    purpose: Literal["original", "replace", "cancel", "duplicate"] = known(
        "What the message does to earlier ones of the same number", "BGN 01", default="original"
    )
    issued_on: Day = known("Date of the advice", "DTM 2380[137]", "BGN 03", required=True)
    issued_at: Instant | None = known("Moment of issue, where the sender gives one with its zone")
    status: Literal["accepted", "accepted_with_errors", "rejected"] | None = known(
        "What became of the document; many partners let the errors alone say it", "BGM 4343", "BGM 1225", "OTI 01"
    )
    about: Text | None = known("Kind of the document spoken of: ORDERS, INVOIC, 850, ...", "RFF 1153", "OTI 10")
    about_number: Text | None = known("Its business number", "RFF 1154[ACE]", "OTI 03", "REF 02")
    interchange: Text | None = known("Control reference of its interchange", "RFF 1154[TN]")
    group: Text | None = known("Control number of its group", "OTI 08")
    message: Text | None = known("Reference of its message", "RFF 1154[ACW]", "OTI 09")
    sender: Party | None = known("Who answers", "NAD 3035[MS]", "N1 01[FR]")
    receiver: Party | None = known("Who gets the answer", "NAD 3035[MR]", "N1 01[TO]")
    references: tuple[Reference, ...] = known("Other references", default=())
    notes: tuple[Text, ...] = known("Free text", "FTX 4440[AAI]", default=())
    errors: tuple[ApplicationError, ...] = known("What is wrong", default=())
