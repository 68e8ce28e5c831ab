"""Our EDIFACT guides against the UN/EDIFACT directory D.96A as published, where it is at hand."""

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from transload.adapters.edi.guides import Guide, find_guide
from transload.adapters.edi.guides.model import Composite, Entry, Part

Row = tuple[str, str, str]
"""Code, status, form."""

_ELEMENT = re.compile(r"^(\d{3}).{1,3}([A-Z]?\d{3,4})\s+.*?\s([MC])\s*((?:an|a|n)[.\d]+)?\s*$")
_COMPONENT = re.compile(r"^ {3}.{1,3}(\d{4})\s+.*?\s([MC])\s+((?:an|a|n)[.\d]+)\s*$")
_HEAD = re.compile(r"^\W{3,7}([A-Z]{3}) {2,}[A-Z]", re.MULTILINE)
_LINE = re.compile(r"^(\d{4})[ *+#|]+(?:([A-Z]{3})\s.*?|─+ Segment group (\d+)\s+─+)\s+([MC])\s+(\d+)([ ─┐│┘┴]*)$")


def _inner(outer: zipfile.ZipFile, name: str) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(outer.read(name)))


@pytest.fixture(scope="module")
def directory(shared: Path) -> zipfile.ZipFile:
    path = shared / "samples" / "uncefact" / "d96a.zip"
    if not path.is_file():
        pytest.skip(f"no directory: {path} does not exist")
    return zipfile.ZipFile(path)


@pytest.fixture(scope="module")
def published(directory: zipfile.ZipFile) -> dict[str, list[tuple[Row, list[Row]]]]:
    """The segments of TRSD: elements with their components."""
    text = _inner(directory, "d96a/TRSD.ZIP").read("TRSD.96A").decode("cp437")
    found: dict[str, list[tuple[Row, list[Row]]]] = {}
    for block in re.split("─{20,}", text):
        head = _HEAD.search(block)
        if not head:
            continue
        rows = found.setdefault(head[1], [])
        for line in block.splitlines():
            if element := _ELEMENT.match(line):
                rows.append(((element[2], element[3], element[4] or ""), []))
            elif component := _COMPONENT.match(line):
                rows[-1][1].append((component[1], component[2], component[3]))
    return found


def _row(part: Part) -> Row:
    form = "" if isinstance(part.element, Composite) else str(part.element.form)
    return part.element.code, part.status, form


def _ours(guide: Guide, tag: str) -> list[tuple[Row, list[Row]]]:
    segment = guide.segment(tag)
    assert segment is not None
    return [
        (_row(part), [_row(inner) for inner in part.element.parts] if isinstance(part.element, Composite) else [])
        for part in segment.parts
    ]


def _guide(message: str) -> Guide:
    guide = find_guide("edifact", message, "D:96A:UN")
    assert guide is not None
    return guide


@pytest.mark.parametrize("message", ["ORDERS", "ORDRSP"])
def test_every_segment_agrees_with_the_directory(
    message: str, published: dict[str, list[tuple[Row, list[Row]]]]
) -> None:
    guide = _guide(message)
    tags = [tag for tag in guide.tags if tag != "UNS"]  # a service segment: not in TRSD
    assert len(tags) > 40
    assert {tag: _ours(guide, tag) for tag in tags} == {tag: published[tag] for tag in tags}


def _flat(entries: tuple[Entry, ...], depth: int = 0) -> Iterator[tuple[str, str, int, int]]:
    for entry in entries:
        yield entry.name, entry.status, entry.most, depth
        yield from _flat(entry.children, depth + 1)


def _table(text: str) -> Iterator[tuple[str, str, int, int]]:
    """The segment table: a group's lines are those until its bracket closes."""
    depth = 0
    for line in text.splitlines():
        found = _LINE.match(line)
        if not found:
            continue
        _, tag, group, status, most, brackets = found.groups()
        if tag in ("UNH", "UNT"):
            continue
        yield f"SG{group}" if group else tag, status, int(most), depth
        if group:
            depth += 1
        else:
            depth -= brackets.count("┘") + brackets.count("┴")


@pytest.mark.parametrize("message", ["ORDERS", "ORDRSP"])
def test_the_structure_agrees_with_the_directory(message: str, directory: zipfile.ZipFile) -> None:
    messages = _inner(directory, "d96a/TRMD.ZIP")
    name = next(name for name in messages.namelist() if name.endswith(f"{message}_D.96A"))
    rows = list(_table(messages.read(name).decode("cp437")))
    assert len(rows) > 150
    assert list(_flat(_guide(message).structure)) == rows
