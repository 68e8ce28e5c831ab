"""The cases of a mapping, as its files say them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from transload.adapters.base import positioned
from transload.canonical.errors import ConfigurationError
from transload.canonical.findings import Finding
from transload.canonical.places import MappingPlace
from transload.mappings.mapping import Mapping
from transload.mappings.source.nodes import Rows, Source, Table, Text, located
from transload.mappings.source.problems import suggest

KEYS = ("name", "wire", "canonical", "edit", "fails", "warns", "writes", "note")
"""The keys of a case."""


@dataclass(frozen=True, kw_only=True)
class TestResult:
    """The outcome of one case; ``findings`` says what went wrong, at the case's line."""

    __test__ = False  # for pytest: this is no test class

    name: str
    at: MappingPlace
    findings: tuple[Finding, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the case went as it says."""
        return not self.findings


class Failure(Exception):
    """A case went otherwise than it says."""

    def __init__(self, message: str, *, at: MappingPlace | None = None, details: Sequence[Finding] = ()) -> None:
        super().__init__(message)
        self.at = at
        self.details = tuple(details)


@dataclass(frozen=True, kw_only=True)
class Case:
    """One entry of ``tests:``; ``folder`` is where its paths start, ``file`` the file that it stands in."""

    source: Source
    folder: Path
    file: Path

    @property
    def name(self) -> str:
        """What results call it."""
        found = self.source.get("name") if isinstance(self.source, Table) else None
        return found.text if isinstance(found, Text) else f"line {self.source.at.line}"

    def get(self, key: str) -> Source | None:
        """The value under ``key``, or None."""
        return self.source.get(key) if isinstance(self.source, Table) else None


def cases_of(mapping: Mapping) -> Iterator[Case]:
    """The cases of a mapping in their order.

    Raises `ConfigurationError` when the file beside it cannot be read.
    """
    folder = mapping.file.parent
    for source in mapping.meaning.tests or ():
        yield Case(source=source, folder=folder, file=mapping.file)
    beside = mapping.file.with_suffix(".test.yaml")
    if beside.is_file():
        table = located(positioned.load(beside), str(beside))
        cases = table.get("tests") if isinstance(table, Table) else None
        if not isinstance(cases, Rows):
            raise ConfigurationError(f"{beside} has no list under tests:")
        for source in cases:
            yield Case(source=source, folder=folder, file=beside)


def checked(case: Case) -> Table:
    """The case's table.  Raises `Failure` when it is none, or says too little or what no case can say."""
    table = case.source
    if not isinstance(table, Table):
        raise Failure("a case is a table")
    for key, _ in table:
        if key.text not in KEYS:
            hint = suggest(key.text, KEYS, f"keys are {', '.join(KEYS)}")
            raise Failure(f"a case has no key {key.text!r}: {hint}", at=key.at)
    said = {key.text for key, _ in table}
    if not said & {"wire", "canonical"}:
        raise Failure("a case needs wire: or canonical:")
    if "wire" in said and not said & {"canonical", "fails"}:
        raise Failure("a case with wire: says what comes of it: canonical: or fails:")
    if "wire" not in said and not said & {"writes", "fails"}:
        raise Failure("a case with canonical: alone says what is written: writes: or fails:")
    for needing in ("edit", "warns"):
        if needing in said and "wire" not in said:
            raise Failure(f"{needing}: needs wire:", at=_key_at(table, needing))
    return table


def _key_at(table: Table, key: str) -> MappingPlace:
    found = table.key(key)
    return found.at if found else table.at


def has_sample(mapping: Mapping) -> bool:
    """Whether a case says what document a sample gives; for a mapping that only writes, what a document gives."""
    reads = any(slot.reads and not slot.guard for slot in mapping.meaning.slots)
    needed = {"wire", "canonical"} if reads else {"canonical", "writes"}
    return any(
        needed <= {key.text for key, _ in case.source} for case in cases_of(mapping) if isinstance(case.source, Table)
    )


def no_sample(mapping: Mapping) -> Finding:
    """The finding ``T-NONE`` about a mapping for which `has_sample` is False."""
    none = next(cases_of(mapping), None) is None
    return Finding(
        code="T-NONE",
        message="this mapping has no test" if none else "no test of this mapping says which document a sample gives",
        hint="add one under tests: {name: ..., wire: SAMPLE, canonical: EXPECTED.json}; transload test --update "
        "fills in the document",
        mapping=MappingPlace(file=str(mapping.file), line=1, column=1),
    )
