"""The schema for writing mappings: shipped files fit, wrong ones do not; the YAML language server completes by it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator
from tests.mappings.views.language_server import LanguageServer, installed

from transload.canonical.errors import ConfigurationError
from transload.mappings import load_mapping
from transload.mappings.source.reading import LIBRARY, library_names
from transload.mappings.views.editor import editor_schema, wanted

FIXTURES = Path(__file__).parents[3] / "fixtures"
FILES = [
    *(LIBRARY / f"{name.removeprefix('library:')}.yaml" for name in library_names()),
    *(
        file
        for file in sorted(FIXTURES.rglob("*.yaml"))
        if re.search("^mapping:", file.read_text("utf-8"), re.MULTILINE)
    ),
]
_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


def as_editors_read(text: str) -> Any:
    """The values as an editor sees them: typed by YAML 1.2, and keys as texts."""
    return _typed(yaml.compose(text, Loader=yaml.CSafeLoader))


def _typed(node: Any) -> Any:
    if isinstance(node, yaml.MappingNode):
        return {str(_scalar(key)).replace("True", "true"): _typed(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_typed(value) for value in node.value]
    return _scalar(node)


def _scalar(node: Any) -> Any:
    text = node.value
    if node.style in ("'", '"', "|", ">"):
        return text
    if text in ("", "~", "null"):
        return None
    if text in ("true", "false"):
        return text == "true"
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def validator(message: str, document: str = "order/1") -> Draft7Validator:
    schema = editor_schema(wanted(message, document))
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema)


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_every_mapping_fits_the_schema_of_its_message(file: Path) -> None:
    mapping = load_mapping(file)
    name = mapping.format_type
    if name in ("edifact", "x12"):
        name = f"{mapping.kind}:{mapping.message_version}"
    faults = list(validator(name, mapping.document).iter_errors(as_editors_read(file.read_text(encoding="utf-8"))))
    assert [(fault.json_path, fault.message[:200]) for fault in faults] == []


GOOD = """\
# yaml-language-server: $schema=orders.schema.json
mapping: m
version: 2
document: order/1
format: {type: edifact, message: "ORDERS:D:96A:UN"}
codes: {uom: {PCE: EA, 21: KGM}}
limits: {number: {length: 20}}
layout:
  - BGM: {1001: 220, 1004: =number}
  - DTM: {2005: 137, 2380+2379: =issued_on | dtm(102)}
  - RFF: {1153: CT, 1154: {value: =contract, max: 17}}
  - cases: {BY: buyer, SU: seller}
    NAD: {3035: =case, 3039: =gln, 3055: [9, 92], 3036: =name}
  - each: lines
    as: line
    LIN: {1: =number, pair(7143 7140): {EN: =gtin}}
    then:
      - QTY: {6063: 21, 6060: =quantity, 6411: =uom | code(uom)}
      - MOA: {5025: 203, 5004: =quantity * price | round(2)}
      - RFF: {1153: ON, 1154: =line.number}
  - UNS: {0081: S}
  - CNT: {6069: 2, 6066: =count(lines)}
tests:
  - {name: t, wire: a.edi, canonical: a.json}
