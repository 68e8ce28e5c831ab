"""The COBOL format: files of records by a copybook, one or several of them a message.

The body of a message is a tree: an object with a list for each kind of record, whose items are objects
with texts by field name, with lists for tables.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from transload.adapters.base import Encoded, Finding, Format, Message, Place, Reading
from transload.adapters.base.grouping import keyed, started
from transload.adapters.cobol.framing import Frame, frames
from transload.adapters.cobol.options import CobolOptions
from transload.adapters.cobol.records import RecordType
from transload.adapters.cobol.tree import CobolTree, Typed
from transload.adapters.cobol.writing import CobolEnvelope, CobolWriting, refused
from transload.canonical.context import Context

_NAMED = 10
"""So many parts of a document are named in a finding; each part has one, so naming all would grow by their square."""


class CobolReading(Reading):
    """The messages of one payload."""

    def __init__(self, messages: Iterable[Message], findings: Sequence[Finding]) -> None:
        self._messages = messages
        self.findings = tuple(findings)

    def __iter__(self) -> Iterator[Message]:
        return iter(self._messages)


@dataclass(frozen=True, kw_only=True)
class _Found:
    """A record as it was cut, and which one it is, unless something is wrong with it."""

    frame: Frame
    type: RecordType | None
    finding: Finding | None = None


class CobolFormat(Format[CobolOptions]):
    """Reads and writes files of records.

    Findings: ``E-LENGTH`` (a record has not the length that it should have), ``E-RECORD`` (it is none of the
    copybook, or stands where it may not), ``E-SPLIT`` (a document in parts), ``E-SIZE``.  What cannot be read in a
    field is found by who reads it.
    """

    Options = CobolOptions
    content_type = "application/octet-stream"

    def read(self, payload: bytes, *, file: str | None = None) -> CobolReading:
        """Find the records of ``payload``; a message's kind is the name of its first record."""
        options = self.options
        if len(payload) > options.largest:
            message = f"the payload has {len(payload)} bytes, more than the {options.largest} that are allowed"
            hint = "raise 'largest' under format: if such payloads are meant"
            return CobolReading((), [Finding(code="E-SIZE", message=message, hint=hint, place=Place(file=file))])
        return CobolReading(_Messages(self, payload, file), ())

    def groups(self, payload: bytes, file: str | None) -> Iterator[list[_Found]]:
        """The records of each message; one that is not known, or damaged, is a message of its own."""
        documents = self.options.documents
        found = (self._found(frame, file) for frame in frames(payload, self.options))
        if documents.start is not None:
            start = documents.start.upper()
            yield from started(found, lambda record: record.type is not None and record.type.name == start)
        elif documents.by:
            yield from self._together(list(keyed(found, self._key)), file)
        else:
            inner = {name.upper() for name in documents.within}
            yield from started(found, lambda record: record.type is None or record.type.name not in inner)

    def _together(self, groups: list[list[_Found]], file: str | None) -> Iterator[list[_Found]]:
        """The groups; those whose values come again later are parts of one document, and none is taken for whole."""
        seen: dict[tuple[Any, ...], list[int]] = {}
        for index, group in enumerate(groups):
            seen.setdefault(self._key(group[0]), []).append(index)
        for key, parts in seen.items():
            values = ", ".join(map(repr, key))
            numbers = ", ".join(str(groups[part][0].frame.number) for part in parts[:_NAMED])
            numbers += f" and {len(parts) - _NAMED} others" if len(parts) > _NAMED else ""
            for index in parts if len(parts) > 1 else ():
                first = groups[index][0]
                finding = Finding(
                    code="E-SPLIT",
                    message=f"the records with {', '.join(self.options.documents.by)} {values} do not stand together: "
                    f"they begin in records {numbers}",
                    hint="ask the partner to sort the file; no part is taken as a whole document",
                    place=Place(file=file, byte=first.frame.start, path=f"record {first.frame.number}"),
                )
                groups[index][0] = replace(first, finding=finding)
        yield from groups

    def _key(self, record: _Found) -> tuple[Any, ...]:
        if record.type is None:
            return (record.frame.number,)
        values = record.type.read(record.frame.content)
        return tuple(values.get(record.type.names.find(field) or "") for field in self.options.documents.by)

    def _found(self, frame: Frame, file: str | None) -> _Found:
        place = Place(file=file, byte=frame.start, path=f"record {frame.number}")
        if frame.fault is not None:
            hint = "compare the copybook, and how the file was transferred (binary, not as text)"
            finding = Finding(code="E-LENGTH", message=frame.fault, hint=hint, place=place)
            return _Found(frame=frame, type=None, finding=finding)
        record, said = self._type(frame.content)
        if record is None:
            return _Found(frame=frame, type=None, finding=_unknown(said, place, self.options))
        wrong = _wrong_length(record, frame.content, self.options.records)
        if wrong is not None:
            return _Found(frame=frame, type=None, finding=Finding(code="E-LENGTH", message=wrong, place=place))
        return _Found(frame=frame, type=record)

    def _type(self, content: bytes) -> tuple[RecordType | None, str]:
        """Which record it is; else what its telling fields hold."""
        types = self.options.types
        said: dict[str, str] = {}
        for name, fields in self.options.select.items():
            record = types[name.upper()]
            values = record.read(content)
            held = {field: str(values.get(record.names.find(field) or "", "")) for field in fields}
            if all(held[field] in wanted for field, wanted in fields.items()):
                return record, ""
            said.update({field: value for field, value in held.items() if field not in said})
        if not self.options.select:
            return next(iter(types.values())), ""
        return None, ", ".join(f"{field} is {value!r}" for field, value in said.items())

    def message(self, group: Sequence[_Found], number: int, file: str | None) -> Message:
        """The message of some records."""
        options = self.options
        findings = [record.finding.within(Place(message=number)) for record in group if record.finding is not None]
        start = options.documents.start
        first = group[0]
        if start is not None and first.type is not None and first.type.name != start.upper():
            place = Place(file=file, byte=first.frame.start, message=number, path=f"record {first.frame.number}")
            text = f"{first.type.name} stands before the first {start.upper()}, which begins a document"
            findings.append(Finding(code="E-RECORD", message=text, place=place))
        typed = [
            Typed(type=record.type, frame=record.frame, values=record.type.read(record.frame.content))
            for record in group
            if record.type is not None
        ]
        within = {inner.upper(): outer.upper() for inner, outer in options.documents.within.items()}
        lines = options.records == "lines"
        kept = tuple((record.type.name, record.frame.content) for record in typed)
        return Message(
            kind=typed[0].type.name if typed else "",
            start=first.frame.start,
            end=group[-1].frame.start + len(group[-1].frame.content),
            body=CobolTree(typed, within, file, lines=lines, number=number),
            findings=tuple(findings),
            enveloped=lambda: CobolEnvelope(records=kept),
        )

    def write(self, messages: Sequence[Encoded], *, envelope: Any = None, context: Context) -> bytes:
        """The records of ``messages``, one after the other.

        With the envelope of a message that was read (or a list, one for each), what its records held beside the
        written values stays, and so does their order where there are as many of each kind.

        Raises `Reject` with an ``E-DOMAIN`` finding for each value that does not fit its field.
        """
        writing = CobolWriting(self.options)
        envelopes = envelope if isinstance(envelope, list) else [envelope] * len(messages)
        parts: list[bytes] = []
        findings: list[Finding] = []
        for message, around in zip(messages, envelopes, strict=False):
            content, faults = writing.written(message, around)
            parts.append(content)
            findings += faults
        if findings:
            raise refused(findings)
        return b"".join(parts)

    def writing(self, *, envelope: Any = None, context: Context) -> CobolWriting:
        """Begin a file that is written document by document."""
        return CobolWriting(self.options, envelope)


