"""Where values come from: bytes, entries, code rows, layers; and why some come from nowhere."""

import html
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from transload.adapters.base.format import Message, Records
from transload.canonical.documents import as_json
from transload.canonical.errors import TransloadError
from transload.mappings import Mapping, library_names, load_mapping
from transload.mappings.laws.samples import messages_of, payload_of, samples_of
from transload.mappings.laws.wires import Wire
from transload.mappings.views.origins import Origin, Why, why
from transload.mappings.views.paths import check_path, parse_path, value_at

LIBRARY = [name for name in library_names() if samples_of(load_mapping(name))]


def read_ones(mapping: Mapping) -> Iterator[tuple[Message, bytes]]:
    """The messages of the samples that give documents."""
    wire = Wire(mapping)
    for sample in samples_of(mapping):
        payload = payload_of(sample, wire)
        for message in messages_of(sample, wire):
            if mapping.matches(message) and mapping.decode(message).documents:
                yield message, payload


def unescaped(format_type: str, piece: bytes) -> str:
    text = piece.decode("utf-8")
    if format_type == "edifact":
        return text.replace("??", "\0").replace("?", "").replace("\0", "?")
    if format_type == "csv":
        return text.replace('""', '"')
    return html.unescape(text) if format_type == "xml" else text


@pytest.mark.parametrize("name", LIBRARY)
def test_the_bytes_of_every_value_are_those_that_it_was_read_from(name: str) -> None:
    mapping = load_mapping(name)
    found = 0
    for message, payload in read_ones(mapping):
        for origin in why(mapping, message, (), payload=payload).origins:
            source = origin.source
            assert source.mapping.line
            assert 1 <= origin.layer <= origin.layers
            if not source.value or origin.converters == ("wrap",):  # derived; or several texts, each with its own
                continue
            assert origin.bytes is not None, origin
            first = source.value.partition(":")[0] if len(origin.places) > 1 else source.value
            piece = payload[origin.bytes.offset :][: origin.bytes.length]
            assert unescaped(mapping.format_type, piece) == first, origin
            found += 1
    assert found > 5


def test_places_are_looked_for_only_where_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    mapping = load_mapping("library:edifact/orders-d96a")
    message, payload = next(read_ones(mapping))
    asked: list[object] = []
    kind = type(message.body)
    original = kind.place

    def counting(self: Records, *arguments: Any, **options: Any) -> Any:
        asked.append(arguments)
        return original(self, *arguments, **options)

    monkeypatch.setattr(kind, "place", counting)
    told = why(mapping, message, parse_path("/lines/0/quantity"), payload=payload)
    assert len(asked) == len(told.origins) == 1


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Any:
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(item, (*path, key))
    else:
        yield path, value


@pytest.mark.parametrize("name", library_names())
def test_every_value_of_a_sample_has_an_origin_or_a_reason(name: str) -> None:
    mapping = load_mapping(name)
    wire = Wire(mapping)
    seen = 0
    for sample in samples_of(mapping)[:1]:
        for message in messages_of(sample, wire)[:1]:
            for number, document in enumerate(mapping.decode(message).documents[:2], 1):
                whole = why(mapping, message, (), number)
                named = {origin.field: origin for origin in whole.origins}
                for path, value in leaves(as_json(document)):
                    assert value_at(document, path) == value
                    one = next((found for found in named if parse_path(found) == path[: len(parse_path(found))]), None)
                    answer = why(mapping, message, path, number) if one is None else None
                    assert answer is None or answer.reason, path
                    seen += 1
                assert all(origin.value is not None for origin in whole.origins)
    assert seen > 5


def test_one_value_is_as_it_is_among_all() -> None:
    mapping = load_mapping("library:edifact/orders-d96a")
    sample = samples_of(mapping)[0]
    message = messages_of(sample, Wire(mapping))[0]
    for origin in why(mapping, message, ()).origins:
        alone = why(mapping, message, parse_path(origin.field)).origins
        assert origin in alone


ORDER = b"""UNA:+.? '
UNB+UNOC:3+A+B+260101:1200+1'
UNH+1+ORDERS:D:96A:UN:EAN008'
BGM+220+PO?+1'
DTM+137:20260105:102'
NAD+SU+4012345000009::9++C?'est ?: une'
LIN+1++4000862141404:EN'
QTY+21:12:C62'
LIN+2'
QTY+21:0.50:KGM'
UNS+S'
CNT+2:2'
UNT+11+1'
UNZ+1+1'
"""
MAPPING = """
mapping: acme
document: order/1
format: {type: edifact, message: "ORDERS:D:96A:UN:EAN008"}
codes: {uom: {C62: EA, KGM: KGM}}
loses: [contract]
derive: {lines.amount: quantity * price}
layout:
  - BGM: {1001: 220, 1004: =number}
  - DTM: {2005: 137, 2380+2379: =issued_on | dtm(102)}
  - RFF: {1153: PL, 1154: =write(price_list)}
  - RFF: {1153: CR, 1154: =buyer_reference}
  - cases: {BY: buyer, SU: seller}
    NAD: {3035: =case, 3039: =gln, 3055: 9, 3036: =name}
  - CUX: {C504.6347: 2, C504.6345: =currency | default(EUR)}
  - each: lines
    LIN: {1: =number, 7140: =gtin, 7143: [SRV, EN]}
    then:
      - QTY: {6063: 21, 6060: =quantity, 6411: =uom | code(uom)}
      - PRI: {5125: AAA, 5118: =price}
  - when: {purpose: original}
    UNS: {0081: S}
  - CNT: {6069: 2, 6066: =count(lines)}
"""


