"""The options of the formats: what stands under ``format:`` beside ``type:``."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from transload.adapters.base.settings import Settings
from transload.adapters.edi.separators import EDIFACT_DEFAULT, Separators

Codec = Literal[
    "ascii",
    "latin-1",
    "iso8859-2",
    "iso8859-3",
    "iso8859-4",
    "iso8859-5",
    "iso8859-6",
    "iso8859-7",
    "iso8859-8",
    "iso8859-9",
    "iso8859-15",
    "utf-8",
    "windows-1252",
]
Deviation = Literal[
    "bom",
    "charset",
    "control-characters",
    "control-number",
    "count",
    "duplicate",
    "empty-segments",
    "interchange-trailer",
    "junk",
    "reference",
]
"""What a partner may be allowed in both standards, by the names of `faults`."""
NEWLINES = {"none": "", "lf": "\n", "crlf": "\r\n"}
Party = Annotated[str, StringConstraints(pattern=r"^[^:]+(:[^:]*)?$")]
"""An identity of an envelope, with its qualifier after a colon: ``5412345000013:14``."""


class AcknowledgementPolicy(Settings):
    """How a partner wants to be answered: what acknowledgements say, and when there is one."""

    positive: Literal["always", "requested", "never"] = Field(
        "always",
        description="Whether what is accepted is acknowledged too; requested: only where UNB 0031 or ISA14 asks for it",
    )
    sets: Literal["all", "errors"] = Field(
        "all", description="997 and 999: name every set with its verdict, or only those in which something is wrong"
    )
    deviations: Literal["noted", "ignored"] = Field(
        "noted",
        description="X12: what is let pass by lenient, or is a warning, gives E, accepted with errors; ignored: A",
    )
    receipt_only: bool = Field(
        False, description="CONTRL: say only that the interchange has arrived (action 8), whatever is wrong with it"
    )


class EdiOptions(Settings):
    """What all formats take."""

    lenient: tuple[str, ...] = Field((), description="Deviations of this partner that are remarks instead of errors")
    charset: Codec | None = Field(
        None,
        description="Character set of the bytes, where it is not the one that the interchange announces or implies",
    )
    check: Literal["guide", "envelope"] = Field(
        "guide", description="Check messages by their guides too, or their envelopes alone"
    )
    overlays: tuple[str, ...] = Field(
        (), description="Overlays for this partner, files in overlays/ of the guides: what it does differently"
    )
    largest_message: int = Field(32_000_000, ge=1, description="The most bytes of a message that is read")
    largest_segment: int = Field(1_000_000, ge=1, description="The most bytes of a segment, binary data not counted")
    reject: Literal["message", "group", "interchange"] = Field(
        "message", description="What one wrong message rejects: itself alone, its whole group, or its interchange"
    )
    newline: Literal["none", "lf", "crlf"] = Field("none", description="What is written after each segment")
    sender: Party | None = Field(None, description="Our identity in new envelopes with its qualifier: 5412345000013:14")
    receiver: Party | None = Field(None, description="The partner's identity in new envelopes, with its qualifier")


class GroupedOptions(EdiOptions):
    """What the formats take whose envelopes ask for acknowledgements and have groups with parties of their own."""

    acknowledgement_request: bool = Field(False, description="Ask for an acknowledgement (UNB 0031, ISA14)")
    group_sender: str | None = Field(None, description="Sender of the group (UNG S006, GS02); default: sender")
    group_receiver: str | None = Field(None, description="Receiver of the group (UNG S007, GS03); default: receiver")
    acknowledgement: AcknowledgementPolicy = Field(
        AcknowledgementPolicy(), description="What our acknowledgements say, and when there is one"
    )


class EdifactOptions(GroupedOptions):
    """How a partner's EDIFACT is read and written."""

    lenient: tuple[Literal[Deviation, "no-una"], ...] = Field(
        (), description="Deviations of this partner that are remarks instead of errors"
    )
    syntax: Annotated[str, StringConstraints(pattern=r"^UNO[A-LWY]:[1-4]$")] = Field(
        "UNOC:3", description="Syntax identifier and version of new envelopes (UNB S001)"
    )
    una: bool = Field(True, description="Write UNA; it is always written where the separators are not the default ones")
    separators: str | None = Field(
        None,
        description="The six characters of UNA: component, element, decimal mark, release, repetition, terminator",
    )
    application_reference: str | None = Field(None, description="UNB 0026", max_length=14)
    group: bool = Field(False, description="Put messages into functional groups (UNG, UNE)")

    @field_validator("separators")
    @classmethod
    def _six(cls, value: str | None) -> str | None:
        if value is not None and (
            len(value) != 6 or not value.isascii() or not Separators.from_una("UNA" + value).sound
        ):
            raise ValueError("separators must be six different characters, as after UNA, no letters or digits")
        return value

    def service(self) -> Separators:
        """The separators of new envelopes."""
        version4 = self.syntax.endswith("4")
        if self.separators is None:
            return Separators.from_una("UNA:+.?*'") if version4 else EDIFACT_DEFAULT
        chosen = Separators.from_una("UNA" + self.separators)
        return chosen if version4 else chosen.without_repetition