class _Messages(Iterable[Message]):
    """The messages, found as they are asked for."""

    def __init__(self, form: CobolFormat, payload: bytes, file: str | None) -> None:
        self._form = form
        self._payload = payload
        self._file = file

    def __iter__(self) -> Iterator[Message]:
        for number, group in enumerate(self._form.groups(self._payload, self._file), start=1):
            yield self._form.message(group, number, self._file)


def _wrong_length(record: RecordType, content: bytes, cut: str) -> str | None:
    """What is wrong with the length of a record; what is cut by its length has the right one.

    A line was filled up with blanks, and may have no more than these.  One with a descriptor word may end where
    one of the views of its last bytes does.
    """
    if cut == "fixed":
        return None
    expected = record.length(record.counts(content))
    if cut == "lines":
        content = content[:expected] + content[expected:].rstrip(bytes([record.machine.page.blank]))
    if len(content) == expected or len(content) in record.ends:
        return None
    if len(content) > expected:
        return f"the record {record.name} has {len(content)} bytes, {len(content) - expected} more than it should"
    return f"the record {record.name} has {len(content)} bytes, and {expected} are expected"


def _unknown(said: str, place: Place, options: CobolOptions) -> Finding:
    known = " or ".join(options.select)
    return Finding(
        code="E-RECORD",
        message=f"this is no record {known}: {said}",
        hint="add a record with this value to the mapping, or a case to select:",
        place=place,
    )
