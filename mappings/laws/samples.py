"""The samples of a mapping: the messages of its tests that are not edited."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from transload.adapters.base.format import Message
from transload.canonical.errors import ConfigurationError, TransloadError
from transload.canonical.places import MappingPlace
from transload.mappings.laws.wires import Wire
from transload.mappings.mapping import Mapping
from transload.mappings.source.nodes import Table, Text
from transload.mappings.testing import samples
from transload.mappings.testing.cases import Case, Failure, cases_of


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A message that a test reads: its text or file, the test's place, whether the document stands beside it."""

    wire: Text
    folder: Path
    at: MappingPlace
    expected: bool

    @property
    def name(self) -> str:
        """What findings call it: the file's name, or the case's line where the message stands in the case."""
        return f"the message in line {self.at.line}" if "\n" in self.wire.text else Path(self.wire.text).name


def samples_of(mapping: Mapping) -> list[Sample]:
    """The samples, each once; those of tests that expect a fault are left out."""
    found: dict[str, Sample] = {}
    for case in _cases(mapping):
        wire = case.get("wire")
        if not isinstance(case.source, Table) or not isinstance(wire, Text):
            continue
        if case.get("edit") is not None or case.get("fails") is not None:
            continue
        expected = case.get("canonical") is not None
        if wire.text not in found or (expected and not found[wire.text].expected):
            found[wire.text] = Sample(wire=wire, folder=case.folder, at=wire.at, expected=expected)
    return list(found.values())


def _cases(mapping: Mapping) -> list[Case]:
    try:
        return list(cases_of(mapping))
    except ConfigurationError:  # running the tests tells of it
        return []


def messages_of(sample: Sample, wire: Wire) -> list[Message]:
    """The messages of a sample that the mapping is for; none where it cannot be read, which running the tests tells."""
    found = _read(sample, wire)
    return list(found.messages) if found is not None else []


def payload_of(sample: Sample, wire: Wire) -> bytes:
    """The bytes that the places of its messages speak of."""
    found = _read(sample, wire)
    return found.payload if found is not None else b""


def _read(sample: Sample, wire: Wire) -> samples.Sample | None:
    with suppress(Failure, TransloadError):
        return samples.sample_of(wire.mapping, sample.wire, sample.folder)
    return None
