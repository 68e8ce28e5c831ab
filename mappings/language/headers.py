"""The keys of a mapping file around its layout: name, document, format, code tables, match, ignores."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from transload.adapters.base.soap import SOAP_11, VERSIONS
from transload.canonical.documents import DOCUMENTS, document_model
from transload.canonical.errors import ConfigurationError
from transload.canonical.model import Model
from transload.canonical.places import MappingPlace
from transload.mappings.language.converters.base import CodeTable
from transload.mappings.language.meaning import FAMILIES
from transload.mappings.language.options import gives_objects
from transload.mappings.language.shelves import is_file
from transload.mappings.source.nodes import Rows, Source, Table, Text, plain_value
from transload.mappings.source.problems import Problems, suggest

KEYS = (
    "mapping", "version", "language", "document", "format", "extends", "change", "add", "codes", "pieces", "pages",
    "documents", "file", "match", "ignores", "loses", "strict", "keep", "tests", "layout", "note", "xrefs", "uses",
    "limits", "derive", "valid", "draft",
)  # fmt: skip
FORMATS = tuple(FAMILIES)
PAGES = ("items", "next", "size", "count", "total", "page")
PARTS = ("request", "response", "fault")
MATCHES = ("message", "version", "sender", "receiver")
_PLACE = re.compile(r"([A-Z][A-Z0-9]{1,2}) (\S+)")


def check_keys(table: Table, problems: Problems) -> None:
    """Note every key that is not of the language."""
    for key, _ in table:
        if key.text not in KEYS:
            problems.add("M-KEY", key.at, f"there is no key {key.text!r}", hint=suggest(key.text, KEYS))


def text_of(table: Table, key: str, problems: Problems, *, required: bool = True) -> str:
    """The text under ``key``, or an empty one with a finding."""
    value = table.get(key)
    if isinstance(value, Text) and value.text:
        return value.text
    if value is not None:
        problems.add("M-VALUE", value.at, f"{key}: takes a text")
    elif required:
        problems.add("M-KEY", table.at, f"the key {key}: is missing")
    return ""


def version_of(table: Table, problems: Problems) -> int:
    """The file's version, 1 where it says none."""
    value = table.get("version")
    if value is None:
        return 1
    if isinstance(value, Text) and value.text.isascii() and value.text.isdigit():
        return int(value.text)
    problems.add("M-VALUE", value.at, "version: is a whole number")
    return 1


def document_of(table: Table, problems: Problems) -> tuple[str, type[Model] | None]:
    """The document's name and model."""
    name = text_of(table, "document", problems)
    if not name:
        return "", None
    try:
        return name, document_model(name)
    except ConfigurationError as error:
        value = table.get("document")
        at = value.at if value else table.at
        close = next((known for known in DOCUMENTS if known.partition("/")[0] == name.lower()), None)
        problems.add("M-VALUE", at, error.message, hint=f"did you mean {close!r}?" if close else error.hint)
        return name, None


def codes_of(table: Table, problems: Problems) -> dict[str, CodeTable]:
    """The code tables.  Keys are unique by YAML; of several with one meaning the first is written."""
    found: dict[str, CodeTable] = {}
    for name, rows in _entries(table, "codes", problems):
        if isinstance(rows, Table) and is_file(rows):
            continue
        if not isinstance(rows, Table):
            problems.add("M-VALUE", rows.at, f"the code table {name.text} is a table: {{wire: canonical}}")
            continue
        read: dict[str, str] = {}
        write: dict[str, str] = {}
        at: dict[str, MappingPlace] = {}
        for wire, canonical in rows:
            if not isinstance(canonical, Text) or not canonical.text or not wire.text:
                problems.add("M-VALUE", canonical.at, "a code table maps one text to one text")
                continue
            read[wire.text] = canonical.text
            write.setdefault(canonical.text, wire.text)
            at[wire.text] = canonical.at
        found[name.text] = CodeTable(name=name.text, read=read, write=write, at=at)
    return found


def _entries(table: Table, key: str, problems: Problems) -> Table:
    value = table.get(key)
    if value is None:
        return Table((), table.at)
    if not isinstance(value, Table):
        problems.add("M-VALUE", value.at, f"{key}: is a table")
        return Table((), value.at)
    return value


