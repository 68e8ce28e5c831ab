"""The page about the library lists its mappings, and what they carry, as they are.

``TRANSLOAD_GOLDEN=write`` in the environment writes the tables of the page again.
"""

import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from transload.canonical.documents import DOCUMENTS
from transload.mappings import Mapping, library_names, load_mapping
from transload.mappings.language.fields import Kind, field_type

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs/library.md"
NAMES = sorted(name.removeprefix("library:") for name in library_names())
HEADINGS = [name.partition("/")[0] for name in DOCUMENTS]
TABLE = re.compile(r"(?:^\|.*\n)+", re.MULTILINE)


@cache
def mapping_of(name: str) -> Mapping:
    return load_mapping(f"library:{name}")


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def the_mappings() -> str:
    """One row for each file of the library."""
    rows = []
    for name in NAMES:
        mapping = mapping_of(name)
        meaning = mapping.meaning
        sample = next(_samples(mapping)).removeprefix("../samples/")
        guide = meaning.guide.message if meaning.guide is not None else ""
        rows.append([f"`{name}`", _message(mapping), f"`{mapping.document}`", f"`{sample}`", guide])
    return table(["mapping", "message", "document", "sample", "guide"], rows)


def _samples(mapping: Mapping) -> Iterator[str]:
    """The samples of its tests that say which document they are."""
    assert mapping.meaning.tests is not None
    for case in mapping.meaning.tests:
        wire, canonical = case.get("wire"), case.get("canonical")  # type: ignore[union-attr]
        if wire is not None and canonical is not None:
            yield wire.text


def _message(mapping: Mapping) -> str:
    meaning = mapping.meaning
    if meaning.elements and meaning.family == "xml":
        return f"UBL 2.1 {meaning.elements[0].label}"
    words = {"csv": "CSV", "fixed": "fixed width"}.get(meaning.format_type)
    return words or f"{mapping.kind} {mapping.message_version}"


def what_is_carried(document: str) -> str:
    """A row for each field of the document, and of its lines, that not every mapping carries."""
    names = [name for name in NAMES if mapping_of(name).document == document]
    model = DOCUMENTS[document]
    fields = [field for field in model.model_fields if field != "lines"]
    kind = field_type(model, "lines")
    fields += [f"lines[].{field}" for field in kind.model.model_fields] if kind is not None else []
    rows = []
    for field in fields:
        cells = [_cell(mapping_of(name), field) for name in names]
        if set(cells) != {"yes"}:
            rows.append([f"`{field}`", *cells])
    return table([document.partition("/")[0], *(f"`{name}`" for name in names)], rows)


def _cell(mapping: Mapping, field: str) -> str:
    read, written = _bound(mapping)
    leaves = {
        leaf
        for leaf in _leaves(mapping.meaning.model, "")
        if leaf == field or leaf.startswith((f"{field}.", f"{field}["))
    }
    if leaves <= read & written:
        return "yes"
    if leaves & read & written:
        return "part"
    return "read" if leaves & read else "written" if leaves & written else "no"


@cache
def _bound(mapping: Mapping) -> tuple[set[str], set[str]]:
    """The fields that are read, and those that are written."""
    read, written = set(), set()
    for slot in mapping.meaning.slots:
        if slot.field is not None:
            name = re.sub(r"\[[^]]*=[^]]*\]", "[]", slot.field.text().removesuffix("[]").rstrip("."))
            read |= {name} if slot.reads else set()
            written |= {name} if slot.writes else set()
    for node in mapping.meaning.nodes():
        for condition in node.when:
            read |= {condition.field.text()} if node.reads else set()
            written |= {condition.field.text()} if node.writes else set()
    return read, written


def _leaves(model: Any, prefix: str) -> Iterator[str]:
    for name in model.model_fields:
        kind = field_type(model, name)
        assert kind is not None
        if kind.kind is Kind.OBJECT:
            yield from _leaves(kind.model, f"{prefix}{name}.")
        elif kind.kind is Kind.ITEMS and prefix.count(f"{name}[]") < 2:  # packages hold packages
            yield from _leaves(kind.model, f"{prefix}{name}[].")
        elif kind.kind is not Kind.ITEMS:
            yield f"{prefix}{name}"


def written_again(page: str) -> str:
    """The page with its tables as they should be."""
    head, *parts = re.split(r"(?=^### )", page, flags=re.MULTILINE)
    found = [TABLE.sub(lambda _: the_mappings(), head, count=1)]
    for part in parts:
        title, text = part.split("\n", 1)
        name = next(name for name in DOCUMENTS if name.startswith(f"{title.removeprefix('### ')}/"))
        found.append(f"{title}\n\n{what_is_carried(name)}\n{TABLE.sub('', text).strip()}".rstrip() + "\n\n")
    return "".join(found).rstrip() + "\n"


def test_the_page_lists_the_mappings_and_what_they_carry() -> None:
    page = PAGE.read_text(encoding="utf-8")
    now = written_again(page)
    if os.environ.get("TRANSLOAD_GOLDEN") == "write":
        page = now
        PAGE.write_text(page, encoding="utf-8")
    assert now.splitlines() == page.splitlines()


def test_the_page_has_a_section_for_each_document() -> None:
    titles = re.findall(r"^### (.*)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert titles == HEADINGS


@pytest.mark.parametrize("name", NAMES)
def test_a_mapping_has_a_sample_with_its_document(name: str) -> None:
    assert list(_samples(mapping_of(name)))


def test_the_example_loads(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "acme.yaml").write_text(example, encoding="utf-8")
    assert load_mapping("acme.yaml", base=tmp_path).meaning.segments
