"""Words of the right-hand side: compounds, what comes from outside, keyed items, limits, derived fields."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.mappings.conftest import BUYER, FIRST, ORDER

from transload.canonical.context import Context
from transload.canonical.errors import Reject

LINES = """  - each: lines
    LIN: {1: =number}
    then:
      - QTY: {6063: 21, 6060: =quantity}
"""


def refused(mapping, document, bench):
    with pytest.raises(Reject) as caught:
        mapping.encode(document, bench.context)
    return [finding.line() for finding in caught.value.findings]


def document(mapping, **values):
    base = {"number": "PO1", "issued_on": "2026-01-05", "buyer": {"name": "ACME"}}
    return mapping.meaning.model.model_validate({**base, **values})


def found(mapping, message):
    return [finding.line() for finding in mapping.decode(message).findings]


PARTS = """  - RFF: {1153: CT, 1154: '=parts("{contract}/{release}")'}
"""


def test_parts_are_several_fields_in_one_text(bench, order, minimal):
    mapping = bench.load(order("", early=PARTS))
    (read,) = mapping.decode(bench.records([*minimal[:2], "RFF+CT:C-9/3", minimal[2]])).documents
    assert (read.contract, read.release) == ("C-9", "3")
    assert "RFF+CT:C-9/3" in bench.lines(mapping, read)
    assert "RFF+CT:C-9/" in bench.lines(mapping, document(mapping, contract="C-9"))
    assert "RFF+CT:/3" in bench.lines(mapping, document(mapping, release="3"))
    assert not [row for row in bench.lines(mapping, document(mapping)) if row.startswith("RFF")]


def test_a_text_that_cannot_be_taken_apart_is_refused_both_ways(bench, order, minimal):
    mapping = bench.load(order("", early=PARTS))
    assert found(mapping, bench.records([*minimal[:2], "RFF+CT:C-9", minimal[2]])) == [
        "map.yaml:8:21: error E-VALUE 'C-9' does not have the form {}/{}"
    ]
    assert refused(mapping, document(mapping, contract="a/b", release="1"), bench) == [
        "map.yaml:8:21: error E-DOMAIN 'a/b/1' cannot be taken apart again: a part holds what separates them"
    ]


def test_a_part_has_converters_of_its_own(bench, order, minimal):
    nodes = """  - RFF: {1153: CT, 1154: '=parts("N{contract | zeros(4)}-{requested_on | date(yyMMdd)};") | upper'}\n"""
    mapping = bench.load(order("", early=nodes))
    (read,) = mapping.decode(bench.records([*minimal[:2], "RFF+CT:n0042-260301;", minimal[2]])).documents
    assert (read.contract, read.requested_on) == ("42", date(2026, 3, 1))
    assert "RFF+CT:N0042-260301;" in bench.lines(mapping, read)
    trace = mapping.trace(bench.records([*minimal[:2], "RFF+CT:N0042-26x301;", minimal[2]]))
    assert [(f.code, f.field) for f in trace.findings] == [("E-VALUE", "requested_on")]


@settings(max_examples=60, database=None)
@given(one=st.none() | st.text("ab/-", min_size=1, max_size=4), two=st.none() | st.text("ab/-", min_size=1, max_size=4))
def test_parts_are_read_back_or_refused(workbench, one, two):
    mapping = workbench.load(f"{ORDER}layout:{FIRST}{PARTS}{BUYER}")
    made = document(mapping, contract=one, release=two)
    try:
        again = workbench.again(mapping, made)
    except Reject:
        assert "/" in (one or "") + (two or "")
        return
    assert mapping.decode(again).documents == (made,)


def test_parts_in_xml_and_json(bench):
    xml = """mapping: x
document: order/1
format: {type: xml}
layout:
  Order:
    - "@ref": '=parts("{contract}:{release}")'
    - Number: =number
    - Day: =issued_on | date(iso)
    - Terms: '=parts("{quotation} {price_list}")'
