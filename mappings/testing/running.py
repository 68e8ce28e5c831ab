"""Running the cases of a mapping: what a sample gives, how it fails, and what is written."""

import json
from collections.abc import Sequence
from dataclasses import replace

from transload.adapters.base.format import COMPONENT, ELEMENT, Encoded, Message
from transload.canonical.errors import Reject, TransloadError
from transload.canonical.findings import Finding
from transload.canonical.model import Model
from transload.mappings.mapping import Mapping
from transload.mappings.source.nodes import Rows, Source, Text
from transload.mappings.testing.cases import Case, Failure, TestResult, cases_of, checked
from transload.mappings.testing.comparing import compare, expected
from transload.mappings.testing.edits import MARKS
from transload.mappings.testing.expecting import expect_failures, expect_warnings
from transload.mappings.testing.samples import CONTEXT, sample_of, written


def run_tests(mapping: Mapping) -> list[TestResult]:
    """Run all cases of a mapping, in their order.

    Raises `ConfigurationError` when the file of the cases cannot be read.
    """
    return [run_case(mapping, case) for case in cases_of(mapping)]


def run_case(mapping: Mapping, case: Case) -> TestResult:
    """Run one case."""
    at = case.source.at
    try:
        checked(case)
        if case.get("wire") is None:
            _write(mapping, case)
        else:
            _read(mapping, case)
    except Failure as failure:
        found = Finding(code="T-FAILED", message=str(failure), mapping=replace(failure.at or at, place=case.name))
        return TestResult(name=case.name, at=at, findings=(found, *failure.details))
    except TransloadError as error:
        found = Finding(code="T-FAILED", message=error.message, hint=error.hint, mapping=replace(at, place=case.name))
        return TestResult(name=case.name, at=at, findings=(found, *error.findings))
    return TestResult(name=case.name, at=at)


def _read(mapping: Mapping, case: Case) -> None:
    """A sample gives these findings and these documents, and what is written from them reads as the same again."""
    wire, canonical = case.get("wire"), case.get("canonical")
    assert wire is not None
    sample = sample_of(mapping, wire, case.folder, case.get("edit"))
    decoded = [(message, mapping.decode(message)) for message in sample.messages]
    findings = [finding for message in sample.messages for finding in message.findings]
    findings += [finding for _, one in decoded for finding in one.findings]
    errors = [finding for finding in sample.findings if finding.is_error]
    expect_failures(case.get("fails"), [*errors, *findings])
    expect_warnings(case.get("warns"), findings)
    if canonical is None:
        return
    documents = [document for _, one in decoded for document in one.documents]
    compare(documents, expected(mapping, canonical, case.folder), canonical.at)
    bodies = [_round_trip(mapping, document, message) for message, one in decoded for document in one.documents]
    _expect_texts(mapping, case.get("writes"), bodies)


def _round_trip(mapping: Mapping, document: Model, message: Message) -> Encoded:
    """What is written from a document that was read, after it is found to read as the same, and to be written again.

    It goes through the format and back, in the envelope that it came in.
    """
    encoded = mapping.encode(document, CONTEXT)
    _, messages = written(mapping, [encoded], message)
    again = [mapping.decode(one) for one in messages]
    documents = [found for one in again for found in one.documents]
    if documents != [document]:
        details = [found for one in again for found in one.findings if found.is_error]
        raise Failure("what is written from the document is read as another one", details=details)
    if mapping.encode(documents[0], CONTEXT).body != encoded.body:
        raise Failure("what is written from the document is written otherwise the second time")
    return encoded


def _write(mapping: Mapping, case: Case) -> None:
    """A document is written with these texts, or cannot be written."""
    canonical = case.get("canonical")
    assert canonical is not None
    documents = expected(mapping, canonical, case.folder)
    try:
        bodies = [mapping.encode(document, CONTEXT) for document in documents]
    except Reject as error:
        expect_failures(case.get("fails"), error.findings)
        return
    expect_failures(case.get("fails"), [])
    _expect_texts(mapping, case.get("writes"), bodies)


def _expect_texts(mapping: Mapping, writes: Source | None, bodies: Sequence[Encoded]) -> None:
    if writes is None:
        return
    if not isinstance(writes, Rows) or not writes.values:
        raise Failure("writes: is a list of texts", at=writes.at)
    texts = [text for encoded in bodies for text in _texts(mapping, encoded)]
    for item in writes:
        if not isinstance(item, Text):
            raise Failure("writes: is a list of texts", at=item.at)
        if not any(item.text in text for text in texts):
            raise Failure(f"{item.text!r} is not written", at=item.at)


def _texts(mapping: Mapping, encoded: Encoded) -> list[str]:
    """What is written as texts: the segments with the usual separators, unescaped, or the document."""
    if isinstance(encoded.body, str):
        return [encoded.body]
    if mapping.format_type in MARKS:
        element, component, _ = MARKS[mapping.format_type]
        return [text.replace(ELEMENT, element).replace(COMPONENT, component) for text in encoded.body]
    if mapping.format_type == "json":
        return [json.dumps(encoded.body, default=str, ensure_ascii=False)]
    payload, _ = written(mapping, [encoded], None)
    return payload.decode(errors="replace").splitlines()
