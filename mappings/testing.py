"""The tests that stand beside a mapping: ``tests:`` in its file, or in ``NAME.test.yaml`` next to it.

A case reads a sample (``wire``) and says what it must give (``canonical``) or how it must
fail (``fails``), perhaps after an ``edit``; or it writes a document (``canonical``) and says what
must stand in the message (``writes``).  Paths start at the folder of the file.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from transload.adapters.base import positioned
from transload.adapters.base.format import COMPONENT, ELEMENT, REPETITION, Encoded, Format, Message, Records
from transload.adapters.base.registry import adapter
from transload.adapters.base.rows.sheet import Sheet
from transload.canonical.context import Context
from transload.canonical.documents import as_json
from transload.canonical.errors import ConfigurationError, Reject, TransloadError
from transload.canonical.findings import Finding
from transload.canonical.model import Model
from transload.canonical.places import MappingPlace, Place
from transload.mappings.mapping import Mapping
from transload.mappings.source.nodes import Rows, Source, Table, Text, located, plain_value
from transload.mappings.source.problems import suggest

KEYS = ("name", "wire", "canonical", "edit", "fails", "writes", "note")
_SEPARATORS = {"edifact": ("+", ":", "?"), "x12": ("*", ":", "")}
_NOW = datetime(2026, 1, 1, tzinfo=UTC)


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


class _Failure(Exception):
    """A case went otherwise than it says."""

    def __init__(self, message: str, *, at: MappingPlace | None = None, details: Sequence[Finding] = ()) -> None:
        super().__init__(message)
        self.at = at
        self.details = tuple(details)


def run_tests(mapping: Mapping) -> list[TestResult]:
    """Run all cases of a mapping, in their order.

    Raises `ConfigurationError` when the file of the cases cannot be read.
    """
    return [_run(mapping, case, folder) for case, folder in _cases(mapping)]


def _cases(mapping: Mapping) -> Iterator[tuple[Source, Path]]:
    folder = mapping.file.parent
    if mapping.meaning.tests is not None:
        for case in mapping.meaning.tests:
            yield case, folder
    beside = mapping.file.with_suffix(".test.yaml")
    if beside.is_file():
        table = located(positioned.load(beside), str(beside))
        cases = table.get("tests") if isinstance(table, Table) else None
        if not isinstance(cases, Rows):
            raise ConfigurationError(f"{beside} has no list under tests:")
        for case in cases:
            yield case, folder


def _run(mapping: Mapping, case: Source, folder: Path) -> TestResult:
    name = case.get("name") if isinstance(case, Table) else None
    label = name.text if isinstance(name, Text) else f"line {case.at.line}"
    try:
        _Case(mapping, _checked(case), folder).run()
    except _Failure as failure:
        at = failure.at or case.at
        found = Finding(code="T-FAILED", message=str(failure), mapping=replace(at, place=label))
        return TestResult(name=label, at=case.at, findings=(found, *failure.details))
    except TransloadError as error:
        found = Finding(code="T-FAILED", message=error.message, hint=error.hint, mapping=replace(case.at, place=label))
        return TestResult(name=label, at=case.at, findings=(found, *error.findings))
    return TestResult(name=label, at=case.at)


def _checked(case: Source) -> Table:
    if not isinstance(case, Table):
        raise _Failure("a case is a table")
    for key, _ in case:
        if key.text not in KEYS:
            hint = suggest(key.text, KEYS, f"keys are {', '.join(KEYS)}")
            raise _Failure(f"a case has no key {key.text!r}: {hint}", at=key.at)
    if case.get("wire") is None and case.get("canonical") is None:
        raise _Failure("a case needs wire: or canonical:")
    if case.get("wire") is not None and case.get("canonical") is None and case.get("fails") is None:
        raise _Failure("a case with wire: says what comes of it: canonical: or fails:")
    if case.get("wire") is None and case.get("writes") is None and case.get("fails") is None:
        raise _Failure("a case with canonical: alone says what is written: writes: or fails:")
    return case


class _Case:
    def __init__(self, mapping: Mapping, case: Table, folder: Path) -> None:
        self.mapping = mapping
        self.case = case
        self.folder = folder
        self.context = Context(now=_NOW)

    def run(self) -> None:
        """Raise `_Failure` when the case goes otherwise than it says."""
        wire = self.case.get("wire")
        if wire is None:
            self._write()
            return
        messages = [self._edited(message) for message in self._messages(wire)]
        decoded = [self.mapping.decode(message) for message in messages]
        findings = [finding for message in messages for finding in message.findings]
        findings += [finding for one in decoded for finding in one.findings]
        self._expect_failures(findings)
        canonical = self.case.get("canonical")
        if canonical is None:
            return
        documents = [document for one in decoded for document in one.documents]
        self._compare(documents, self._canonical(canonical), canonical.at)
        for document in documents:
            self._round_trip(document, messages[0])

    def _messages(self, wire: Source) -> list[Message]:
        if not isinstance(wire, Text):
            raise _Failure("wire: names a file", at=wire.at)
        try:
            payload = (self.folder / wire.text).read_bytes()
        except OSError as error:
            raise _Failure(f"cannot read {wire.text}: {error.strerror}", at=wire.at) from error
        reading = self._format().read(payload, file=wire.text)
        messages = [message for message in reading if self.mapping.matches(message)]
        if not messages:
            raise _Failure(
                f"{wire.text} holds no message that the mapping is for", at=wire.at, details=reading.findings
            )
        return messages

    def _format(self) -> Format[Any]:
        found = adapter(self.mapping.format_type).format
        assert found is not None
        made: Format[Any] = found(found.Options(**self.mapping.format_options))
        return made

    def _edited(self, message: Message) -> Message:
        """The message with the segments of ``edit`` replaced."""
        edit = self.case.get("edit")
        if edit is None:
            return message
        if not isinstance(edit, Table) or not isinstance(message.body, Records) or self.mapping.meaning.shapes:
            raise _Failure("edit: is a table of segments of a record format", at=edit.at)
        body = message.body
        segments = [list(segment) for segment in body.segments]
        removed: set[int] = set()
        for address, value in edit:
            index = self._find(body, address)
            if not isinstance(value, Text):
                raise _Failure("edit: replaces a segment by a text", at=value.at)
            if value.text == "remove" and value.plain:
                removed.add(index)
            else:
                segments[index] = _split(value.text, self.mapping.format_type, body)
        kept = [position for position in range(len(segments)) if position not in removed]
        return replace(message, body=_Edited(body, [segments[position] for position in kept], kept))

    def _find(self, body: Records, address: Text) -> int:
        """The index of ``QTY 21 #3``: the third QTY whose first value is 21."""
        words = address.text.split()
        number = int(words.pop()[1:]) if words[-1].startswith("#") and words[-1][1:].isdigit() else 1
        found = [
            index
            for index, segment in enumerate(body.segments)
            if segment[0] == words[0]
            and (len(words) == 1 or (len(segment) > 1 and segment[1].split(body.component)[0] == words[1]))
        ]
        if not 0 < number <= len(found):
            raise _Failure(f"the sample has {len(found)} of {' '.join(words)}, not {number}", at=address.at)
        return found[number - 1]

    def _expect_failures(self, findings: Sequence[Finding]) -> None:
        """Every finding that ``fails`` lists is there, and every error is listed."""
        fails = self.case.get("fails")
        expected = list(fails.values) if isinstance(fails, Rows) else []
        if fails is not None and not expected:
            raise _Failure("fails: is a list of findings, such as {code: E-VALUE, place: QTY 6060}", at=fails.at)
        left = list(findings)
        for item in expected:
            match = next((finding for finding in left if _fits(item, finding)), None)
            if match is None:
                raise _Failure(
                    f"there is no finding {_shown(item)}", at=item.at, details=[f for f in left if f.is_error]
                )
            left.remove(match)
        errors = [finding for finding in left if finding.is_error]
        if errors:
            raise _Failure(f"{len(errors)} errors that the case does not expect", details=errors)

    def _canonical(self, node: Source) -> list[Any]:
        """The expected documents: a file, a table, or a table that ``extends`` a file."""
        value = self._load(node) if isinstance(node, Text) else plain_value(node)
        if isinstance(node, Table) and (base := node.get("extends")) is not None:
            if not isinstance(base, Text):
                raise _Failure("extends: names a file", at=base.at)
            below = self._load(base)
            over = plain_value(node.without("extends"))
            assert isinstance(over, dict)
            value = {**below, **over} if isinstance(below, dict) else over
        return value if isinstance(value, list) else [value]

    def _load(self, node: Text) -> Any:
        try:
            return json.loads((self.folder / node.text).read_text(encoding="utf-8"), parse_float=str)
        except OSError as error:
            raise _Failure(f"cannot read {node.text}: {error.strerror}", at=node.at) from error
        except ValueError as error:
            raise _Failure(f"{node.text} is no JSON: {error}", at=node.at) from error

    def _compare(self, found: list[Model], expected: list[Any], at: MappingPlace) -> None:
        """Documents are compared as such: 1.5 and 1.50 are the same number."""
        wanted = [self._document(value, at) for value in expected]
        if found != wanted:
            rows = _differences([as_json(one) for one in found], [as_json(one) for one in wanted])
            raise _Failure("; ".join(rows) or "the documents differ", at=at)

    def _document(self, value: Any, at: MappingPlace) -> Model:
        try:
            return self.mapping.meaning.model.model_validate(value)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(step) for step in first["loc"])
            raise _Failure(
                f"the expected document is no {self.mapping.document}: {where}: {first['msg']}", at=at
            ) from error

    def _round_trip(self, document: Model, message: Message) -> None:
        """What is written from a document that was read is read as the same document."""
        encoded = self.mapping.encode(document, self.context)
        body = message.body
        if not isinstance(body, Records):
            return
        if self.mapping.meaning.shapes is not None:  # rows are cut by what the format makes of their bytes
            payload = self._format().write([encoded], context=self.context)
            (message,) = self._format().read(payload)
        else:
            edited = _Edited(body, [_unsplit(text) for text in encoded.body], None)
            message = replace(message, body=edited)
        again = self.mapping.decode(message)
        if again.documents != (document,):
            details = [finding for finding in again.findings if finding.is_error]
            raise _Failure("what is written from the document is read as another one", details=details)

    def _write(self) -> None:
        canonical = self.case.get("canonical")
        assert canonical is not None
        documents = [self._document(value, canonical.at) for value in self._canonical(canonical)]
        try:
            texts = [
                text for document in documents for text in self._texts(self.mapping.encode(document, self.context))
            ]
        except Reject as error:
            self._expect_failures(error.findings)
            return
        self._expect_failures([])
        writes = self.case.get("writes")
        for item in writes if isinstance(writes, Rows) else ():
            if not isinstance(item, Text):
                raise _Failure("writes: is a list of texts", at=item.at)
            if not any(item.text in text for text in texts):
                raise _Failure(f"{item.text!r} is not written", at=item.at)

    def _texts(self, encoded: Encoded) -> list[str]:
        if isinstance(encoded.body, str):
            return [encoded.body]
        if self.mapping.format_type == "json":
            return [json.dumps(encoded.body, default=str, ensure_ascii=False)]
        if isinstance(encoded.body, Sheet):
            return [
                text.replace(ELEMENT, self.mapping.format_options.get("delimiter", ",")) for text in encoded.body.rows
            ]
        if self.mapping.meaning.shapes is not None:
            return list(encoded.body)
        element, component, _ = _SEPARATORS[self.mapping.format_type]
        return [text.replace(ELEMENT, element).replace(COMPONENT, component) for text in encoded.body]