"""
    mapping = bench.load(xml)
    text = '<Order ref="C:1"><Number>PO1</Number><Day>2026-01-05</Day><Terms>q p</Terms></Order>'
    (read,) = mapping.decode(bench.xml(text)).documents
    assert (read.contract, read.release, read.quotation, read.price_list) == ("C", "1", "q", "p")
    assert mapping.encode(read, bench.context).body == text
    assert mapping.encode(document(mapping, buyer=None), bench.context).body == (
        "<Order><Number>PO1</Number><Day>2026-01-05</Day></Order>"
    )
    as_json = bench.load("""mapping: j
document: order/1
format: {type: json}
layout:
  - id: =number
  - day: =issued_on | date(iso)
  - ref: '=parts("{contract}:{release}")'
""", "json.yaml")  # fmt: skip
    (read,) = as_json.decode(bench.json({"id": "PO1", "day": "2026-01-05", "ref": "C:1"})).documents
    assert as_json.encode(read, bench.context).body == {"id": "PO1", "day": "2026-01-05", "ref": "C:1"}
    assert found(as_json, bench.json({"id": "PO1", "day": "2026-01-05", "ref": 7})) == [
        "json.yaml:7:5: error E-VALUE 7 does not have the form {}:{}"
    ]


def test_date_and_time_in_two_places_are_a_moment(bench):
    mapping = bench.load("""mapping: x
document: order/1
format: {type: x12, set: "850", version: "004010"}
layout:
  - BEG: {01: "00", 03: =number, 05: =issued_on | date(yyyyMMdd)}
  - DTM: {01: "097", 02+03: =issued_at | datetime(yyyyMMdd+HHmm Europe/Berlin)}
""")
    beg = "BEG*00**PO1**20260105"
    (read,) = mapping.decode(bench.x12(f"{beg}\nDTM*097*20260105*0930")).documents
    assert read.issued_at == datetime(2026, 1, 5, 8, 30, tzinfo=UTC)
    assert bench.lines(mapping, read)[1] == "DTM*097*20260105*0930"
    assert found(mapping, bench.x12(f"{beg}\nDTM*097*20260105")) == [
        "map.yaml:6:22: error E-VALUE '20260105' has no time beside it"
    ]
    late = read.model_copy(update={"issued_at": datetime(2026, 1, 5, 8, 30, 7, tzinfo=UTC)})
    (refusal,) = refused(mapping, late, bench)
    assert "cannot be written as yyyyMMdd HHmm in Europe/Berlin without loss" in refusal


GIVEN = """  - DTM: {2005: 9, 2380+2379: =write(now()) | dtm(203 UTC)}
"""


def test_the_clock_comes_from_the_context(bench, order):
    nodes = """  - DTM: {2005: 9, 2380+2379: =write(now()) | dtm(203 Europe/Berlin)}
  - RFF: {1153: ACE, 1154: =write(now()) | datetime(yyyyMMdd UTC)}
  - RFF: {1153: ON, 1154: =write(control_number()) | zeros(9)}
  - RFF: {1153: VN, 1154: =write(control_number())}
"""
    mapping = bench.load(order("", early=nodes))
    context = Context(now=datetime(2026, 7, 1, 22, 30, 59, tzinfo=UTC))
    made = document(mapping)

    def written():
        return [row.replace("\x1d", "+").replace("\x1f", ":") for row in mapping.encode(made, context).body][2:6]

    assert written() == ["DTM+9:202607020030:203", "RFF+ACE:20260701", "RFF+ON:000000001", "RFF+VN:1"]
    assert written()[2:] == ["RFF+ON:000000002", "RFF+VN:2"], "each document has a number of its own"
    assert context.numbers.next("mapping:small") == 3
    late = mapping.encode(document(mapping, number="x" * 3), context)  # the traced build writes the same
    assert mapping._trace_writing(made, mapping_report(mapping, context))[2] == late.body[2]


def mapping_report(mapping, context):
    from transload.mappings.compiler.given import outside
    from transload.mappings.reports.writing import WritingReport

    return WritingReport(mapping.meaning, mapping._family.clean, outside(mapping.meaning, context))


def test_the_entries_of_what_comes_from_outside_count_as_written(bench, order):
    mapping = bench.load(order("", early=GIVEN + PARTS))
    slots = {
        slot.rule: slot.number for slot in mapping.meaning.slots if slot.parts is not None or slot.given is not None
    }
    assert set(slots.values()) <= mapping.entries_written(document(mapping, contract="C"))


def test_items_are_counted(bench, order):
    nodes = """  - each: lines
    LIN: {1: =write(seq()), 7140: =supplier_item}
    then:
      - QTY: {6063: 21, 6060: =quantity}
      - each: notes
        FTX: {4451: =write('AAI'), "C108.4440": =., 4453: =write(seq()) | zeros(2)}