Acme = tuple[Mapping, Message, bytes]


@pytest.fixture
def acme(tmp_path: Path) -> Acme:
    return read(tmp_path, MAPPING, ORDER)


def read(folder: Path, text: str, payload: bytes) -> Acme:
    file = folder / "acme.yaml"
    file.write_text(text, encoding="utf-8")
    mapping = load_mapping(file)
    (message,) = Wire(mapping).messages(payload, "in.edi")
    return mapping, message, payload


def of(acme: Acme, path: str) -> Why:
    mapping, message, payload = acme
    return why(mapping, message, parse_path(path), payload=payload)


def one_of(acme: Acme, path: str) -> Origin:
    (origin,) = of(acme, path).origins
    return origin


def wire_of(acme: Acme, path: str) -> str:
    found = one_of(acme, path).bytes
    assert found is not None
    return found.text


def test_a_value_with_its_code_row(acme: Acme) -> None:
    origin = one_of(acme, "lines[0].uom")
    start = ORDER.index(b"C62")
    assert origin.bytes is not None
    assert (origin.value, origin.bytes.offset, origin.bytes.length, origin.bytes.text) == ("EA", start, 3, "C62")
    assert str(origin.places[0]) == (
        f"in.edi line 8 byte {start}, interchange 1, message 1, segment 6 QTY, element 1, component 3"
    )
    (row,) = origin.rows
    assert (row.table, row.wire, row.canonical, row.listed) == ("uom", "C62", "EA", True)
    assert row.at is not None
    assert (row.at.line, origin.source.mapping.line, origin.inside) == (5, 19, "LIN SRV > QTY 21, QTY 6411")
    assert origin.converters == ("code",)


def test_release_characters_belong_to_the_bytes(acme: Acme) -> None:
    assert wire_of(acme, "/number") == "PO?+1"
    assert wire_of(acme, "/seller/name") == "C?'est ?: une"
    assert one_of(acme, "/seller/name").value == "C'est : une"


def test_two_places_of_one_field(acme: Acme) -> None:
    origin = one_of(acme, "issued_on")
    assert [place.component for place in origin.places] == [2, 3]
    assert (origin.source.value, wire_of(acme, "issued_on")) == ("20260105:102", "20260105")


REASONS = {
    "kind": ("not in this message: order is the default of order/1, and the mapping does not read it", 0),
    "purpose": (None, 0),
    "currency": ("not in this message; the mapping fills it in: =currency | default(EUR)", 15),
    "buyer_reference": ("not in this message; it is read from RFF CR, RFF 1154", 12),
    "price_list": ("the mapping only writes it, to RFF PL, RFF 1154", 11),
    "contract": ("the mapping has no place for it, and lists it under loses:", 0),
    "quotation": ("the mapping has no place for it", 0),
    "buyer": ("not in this message; it is read from NAD BY, NAD 3039 or NAD BY, NAD 3036", 14),
    "lines[0].amount": ("derived as quantity * price, and what it follows from is not in this message", 7),
    "lines[7].quantity": ("lines has 2 items, 0 to 1", 0),
    "lines[0].notes": ("the mapping has no place for it", 0),
}


@pytest.mark.parametrize("path", REASONS)
def test_why_a_field_comes_from_nowhere(acme: Acme, path: str) -> None:
    told = of(acme, path)
    assert (told.reason, told.mapping.line if told.mapping is not None else 0) == REASONS[path]
    assert bool(told.origins) == (told.reason is None)


def test_a_field_that_follows_from_a_node_names_it(acme: Acme) -> None:
    origin = one_of(acme, "purpose")
    assert (origin.value, origin.source.rule, origin.places[0].tag) == ("original", "when original", "UNS")


def test_an_item_is_told_field_by_field(acme: Acme) -> None:
    assert [origin.field for origin in of(acme, "/lines/1").origins] == [
        "lines[1].number", "lines[1].quantity", "lines[1].uom",
    ]  # fmt: skip


