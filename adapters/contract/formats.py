"""What every format must keep to."""

import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from transload.adapters.base.format import (
    COMPONENT,
    ELEMENT,
    REPETITION,
    Encoded,
    Format,
    Message,
    Reading,
    Records,
    Tree,
)
from transload.adapters.base.registry import Adapter
from transload.adapters.contract.common import measured
from transload.adapters.contract.described import mute_settings
from transload.adapters.contract.harness import NotPossible
from transload.adapters.contract.judging import Breach, hold, only_ours, shown
from transload.adapters.contract.mutations import hostile, mutated
from transload.canonical.context import Context
from transload.canonical.errors import Reject
from transload.canonical.findings import Finding, errors_of
from transload.canonical.places import Place

_FILE = "contract.dat"


class FormatHarness(ABC):
    """How the cases get payloads of a format, and how they look into its messages."""

    adapter: Adapter
    """What the entry point names."""
    mutants: int = 150
    """How many faulty payloads are made of each sample."""
    hostile_size: int = 200_000
    """How many bytes a hostile payload has."""
    memory: int = 60
    """How many bytes of memory each byte of a hostile payload may take, findings included."""
    seconds: float = 5.0
    """How long reading one hostile payload may take."""
    rewrites: bool = True
    """Whether a message that was read is written again byte for byte with its envelope."""

    @abstractmethod
    def format(self) -> Format[Any]:
        """A new format with the same options each time."""

    @abstractmethod
    def samples(self) -> Mapping[str, bytes]:
        """Good payloads by name, each with one message at least and without an error; small ones."""

    def encoded(self, message: Message) -> Encoded:
        """``message`` as a mapping would give it to `Format.write`; the default does for records and objects."""
        if isinstance(message.body, Tree) and isinstance(message.body.root, dict | list | str | Decimal):
            return Encoded(kind=message.kind, version=message.version, body=message.body.root)
        if not isinstance(message.body, Records):
            raise NotPossible("the harness has no encoded(): what is read cannot be written")
        return Encoded(kind=message.kind, version=message.version, body=encoded_records(message.body))

    def kept(self, messages: Sequence[Message]) -> Any:
        """The envelope to write ``messages`` of one payload with; the default is each one's own."""
        return messages[0].envelope if len(messages) == 1 else [message.envelope for message in messages]

    def new_envelope(self) -> Any:
        """The envelope to write a message with that has none; the default leaves it to the format."""
        return None

    def value(self, message: Message) -> object:
        """The message's body as something that can be compared."""
        if isinstance(message.body, Records):
            return list(message.body.split())
        return message.body.root

    def places(self, message: Message) -> Iterator[tuple[Place, bytes]]:
        """Places of values in the body, each with the bytes that stand there; the default takes a record's tag."""
        if not isinstance(message.body, Records):
            raise NotPossible("the harness has no places(): it is not known where values stand")
        for index, segment in enumerate(message.body.segments):
            yield message.body.place(index), segment[0].encode()

    def uncarried(self) -> Iterable[Encoded]:
        """Messages that hold a value which the format cannot carry: `Format.write` must refuse each."""
        raise NotPossible("the harness has no uncarried(): the format carries everything")


def encoded_records(body: Records) -> list[str]:
    """The segments of ``body`` as a mapping writes them: with control characters as separators."""
    rows = []
    for segment in body.segments:
        values = segment[:1]
        for value in segment[1:]:
            for own, control in ((body.component, COMPONENT), (body.repetition, REPETITION)):
                value = value.replace(own, control) if own else value
            values.append(value)
        rows.append(ELEMENT.join(values))
    return rows