"""
    mapping = bench.load(order(nodes))
    lines = [{"quantity": "1", "notes": ["a", "b"]}, {"quantity": "2", "notes": ["c"]}]
    rows = bench.lines(mapping, document(mapping, lines=lines))
    assert [row for row in rows if row.startswith(("LIN", "FTX"))] == [
        "LIN+1", "FTX+AAI+01++a", "FTX+AAI+02++b", "LIN+2", "FTX+AAI+01++c",
    ]  # fmt: skip


KEYED = """  - RFF: {1153: PL, 1154: "=references[kind=price_list].number"}
    then:
      - DTM: {2005: 171, 2380+2379: "=references[kind=price_list].issued_on | dtm(102)"}
  - RFF: {1153: AEP, 1154: "=references[kind=project].number"}
"""


def test_what_comes_from_outside_in_a_tree(bench):
    mapping = bench.load("""mapping: j
document: order/1
format: {type: json}
layout:
  - id: =number
  - day: =issued_on | date(iso)
  - made: =write(now()) | datetime(iso)
  - each: lines
    rows: {no: =write(seq()), n: =quantity}
""", "seq.yaml")  # fmt: skip
    made = document(mapping, buyer=None, lines=[{"quantity": "7"}, {"quantity": "8"}])
    assert mapping.encode(made, bench.context).body == {
        "id": "PO1", "day": "2026-01-05", "made": "2026-01-01T00:00:00Z",
        "rows": [{"no": "1", "n": "7"}, {"no": "2", "n": "8"}],
    }  # fmt: skip
    assert mapping.decode(bench.again(mapping, made)).documents == (made,)


def test_an_item_of_a_list_is_chosen_by_its_key(bench, order, minimal):
    mapping = bench.load(order("", early=KEYED))
    rows = ["RFF+PL:P1", "DTM+171:20260101:102", "RFF+AEP:X"]
    (read,) = mapping.decode(bench.records([*minimal[:2], *rows, minimal[2]])).documents
    assert [(r.kind, r.number, r.issued_on) for r in read.references] == [
        ("price_list", "P1", date(2026, 1, 1)), ("project", "X", None),
    ]  # fmt: skip
    assert bench.lines(mapping, read)[2:5] == rows
    only = document(mapping, references=[{"kind": "project", "number": "Z"}])
    assert bench.lines(mapping, only)[2] == "RFF+AEP:Z"
    assert mapping.decode(bench.again(mapping, only)).documents == (only,)
    assert mapping.decode(bench.again(mapping, document(mapping))).documents == (document(mapping),)
    lineage = {row.field for row in mapping.trace(bench.again(mapping, read)).lineage}
    assert "references[kind=project].number" in lineage


def test_items_with_other_keys_are_lost_and_said_to_be(bench, order):
    mapping = bench.load(order("", early=KEYED))
    kept = document(mapping, references=[{"kind": "project", "number": "Z"}])
    assert mapping.encode(kept, bench.context).findings == ()
    other = document(mapping, references=[{"kind": "project", "number": "Z"}, {"kind": "x", "number": "Y"}])
    (finding,) = mapping.encode(other, bench.context).findings
    assert (finding.code, finding.field) == ("W-LOSES", "references[1].kind")


def test_what_follows_from_other_fields_is_not_lost(bench, order):
    nodes = LINES + "      - PRI: {5125: AAA, 5118: =price}\n"
    mapping = bench.load(order(nodes, "derive: {lines.amount: =quantity * price}\n"))
    made = document(mapping, lines=[{"number": "1", "quantity": "2", "price": "3", "amount": "6"}])
    assert mapping.encode(made, bench.context).findings == ()
    assert mapping.decode(bench.again(mapping, made)).documents == (made,)


def test_a_default_alone_makes_no_item(bench, order, minimal):
    nodes = """  - DTM: {2005: 171, 2380+2379: "=references[kind=project].issued_on | dtm(102)"}
  - RFF: {1153: AEP, 1154: "=references[kind=project].number | default(P0)"}