def test_the_layer_of_an_entry(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(MAPPING, encoding="utf-8")
    (tmp_path / "group.yaml").write_text(
        "extends: base.yaml\nmapping: group\nchange:\n  LIN / QTY 21: {6411: =uom | code(uom keep)}\n", encoding="utf-8"
    )
    text = "extends: group.yaml\nmapping: acme\ncodes:\n  uom: {STK: EA}\n"
    acme = read(tmp_path, text, ORDER.replace(b"C62", b"STK"))
    origin = one_of(acme, "lines[0].uom")
    assert (Path(origin.source.mapping.file).name, origin.layer, origin.layers) == ("group.yaml", 2, 3)
    (row,) = origin.rows
    assert row.at is not None
    assert Path(row.at.file).name == "acme.yaml"
    assert one_of(acme, "number").layer == 3
    kept = one_of(read(tmp_path, text, ORDER.replace(b"C62", b"XYZ")), "lines[0].uom").rows[0]
    assert (kept.canonical, kept.listed, kept.at) == ("XYZ", False, None)


def test_a_message_with_errors_still_tells(tmp_path: Path) -> None:
    acme = read(tmp_path, MAPPING, ORDER.replace(b"21:12:C62", b"21:1X:C62"))
    told = of(acme, "lines[0].quantity")
    assert (told.value, wire_of(acme, "lines[0].quantity")) == (None, "1X")
    assert [finding.code for finding in told.findings] == ["E-VALUE"]
    assert wire_of(acme, "lines[1].quantity") == "0.50"
    assert of(acme, "buyer_reference").reason == (
        "the message has errors, so it gives no document; it is read from RFF CR, RFF 1154"
    )


def test_an_item_that_is_chosen_by_its_key(tmp_path: Path) -> None:
    text = MAPPING.replace("=buyer_reference", '"=references[kind=project].number"')
    wire = ORDER.replace(b"NAD+SU", b"RFF+CR:P-1'\nNAD+SU").replace(b"UNT+11", b"UNT+12")
    acme = read(tmp_path, text, wire)
    assert (one_of(acme, "/references/0/number").field, wire_of(acme, "/references/0/number")) == (
        "references[0].number",
        "P-1",
    )
    reason = of(acme, "references[0].kind").reason
    assert reason == "the item was made for references[kind=project], and this is its key"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/lines/0/quantiti", "lines[0] has no field 'quantiti'; did you mean 'quantity'?"),
        ("number.x", "number has no field 'x'; it is one value"),
        ("/number/0", "number is no list, so it has no item 0; None"),
        ("a b", "'a b' is no path of a field; write  /lines/2/quantity  or  lines[2].quantity"),
        ("lines.quantity", "lines is a list; name an item, counted from 0:  lines[0]"),
    ],
)
def test_paths_that_are_none(acme: Acme, path: str, said: str) -> None:
    with pytest.raises(TransloadError) as caught:
        check_path(acme[0].meaning.model, parse_path(path))
    (finding,) = caught.value.findings
    assert (finding.code, f"{finding.message}; {finding.hint}") == ("E-FIELD", said)


@pytest.mark.parametrize("path", ["/lines/2/quantity", "lines[2].quantity", "lines.2.quantity"])
def test_three_ways_to_write_a_path(path: str) -> None:
    assert parse_path(path) == ("lines", 2, "quantity")


def test_as_json(acme: Acme) -> None:
    told = one_of(acme, "lines[0].uom").as_dict()
    assert json.loads(json.dumps(told)) == told
    assert told["bytes"] == {"offset": ORDER.index(b"C62"), "length": 3, "text": "C62"}
    assert told["rows"][0]["wire"] == "C62"


def test_an_item_of_json_that_is_chosen_by_its_key(tmp_path: Path) -> None:
    file = tmp_path / "keyed.yaml"
    file.write_text(
        """\
mapping: keyed
version: 1
document: order/1
format: {type: json}
match: {}
loses: ["*"]
layout:
  - orderNumber: =number
  - orderDate: =issued_on | date(iso)
  - project: "=references[kind=project].number"
  - in: buyer
    customer: {gln: =gln}
  - each: lines
    items: {position: =number, quantity: =quantity | number}
""",
        encoding="utf-8",
    )
    mapping = load_mapping(file)
    body = {
        "orderNumber": "1",
        "orderDate": "2026-01-14",
        "project": "P-7",
        "customer": {"gln": "9521101000005"},
        "items": [{"position": "1", "quantity": 2}],
    }
    message = Wire(mapping).messages(json.dumps(body).encode())[0]
    (origin,) = why(mapping, message, parse_path("/references/0/number")).origins
    assert (origin.field, origin.value, origin.source.places[0].path) == ("references[0].number", "P-7", "/project")
    answer = why(mapping, message, parse_path("currency"))
    assert answer.reason == "the mapping has no place for it, and lists it under loses:"
