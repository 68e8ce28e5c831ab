"""``strict: order``: within a level the order of the file."""

NODES = """  - cases: {SU: seller, DP: ship_to}
    NAD: {3035: =case, 3036: =name}
  - each: lines
    LIN: {1: =number}
    then:
    - QTY: {6063: 21, 6060: =quantity}
    - MOA: {5025: 203, 5004: =amount}
    - PRI: {5125: AAA, 5118: =price}
  - UNS: {0081: S}
"""
GOOD = ["NAD+DP+++B", "NAD+SU+++C", "LIN+1", "QTY+21:5", "PRI+AAA:5", "LIN+2", "QTY+21:5", "MOA+203:5", "UNS+S"]


def found(bench, mapping, message):
    decoded, traced = mapping.decode(message), mapping.trace(message)
    assert (decoded.documents, decoded.findings) == (traced.documents, traced.findings)
    return bool(decoded.documents), [(f.code, f.message, f.hint) for f in decoded.findings]


def test_segments_in_another_order_stop_the_document(bench, order, minimal):
    mapping = bench.load(order(NODES, "strict: order\n"))
    assert found(bench, mapping, bench.records([*minimal, *GOOD])) == (True, [])
    hint = "ask the partner, or write  strict: true  to take them in any order"
    mixed = [*minimal, *GOOD[:3], "PRI+AAA:5", "QTY+21:5", *GOOD[5:]]
    expected = [("E-ORDER", "QTY 21 stands after PRI AAA, and the mapping has it before", hint)]
    assert found(bench, mapping, bench.records(mixed)) == (False, expected)
    early = [minimal[1], minimal[0], *minimal[2:], *GOOD]
    expected = [("E-ORDER", "BGM stands after DTM 137, and the mapping has it before", hint)]
    assert found(bench, mapping, bench.records(early)) == (False, expected)
    loose = bench.load(order(NODES, "strict: true\n"))
    assert found(bench, loose, bench.records(mixed)) == (True, [])


def test_it_is_strict_as_well(bench, order, minimal):
    mapping = bench.load(order(NODES, "strict: order\n"))
    good, findings = found(bench, mapping, bench.records([*minimal, "PAI+::42"]))
    assert (good, [finding[0] for finding in findings]) == (False, ["E-UNMAPPED"])


XML = """mapping: m
document: order/1
format: {type: xml}
strict: order
layout:
  Order:
    - Id: =number
    - On: =issued_on | date(iso)
    - in: buyer
      Party: {Role: BY, Name: =name}
    - in: seller
      Party: {Role: SU, Name: =name}
"""


def test_elements_in_another_order_stop_the_document(bench):
    mapping = bench.load(XML)
    parts = {
        "id": "<Id>1</Id>",
        "on": "<On>2026-01-05</On>",
        "by": "<Party><Role>BY</Role><Name>A</Name></Party>",
        "su": "<Party><Role>SU</Role><Name>B</Name></Party>",
    }

    def tree(*names):
        return bench.xml(f"<Order>{''.join(parts[name] for name in names)}</Order>")

    assert found(bench, mapping, tree("id", "on", "su", "by")) == (True, [])
    good, (first,) = found(bench, mapping, tree("on", "id", "by"))
    assert (good, first[:2]) == (False, ("E-ORDER", "Id stands after On, and the mapping has it before"))


def test_json_has_no_order(bench):
    text = "mapping: m\ndocument: order/1\nformat: {type: json}\nstrict: order\nlayout:\n  - id: =number\n"
    assert bench.static(text)[0] == (
        "map.yaml:4:9: error M-VALUE the members of JSON objects have no order (write  strict: true)"
    )


def test_strict_is_one_of_three_words(bench, order):
    assert bench.static(order(NODES, "strict: maybe\n"))[0].endswith("M-VALUE strict: is true, false or order")