"""
    mapping = bench.load(order("", early=nodes))
    (read,) = mapping.decode(bench.records(minimal)).documents
    assert read.references == ()
    (read,) = mapping.decode(bench.records([*minimal[:2], "DTM+171:20260101:102", minimal[2]])).documents
    assert [(r.kind, r.number) for r in read.references] == [("project", "P0")]


def test_a_chosen_item_that_lacks_what_it_must_have(bench, order, minimal):
    mapping = bench.load(order("", early=KEYED))
    rows = [*minimal[:2], "RFF+PL", "DTM+171:20260101:102", minimal[2]]
    (finding,) = mapping.decode(bench.records(rows)).findings
    assert finding.code == "E-MISSING"
    assert finding.line().startswith("map.yaml:8:21: error E-MISSING references[0].number is required")


def test_two_items_with_one_key_cannot_be_written(bench, order):
    mapping = bench.load(order("", early=KEYED))
    twice = [{"kind": "project", "number": "1"}, {"kind": "project", "number": "2"}]
    assert refused(mapping, document(mapping, references=twice), bench) == [
        "map.yaml:11:22: error E-DOMAIN 2 items have kind 'project', and the message takes one"
    ]


def test_keyed_items_inside_items(bench, order, minimal):
    nodes = LINES + """      - RFF: {1153: CT, 1154: "=references[kind=contract].number"}\n"""
    mapping = bench.load(order(nodes))
    rows = ["LIN+1", "QTY+21:1", "RFF+CT:A", "LIN+2", "QTY+21:2", "LIN+3", "QTY+21:3", "RFF+CT:B"]
    (read,) = mapping.decode(bench.records([*minimal, *rows])).documents
    assert [[r.number for r in line.references] for line in read.lines] == [["A"], [], ["B"]]
    assert bench.lines(mapping, read)[3:] == rows


LIMITS = """limits:
  number: {length: 5}
  notes: {length: 4, items: 3}
  issued_on: {min: 2026-01-01}
  lines: {items: 2}
  lines.quantity: {min: 1, max: 99, decimals: 2}
  lines.uom: {values: [EA, KGM]}
"""
LIMITED = """  - FTX: {4451: AAI, 4440*: =notes}
"""
LIMITED_LINES = """  - each: lines
    LIN: {1: =number}
    then:
      - QTY: {6063: 21, 6060: =quantity, 6411: =uom}