def format_of(table: Table, problems: Problems) -> tuple[str, dict[str, Any], Table]:
    """The format's type and its options as plain values, with the table itself for places."""
    entries = _entries(table, "format", problems)
    if table.get("format") is None:
        problems.add("M-KEY", table.at, "the key format: is missing", hint="format: {type: edifact, message: ...}")
    value = entries.get("type")
    name = value.text if isinstance(value, Text) else ""
    if value is None and entries.pairs:
        problems.add("M-KEY", entries.at, "format: has no type", hint=f"types are {', '.join(FORMATS)}")
    known = name in FORMATS or gives_objects(name)
    if value is not None and not known:
        hint = suggest(name, FORMATS, f"types are {', '.join(FORMATS)}")
        problems.add("M-VALUE", value.at, f"there is no format {name!r}", hint=hint)
    options = {key.text: plain_value(item) for key, item in entries if key.text != "type"}
    return (name if known else ""), options, entries


def pages_of(table: Table, format_type: str, problems: Problems) -> dict[str, Any]:
    """The options of JSON pages, from ``pages: {items: data, next: links.next, size: 50}``."""
    pages = table.key("pages")
    if pages is None:
        return {}
    if format_type != "json":
        problems.add("M-KEY", pages.at, "pages: is for JSON")
        return {}
    from transload.adapters.json import JsonOptions  # here, so that other mappings load without it

    entries = _entries(table, "pages", problems)
    for key, _ in entries:
        if key.text not in PAGES:
            problems.add("M-KEY", key.at, f"pages: does not know {key.text!r}", hint=suggest(key.text, PAGES))
    options = {key.text: plain_value(value) for key, value in entries if key.text in PAGES}
    if "items" not in options:
        hint = "items: data, or items: $ for a payload that is an array"
        problems.add("M-VALUE", pages.at, "pages: items: names the member that holds the documents", hint=hint)
        return {}
    try:
        JsonOptions.model_validate(options)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            words = detail["msg"].removeprefix("Value error, ")
            name = "".join(f" {step}:" for step in detail["loc"])
            problems.add("M-VALUE", pages.at, f"pages:{name} {words[:1].lower()}{words[1:]}")
        return {}
    return options


def documents_of(table: Table, format_type: str, problems: Problems) -> dict[str, Any]:
    """The option ``documents`` of a COBOL file: which records make up one document."""
    documents = table.key("documents")
    if documents is None or format_type != "cobol":
        return {}
    from transload.adapters.cobol.options import Documents  # here, so that other mappings load without it

    options = {key.text: plain_value(value) for key, value in _entries(table, "documents", problems)}
    try:
        Documents.model_validate(options)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            words = detail["msg"].removeprefix("Value error, ")
            name = ".".join(str(step) for step in detail["loc"])
            problems.add("M-VALUE", documents.at, f"documents: {name}: {words}" if name else words)
        return {}
    return {"documents": options}


def match_of(
    table: Table, format_type: str, problems: Problems
) -> tuple[dict[str, tuple[str, ...]], dict[str, MappingPlace]]:
    """What a message must be for this mapping: by envelope, and by places such as ``BGM 1001``."""
    found: dict[str, tuple[str, ...]] = {}
    at: dict[str, MappingPlace] = {}
    for key, value in _entries(table, "match", problems):
        records = format_type in ("edifact", "x12")
        if key.text not in MATCHES and not (records and _PLACE.fullmatch(key.text)):
            hint = suggest(
                key.text,
                MATCHES,
                f"it takes {', '.join(MATCHES)}" + (" or a place such as BGM 1001" if records else ""),
            )
            problems.add("M-KEY", key.at, f"match: does not know {key.text!r}", hint=hint)
            continue
        values = value.values if isinstance(value, Rows) else (value,)
        texts = tuple(item.text for item in values if isinstance(item, Text) and item.text)
        if len(texts) != len(values) or not texts:
            problems.add("M-VALUE", value.at, f"match: {key.text}: takes a text or a list of texts")
            continue
        found[key.text], at[key.text] = texts, key.at
    return found, at


