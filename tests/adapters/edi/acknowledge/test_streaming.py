"""Subjects of big interchanges: messages are read once, in their order, and only what is reported is held."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from transload.adapters.edi import EdifactFormat, X12Format
from transload.adapters.edi.acknowledge.received import called_for, subject_of
from transload.adapters.edi.interchange import Frame
from transload.adapters.edi.options import AcknowledgementPolicy
from transload.adapters.edi.reading.messages import EdiReading

HEAD = "UNB+UNOC:3+A:14+B:14+260105:1030+IC7++++1'"
GOOD = "UNH+{0}+XORDER:D:96A:UN'BGM+220'UNT+3+{0}'"
WRONG = "UNH+{0}+XORDER:D:96A:UN'BGM+220'UNT+9+{0}'"
ISA = "ISA*00*          *00*          *ZZ*A              *ZZ*B              *260105*1030*{}*{}*000000007*{}*P*>~"


@dataclass(frozen=True)
class Once:
    """Frames that can be gone over once only, and can be neither counted nor indexed."""

    frames: Iterator[Frame] = field(repr=False)

    def __iter__(self) -> Iterator[Frame]:
        return self.frames


def reading_of(text: str, standard: str = "edifact") -> EdiReading:
    chosen: Any = X12Format if standard == "x12" else EdifactFormat
    reading = chosen(chosen.Options()).read(text.encode())
    assert isinstance(reading, EdiReading)
    return reading


def test_frames_are_gone_over_once_and_messages_are_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = range(1, 301)
    text = HEAD + "".join((WRONG if number % 100 == 0 else GOOD).format(number) for number in numbers) + "UNZ+300+IC7'"
    reading = reading_of(text)
    (interchange,) = reading.interchanges
    object.__setattr__(interchange, "frames", Once(iter(interchange.frames)))
    order = []
    read = EdiReading.message

    def noted(self: EdiReading, within: Any, frame: Frame) -> Any:
        order.append(frame.number)
        return read(self, within, frame)

    monkeypatch.setattr(EdiReading, "message", noted)
    subject = subject_of(reading, interchange, AcknowledgementPolicy(), all_named=False)
    assert order == list(numbers)
    assert [message.number for message in subject.messages] == [100, 200, 300]
    assert (subject.unnamed, subject.requested, subject.syntax) == (297, True, "3")


def test_of_accepted_sets_that_are_named_only_the_names_are_held() -> None:
    sets = "".join(f"ST*999*{number:04}~BEG*1~SE*3*{number:04}~" for number in range(1, 4)).replace("999", "888")
    text = ISA.format("U", "00401", "0") + f"GS*ZZ*A*B*20260105*1030*1*X*004010~{sets}GE*3*1~IEA*1*000000007~"
    reading = reading_of(text, "x12")
    (interchange,) = reading.interchanges
    (group,) = subject_of(reading, interchange, AcknowledgementPolicy(), all_named=True).groups
    assert [(each.kind, each.reference, each.findings) for each in group.messages] == [
        ("888", "0001", ()),
        ("888", "0002", ()),
        ("888", "0003", ()),
    ]
    (group,) = subject_of(reading, interchange, AcknowledgementPolicy(), all_named=False).groups
    assert (group.messages, group.unnamed, group.received, group.accepted) == ((), 3, 3, 3)


@pytest.mark.parametrize(
    ("version", "asks", "kinds"),
    [
        ("004010", "0", ("997",)),
        ("004010", "1", ("ta1", "997")),
        ("004010VICS", "0", ("997",)),
        ("005010", "0", ("997",)),
        ("005010X222A1", "0", ("999",)),
    ],
)
def test_what_an_interchange_calls_for(version: str, asks: str, kinds: tuple[str, ...]) -> None:
    group = f"GS*PO*A*B*20260105*1030*1*X*{version}~ST*850*0001~SE*2*0001~GE*1*1~"
    text = ISA.format("U", "00401", asks) + group + "IEA*1*000000007~"
    assert called_for(reading_of(text, "x12").interchanges) == kinds
    assert called_for(reading_of(text.replace("IEA*1", "IEA*9"), "x12").interchanges)[0] == "ta1"
    assert called_for(reading_of(HEAD + "UNZ+0+IC7'").interchanges) == ("contrl",)