class FormatContract:
    """The cases of a format; derive a ``Test`` class from it, with a fixture ``harness``."""

    def test_samples_are_read_without_an_error(self, harness: FormatHarness) -> None:
        """Good payloads give messages and no error; each message says what it is and which bytes are its own."""
        for name, payload in _samples(harness).items():
            reading, messages = _read(harness, payload)
            wrong = errors_of([*reading.findings, *(one for message in messages for one in message.findings)])
            hold(not wrong, f"{name}: {wrong[0] if wrong else ''}", do="find errors only where one is")
            hold(messages, f"{name} has no message", do="give a message for each that stands in the payload")
            for message in messages:
                hold(
                    0 <= message.start < message.end <= len(payload),
                    f"{name}: a message has the bytes {message.start} to {message.end} of {len(payload)}",
                    do="let start and end of a message be its offsets in the payload",
                )

    def test_reading_is_repeatable(self, harness: FormatHarness) -> None:
        """Reading twice, and going through one reading twice, gives the same; findings are there before messages."""
        for name, payload in _samples(harness).items():
            reading, messages = _read(harness, payload)
            first = [harness.value(message) for message in messages]
            again = [harness.value(message) for message in reading]
            other = [harness.value(message) for message in _read(harness, payload)[1]]
            hold(
                first == again == other,
                f"{name} reads differently the second time",
                do="keep no state in the format, and let a reading be gone through again",
            )

    def test_what_is_written_reads_the_same(self, harness: FormatHarness) -> None:
        """``read(write(x))`` is x, in an envelope that the format makes itself."""
        for name, payload in _samples(harness).items():
            _, messages = _read(harness, payload)
            for message in messages:
                written = _write(harness, [harness.encoded(message)], harness.new_envelope())
                again = _read(harness, written)[1]
                hold(
                    [harness.value(one) for one in again] == [harness.value(message)],
                    f"{name}: a message was written as {shown(written)} and reads as something else",
                    do="write every value so that reading gives it again: escape, or raise Reject",
                )
                hold(
                    (again[0].kind, again[0].version) == (message.kind, message.version),
                    f"{name}: a message of the kind {message.kind!r} {message.version!r} was written, and reads as"
                    f" {again[0].kind!r} {again[0].version!r}",
                    do="write kind and version as Encoded gives them",
                )

    def test_a_message_is_written_again_byte_for_byte(self, harness: FormatHarness) -> None:
        """Read and written with its envelope, a payload is as it was: nothing that stood around it is lost."""
        if not harness.rewrites:
            raise NotPossible("this format makes a new envelope each time")
        for name, payload in _samples(harness).items():
            _, messages = _read(harness, payload)
            written = _write(harness, [harness.encoded(one) for one in messages], harness.kept(messages))
            hold(
                written == payload,
                f"{name} was {shown(payload)} and was written again as {shown(written)}",
                do="keep in Message.envelope all that stood around the message, and write it from there",
            )

    def test_written_in_pieces_it_is_the_same(self, harness: FormatHarness) -> None:
        """``writing`` with ``add`` and ``close`` gives the bytes that ``write`` gives, and so does what is ``held``."""
        for name, payload in _samples(harness).items():
            some = [harness.encoded(message) for message in _read(harness, payload)[1]]
            with only_ours("writing"):
                writing = harness.format().writing(envelope=harness.new_envelope(), context=_context())
                pieces = b"".join([*(writing.add(one) for one in some), writing.close()])
            whole = _write(harness, some, harness.new_envelope())
            hold(
                pieces == whole,
                f"{name}: written in pieces it is {shown(pieces)}",
                do="let write use writing, or leave writing out",
            )
            with only_ours("held"):
                held = [harness.format().held(one) for one in some]
            again = _write(harness, held, harness.new_envelope())
            hold(
                again == whole,
                f"{name}: written from what was held it is {shown(again)}",
                do="let write take what held gives for what it was, or leave held out",
            )

    def test_broken_bytes_give_findings(self, harness: FormatHarness) -> None:
        """Whatever is done to the bytes, reading raises nothing; what is wrong is a finding with its place."""
        for name, payload in _samples(harness).items():
            for number, broken in enumerate(mutated(payload, harness.mutants, seed=len(payload))):
                try:
                    findings = _all_findings(harness, broken)
                except Exception as error:
                    raise Breach(
                        f"{name}, fault {number}: {shown(broken)} raised {type(error).__name__}: {error}",
                        do="Format.read raises nothing for what stands in the payload: make it a finding",
                    ) from error
                for finding in findings:
                    _well_placed(finding, broken, f"{name}, fault {number}")

    def test_no_payload_is_a_finding(self, harness: FormatHarness) -> None:
        """No bytes, blanks, bytes of another kind: never an exception, and no bytes are no message without an error."""
        for payload in (
            b"",
            b" ",
            b"\r\n",
            b"\x00" * 10,
            b"\xff\xfe",
            b"%PDF-1.7",
            b"<html></html>",
            bytes(range(256)),
        ):
            try:
                findings = _all_findings(harness, payload)
            except Exception as error:
                raise Breach(
                    f"{payload!r} raised {type(error).__name__}: {error}",
                    do="Format.read raises nothing for what stands in the payload: make it a finding",
                ) from error

            hold(
                payload or errors_of(findings) or not list(harness.format().read(payload)),
                "no bytes give a message without an error",
                do="find an error, or no message",
            )

    def test_places_lead_to_the_bytes(self, harness: FormatHarness) -> None:
        """The place of a value has the file, and the line and byte where the value stands."""
        looked_at = 0
        for name, payload in _samples(harness).items():
            for message in _read(harness, payload)[1]:
                for place, expected in harness.places(message):
                    looked_at += 1
                    byte = place.byte
                    hold(
                        byte is not None and payload[byte:].startswith(expected),
                        f"{name}: the place of {shown(expected)} is {place}, and"
                        f" {shown(payload[byte or 0 :][:40])} stands there",
                        do="count bytes from the beginning of the payload, in its own character set",
                    )
                    line = payload[: byte or 0].count(b"\n") + 1
                    hold(
                        place.line in (None, line),
                        f"{name}: {shown(expected)} is in line {line}, and its place says {place.line}",
                        do="count lines by line feeds, from 1",
                    )
                    hold(place.file == _FILE, f"a place has the file {place.file!r}", do="pass file on to every place")
        hold(looked_at, "the harness has no place in any sample", do="give places of values in places()")

    def test_hostile_bytes_cost_little(self, harness: FormatHarness) -> None:
        """Payloads made to cost much take time and memory in proportion to their size, and raise nothing."""
        _, payload = next(iter(_samples(harness).items()))
        for name, bad in hostile(payload, harness.hostile_size):
            start = time.process_time()
            try:
                _all_findings(harness, bad)
            except Exception as error:
                raise Breach(
                    f"{name}: {type(error).__name__}: {error}", do="bound depth and size, and make it a finding"
                ) from error
            took = time.process_time() - start
            hold(
                took < harness.seconds,
                f"{name}, {len(bad)} bytes: reading took {took:.1f} s",
                do="look at each byte a fixed number of times: no searching backwards, no growing copies",
            )
        for name, bad in hostile(payload, harness.hostile_size // 2):
            with measured() as peak:
                _all_findings(harness, bad)
            hold(
                peak[0] < harness.memory * len(bad) + 2_000_000,
                f"{name}, {len(bad)} bytes: reading took {peak[0]} bytes of memory",
                do="bound what one message may hold, and keep only one message at a time",
            )

    def test_what_cannot_be_carried_is_refused(self, harness: FormatHarness) -> None:
        """A value that the format cannot carry is a ``Reject`` with a finding; nothing is cut or replaced."""
        uncarried = list(harness.uncarried())
        hold(uncarried, "the harness has no message in uncarried()", do="give one at least, or leave uncarried out")
        for number, message in enumerate(uncarried):
            try:
                written = _write(harness, [message], harness.new_envelope())
            except Reject as error:
                hold(
                    error.findings and all(one.message for one in error.findings),
                    f"message {number} was refused without a finding",
                    do="raise Reject with a finding E-DOMAIN for each value",
                )
                continue
            raise Breach(
                f"message {number} holds what cannot be carried, and was written as {shown(written)}",
                do="raise Reject with a finding E-DOMAIN for each value; never cut, never replace",
            )

    def test_what_is_refused_is_refused_alone(self, harness: FormatHarness) -> None:
        """Of the messages of one payload the one that cannot be carried is refused by itself: the others leave."""
        if not harness.format().holds_many:
            raise NotPossible("a payload has one message")
        uncarried = list(harness.uncarried())
        good = [harness.encoded(one) for one in _read(harness, next(iter(_samples(harness).values())))[1]]
        whole = _write(harness, good, harness.new_envelope())
        for number, message in enumerate(uncarried):
            with only_ours("writing"):
                writing = harness.format().writing(envelope=harness.new_envelope(), context=_context())
                pieces = [writing.add(one) for one in good]
            try:
                pieces.append(writing.add(message))
            except Reject:
                pieces.append(writing.close())
            else:
                raise Breach(
                    f"message {number} holds what cannot be carried, and was added to what leaves with others",
                    do="let add refuse it, or held where the format has no Writing of its own",
                )
            hold(
                b"".join(pieces) == whole,
                f"beside message {number}, which was refused, the others are {shown(b''.join(pieces))}",
                do="leave nothing of a message that add refuses",
            )

    def test_options_are_described(self, harness: FormatHarness) -> None:
        """Every option has a description; one that must be given and is free text or a number has an example."""
        kind = type(harness.format()).Options
        mute = list(mute_settings(kind))
        hold(not mute, f"{kind.__name__}: {'; '.join(mute)}", do="Field(description=..., examples=[...])")


def _samples(harness: FormatHarness) -> Mapping[str, bytes]:
    found = harness.samples()
    hold(found, "the harness has no sample", do="give one good payload at least in samples()")
    return found


def _context() -> Context:
    return Context(now=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))