"""
UNKNOWN = "no such field or converter: write  =field | converter  or  a literal"
WRONG = {
    "an unknown key": (
        "version:",
        "versoin:",
        3,
        "Property versoin is not allowed.",
    ),
    "no name": (
        "mapping: m\n",
        "",
        2,
        'Missing property "mapping".',
    ),
    "no layout": (
        GOOD[GOOD.index("layout:") : GOOD.index("tests:")],
        "",
        2,
        'Missing property "layout".',
    ),
    "a version that is no number": (
        "version: 2",
        "version: two",
        3,
        "a whole number is expected",
    ),
    "another document": (
        "order/1",
        "order/2",
        4,
        'Value is not accepted. Valid values: "order/1".',
    ),
    "another format": (
        "type: edifact",
        "type: x12",
        5,
        'Value is not accepted. Valid values: "edifact".',
    ),
    "another message": (
        "ORDERS:D:96A",
        "INVOIC:D:96A",
        5,
        "this schema is for ORDERS:D:96A:UN",
    ),
    "a segment that the message does not have": (
        "- UNS:",
        "- UNX:",
        21,
        "Property UNX is not allowed.",
    ),
    "an element that the segment does not have": (
        "1004: =number",
        "1005: =number",
        9,
        "Property 1005 is not allowed.",
    ),
    "a place that is none": (
        "1004: =number",
        "number: =number",
        9,
        "Property number is not allowed.",
    ),
    "an unknown field": (
        "=contract",
        "=contrakt",
        11,
        UNKNOWN,
    ),
    "an unknown field of an object": (
        "3039: =gln",
        "3039: =glm",
        13,
        UNKNOWN,
    ),
    "an unknown converter": (
        "dtm(102)",
        "dmt(102)",
        10,
        UNKNOWN,
    ),
    "an unknown modifier": (
        "- each:",
        "- eech:",
        14,
        "Property eech is not allowed.",
    ),
    "a node without a segment": (
        "    LIN: {1: =number, pair(7143 7140): {EN: =gtin}}\n",
        "",
        14,
        'Missing property "the name of a segment".',
    ),
    "a list that is none": (
        "each: lines",
        "each: line",
        14,
        'Value is not accepted. Valid values: "references", "notes", "payment_terms", ',
    ),
    "an object that is none": (
        "SU: seller",
        "SU: sellers",
        12,
        'Value is not accepted. Valid values: "buyer", "seller", "ship_to", ',
    ),
    "a max that is no number": (
        "as: line\n",
        "max: many\n",
        15,
        "a whole number is expected",
    ),
    "a direction that is none": (
        "as: line\n",
        "only: read\n",
        15,
        'Value is not accepted. Valid values: "decode", "encode".',
    ),
    "no value": (
        "0081: S",
        "0081: ",
        21,
        "Incorrect type. Expected one of string, number, boolean.",
    ),
    "a long form with an unknown key": (
        "max: 17",
        "maks: 17",
        11,
        "Property maks is not allowed.",
    ),
    "a long form without a value": (
        "{value: =contract, max: 17}",
        "{max: 17}",
        11,
        'Missing property "value".',
    ),
    "an empty list of literals": (
        "[9, 92]",
        "[]",
        13,
        "Incorrect type. Expected one of string, number, boolean.",
    ),
    "a code table that is a list": (
        "{PCE: EA, 21: KGM}",
        "[PCE, EA]",
        6,
        'Incorrect type. Expected "a code table, {WIRE: CANONICAL}".',
    ),
    "a limit that is none": (
        "{length: 20}",
        "{lenght: 20}",
        7,
        "Property lenght is not allowed.",
    ),
    "a test with an unknown key": (
        "wire: a.edi",
        "wires: a.edi",
        24,
        "Property wires is not allowed.",
    ),
    "a layout that is a table": (
        "layout:\n  - BGM: {1001: 220, 1004: =number}\n",
        "layout:\n  BGM: {1004: =number}\nx:\n",
        9,
        'Incorrect type. Expected "array".',
    ),
}
"""What is wrong, how the good file is changed so, the line that a server marks, and how what it says begins."""


def test_a_good_file() -> None:
    assert [fault.message for fault in validator("ORDERS:D:96A").iter_errors(as_editors_read(GOOD))] == []


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_file(name: str) -> None:
    old, new, _, _ = WRONG[name]
    assert old in GOOD
    assert not validator("ORDERS:D:96A").is_valid(as_editors_read(GOOD.replace(old, new, 1)))


TREES = {
    "xml": """
mapping: m
document: order/1
format: {type: xml, namespaces: {"": "urn:a"}}
layout:
  Order:
    - "@no": =number
    - Day: {value: =issued_on | date(iso)}
    - each: lines
      Line: {Qty: {"@unit": =uom, text(): =quantity}, No: =number}
""",
    "csv": """
mapping: m
document: order/1
format: {type: csv}
documents: {by: [No]}
layout:
  - each: lines
    row: {No: =order.number, Day: =order.issued_on | date(iso), 3: =quantity}
""",
    "fixed": """
mapping: m
document: order/1
format: {type: fixed}
layout:
  - record: {1-3: HDR, 4-13: =number, 14: =issued_on | date(yyyyMMdd)}
""",
    "850:004010": """
