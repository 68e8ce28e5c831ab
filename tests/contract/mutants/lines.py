"""A small format that keeps to the contract, and broken ones made of it.

A payload is lines ended by line feeds.  Lines that begin with ``#`` at its top are its header; a message begins with
``M|KIND`` and has segments ``TAG|VALUE|...``; a backslash escapes a bar, a backslash and ``n``, a line feed.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import Field

from transload.adapters.base import (
    Adapter,
    Context,
    Encoded,
    Finding,
    Format,
    Message,
    Place,
    Reading,
    Reject,
    Settings,
)
from transload.adapters.base.format import ELEMENT, Records
from transload.adapters.base.format import Writing as Written
from transload.adapters.contract import FormatHarness

_UNESCAPED = re.compile(r"\\(.)")


class LineOptions(Settings):
    largest: int = Field(default=10_000_000, description="Bytes that a payload may have")


class LineRecords(Records):
    component = repetition = ""

    def __init__(self, lines: list[tuple[int, int, str]], file: str | None) -> None:
        self._lines = lines
        self._file = file
        self.segments = [taken(line) for _, _, line in lines]

    def place(
        self, segment: int, element: int | None = None, repetition: int | None = None, component: int | None = None
    ) -> Place:
        number, byte, _ = self._lines[segment]
        return Place(file=self._file, line=number, byte=byte, segment=segment + 1)


def taken(line: str) -> list[str]:
    return [unescaped(part) for part in re.findall(r"(?:^|(?<=\|))((?:[^|\\]|\\.)*+)(?:\||$)", line)] or [line]


def unescaped(text: str) -> str:
    return _UNESCAPED.sub(lambda found: "\n" if found[1] == "n" else found[1], text)


def escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", "\\n")


class LineReading(Reading):
    def __init__(self, messages: Sequence[Message], findings: Sequence[Finding]) -> None:
        self._messages = messages
        self.findings = findings

    def __iter__(self) -> Iterator[Message]:
        return iter(self._messages)


class LineFormat(Format[LineOptions]):
    Options = LineOptions

    def read(self, payload: bytes, *, file: str | None = None) -> Reading:
        findings: list[Finding] = []
        header: list[str] = []
        messages: list[list[tuple[int, int, str]]] = []
        byte = 0
        for number, raw in enumerate(payload.splitlines(keepends=True), 1):
            line = self.decoded(raw).rstrip("\n")
            if line.startswith("#") and not messages:
                header.append(line)
            elif re.match(r"M(?:\||$)", line):
                messages.append([(number, byte, line)])
            elif messages:
                messages[-1].append((number, byte, line))
            else:
                place = Place(file=file, line=number, byte=byte)
                findings.append(Finding(code="E-STRAY", message="a line stands before any message", place=place))
            byte += self.counted(raw)
        if not messages:
            findings.append(Finding(code="E-NONE", message="there is no message", place=Place(file=file)))
        found = []
        for index, lines in enumerate(messages):
            end = messages[index + 1][0][1] if index + 1 < len(messages) else len(payload)
            body = LineRecords(lines, file)
            kind = body.segments[0][1] if len(body.segments[0]) > 1 else ""
            found.append(Message(kind=kind, start=lines[0][1], end=end, body=body, enveloped=lambda: self.kept(header)))
        return self.reading(found, findings)

    def decoded(self, raw: bytes) -> str:
        return raw.decode("utf-8", "surrogateescape")

    def counted(self, raw: bytes) -> int:
        return len(raw)

    def kept(self, header: list[str]) -> Any:
        return header

    def reading(self, found: list[Message], findings: list[Finding]) -> Reading:
        return LineReading(found, findings)

    def escaped(self, text: str) -> str:
        return escaped(text)

    def write(self, messages: Sequence[Encoded], *, envelope: Any = None, context: Context) -> bytes:
        rows = list(envelope or [])
        for message in map(self.carried, messages):
            for segment in message.body:
                rows.append("|".join(self.escaped(value) for value in segment.split(ELEMENT)))
        return "".join(row + "\n" for row in rows).encode("utf-8", "surrogateescape")

    def held(self, message: Encoded) -> Encoded:
        return self.carried(message)

    def carried(self, message: Encoded) -> Encoded:
        if any(re.search(r"[\x00-\x08\x0b-\x1c\x1e\x1f]", segment) for segment in message.body):
            self.refuse()
        return message

    def refuse(self) -> None:
        finding = Finding(code="E-DOMAIN", message="a control character cannot be carried", hint="take it out")
        raise Reject(finding.message, findings=[finding])


class LineHarness(FormatHarness):
    adapter = Adapter(summary="", format=LineFormat)
    hostile_size = 100_000

    def __init__(self, kind: type[LineFormat]) -> None:
        self.kind = kind

    def format(self) -> LineFormat:
        return self.kind(self.kind.Options())

    def kept(self, messages: Sequence[Message]) -> Any:
        return messages[0].envelope

    def samples(self) -> Mapping[str, bytes]:
        text = "# from Köln\n# a test\nM|ORDER\nNO|1\\|2\\\\|ä\nQ|5\nM|ORDER\nNO|2|\nTXT|a\\nb\n"
        return {"two orders": text.encode()}

    def uncarried(self) -> Iterable[Encoded]:
        yield Encoded(kind="ORDER", body=[f"M{ELEMENT}ORDER", f"TXT{ELEMENT}a\x07b"])


class EndsBeyond(LineFormat):
    """Says of every message that it begins and ends at the beginning of the payload."""

    caught_by = "test_samples_are_read_without_an_error"

    def reading(self, found: list[Message], findings: list[Finding]) -> Reading:
        return super().reading([Message(kind=one.kind, body=one.body) for one in found], findings)


class Once(LineReading):
    def __iter__(self) -> Iterator[Message]:
        while self._messages:
            yield self._messages.pop(0)  # type: ignore[attr-defined]


class ReadsOnce(LineFormat):
    """Gives its messages out once."""

    caught_by = "test_reading_is_repeatable"

    def reading(self, found: list[Message], findings: list[Finding]) -> Reading:
        return Once(found, findings)


class DoesNotEscape(LineFormat):
    """Writes a separator in a value as it is."""

    caught_by = "test_what_is_written_reads_the_same"

    def escaped(self, text: str) -> str:
        return text


class TakesTheKindFromTheHeader(LineFormat):
    """Takes the kind of a message from what stands around it, and does not write it."""

    caught_by = "test_what_is_written_reads_the_same"

    def reading(self, found: list[Message], findings: list[Finding]) -> Reading:
        kinds = [str(one.envelope) for one in found]
        return super().reading(
            [
                Message(kind=kind, start=one.start, end=one.end, body=one.body, enveloped=list)
                for kind, one in zip(kinds, found, strict=True)
            ],
            findings,
        )


class DropsTheHeader(LineFormat):
    """Forgets what stood around the messages."""

    caught_by = "test_a_message_is_written_again_byte_for_byte"

    def kept(self, header: list[str]) -> Any:
        return None


class OwnPieces(Written):
    def add(self, message: Encoded, envelope: Any = None) -> bytes:
        return b"# new\n" + "".join(f"{row}\n" for row in message.body).encode()

    def close(self) -> bytes:
        return b""


class WritesPiecesOtherwise(LineFormat):
    """Writes a header before each message when it writes in pieces."""

    caught_by = "test_written_in_pieces_it_is_the_same"

    def writing(self, *, envelope: Any = None, context: Context) -> Written:
        return OwnPieces()


class HoldsSomethingElse(LineFormat):
    """Forgets a part of what waits for its payload."""

    caught_by = "test_written_in_pieces_it_is_the_same"

    def held(self, message: Encoded) -> Encoded:
        return replace(message, body=[*message.body[:-1], f"{message.body[-1]}..."])


class RefusesAtTheEnd(LineFormat):
    """Takes into a payload what it refuses when all of it is written."""

    caught_by = "test_what_is_refused_is_refused_alone"

    def held(self, message: Encoded) -> Encoded:
        return message


class RaisesForBytes(LineFormat):
    """Raises for bytes that are no UTF-8."""

    caught_by = "test_broken_bytes_give_findings"

    def decoded(self, raw: bytes) -> str:
        return raw.decode("utf-8")


class RaisesForNothing(LineFormat):
    """Raises for a payload without a message."""

    caught_by = "test_no_payload_is_a_finding"

    def reading(self, found: list[Message], findings: list[Finding]) -> Reading:
        assert found[0].kind is not None
        return super().reading(found, findings)


class MakesAMessageOfNothing(LineFormat):
    """Gives an empty message for a payload without any bytes."""

    caught_by = "test_no_payload_is_a_finding"

    def read(self, payload: bytes, *, file: str | None = None) -> Reading:
        return super().read(payload or b"M|EMPTY\n", file=file)


class CountsCharacters(LineFormat):
    """Counts characters where bytes are meant."""

    caught_by = "test_places_lead_to_the_bytes"

    def counted(self, raw: bytes) -> int:
        return len(self.decoded(raw))


class KeepsEveryBeginning(LineFormat):
    """Keeps a copy of all that came before for each line."""

    caught_by = "test_hostile_bytes_cost_little"

    def read(self, payload: bytes, *, file: str | None = None) -> Reading:
        lines = payload.splitlines(keepends=True)
        self._copies = [b"".join(lines[:count]) for count in range(0, len(lines), 3)]
        return super().read(payload, file=file)


class ReplacesWhatItCannotCarry(LineFormat):
    """Writes what cannot be carried all the same."""

    caught_by = "test_what_cannot_be_carried_is_refused"

    def refuse(self) -> None:
        pass


class MuteOptions(LineOptions):
    sign: str = "#"


class SaysNothingOfItsOptions(LineFormat):
    """Describes no option."""

    caught_by = "test_options_are_described"
    Options = MuteOptions


MUTANTS: list[Any] = [
    kind
    for kind in list(globals().values())
    if isinstance(kind, type) and issubclass(kind, LineFormat) and hasattr(kind, "caught_by")
]