def _read(harness: FormatHarness, payload: bytes) -> tuple[Reading, list[Message]]:
    with only_ours("reading"):
        reading = harness.format().read(payload, file=_FILE)
        known = list(reading.findings)
        messages = list(reading)
    hold(
        list(reading.findings) == known,
        "findings came to a reading while its messages were gone through",
        do="find out all that concerns the whole payload before the first message",
    )
    return reading, messages


def _write(harness: FormatHarness, messages: Sequence[Encoded], envelope: Any = None) -> bytes:
    with only_ours("writing"):
        return harness.format().write(messages, envelope=envelope, context=_context())


def _all_findings(harness: FormatHarness, payload: bytes) -> list[Finding]:
    """Everything that can be asked of a payload, and all findings."""
    reading = harness.format().read(payload, file=_FILE)
    findings = list(reading.findings)
    for message in reading:
        findings += message.findings
        _ = message.envelope
        harness.value(message)
    return findings


def _well_placed(finding: Finding, payload: bytes, where: str) -> None:
    hold(
        finding.code and finding.message.strip(),
        f"{where}: a finding has the code {finding.code!r} and the message {finding.message!r}",
        do="give each finding a stable code and one sentence",
    )
    byte = finding.place.byte if finding.place else None
    hold(
        byte is None or 0 <= byte <= len(payload),
        f"{where}: {finding.code} is placed at byte {byte} of {len(payload)}",
        do="let places be offsets in the payload",
    )