"""


@pytest.fixture
def limited(bench, order):
    return bench.load(order(LIMITED_LINES, LIMITS, early=LIMITED))


def test_limits_hold_when_read(bench, limited):
    rows = ["BGM++PO1234", "DTM+137:20251231:102", "FTX+AAI+++a:bbbbb", "NAD+BY+++ACME"]
    rows += ["LIN+1", "QTY+21:0:EA", "LIN+2", "QTY+21:100:PCE", "LIN+3", "QTY+21:1.123:EA"]
    trace = limited.decode(bench.records(rows))
    assert [(f.code, f.message) for f in trace.findings] == [
        ("E-VALUE", "'PO1234' is longer than 5 characters"),
        ("E-VALUE", "2025-12-31 is less than 2026-01-01"),
        ("E-VALUE", "0 is less than 1"),
        ("E-VALUE", "100 is more than 99"),
        ("E-VALUE", "'PCE' is not one of EA, KGM"),
        ("E-VALUE", "1.123 has more than 2 decimals"),
        ("E-VALUE", "'bbbbb' is longer than 4 characters"),
        ("E-VALUE", "lines has 3 items, more than 2"),
    ]


def test_limits_hold_when_written(bench, limited):
    good = document(limited, notes=["a", "bbbb"], lines=[{"quantity": "1.50", "uom": "EA"}])
    assert limited.decode(bench.again(limited, good)).documents == (good,)
    lines = [{"quantity": "100", "uom": "PCE"}, {"quantity": "1"}, {"quantity": "1"}]
    bad = document(limited, number="PO1234", issued_on="2025-12-31", notes=["bbbbb"], lines=lines)
    assert refused(limited, bad, bench) == [
        "map.yaml:9:3: error E-DOMAIN lines has 3 items, more than 2",
        "map.yaml:13:11: error E-DOMAIN 'PO1234' is longer than 5 characters",
        "map.yaml:14:22: error E-DOMAIN 2025-12-31 is less than 2026-01-01",
        "map.yaml:15:22: error E-DOMAIN 'bbbbb' is longer than 4 characters",
        "map.yaml:21:25: error E-DOMAIN 100 is more than 99",
        "map.yaml:21:42: error E-DOMAIN 'PCE' is not one of EA, KGM",
    ]
    assert refused(limited, document(limited, notes=["a"] * 4), bench) == [
        "map.yaml:7:3: error E-DOMAIN notes has 4 items, more than 3"
    ]


def test_a_text_with_limits_is_still_one_text(bench, limited):
    rows = ["BGM++A:B", "DTM+137:20260105:102", "NAD+BY+++ACME"]
    assert "a composite stands where one value is expected" in found(limited, bench.records(rows))[0]


LONG = """  - RFF: {1153: CT, 1154: {value: =contract, required: yes, max: 4, note: always}}
  - when: {purpose: replace}
    RFF: {1153: ON, 1154: {value: =previous_order, required: yes}}
"""
LONG_LINES = """  - each: lines
    LIN: {1: {value: =number, required: yes}}
    then:
      - QTY: {6063: 21, 6060: =quantity, 6411: {value: =uom, max: 3}}
"""


def test_required_and_max_in_the_long_form(bench, order, minimal):
    mapping = bench.load(order(LONG_LINES, early=LONG))
    rows = [*minimal[:2], "RFF+CT:C123", minimal[2], "LIN+1", "QTY+21:1:EA"]
    assert found(mapping, bench.records(rows)) == []
    missing = mapping.decode(bench.records([*minimal, "LIN", "QTY+21:1:EA"])).findings
    assert [finding.line() for finding in missing] == [
        "map.yaml:8:21: error E-MISSING contract is required by the mapping, and has no value "
        "(it is read from RFF 1154)",
        "map.yaml:14:11: error E-MISSING lines[0].number is required by the mapping, and has no value "
        "(it is read from LIN 1)",
    ]
    assert [finding.place.segment for finding in missing] == [1, 5]
    long = [*minimal[:2], "RFF+CT:C1234", minimal[2]]
    assert found(mapping, bench.records(long)) == ["map.yaml:8:21: error E-VALUE 'C1234' is longer than 4 characters"]
    assert refused(mapping, document(mapping, lines=[{"quantity": "1"}]), bench) == [
        "map.yaml:8:21: error E-DOMAIN contract is required by the mapping, and has no value",
        "map.yaml:14:11: error E-DOMAIN lines[0].number is required by the mapping, and has no value",
    ]
    replacing = document(mapping, contract="C1", purpose="replace")
    assert len(refused(mapping, replacing, bench)) == 1
    assert refused(mapping, document(mapping, contract="C1234"), bench) == [
        "map.yaml:8:21: error E-DOMAIN 'C1234' is longer than 4 characters"
    ]


def test_required_in_an_object_counts_only_where_the_object_is(bench, order, minimal):
    nodes = "  - in: seller\n    NAD: {3035: SU, 3039: {value: =gln, required: yes}, 3036: =name}\n"
    mapping = bench.load(order(nodes))
    assert found(mapping, bench.records(minimal)) == []
    assert [f.code for f in mapping.decode(bench.records([*minimal, "NAD+SU+++X"])).findings] == ["E-MISSING"]


def test_the_long_form_in_trees(bench):
    mapping = bench.load("""mapping: j