class X12Options(GroupedOptions):
    """How a partner's X12 is read and written.  Without ``charset`` it is ISO 8859-1, with a warning beyond ASCII."""

    lenient: tuple[Literal[Deviation, "isa-length"], ...] = Field(
        (), description="Deviations of this partner that are remarks instead of errors"
    )
    version: Annotated[str, StringConstraints(pattern=r"^00\d{3}$")] = Field(
        "00401", description="Version of the interchange controls (ISA12)"
    )
    element: str = Field("*", description="Separator of elements", min_length=1, max_length=1)
    component: str = Field(">", description="Separator of components (ISA16)", min_length=1, max_length=1)
    repetition: str = Field(
        "^", description="Separator of repetitions (ISA11), from 00402 on", min_length=1, max_length=1
    )
    terminator: str = Field("~", description="Terminator of segments", min_length=1, max_length=1)
    functional_id: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None = Field(
        None, description="GS01, where it is not the usual one of the transaction set"
    )
    agency: str = Field("X", description="Responsible agency (GS07)")
    standards_id: str = Field("U", description="Interchange control standards identifier (ISA11 before 00402)")

    @model_validator(mode="after")
    def _distinct(self) -> "X12Options":
        if not self.service().sound or not self.service().service.isascii():
            raise ValueError("the separators must be different characters, no letters, digits or blanks")
        return self

    def service(self) -> Separators:
        """The separators of new envelopes."""
        return Separators(
            element=self.element,
            component=self.component,
            terminator=self.terminator,
            repetition=self.repetition if self.version >= "00402" else "",
        )


class TradacomsOptions(EdiOptions):
    """How a partner's TRADACOMS is read and written.  Without ``charset`` it is ISO 8859-1, as X12 is."""

    lenient: tuple[Deviation, ...] = Field(
        (), description="Deviations of this partner that are remarks instead of errors"
    )
    sender_name: str = Field("", description="Our name in new envelopes (STX FROM)", max_length=35)
    receiver_name: str = Field("", description="The partner's name in new envelopes (STX UNTO)", max_length=35)
    recipient_reference: str = Field("", description="Recipient's transmission reference (STX RCRF)", max_length=14)
    application_reference: str = Field("", description="Application reference (STX APRF)", max_length=14)
    test_reference: str = Field(
        "", description="Application reference of tests, which TRADACOMS marks in no other way", max_length=14
    )
    priority: str = Field("", description="Transmission priority code (STX PRCD)", max_length=1)
    reconciliation: bool = Field(
        False, description="Announce and write a reconciliation message (STX ANAA, RSGRSG) at the end"
    )