class _Edited(Records):
    """A body with other segments; places are those of the original, where ``kept`` says from where."""

    def __init__(self, body: Records, segments: list[list[str]], kept: list[int] | None) -> None:
        self.segments = segments
        self.component = body.component if kept is not None else COMPONENT
        self.repetition = body.repetition if kept is not None else REPETITION
        self._body = body
        self._kept = kept

    def place(
        self, segment: int, element: int | None = None, repetition: int | None = None, component: int | None = None
    ) -> Place:
        tag = self.segments[segment][0] if segment < len(self.segments) else None
        if self._kept is None or segment >= len(self._kept):
            return Place(segment=segment + 2, tag=tag, element=element, component=component)
        found = self._body.place(self._kept[segment])
        return replace(found, tag=tag, element=element, repetition=repetition, component=component)


def _split(text: str, format_type: str, body: Records) -> list[str]:
    """A segment as a person writes it, with the usual separators of its standard."""
    element, component, release = _SEPARATORS[format_type]
    elements, current, escaped = [], "", False
    for character in text.rstrip("'~"):
        if escaped or character not in (element, component, release):
            current, escaped = current + character, False
        elif character == element:
            elements.append(current)
            current = ""
        elif character == component:
            current += body.component
        else:
            escaped = True
    return [*elements, current]


