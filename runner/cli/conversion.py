"""One file through mappings: messages to canonical documents, and documents to messages."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from transload.adapters.base import Context, Format, Message
from transload.adapters.base.format import Encoded
from transload.adapters.base.registry import adapter
from transload.adapters.edi.qualifiers import counterpart
from transload.canonical.documents import document_model
from transload.canonical.errors import ConfigurationError, Reject, TransloadError
from transload.canonical.findings import Finding, Severity, errors_of
from transload.canonical.model import Model
from transload.canonical.places import Place
from transload.mappings import Mapping
from transload.runner.cli.given import guides_for


@dataclass(frozen=True, kw_only=True)
class Read:
    """A message and the documents that it gave: none when anything is wrong with it."""

    message: Message
    documents: tuple[Model, ...] = ()


@dataclass(kw_only=True)
class Conversion:
    """The findings of a conversion so far, and the clock and numbers that it uses."""

    context: Context
    findings: list[Finding] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        """Whether an error was found."""
        return bool(errors_of(self.findings))

    def decode(self, payload: bytes, mapping: Mapping, file: str) -> Iterator[Read]:
        """The messages of ``payload`` with their documents, as they are read."""
        reading = format_of(mapping).read(payload, file=file)
        self.findings += reading.findings
        number = 0
        for number, message in enumerate(reading, start=1):
            yield self._decoded(message, mapping, number)
        if number == 0 and not self.failed:
            self.findings.append(Finding(code="E-EMPTY", message="there is no message in this file"))

    def _decoded(self, message: Message, mapping: Mapping, number: int) -> Read:
        self.findings += message.findings
        if not mapping.matches(message):
            what = " ".join(part for part in (message.kind, message.version) if part) or "of unknown kind"
            self.findings.append(
                Finding(
                    code="E-NO-MAPPING",
                    message=f"the mapping {mapping.name} is not for message {number}, {what}",
                    hint="see match: and format: of the mapping",
                    place=Place(byte=message.start),
                )
            )
            return Read(message=message)
        decoded = mapping.decode(message)
        self.findings += decoded.findings
        wrong = errors_of([*message.findings, *decoded.findings])
        return Read(message=message, documents=() if wrong else decoded.documents)

    def encode(self, documents: Iterable[Model], mapping: Mapping) -> list[Encoded]:
        """Each document as a message body; what cannot be written is an error finding."""
        encoded = []
        for document in documents:
            try:
                found = mapping.encode(document, self.context)
                self.findings += found.findings
                encoded.append(found)
            except Reject as error:
                self.findings += error.findings
        return encoded

    def write(self, encoded: Sequence[Encoded], mapping: Mapping, envelope: Any) -> bytes:
        """The messages in their envelope; nothing when they cannot be written, which is a finding."""
        try:
            return format_of(mapping).write(encoded, envelope=envelope, context=self.context)
        except Reject as error:
            self.findings += error.findings
            return b""

    def documents(self, text: bytes, mapping: Mapping, file: str) -> list[Model]:
        """The canonical documents in ``text``: JSON lines, one JSON object, or an array of them."""
        model = document_model(mapping.document)
        documents = []
        for line, value in self._values(text, file):
            try:
                documents.append(model.model_validate(value))
            except ValidationError as error:
                for detail in error.errors(include_url=False):
                    self.findings.append(
                        Finding(
                            code="E-VALUE",
                            message=f"this is no {mapping.document}: {detail['msg']}",
                            field=_path(detail["loc"]),
                            place=Place(file=file, line=line),
                        )
                    )
        if not documents and not self.failed:
            self.findings.append(Finding(code="E-EMPTY", message="there is no document in this file"))
        return documents

    def _values(self, text: bytes, file: str) -> Iterator[tuple[int, Any]]:
        """JSON values with the line that each begins in."""
        try:
            whole = json.loads(text, parse_float=Decimal)
            yield from ((1, value) for value in (whole if isinstance(whole, list) else [whole]))
            return
        except (ValueError, RecursionError):
            pass
        for number, line in enumerate(text.splitlines(), start=1):
            if not line.strip():
                continue
            try:
                yield number, json.loads(line, parse_float=Decimal)
            except (ValueError, RecursionError) as error:
                place = Place(file=file, line=number)
                self.findings.append(Finding(code="E-JSON", message=f"this is no JSON: {error}", place=place))


def format_of(mapping: Mapping) -> Format[Any]:
    """The format that ``mapping`` is written for, with its options and the guides of the workspace that it lies in."""
    found = adapter(mapping.format_type).format
    if found is None:
        raise ConfigurationError(f"the adapter {mapping.format_type!r} has no format")
    try:
        made: Format[Any] = found(found.Options.model_validate(dict(mapping.format_options)))
    except ValidationError as error:
        raise ConfigurationError(f"the format's options in {mapping.file} are refused: {error}") from error
    return made.with_guides(guides_for(mapping.file))


def new_envelope(mapping: Mapping, message: Message | None) -> Any:
    """An envelope for what was read in another format: the same parties and test flag; None where it has none."""
    if message is None:
        return format_of(mapping).envelope(sender=None, receiver=None)
    sender, receiver = (
        counterpart(party, mapping.format_type) if party else None for party in (message.sender, message.receiver)
    )
    return format_of(mapping).envelope(sender=sender, receiver=receiver, test=message.test)


def envelopes(found: Iterable[Any]) -> Any:
    """The envelopes of one interchange's messages as `Format.write` takes them: one alone, or a list."""
    all_found = list(found)
    return all_found[0] if len(all_found) == 1 or len({id(item) for item in all_found}) == 1 else all_found


def envelope_in(file: Path, payload: bytes, mapping: Mapping) -> Any:
    """The envelope of the first message of ``payload``, for other messages."""
    message = next(iter(format_of(mapping).read(payload, file=str(file))), None)
    if message is None:
        raise TransloadError(f"there is no message in {file} to take an envelope from")
    return message.envelope


def default_envelope_remark(mapping: Mapping) -> Finding:
    """The remark that an envelope was made up."""
    return Finding(
        code="R-ENVELOPE",
        severity=Severity.REMARK,
        message=f"the {mapping.format_type} envelope is a default one, from nobody to nobody",
        hint="give a file with the envelope to use: --envelope FILE",
    )


def _path(steps: Sequence[str | int]) -> str:
    text = ""
    for step in steps:
        text += f"[{step}]" if isinstance(step, int) else f".{step}"
    return text.lstrip(".")
