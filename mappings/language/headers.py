"""The keys of a mapping file around its layout: name, document, format, code tables, match, ignores."""

import re
from collections.abc import Mapping
from typing import Any

from transload.canonical.documents import DOCUMENTS, document_model
from transload.canonical.errors import ConfigurationError
from transload.canonical.model import Model
from transload.canonical.places import MappingPlace
from transload.mappings.language.converters.base import CodeTable
from transload.mappings.source.nodes import Rows, Source, Table, Text, plain_value
from transload.mappings.source.problems import Problems, suggest

KEYS = (
    "mapping", "version", "language", "document", "format", "extends", "change", "add", "codes", "pieces", "pages",
    "match", "ignores", "loses", "strict", "tests", "layout", "note",
)  # fmt: skip
REFUSED = ("xrefs", "uses", "documents", "file", "limits", "keep", "derive", "valid")
FORMATS = ("edifact", "x12", "xml", "json")
OTHER_FORMATS = ("csv", "fixed", "cobol", "soap")
MATCHES = ("message", "version", "sender", "receiver")
_PLACE = re.compile(r"([A-Z][A-Z0-9]{1,2}) (\S+)")


def check_keys(table: Table, problems: Problems) -> None:
    """Note every key that is not of the language, or not of this version."""
    for key, _ in table:
        if key.text in REFUSED:
            problems.unavailable(key.at, f"{key.text}:")
        elif key.text not in KEYS:
            problems.add("M-KEY", key.at, f"there is no key {key.text!r}", hint=suggest(key.text, (*KEYS, *REFUSED)))


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
    elif value is not None and name in OTHER_FORMATS:
        problems.unavailable(value.at, f"the format {name}")
    elif value is not None and name not in FORMATS:
        hint = suggest(name, (*FORMATS, *OTHER_FORMATS), f"types are {', '.join(FORMATS)}")
        problems.add("M-VALUE", value.at, f"there is no format {name!r}", hint=hint)
    options = {key.text: plain_value(item) for key, item in entries if key.text != "type"}
    return (name if name in FORMATS else ""), options, entries


def pages_of(table: Table, format_type: str, problems: Problems) -> dict[str, Any]:
    """The option ``items`` of a JSON page, from ``pages: {items: data}``."""
    pages = table.key("pages")
    if pages is None:
        return {}
    if format_type != "json":
        problems.add("M-KEY", pages.at, "pages: is for JSON")
        return {}
    options: dict[str, Any] = {}
    for key, value in _entries(table, "pages", problems):
        if key.text != "items":
            problems.unavailable(key.at, f"pages: {key.text}:")
        elif isinstance(value, Text) and value.text:
            options["items"] = value.text
        else:
            problems.add("M-VALUE", value.at, "pages: items: names the member that holds the documents")
    return options


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


def strict_of(table: Table, problems: Problems) -> bool:
    """Whether what the mapping does not know stops a document (``strict: true``)."""
    value: Source | None = table.get("strict")
    if value is None:
        return False
    if isinstance(value, Text) and value.text in ("true", "false"):
        return value.text == "true"
    if isinstance(value, Text) and value.text == "order":
        problems.unavailable(value.at, "strict: order")
    else:
        problems.add("M-VALUE", value.at, "strict: is true or false")
    return False


def namespaces_of(options: Mapping[str, Any], entries: Table, problems: Problems) -> dict[str, str]:
    """The namespace prefixes of an XML mapping; the empty prefix is the default namespace."""
    value = options.get("namespaces")
    if value is None:
        return {}
    if isinstance(value, dict) and all(isinstance(uri, str) and uri for uri in value.values()):
        return dict(value)
    where = entries.get("namespaces")
    problems.add("M-VALUE", where.at if where else entries.at, "namespaces: is a table {prefix: address}")
    return {}