mapping: m
document: order/1
format: {type: x12, set: 850, version: "004010"}
layout:
  - BEG: {01: 00, 03: =number, 05: =issued_on | date(yyyyMMdd)}
  - N1: {01: ST, 02: =ship_to.name}
""",
}


@pytest.mark.parametrize("name", TREES)
def test_other_formats(name: str) -> None:
    schema = validator(name)
    assert [fault.message for fault in schema.iter_errors(as_editors_read(TREES[name]))] == []
    for old, new in (("number", "nummer"), ("layout:", "layuot:"), ("date(", "dote(")):
        assert not schema.is_valid(as_editors_read(TREES[name].replace(old, new)))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ORDERS", "'ORDERS' is no message and no format"),
        ("850", "'850' is no message and no format"),
        ("yaml", "'yaml' is no message and no format"),
    ],
)
def test_what_no_schema_is_for(name: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(said)):
        wanted(name, "order/1")


def test_what_an_editor_proposes() -> None:
    schema = editor_schema(wanted("850:004010", "order/1"))
    place = schema["definitions"]["node"]["properties"]["BEG"]["properties"]["03"]
    assert place["description"].endswith("(AN 1/22, mandatory)")
    offers = schema["definitions"]["expression"]["examples"]
    assert {"=number", "=issued_on | date(yyyyMMdd)", "=quantity", "=buyer.name"} <= set(offers)


def test_a_message_without_a_guide_has_positions_only() -> None:
    schema = validator("8ZZ:004010")
    text = TREES["850:004010"].replace("set: 850", "set: 8ZZ")
    assert [fault.message for fault in schema.iter_errors(as_editors_read(text))] == []
    assert not schema.is_valid(as_editors_read(text.replace("03: =number", "1004: =number")))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LanguageServer, Path]]:
    command = installed()
    if command is None:
        pytest.skip("no yaml-language-server here (npm install --global yaml-language-server)")
    folder = tmp_path_factory.mktemp("editor")
    schema = json.dumps(editor_schema(wanted("ORDERS:D:96A", "order/1")))
    (folder / "orders.schema.json").write_text(schema, encoding="utf-8")
    running = LanguageServer(command, folder)
    yield running, folder
    running.close()


HEAD = GOOD[: GOOD.index("layout:")]


def test_the_language_server_finds_nothing_wrong_with_a_good_file(server: tuple[LanguageServer, Path]) -> None:
    running, folder = server
    assert running.open(folder / "good.yaml", GOOD) == []


@pytest.mark.parametrize("name", WRONG)
def test_the_language_server_says_what_is_wrong_and_where(server: tuple[LanguageServer, Path], name: str) -> None:
    running, folder = server
    old, new, line, said = WRONG[name]
    told = running.open(folder / f"{name.replace(' ', '-')}.yaml", GOOD.replace(old, new, 1))
    assert any(one["range"]["start"]["line"] + 1 == line and one["message"].startswith(said) for one in told), told


COMPLETIONS = {
    "places with their titles": ("  - BGM:\n      ", 6, {"1001", "1004", "1225"}),
    "segments and modifiers": ("  - ", 4, {"BGM", "LIN", "NAD", "each", "cases", "when", "then"}),
    "fields and converters": (
        "  - BGM:\n      1004: ", 12, {"=number", "=issued_on | dtm(102)", "=uom | code(uom)", "=buyer.name"},
    ),
    "codes of the guide": ("  - UNS:\n      0081: ", 12, {"S", "D", "=number"}),
    "lists": ("  - each: ", 10, {"lines", "references"}),
    "objects": ("  - in: ", 8, {"buyer", "seller", "delivery_terms"}),
    "directions": ("  - only: ", 10, {"decode", "encode"}),
}  # fmt: skip


@pytest.mark.parametrize("name", COMPLETIONS)
def test_the_language_server_completes(server: tuple[LanguageServer, Path], name: str) -> None:
    running, folder = server
    added, character, expected = COMPLETIONS[name]
    text = f"{HEAD}layout:\n{added}\n"
    file = folder / f"{name.replace(' ', '-')}.yaml"
    running.open(file, text)
    offered = running.complete(file, text.count("\n") - 1, character)
    assert expected <= set(offered)
    if name == "places with their titles":
        assert "document number (an..35, conditional)" in json.dumps(offered["1004"])
