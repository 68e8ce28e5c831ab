"""The samples of a mapping: the messages of its tests that stand unedited in a file."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from transload.adapters.base import positioned
from transload.adapters.base.format import Message
from transload.canonical.errors import ConfigurationError
from transload.canonical.places import MappingPlace
from transload.mappings.laws.wires import Wire
from transload.mappings.mapping import Mapping
from transload.mappings.source.nodes import Rows, Source, Table, Text, located


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A message that a test reads: its file, the test's place, whether the expected document stands beside it."""

    file: Path
    at: MappingPlace
    expected: bool


def samples_of(mapping: Mapping) -> list[Sample]:
    """The samples, each file once; those of tests that expect a fault are left out."""
    found: dict[Path, Sample] = {}
    for case in _cases(mapping):
        wire = case.get("wire") if isinstance(case, Table) else None
        if not isinstance(case, Table) or not isinstance(wire, Text):
            continue
        if case.get("edit") is not None or case.get("fails") is not None:
            continue
        file = mapping.file.parent / wire.text
        expected = case.get("canonical") is not None
        if file not in found or (expected and not found[file].expected):
            found[file] = Sample(file=file, at=wire.at, expected=expected)
    return list(found.values())


def _cases(mapping: Mapping) -> Iterator[Source]:
    if isinstance(mapping.meaning.tests, Rows):
        yield from mapping.meaning.tests
    beside = mapping.file.with_suffix(".test.yaml")
    if beside.is_file():
        try:
            table = located(positioned.load(beside), str(beside))
        except ConfigurationError:  # running the tests tells of it
            return
        cases = table.get("tests") if isinstance(table, Table) else None
        yield from cases if isinstance(cases, Rows) else ()


def messages_of(sample: Sample, wire: Wire) -> list[Message]:
    """The messages of a sample that the mapping is for; none where the file cannot be read."""
    try:
        payload = sample.file.read_bytes()
    except OSError:
        return []
    return [message for message in wire.messages(payload, sample.file.name) if wire.mapping.matches(message)]