def texts_of(table: Table, key: str, problems: Problems) -> list[Text]:
    """A list of texts under ``key``."""
    value = table.get(key)
    if value is None:
        return []
    if not isinstance(value, Rows):
        problems.add("M-VALUE", value.at, f"{key}: is a list")
        return []
    found = []
    for item in value:
        if isinstance(item, Text) and item.text:
            found.append(item)
        else:
            problems.add("M-VALUE", item.at, f"{key}: is a list of texts")
    return found


def check_language(table: Table, problems: Problems) -> None:
    """Note a version of the language that is not this one, 1."""
    value = table.get("language")
    if value is not None and not (isinstance(value, Text) and value.text == "1"):
        problems.add("M-VALUE", value.at, "language: is 1, the only version of this language", hint="leave it out")


def strict_of(table: Table, format_type: str, problems: Problems) -> tuple[bool, bool]:
    """Whether what the mapping does not know stops a document (``strict: true``), and another order (``order``) too."""
    value: Source | None = table.get("strict")
    if value is None:
        return False, False
    if isinstance(value, Text) and value.text in ("true", "false"):
        return value.text == "true", False
    if not isinstance(value, Text) or value.text != "order":
        problems.add("M-VALUE", value.at, "strict: is true, false or order")
    elif format_type == "json":
        problems.add("M-VALUE", value.at, "the members of JSON objects have no order", hint="write  strict: true")
    return True, True


def keep_of(table: Table, format_type: str, problems: Problems) -> bool:
    """Whether what nothing takes of a message travels beside its document (``keep: true``)."""
    value: Source | None = table.get("keep")
    if value is None:
        return False
    if not isinstance(value, Text) or value.text not in ("true", "false"):
        problems.add("M-VALUE", value.at, "keep: is true or false")
        return False
    if value.text == "true" and format_type not in ("edifact", "x12"):
        problems.add("M-VALUE", value.at, "keep: is for segments of EDIFACT and X12")
    return value.text == "true"


def draft_of(table: Table, problems: Problems) -> bool:
    """Whether the file says that it is not finished (``draft: true``)."""
    value = table.get("draft")
    if value is None:
        return False
    if not (isinstance(value, Text) and value.text in ("true", "false")):
        problems.add("M-VALUE", value.at, "draft: is true or false")
        return False
    return value.text == "true"


def namespaces_of(options: Mapping[str, Any], entries: Table, problems: Problems) -> dict[str, str]:
    """The namespace prefixes of an XML mapping; the empty prefix is the default namespace."""
    value = options.get("namespaces")
    fault = {"soap": fault_namespace(options)} if options.get("part") == "fault" else {}
    if value is None:
        return fault
    if isinstance(value, dict) and all(isinstance(uri, str) and uri for uri in value.values()):
        return {**fault, **value}
    where = entries.get("namespaces")
    problems.add("M-VALUE", where.at if where else entries.at, "namespaces: is a table {prefix: address}")
    return {}


def fault_namespace(options: Mapping[str, Any]) -> str:
    """The namespace of the fault that a mapping of ``part: fault`` reads: that of its version of SOAP."""
    return VERSIONS.get(str(options.get("version", "1.1")), SOAP_11)


def faults_of(entries: Table, problems: Problems) -> tuple[Text, ...]:
    """The mapping files of ``faults:``, one or a list."""
    value = entries.get("faults")
    if value is None:
        return ()
    rows = value.values if isinstance(value, Rows) else (value,)
    found = tuple(item for item in rows if isinstance(item, Text) and item.text)
    if len(found) != len(rows) or not found:
        problems.add("M-VALUE", value.at, "faults: names a mapping file, or a list of them")
    return found


def check_part(kind: str, space: str, options: Mapping[str, Any], at: MappingPlace, problems: Problems) -> None:
    """Note a root element that is not what ``part:`` says: only a fault has the element Fault of SOAP."""
    is_fault = kind == "Fault" and space in VERSIONS.values()
    part = options.get("part")
    if part not in (None, *PARTS):
        problems.add("M-VALUE", at, f"part: is {', '.join(PARTS)}, and not {part}")
    elif part == "fault" and not (is_fault and space == fault_namespace(options)):
        hint = "the prefix soap is known in a mapping of a fault"
        problems.add("M-VALUE", at, "part: fault has the root element soap:Fault of its version", hint=hint)
    elif is_fault and part is not None and part != "fault":
        problems.add("M-VALUE", at, f"a fault is no {part}", hint="write part: fault")
