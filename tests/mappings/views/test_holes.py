"""The sample with holes, for every format."""

from pathlib import Path

import pytest

from transload.mappings import library_names, load_mapping
from transload.mappings.views.holes import holes

CASES = {
    "edifact": (
        """
format: {type: edifact, message: "ORDERS:D:96A:UN"}
codes: {uom: {PCE: EA}}
layout:
  - BGM: {1001: [220, 221], 1004: =number}
  - DTM: {2005: 137, 2380+2379: =issued_on | dtm(102)}
  - when: {purpose: replace}
    FTX: {4451: AAI, 4440*: =notes}
    max: 3
  - cases: {BY: buyer, SU: seller}
    NAD: {3035: =case, pair(C082.3055 3039): {9: =gln, 92: =id}, 3036: =name}
  - each: lines
    LIN: {1: =number}
    then:
      - PIA: {4347: 1, pairs(7143 7140): {SA: =supplier_item, IN: =buyer_item}}
      - QTY: {6063: 21, 6060: =quantity, 6411: =uom | code(uom)}
      - MOA: {5025: 203, 5004: =quantity * price | round(2)}
        only: encode
""",
        """\
BGM+220+{number}
DTM+137:{issued_on}:102
FTX+AAI+++{notes}  * when purpose is replace, at most 3
NAD+BY+{buyer.gln|buyer.id}::9|92++{buyer.name}
NAD+SU+{seller.gln|seller.id}::9|92++{seller.name}
LIN+{number}  * each lines
  PIA+1+{supplier_item}:SA+{buyer_item}:IN
  QTY+21:{quantity}:{uom}
  MOA+203:{quantity * price}  * only written
""",
    ),
    "x12": (
        """
format: {type: x12, set: "850", version: "004010"}
layout:
  - BEG: {01: "00", 03: =number, 05: =issued_on | date(yyyyMMdd)}
  - each: lines
    PO1: {01: =number, 02: =quantity, 04: =price, pairs(06 07): {UP: =gtin, VP: =supplier_item}}
""",
        "BEG*00**{number}**{issued_on}\nPO1*{number}*{quantity}**{price}**UP*{gtin}*VP*{supplier_item}  * each lines\n",
    ),
    "csv": (
        """
format: {type: csv, delimiter: ";"}
documents: {by: [No]}
layout:
  - each: lines
    row: {No: =order.number, Day: =order.issued_on | date(iso), Line: =number, Qty: =quantity}
""",
        "No;Day;Line;Qty  * header\n{number};{issued_on};{number};{quantity}  * each lines\n",
    ),
    "fixed": (
        """
format: {type: fixed, length: 30}
documents: {start: {1-3: HDR}}
layout:
  - record: {1-3: HDR, 4-13: =number, 14-21: =issued_on | date(yyyyMMdd)}
  - each: lines
    record: {1-3: LIN, 4-6: =number, 7-12: =quantity, 13-30: =description}
""",
        "HDR{number}..{issued~\nLIN{n~{quan~{description}.....  * each lines\n",
    ),
    "xml": (
        """
format: {type: xml, namespaces: {"": "urn:a", b: "urn:b"}}
layout:
  Order:
    - "@no": =number
    - b:Day: =issued_on | date(iso)
    - each: lines
      Line:
        "@n": =number
        b:Qty: {"@unit": =uom, text(): =quantity}
""",
        """\
<Order xmlns="urn:a" xmlns:b="urn:b" no="{number}">
  <b:Day>{issued_on}</b:Day>
  <Line n="{number}">  * each lines
    <b:Qty unit="{uom}">{quantity}</b:Qty>
  </Line>
</Order>
""",
    ),
    "json": (
        """
format: {type: json}
layout:
  - id: =number
  - at: =issued_on | date(iso)
  - texts*: =notes
  - each: lines
    items: {n: =number, q: =quantity | number}
""",
        """\
"id": "{number}",
"at": "{issued_on}",
"texts": ["{notes}"],
"items": [{  * each lines
  "n": "{number}",
  "q": {quantity}
}]
""",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_sample(name: str, tmp_path: Path) -> None:
    text, expected = CASES[name]
    file = tmp_path / "map.yaml"
    file.write_text(f"mapping: m\ndocument: order/1\n{text}", encoding="utf-8")
    lines = holes(load_mapping(file).meaning)
    assert "".join(f"{line}{f'  * {line.note}' if line.note else ''}\n" for line in lines) == expected
    source = file.read_text(encoding="utf-8").splitlines()
    assert all(0 < line.at.line <= len(source) for line in lines)


@pytest.mark.parametrize("name", library_names())
def test_each_field_of_a_shipped_mapping_is_in_it(name: str) -> None:
    meaning = load_mapping(name).meaning
    text = "\n".join(map(str, holes(meaning)))
    fixed = meaning.format_type == "fixed"
    for slot in meaning.slots:
        if slot.field is not None and slot.writes and slot.field.path and not fixed:
            assert slot.field.path[-1] in text, slot.name