document: order/1
format: {type: json}
layout:
  - id: {value: =number, max: 5}
  - day: =issued_on | date(iso)
  - ref: {value: =contract, required: yes}
  - deal: {max: =quotation}
""")
    read = mapping.decode(bench.json({"id": "PO1", "day": "2026-01-05", "ref": "C", "deal": {"max": "9"}}))
    assert read.documents[0].quotation == "9"
    assert [f.code for f in mapping.decode(bench.json({"id": "PO1", "day": "2026-01-05"})).findings] == ["E-MISSING"]
    assert [f.code for f in mapping.decode(bench.json({"id": "PO1234", "day": "2026-01-05", "ref": "x"})).findings] == [
        "E-VALUE"
    ]


DERIVE = """derive:
  lines.amount: =quantity * price | round(2)
  totals.lines_amount: =sum(lines.quantity)
  purpose: ='duplicate'
  contract: =buyer_reference
"""


def test_derived_fields_follow_when_read_and_are_not_written(bench, order, minimal):
    nodes = LINES + "      - PRI: {5125: AAA, 5118: =price}\n"
    mapping = bench.load(order(nodes, DERIVE, early="  - RFF: {1153: CR, 1154: =buyer_reference}\n"))
    rows = [*minimal[:2], "RFF+CR:R", minimal[2], "LIN+1", "QTY+21:3", "PRI+AAA:1.115", "LIN+2", "QTY+21:1"]
    (read,) = mapping.decode(bench.records(rows)).documents
    assert [line.amount for line in read.lines] == [Decimal("3.35"), None]
    assert (read.purpose, read.contract, read.totals.lines_amount) == ("duplicate", "R", 4)
    trace = mapping.trace(bench.records(rows))
    assert trace.documents == (read,)
    assert {row.field: row.rule for row in trace.lineage}["lines[0].amount"] == ("derive =quantity * price | round(2)")
    assert bench.lines(mapping, read) == rows


def test_a_derived_sum(bench, order, minimal):
    nodes = LINES + "      - PRI: {5125: AAA, 5118: =price}\n"
    header = "derive:\n  lines.amount: =quantity * price\n  transport.carrier: ='X'\n  currency: ='EUR'\n"
    mapping = bench.load(order(nodes, header))
    rows = [*minimal, "LIN+1", "QTY+21:3", "PRI+AAA:2", "LIN+2", "QTY+21:1", "PRI+AAA:5"]
    (read,) = mapping.decode(bench.records(rows)).documents
    assert [line.amount for line in read.lines] == [6, 5]
    assert (read.currency, read.transport) == ("EUR", None), "an object with nothing else in it is not made"


def test_a_derived_field_of_the_document_and_of_a_chosen_item(bench, order, minimal):
    header = "derive:\n  lines.contract: =order.contract\n  lines.description: =order.references[kind=list].number\n"
    early = "  - RFF: {1153: CT, 1154: =contract}\n  - RFF: {1153: PL, 1154: '=references[kind=list].number'}\n"
    mapping = bench.load(order(LINES, header, early=early))
    rows = [*minimal[:2], "RFF+CT:C1", "RFF+PL:L1", minimal[2], "LIN+1", "QTY+21:3"]
    (read,) = mapping.decode(bench.records(rows)).documents
    assert (read.lines[0].contract, read.lines[0].description) == ("C1", "L1")


def test_dates_and_yes_or_no_as_constants(bench, order, minimal):
    nodes = "  - DTM: {2005: 2, 2380: =requested_on | default(2026-12-31) | elide(2026-12-31) | date(yyyyMMdd)}\n"
    mapping = bench.load(order("", early=nodes))
    (read,) = mapping.decode(bench.records(minimal)).documents
    assert read.requested_on == date(2026, 12, 31)
    assert not [row for row in bench.lines(mapping, read) if row.startswith("DTM+2:")]
    assert mapping.decode(bench.again(mapping, read)).documents == (read,)
