"""The guideline of a mapping, as an HTML page."""

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from transload.mappings import library_names, load_mapping
from transload.mappings.views.examples import example_of
from transload.mappings.views.guideline import guideline
from transload.mappings.views.outline import outline

HOSTILE = "<script>alert(1)</script>\"><img src='https://evil.example/x' onerror=x>&amp;"
MAPPING = """\
mapping: hostile
version: 1
document: order/1
format: {{type: json}}
match: {{}}
note: {text}
loses: ["*"]
codes:
  "<b>uom</b>": {{{text}: EA}}
layout:
  - orderNumber: =number
    note: {text}
  - orderDate: =issued_on | date(iso)
  - {text}: {text}
  - in: buyer
    customer: {{gln: =gln}}
  - each: lines
    items: {{position: =number, quantity: =quantity | number, "<i>unit</i>": =uom | code(<b>uom</b>)}}
"""


class Page(HTMLParser):
    """The tags, attributes and texts of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def asked(page: Page) -> Iterator[str]:
    for name, value in page.attributes:
        if name in ("src", "srcset", "action", "data", "poster") or (
            name == "href" and not (value or "").startswith("#")
        ):
            yield f"{name}={value}"


@pytest.mark.parametrize("name", library_names())
def test_a_page_of_every_library_mapping_is_whole_and_asks_for_nothing(name: str) -> None:
    mapping = load_mapping(name)
    text = guideline(mapping)
    page = Page(text)
    said = set(page.texts)
    assert list(asked(page)) == []
    assert "url(" not in text
    assert "@import" not in text
    assert {"script", "iframe", "object", "link"}.isdisjoint(page.tags)
    assert mapping.digest in said
    for branch in outline(mapping.meaning, mapping.table):
        assert {leaf.field for leaf in branch.leaves if leaf.field} <= said
    for table in mapping.meaning.codes.values():
        assert {*table.read, *table.read.values()} <= said
    assert set(mapping.loses) <= said
    ids = [value for key, value in page.attributes if key == "id"]
    assert len(ids) == len(set(ids))
    targets = {(value or "")[1:] for key, value in page.attributes if key == "href"}
    assert targets <= set(ids)


def test_the_example_shows_each_segment_with_its_fields() -> None:
    example = example_of(load_mapping("library:edifact/orders-d96a"))
    assert example.lines[0].text == "BGM+226+KW-26-0081+9'"
    assert example.lines[0].fields == ("kind", "number", "purpose")
    assert example.left == 0


def test_hostile_texts_stay_texts(tmp_path: Path) -> None:
    file = tmp_path / "hostile.yaml"
    quoted = '"' + HOSTILE.replace('"', '\\"') + '"'
    file.write_text(MAPPING.format(text=quoted), encoding="utf-8")
    text = guideline(load_mapping(file))
    page = Page(text)
    assert {"script", "img", "b", "i"}.isdisjoint(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert list(asked(page)) == []
    assert page.texts.count(HOSTILE) >= 3
