"""Samples as messages: files and texts, with their envelope or without one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from transload.adapters.base.format import ELEMENT, Encoded, Format, Identity, Message
from transload.adapters.base.registry import adapter
from transload.adapters.base.regular import read_regular
from transload.canonical.context import Context
from transload.canonical.errors import Reject
from transload.canonical.findings import Finding
from transload.mappings.mapping import Mapping
from transload.mappings.source.bounds import beside
from transload.mappings.source.nodes import Source, Text
from transload.mappings.testing.cases import Failure
from transload.mappings.testing.edits import MARKS, SEGMENTED, edited, edited_payload, segment_of

CONTEXT = Context(now=datetime(2026, 1, 1, tzinfo=UTC))
"""The clock and the numbers of tests: the same on every day."""
NOBODY = Identity(id="NOBODY")
"""The parties in the envelope of a message that came without one."""
LARGEST = 256 << 20
"""Bytes that a file of a case may have."""
_SERVICE = {"edifact": ("UNA", "UNB"), "x12": ("ISA",)}
_HEADERS = {"edifact": ("UNH", "UNT"), "x12": ("ST", "SE")}
_ENDS = {"edifact": "'", "x12": "~"}


@dataclass(frozen=True, kw_only=True)
class Sample:
    """The messages of a sample that a mapping is for, what is wrong with the payload as a whole, and its bytes.

    The ``payload`` is what was read: after ``edit:``, and in an envelope.
    """

    messages: tuple[Message, ...]
    findings: tuple[Finding, ...] = ()
    payload: bytes = b""


def format_of(mapping: Mapping) -> Format[Any]:
    """The format of a mapping, with its options and the guides that it was loaded with."""
    found = adapter(mapping.format_type).format
    assert found is not None
    made: Format[Any] = found(found.Options(**mapping.format_options))
    return made.with_guides(mapping.guides)


def sample_of(mapping: Mapping, wire: Source, folder: Path, edit: Source | None = None) -> Sample:
    """The sample under ``wire:``, after ``edit:``: the name of a file, or a text of several lines that is the sample.

    EDIFACT and X12 may come without an envelope: the segments alone, with the usual separators.  Raises
    `Failure` when there is no such file, or nothing in it that the mapping is for.
    """
    if not isinstance(wire, Text):
        raise Failure("wire: names a file, or is the text of a message", at=wire.at)
    if "\n" in wire.text:
        payload, name = wire.text.encode(), "wire"
    else:
        payload, name = _file(wire, folder), wire.text
    bare = mapping.format_type in SEGMENTED and not _enveloped(payload, mapping.format_type)
    payload = edited_payload(mapping, payload, edit)
    if bare:
        payload = _wrapped(mapping, payload, wire)
    reading = format_of(mapping).read(payload, file=name)
    messages = [message for message in reading if bare or mapping.matches(message)]
    if not messages and not any(finding.is_error for finding in reading.findings):
        raise Failure(f"{name} holds no message that the mapping is for", at=wire.at, details=reading.findings)
    return Sample(
        messages=tuple(edited(mapping, message, edit) for message in messages),
        findings=tuple(reading.findings),
        payload=payload,
    )


def written(mapping: Mapping, encoded: Sequence[Encoded], like: Message | None) -> tuple[bytes, list[Message]]:
    """The payload with ``encoded``, in the envelope of the message ``like``, and the messages read back from it.

    Raises `Reject` where the format cannot carry it.
    """
    made = format_of(mapping)
    envelope = like.envelope if like else None
    if envelope is None:
        envelope = made.envelope(sender=NOBODY, receiver=NOBODY)
    payload = made.write(encoded, envelope=envelope, context=CONTEXT)
    return payload, list(made.read(payload, file="written"))


def _file(wire: Text, folder: Path) -> bytes:
    try:
        return read_regular(beside(wire.text, folder, free=True), LARGEST)
    except OSError as error:
        raise Failure(f"cannot read {wire.text}: {error.strerror}", at=wire.at) from error


def _enveloped(payload: bytes, format_type: str) -> bool:
    text = payload[:200].decode("latin-1").removeprefix("\xef\xbb\xbf").lstrip()
    return text.startswith(_SERVICE[format_type])


def _wrapped(mapping: Mapping, payload: bytes, wire: Text) -> bytes:
    """The segments of a bare message, in an envelope from nobody to nobody."""
    try:
        text = payload.decode().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise Failure("a message without an envelope is UTF-8", at=wire.at) from error
    header, trailer = _HEADERS[mapping.format_type]
    segments = [segment_of(segment, mapping.format_type) for segment in _segments(text, mapping.format_type) if segment]
    body = [ELEMENT.join(segment) for segment in segments if segment[0] not in (header, trailer)]
    encoded = Encoded(kind=mapping.kind, version=mapping.message_version, body=body)
    made = format_of(mapping)
    try:
        return made.write([encoded], envelope=made.envelope(sender=NOBODY, receiver=NOBODY), context=CONTEXT)
    except Reject as error:
        raise Failure("the message cannot be put in an envelope", at=wire.at, details=error.findings) from error


def _segments(text: str, format_type: str) -> list[str]:
    """The segments of a text: one a line, or ended as usual."""
    end, release = _ENDS[format_type], MARKS[format_type][2]
    found, current, escaped = [], "", False
    for character in text:
        if not escaped and character in (end, "\n", "\r"):
            found.append(current.strip())
            current = ""
            continue
        current += character
        escaped = bool(release) and character == release and not escaped
    return [*found, current.strip()]