def _unsplit(text: str) -> list[str]:
    return text.split(ELEMENT)


def _fits(expected: Source, finding: Finding) -> bool:
    if not isinstance(expected, Table):
        return False
    for key, value in expected:
        if not isinstance(value, Text):
            return False
        if key.text == "code" and finding.code != value.text:
            return False
        if key.text == "place" and (finding.mapping is None or finding.mapping.place != value.text):
            return False
        if key.text == "field" and _dotted(finding.field or "") != _dotted(value.text):
            return False
        if key.text not in ("code", "place", "field"):
            return False
    return True


def _dotted(field: str) -> str:
    return field.replace("[", ".").replace("]", "")


def _shown(node: Source) -> str:
    return json.dumps(plain_value(node), ensure_ascii=False)


def _differences(found: Any, wanted: Any, path: str = "") -> list[str]:
    """Where two JSON values differ, in words; at most five places."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        rows: list[str] = []
        for key in [*wanted, *(key for key in found if key not in wanted)]:
            inside = f"{path}.{key}" if path else key
            if key not in found:
                rows.append(f"{inside} is missing, expected {wanted[key]!r}")
            elif key not in wanted:
                rows.append(f"{inside} is {found[key]!r}, and nothing is expected")
            else:
                rows += _differences(found[key], wanted[key], inside)
        return rows[:5]
    if not path and isinstance(found, list) and isinstance(wanted, list) and len(found) == len(wanted) == 1:
        return _differences(found[0], wanted[0])
    if isinstance(found, list) and isinstance(wanted, list):
        if len(found) != len(wanted):
            return [f"{path or 'the result'} has {len(found)} items, expected {len(wanted)}"]
        pairs = enumerate(zip(found, wanted, strict=True))
        return [row for number, (one, other) in pairs for row in _differences(one, other, f"{path}[{number}]")][:5]
    return [] if found == wanted else [f"{path} is {found!r}, expected {wanted!r}"]
