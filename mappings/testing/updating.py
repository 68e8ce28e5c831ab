"""What the expectations of a mapping's cases would be, if what the mapping gives now is right."""

import difflib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from transload.canonical.documents import as_json
from transload.canonical.errors import TransloadError
from transload.canonical.findings import Finding, Severity
from transload.canonical.model import Model
from transload.mappings.mapping import Mapping
from transload.mappings.source.bounds import OutsideError, beside
from transload.mappings.source.nodes import Rows, Table, Text
from transload.mappings.testing.cases import Case, Failure, cases_of
from transload.mappings.testing.comparing import expected
from transload.mappings.testing.insertion import with_key
from transload.mappings.testing.samples import sample_of


@dataclass(frozen=True, kw_only=True)
class Change:
    """A file that would be written: ``old`` is its text, None where there is none; ``why`` is for people."""

    file: Path
    old: str | None
    new: str
    why: str

    def diff(self) -> str:
        """The difference as a unified diff."""
        before = _readable(self.old or "", self.file).splitlines(keepends=True)
        after = self.new.splitlines(keepends=True)
        name = str(self.file)
        rows = difflib.unified_diff(before, after, name if self.old is not None else "/dev/null", name)
        return "".join(row if row.endswith("\n") else f"{row}\n" for row in rows)


@dataclass(frozen=True, kw_only=True)
class Update:
    """The changes that one case calls for, to be made together, or a finding that says why there are none."""

    case: str
    changes: tuple[Change, ...] = ()
    finding: Finding | None = None


def updates(mapping: Mapping) -> Iterator[Update]:
    """An update for each case of which a sample gives something else than the case says, or says nothing.

    Only files of expected documents are changed, and the case's own file where a line is added: ``canonical:``, or
    ``fails:`` for a sample with errors of which nothing is said.  Where a document is expected and the message has
    errors, there is only a finding.  Lines of one file are added one case after the other: apply what you got, load
    the mapping again, and ask again where a `Change` is of the case's own file.
    """
    given: set[Path] = set()
    for case in cases_of(mapping):
        if not isinstance(case.source, Table) or case.get("wire") is None:
            continue
        try:
            found = _update(mapping, case, given)
        except Failure as failure:
            found = _refused(case, str(failure))
        except TransloadError as error:
            found = _refused(case, error.message)
        if found is not None:
            given |= {change.file for change in found.changes}
            yield found


def _update(mapping: Mapping, case: Case, given: set[Path]) -> Update | None:
    wire, canonical = case.get("wire"), case.get("canonical")
    assert wire is not None
    sample = sample_of(mapping, wire, case.folder, case.get("edit"))
    decoded = [mapping.decode(message) for message in sample.messages]
    findings = [*sample.findings, *(finding for message in sample.messages for finding in message.findings)]
    findings += [finding for one in decoded for finding in one.findings]
    errors = [finding for finding in findings if finding.is_error]
    documents = [document for one in decoded for document in one.documents]
    if canonical is None and case.get("fails") is None:
        return _failing(case, errors) if errors else _new(case, documents, given)
    if canonical is None:
        return None
    if errors:
        return None if case.get("fails") is not None else _refused(case, f"the message has errors: {errors[0].message}")
    return _changed(mapping, case, documents)


def _changed(mapping: Mapping, case: Case, documents: list[Model]) -> Update | None:
    """The files under ``canonical:`` as they would be."""
    canonical = case.get("canonical")
    assert canonical is not None
    try:
        if expected(mapping, canonical, case.folder) == documents:
            return None
    except Failure as failure:
        if isinstance(canonical, Table):
            return _refused(case, str(failure))
    if isinstance(canonical, Text):
        wanted = [(canonical, documents)]
    elif isinstance(canonical, Rows) and all(isinstance(item, Text) for item in canonical):
        names = [item for item in canonical if isinstance(item, Text)]
        if len(names) != len(documents):
            return _refused(case, f"it names {len(names)} files, and there are {len(documents)} documents now")
        wanted = [(name, [document]) for name, document in zip(names, documents, strict=True)]
    else:
        return _refused(case, "its document stands in the mapping file, which only you change")
    changes = []
    for name, its in wanted:
        try:
            _refuse_outside(name, case)
        except OSError as error:
            return _refused(case, f"{name.text} is not written: {error.strerror}")
        file = case.folder / name.text
        if not _says(mapping, name, case.folder, its):
            try:
                old = file.read_text(encoding="utf-8") if file.is_file() else None
            except (OSError, UnicodeDecodeError) as error:
                return _refused(case, f"{name.text} is no text that can be read: {error}")
            text = _text([as_json(document) for document in its])
            changes.append(Change(file=file, old=old, new=text, why="what the sample gives now"))
    return Update(case=case.name, changes=tuple(changes)) if changes else None


