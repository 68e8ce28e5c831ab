"""From a merged file to its meaning: keys, guide, layout, then the static checks."""

from collections.abc import Sequence
from pathlib import Path

from transload.adapters.edi.guides import find_guide
from transload.canonical.errors import ConfigurationError
from transload.canonical.model import Model
from transload.mappings.language import headers
from transload.mappings.language.checks import check
from transload.mappings.language.derived import derive
from transload.mappings.language.ignoring import ignores_of
from transload.mappings.language.limits import limits_of
from transload.mappings.language.losses import expanded
from transload.mappings.language.meaning import FAMILIES, Meaning
from transload.mappings.language.options import options_of
from transload.mappings.language.payloads import documents_of, file_of, refuse_payloads
from transload.mappings.language.records import RecordLayout
from transload.mappings.language.rows import ColumnLayout, RangeLayout
from transload.mappings.language.shelves import Shelves
from transload.mappings.language.terms import Around, Scope
from transload.mappings.language.trees import TreeLayout
from transload.mappings.language.validity import valid_of
from transload.mappings.language.values import Values
from transload.mappings.source.nodes import Rows, Table
from transload.mappings.source.problems import Problems
from transload.mappings.source.reading import Written


def understand(written: Written, guides: Sequence[Path], shelves: Shelves) -> Meaning:
    """What the file means.

    ``guides`` are folders whose guides win over the shipped ones; ``shelves`` what comes from outside.
    Raises `ConfigurationError` with all static findings when one of them is an error.
    """
    table, problems = written.table, written.problems
    headers.check_keys(table, problems)
    headers.check_language(table, problems)
    document, model = headers.document_of(table, problems)
    format_type, options, entries = headers.format_of(table, problems)
    namespaces = headers.namespaces_of(options, entries, problems) if FAMILIES.get(format_type) == "xml" else {}
    match, match_at = headers.match_of(table, format_type, problems)
    strict, ordered = headers.strict_of(table, format_type, problems)
    tests = table.get("tests")
    root = Scope(number=0, model=model or Model)
    meaning = Meaning(
        name=headers.text_of(table, "mapping", problems),
        version=headers.version_of(table, problems),
        document=document,
        model=model or Model,
        format_type=format_type,
        format_options={
            **options_of(
                format_type, {**options, **headers.documents_of(table, format_type, problems)}, entries, problems
            ),
            **headers.pages_of(table, format_type, problems),
        },
        kind="",
        message_version="",
        namespaces=namespaces,
        codes={**headers.codes_of(table, problems), **shelves.codes()},
        root=root,
        scopes=[root],
        loses=tuple(item.text for item in headers.texts_of(table, "loses", problems)),
        match=match,
        match_at=match_at,
        draft=headers.draft_of(table, problems),
        strict=strict,
        ordered=ordered,
        keep=headers.keep_of(table, format_type, problems),
        tests=tests if isinstance(tests, Rows) else None,
        faults=headers.faults_of(entries, problems) if format_type == "soap" else (),
        xrefs=shelves.xrefs(),
        plugins=shelves.plugins(),
        partner=shelves.partner,
        broken=shelves.broken,
        limits=limits_of(table, model, problems),
        valid=valid_of(table, problems),
    )
    if tests is not None and not isinstance(tests, Rows):
        problems.add("M-VALUE", tests.at, "tests: is a list of cases")
    _message(meaning, options, entries, problems, guides)
    meaning.ignores = ignores_of(table, meaning, problems)
    layout = table.get("layout")
    if layout is None:
        problems.add("M-KEY", table.at, "the key layout: is missing")
    if layout is None or model is None or not format_type:
        problems.raise_errors()
        raise AssertionError("a mapping without layout, document or format has an error")
    values = Values(meaning, problems)
    around = Around(scope=root)
    if meaning.family != "rows":
        refuse_payloads(table, meaning, problems)
    if meaning.family == "rows":
        rows = {"csv": ColumnLayout, "fixed": RangeLayout}[format_type](meaning, values, problems)
        meaning.segments = rows.build(layout, around)
        meaning.shapes = rows.finish(meaning.segments)
        meaning.format_options |= documents_of(table, meaning, problems)
        meaning.format_options |= file_of(table, meaning, problems)
    elif meaning.family == "records":
        meaning.segments = RecordLayout(meaning, values, problems).build(layout, around)
    elif format_type == "cobol":
        problems.raise_errors()  # the copybook is needed now
        from transload.mappings.language.cobol import cobol_layout  # other mappings load without it

        cobol_layout(meaning, values, problems, layout, around)
    else:
        meaning.elements = TreeLayout(meaning, values, problems).build(layout, around)
        _root_element(meaning, options, layout.at, problems)
    meaning.derived = derive(table, meaning, values, problems)
    check(meaning, problems)
    meaning.loses = expanded(meaning)
    problems.raise_errors()
    meaning.remarks = tuple(problems.findings)
    return meaning


def _message(
    meaning: Meaning, options: dict[str, object], entries: Table, problems: Problems, guides: Sequence[Path]
) -> None:
    """The message type that the mapping reads and writes, and its guide."""
    if meaning.format_type == "edifact":
        text = options.get("message")
        if not isinstance(text, str) or ":" not in text:
            where = entries.get("message")
            problems.add(
                "M-VALUE",
                where.at if where else entries.at,
                "format: needs the message's type",
                hint="message: ORDERS:D:96A:UN",
            )
            return
        meaning.kind, _, meaning.message_version = text.partition(":")
    elif meaning.format_type == "x12":
        kind, version = options.get("set"), options.get("version")
        if kind is None or version is None:
            problems.add(
                "M-VALUE", entries.at, "format: needs the set and its version", hint='set: "850", version: "004010"'
            )
            return
        meaning.kind, meaning.message_version = str(kind), str(version)
    else:
        return
    listed = meaning.format_options.get("overlays", ())
    overlays = tuple(str(name) for name in listed) if isinstance(listed, list | tuple) else ()
    where = entries.get("overlays") or entries
    try:
        meaning.guide = find_guide(meaning.format_type, meaning.kind, meaning.message_version, tuple(guides), overlays)
    except ConfigurationError as error:
        problems.findings += error.at(where.at).findings
        problems.raise_errors()  # without its guide no place in the message can be told from a wrong one


def _root_element(meaning: Meaning, options: dict[str, object], at: object, problems: Problems) -> None:
    """XML has one root element, which is the message's kind; a JSON layout stands for the members of a document."""
    if meaning.family == "json":
        return
    roots = meaning.elements
    if len(roots) != 1:
        if not any(finding.is_error for finding in problems.findings):
            where = roots[1].at if roots else None
            assert where is not None
            problems.add("M-NODE", where, "an XML layout has one root element")
        return
    root = roots[0]
    if root.items is not None or root.many:
        problems.add("M-NODE", root.at, "the root element does not repeat")
    space, _, local = root.tag.rpartition("}")
    meaning.kind, meaning.message_version = local, space.lstrip("{")
    if meaning.format_type == "soap":
        headers.check_part(meaning.kind, meaning.message_version, options, root.at, problems)
