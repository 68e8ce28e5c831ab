"""Whatever stands on shelves and right-hand sides: a mapping or findings; what is written is read back."""
# ruff: noqa: E501 - tables of words

import json
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from transload.canonical.errors import ConfigurationError, Reject
from transload.mappings import load_mapping

WORDS = st.sampled_from(
    ["file", "database", "table", "query", "wire", "canonical", "partner", "refresh", "items.csv", "a", "b", "number",
     "lines", "lines.quantity", "length", "min", "max", "values", "items", "decimals", "3", "-1", "2026-01-01", "=number",
     "=quantity * price", "=sum(lines.quantity)", "=references[kind=x].number", "='x'", "x", "", "..", "2026-01-01..",
     "totals.lines_amount", "purpose", "replace"]
)  # fmt: skip
VALUES = st.recursive(
    WORDS | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)
RIGHT = st.lists(
    st.sampled_from(
        ["=", "parts(", '"{number}/{contract}"', "{", "}", "/", "number", "write(", "now()", "seq()", "control_number()",
         ")", "|", "references", "[kind=x]", "[", "]", ".number", "xref(items)", "py(x)", "unit(kg g)", "datetime(",
         "yyyyMMdd+HHmm UTC", "default(x)", "quantity", "*", " "]
    ),
    max_size=7,
).map("".join)  # fmt: skip


@settings(max_examples=300, database=None)
@given(
    shelf=st.sampled_from(["xrefs", "uses", "limits", "derive", "valid", "codes"]),
    value=VALUES,
    right=RIGHT,
    long=VALUES,
)
def test_any_shelf_and_any_right_side_gives_a_mapping_or_findings(workbench, shelf, value, right, long):
    workbench.file("a,b\n1,2\n", "items.csv")
    table = {
        "mapping": "m", "document": "order/1", "format": {"type": "edifact", "message": "ORDERS:D:96A:UN"},
        shelf: value,
        "layout": [
            {"BGM": {"1004": "=number", "1001": right}},
            {"DTM": {"2005": "137", "2380+2379": "=issued_on | dtm(102)"}},
            {"use": "py(x)", "RFF": {"1153": "CT"}} if right == "=" else {"RFF": {"1153": "CT", "1154": long}},
        ],
    }  # fmt: skip
    workbench.file(json.dumps(table))
    try:
        mapping = load_mapping("map.yaml", base=workbench.folder)
    except ConfigurationError as error:
        assert error.findings  # noqa: PT017
        return
    for rows in (["BGM+220:x+1", "DTM+137:20260105:102", "RFF+CT:5"], ["BGM+1/2+1", "RFF+CT"]):
        mapping.decode(workbench.records(rows))
        mapping.trace(workbench.records(rows))


EVERYTHING = """mapping: m
document: order/1
format: {type: edifact, message: "ORDERS:D:96A:UN"}
xrefs: {items: {file: x.csv, wire: a, canonical: b}}
limits: {lines.quantity: {min: 0, max: 1000, decimals: 3}, lines: {items: 3}, notes: {length: 6}}
layout:
  - BGM: {1004: {value: =number, required: yes, max: 6}}
  - DTM: {2005: 137, 2380+2379: =issued_on | dtm(102)}
  - FTX: {4451: AAI, 4440*: =notes}
  - RFF: {1153: CT, 1154: '=parts("{contract}/{release}")'}
  - RFF: {1153: AEP, 1154: "=references[kind=project].number"}
  - RFF: {1153: PL, 1154: "=references[kind=list].number"}
  - each: lines
    LIN: {1: =write(seq()), 7140: =supplier_item | xref(items)}
    then:
      - QTY: {6063: 21, 6060: =quantity | unit(kg g)}
      - RFF: {1153: CT, 1154: "=references[kind=contract].number"}
"""
TEXT = st.text("ab/+:'?", min_size=1, max_size=8)
LINE = st.fixed_dictionaries(
    {"quantity": st.decimals(-5, 2000, places=4)},
    optional={
        "supplier_item": st.sampled_from(["A", "B", "C"]),
        "references": st.lists(
            st.fixed_dictionaries({"kind": st.sampled_from(["contract", "x"]), "number": TEXT}), max_size=2
        ),
    },
)
DOCUMENT = st.fixed_dictionaries(
    {"number": TEXT, "issued_on": st.just("2026-01-05"), "lines": st.lists(LINE, max_size=4)},
    optional={
        "contract": TEXT, "release": TEXT, "notes": st.lists(TEXT, max_size=5),
        "references": st.lists(
            st.fixed_dictionaries({"kind": st.sampled_from(["project", "list"]), "number": TEXT}), max_size=3
        ),
    },
)  # fmt: skip


def test_what_is_written_is_read_back_by_both_builds(workbench):
    workbench.file("a,b\n1,A\n2,B\n", "x.csv")
    mapping = workbench.load(EVERYTHING, "everything.yaml")
    written = []

    @settings(max_examples=300, database=None)
    @given(values=DOCUMENT)
    def law(values):
        written.append(goes_both_ways(workbench, mapping, values))

    law()
    assert written.count(True) > 30


def goes_both_ways(workbench, mapping, values):
    """Whether the document could be written; then it is read back."""
    lines = [line for line in values["lines"] if line["quantity"] >= 0]
    made = mapping.meaning.model.model_validate({**values, "lines": lines})
    try:
        again = workbench.again(mapping, made)
    except Reject as error:
        assert all(finding.code == "E-DOMAIN" for finding in error.findings)  # noqa: PT017
        return False
    (read,) = mapping.decode(again).documents
    assert mapping.trace(again).documents == (read,)
    known = sorted((r.kind, r.number) for r in made.references)
    assert sorted((r.kind, r.number) for r in read.references) == known
    for one, other in zip(made.lines, read.lines, strict=True):
        assert (one.quantity, one.supplier_item) == (other.quantity, other.supplier_item)
        assert one.quantity <= Decimal(1000)
        assert [r.number for r in one.references if r.kind == "contract"] == [r.number for r in other.references]
    assert (read.number, read.contract, read.release, read.notes) == (
        made.number, made.contract, made.release, made.notes,
    )  # fmt: skip
    return True