def _refuse_outside(name: Text, case: Case) -> None:
    """A file is written in the mapping's workspace or folder, or beside its sample: the mapping may be of others.

    Raises `OSError`.
    """
    try:
        beside(name.text, case.folder)
    except OutsideError:
        wire = case.get("wire")
        assert isinstance(wire, Text)
        sample = beside(wire.text, case.folder, free=True) if "\n" not in wire.text else None
        if sample is None or not sample.is_file() or sample.parent != beside(name.text, case.folder, free=True).parent:
            raise


def _says(mapping: Mapping, name: Text, folder: Path, documents: list[Model]) -> bool:
    """Whether a file holds these documents already."""
    try:
        return expected(mapping, name, folder) == documents
    except Failure:
        return False


def _new(case: Case, documents: list[Model], given: set[Path]) -> Update | None:
    """A new file with the documents, and the line that names it."""
    file = _free(case, given)
    text = _text([as_json(document) for document in documents])
    name = file.relative_to(case.folder).as_posix() if file.is_relative_to(case.folder) else str(file)
    return Update(
        case=case.name,
        changes=(
            Change(file=file, old=None, new=text, why="what the sample gives"),
            _line(case, "canonical", json.dumps(name) if re.search(r"[^\w./-]", name) else name),
        ),
    )


def _failing(case: Case, errors: list[Finding]) -> Update:
    """The line with the errors that there are."""
    rows = []
    for error in errors:
        place = error.mapping.place if error.mapping else None
        parts = {"code": error.code, "place": place, "field": error.field}
        if place is None and error.field is None and error.place is not None:
            parts |= {"line": str(error.place.line) if error.place.line else None, "tag": error.place.tag}
        rows.append("{" + ", ".join(f"{key}: {_quoted(value)}" for key, value in parts.items() if value) + "}")
    return Update(case=case.name, changes=(_line(case, "fails", f"[{', '.join(rows)}]"),))


def _line(case: Case, key: str, value: str) -> Change:
    text = case.file.read_text(encoding="utf-8")
    at = case.source.at
    changed = with_key(text, case.file, at.line, at.column, key, value)
    return Change(file=case.file, old=text, new=changed, why=f"the line {key}:")


def _free(case: Case, given: set[Path]) -> Path:
    """A name for a new file beside the sample; beside the mapping, where the sample stands in it."""
    wire = case.get("wire")
    plain = isinstance(wire, Text) and "\n" not in wire.text
    sample = case.folder / wire.text if isinstance(wire, Text) and plain else case.folder / "sample"
    words = re.sub(r"[^a-z0-9]+", "-", case.name.lower()).strip("-")
    stem = sample.stem if plain and case.get("edit") is None else words or "sample"
    number = 1
    while True:
        file = sample.with_name(f"{stem}{f'-{number}' if number > 1 else ''}.json")
        if not file.exists() and file not in given:
            return file
        number += 1


def _refused(case: Case, message: str) -> Update:
    place = replace(case.source.at, place=case.name)
    return Update(
        case=case.name,
        finding=Finding(
            code="T-UPDATE", severity=Severity.WARNING, message=f"not brought up to date: {message}", mapping=place
        ),
    )


def _text(values: list[Any]) -> str:
    """The one document, or the list of several."""
    return json.dumps(values[0] if len(values) == 1 else values, ensure_ascii=False, indent=2) + "\n"


def _readable(text: str, file: Path) -> str:
    """JSON in the form in which it is written, so that only what it says differs."""
    value = _parsed(text) if file.suffix == ".json" else None
    return text if value is None else json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, parse_float=str)
    except ValueError:
        return None


def _quoted(text: str) -> str:
    return text if re.fullmatch(r"[A-Za-z][\w.-]*( [\w.+-]+)*", text) else json.dumps(text, ensure_ascii=False)
