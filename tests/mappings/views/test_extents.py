"""The bytes of values, in every format, as they stand there: escaped, quoted, packed, filled up."""

from decimal import Decimal

import pytest

from transload.canonical.documents import document_model
from transload.mappings import load_mapping
from transload.mappings.laws.wires import Wire
from transload.mappings.views.origins import why
from transload.mappings.views.paths import parse_path

TREE = """
  - id: =number
  - day: =issued_on | date(iso)
  - memo: =contract
  - texts*: =notes
  - each: lines
    rows: {no: =number, amount: =quantity | number}
"""
CASES = {
    "json": (
        "format: {type: json}\nlayout:" + TREE,
        b'{"id": "a\\u0041\\"/", "day": "2026-01-05", "memo": "\xc3\xa9", "texts": ["one", "two"],\n'
        b' "rows": [{"no": "1", "amount": 1.50e1}]}',
        {"number": 'a\\u0041\\"/', "contract": "é", "notes[1]": "two", "lines[0].quantity": "1.50e1"},
    ),
    "csv": (
        """format: {type: csv, delimiter: ";"}
documents: {by: [No]}
layout:
  - each: lines
    row: {No: =order.number, Day: =order.issued_on | date(iso), Line: =number, Text: =description, Qty: =quantity}
""",
        b'No;Day;Line;Text;Qty\r\nA1;2026-01-05;"1";"a ""b"" ;c";3\r\nA1;2026-01-05;2;plain;"4"\r\n',
        {"lines[0].number": "1", "lines[0].description": 'a ""b"" ;c', "lines[1].description": "plain",
         "lines[1].quantity": "4"},
    ),
    "csv over lines, in windows-1252": (
        """format: {type: csv, charset: windows-1252}
documents: {by: [No]}
layout:
  - each: lines
    row: {No: =order.number, Day: =order.issued_on | date(iso), Qty: =quantity, Text: =description}
""",
        b'No,Day,Qty,Text\n"Caf\xe9",2026-01-05,1,"a\nb"\n',
        {"number": "Caf\xe9", "lines[0].description": "61 0a 62"},
    ),
    "fixed": (
        """format: {type: fixed, length: 40, charset: latin-1}
documents: {start: HDR}
layout:
  - record: {1-3: HDR, 4-18: =number, 19-26: =issued_on | date(yyyyMMdd)}
  - each: lines
    record: {1-3: LIN, 4-9: =number | zeros(6), 10-20: {value: =quantity, pad: "0", align: right}, 21-40: =description}
""",
        b"HDR\xc4-1            20260105              \r\nLIN000001000000012.5text                \r\n",
        {"number": "\xc4-1", "lines[0].number": "000001", "lines[0].quantity": "12.5", "lines[0].description": "text"},
    ),
    "xml": (
        """format: {type: xml, namespaces: {"": "urn:a"}}
layout:
  Order:
    - "@no": =number
    - Day: =issued_on | date(iso)
    - Memo: =contract
    - each: lines
      Line: {No: =number, Qty: {"@unit": =uom, text(): =quantity}}
""",
        b"""<?xml version='1.0'?>\n<o:Order xmlns:o="urn:a" no='a &amp; b'><o:Day> 2026-01-05 </o:Day>"""
        b"""<o:Memo><![CDATA[<x>]]></o:Memo>"""
        b"""<o:Line><o:No>&#49;</o:No><o:Qty unit="KGM">2.0</o:Qty></o:Line></o:Order>""",
        {"number": "a &amp; b", "issued_on": "2026-01-05", "contract": "<x>", "lines[0].number": "&#49;",
         "lines[0].uom": "KGM", "lines[0].quantity": "2.0"},
    ),
    "x12": (
        """format: {type: x12, set: "850", version: "004010"}
layout:
  - BEG: {01: "00", 02: SA, 03: =number, 05: =issued_on | date(yyyyMMdd)}
  - each: lines
    PO1: {01: =number, 02: =quantity, pairs(06 07): {UP: =gtin, VN: =supplier_item}}
""",
        b"ISA*00*          *00*          *ZZ*A              *ZZ*B              *260105*1200*U*00401*000000001*0*P*>~\n"
        b"GS*PO*A*B*20260105*1200*1*X*004010~\nST*850*0001~\nBEG*00*SA*PO-1**20260105~\nPO1*1*12**** *~\n"
        b"PO1*2*7****VN*S-1*UP*4006381333931~\nSE*5*0001~\nGE*1*1~\nIEA*1*000000001~\n",
        {"number": "PO-1", "lines[1].gtin": "4006381333931", "lines[1].supplier_item": "S-1"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_the_bytes_hold(name: str, tmp_path) -> None:
    text, payload, expected = CASES[name]
    file = tmp_path / "map.yaml"
    file.write_text(f"mapping: m\ndocument: order/1\n{text}", encoding="utf-8")
    mapping = load_mapping(file)
    (message,) = Wire(mapping).messages(payload, "in")
    charset = {"fixed": "latin-1", "csv over lines, in windows-1252": "cp1252"}
    for path, told in expected.items():
        (origin,) = why(mapping, message, parse_path(path), payload=payload).origins
        assert origin.bytes is not None, path
        piece = payload[origin.bytes.offset :][: origin.bytes.length]
        held = piece.hex(" ") if b"\n" in piece else piece.decode(charset.get(name, "utf-8"))
        assert held.strip('"') == told.strip('"'), path
        if name in charset and "\n" not in held:
            continue
        assert origin.bytes.text == held


def test_packed_numbers_and_texts_of_a_mainframe(bench) -> None:
    bench.file(
        """\
       01  ORDER-HDR.
           05  KIND  PIC X.
           05  NO    PIC X(8).
           05  DAY   PIC 9(8).
           05  NOTE  PIC X(6) OCCURS 2.
       01  ORDER-LINE.
           05  KIND  PIC X.
           05  QTY   PIC S9(5)V99 COMP-3.
           05  SIZE  PIC 9(4) COMP.
""",
        "book.cpy",
    )
    mapping = bench.load("""
mapping: m
document: order/1
format: {type: cobol, copybook: book.cpy, codepage: cp037, records: rdw}
documents: {start: ORDER-HDR}
layout:
  - ORDER-HDR: {KIND: H, NO: =number, DAY: =issued_on | date(yyyyMMdd), NOTE*: =notes}
  - each: lines
    ORDER-LINE: {KIND: L, QTY: =quantity, SIZE: =number | zeros(4) | none(0)}
""")
    order = document_model("order/1").model_validate(
        {
            "number": "A-1", "issued_on": "2026-01-05", "notes": ["ab", "cd"],
            "lines": [{"number": "7", "quantity": "1.25"}, {"number": "8", "quantity": "2"}],
        }
    )  # fmt: skip
    wire = Wire(mapping)
    payload = wire.write(order)
    (message,) = wire.messages(payload, "in.dat")

    def held(path: str) -> bytes:
        (origin,) = why(mapping, message, parse_path(path), payload=payload).origins
        assert origin.bytes is not None
        return payload[origin.bytes.offset :][: origin.bytes.length]

    assert held("number").decode("cp037") == "A-1     "
    notes = why(mapping, message, parse_path("notes[1]"), payload=payload)
    assert (notes.value, [one.bytes.text for one in notes.origins if one.bytes]) == (
        "cd",
        ["81 82 40 40 40 40", "83 84 40 40 40 40"],
    )
    assert held("lines[0].quantity") == bytes.fromhex("0000125C")
    assert held("lines[1].number") == (8).to_bytes(2, "big")
    assert mapping.decode(message).documents[0].lines[0].quantity == Decimal("1.25")
