"""The merged file is the same mapping, and each line stands where it is said to come from."""

import re
from pathlib import Path

import pytest

from transload.adapters.base import positioned
from transload.mappings import library_names
from transload.mappings.source.nodes import located, plain_value
from transload.mappings.source.reading import locate, read
from transload.mappings.views.resolved import resolved_lines, resolved_text

BASE = """
mapping: base
document: order/1
format: {type: edifact, message: "ORDERS:D:96A:UN"}
codes: {uom: {PCE: EA, KGM: KGM}}
layout:
  - BGM: {1004: =number}
  - DTM: {2005: 137, 2380+2379: =issued_on | dtm(102)}
  - RFF: {1153: CT, 1154: =contract}
  - UNS: {0081: S}
"""
GROUP = """
mapping: group
extends: base.yaml
codes: {uom: {STK: EA}}
change:
  BGM: {1001: 220}
  RFF CT: remove
"""
PARTNER = """
mapping: acme
extends: group.yaml
add:
  - after: BGM
    when: {purpose: replace}
    RFF: {1153: ON, 1154: =previous_order}
"""


@pytest.fixture
def chain(tmp_path: Path) -> Path:
    for name, text in (("base.yaml", BASE), ("group.yaml", GROUP), ("acme.yaml", PARTNER)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path / "acme.yaml"


def commented(reference: str | Path) -> str:
    return re.sub(" +  # ", "  # ", resolved_text(read(reference).table))


@pytest.mark.parametrize("name", library_names())
def test_the_text_is_the_same_mapping(name: str, tmp_path: Path) -> None:
    file = tmp_path / "resolved.yaml"
    file.write_text(resolved_text(read(name).table), encoding="utf-8")
    assert read(file).text == read(name).text
    assert plain_value(located(positioned.load(file), "one.yaml")) == plain_value(read(name).table)


def test_three_levels(chain: Path, tmp_path: Path) -> None:
    text = commented(chain).replace(f"{tmp_path}/", "")
    assert text == (
        "mapping: acme  # acme.yaml:2\n"
        "document: order/1  # base.yaml:3\n"
        'format: {type: edifact, message: "ORDERS:D:96A:UN"}  # base.yaml:4\n'
        "codes:  # group.yaml:4\n"
        "  uom:  # group.yaml:4\n"
        "    STK: EA  # group.yaml:4\n"
        "    PCE: EA  # base.yaml:5\n"
        "    KGM: KGM  # base.yaml:5\n"
        "layout:  # base.yaml:6\n"
        "  - BGM:  # base.yaml:7\n"
        "      1004: =number  # base.yaml:7\n"
        "      1001: 220  # group.yaml:6\n"
        "  - when: {purpose: replace}  # acme.yaml:6\n"
        "    RFF: {1153: ON, 1154: =previous_order}  # acme.yaml:7\n"
        "  - DTM: {2005: 137, 2380+2379: =issued_on | dtm(102)}  # base.yaml:8\n"
        "  - UNS: {0081: S}  # base.yaml:10\n"
    )
    file = tmp_path / "resolved.yaml"
    file.write_text(text, encoding="utf-8")
    assert read(file).text == read(chain).text


@pytest.mark.parametrize("name", ["library:edifact/orders-d01b", "library:ubl/order-2.1", "library:fixed/orders"])
def test_each_line_stands_in_its_file(name: str) -> None:
    texts: dict[str, list[str]] = {}
    for line in resolved_lines(read(name).table):
        lines = texts.setdefault(line.at.file, locate(line.at.file, None)[0].read_text(encoding="utf-8").splitlines())
        word = re.sub(r'^[\s\-"]*', "", line.text).split('"')[0].split(":")[0]
        assert word in lines[line.at.line - 1], line


@pytest.mark.parametrize(
    "text", ["yes", "null", "a: b", "a #b", " x", '="x"', "{a}", "[1]", "*x", "é\u2028", "- a", "~"]
)
def test_texts_that_yaml_would_take_for_something_else(text: str, tmp_path: Path) -> None:
    file = tmp_path / "map.yaml"
    quoted = text.replace("\\", "\\\\").replace('"', '\\"').replace("\u2028", "\\L")
    file.write_text(f'mapping: m\nnote: "{quoted}"\ncodes: {{t: {{"{quoted}": "{quoted}"}}}}\n', encoding="utf-8")
    again = tmp_path / "again.yaml"
    again.write_text(commented(file), encoding="utf-8")
    assert read(again).text == read(file).text
