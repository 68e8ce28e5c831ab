"""What is wrong with the words of the right-hand side is said at its line and column."""
# ruff: noqa: E501 - findings are one line each

from dataclasses import replace
from datetime import date

import pytest

from transload.adapters.base.format import Identity
from transload.mappings.routing import findings_of, narrowest_first

CASES = {
    "parts without a field": (
        "", "  - RFF: {1153: CT, 1154: '=parts(\"{contract}\")'}",
        "map.yaml:8:27: error M-EXPRESSION '{contract}' has fewer than two fields (for example  parts(\"{number}/{release}\"))",
    ),
    "parts side by side": (
        "", "  - RFF: {1153: CT, 1154: '=parts(\"{contract}{release}\")'}",
        "map.yaml:8:27: error M-EXPRESSION nothing stands between two fields in '{contract}{release}' "
        "(so they could not be told apart)",
    ),
    "an open brace": (
        "", "  - RFF: {1153: CT, 1154: '=parts(\"{contract}/{release\")'}",
        "map.yaml:8:27: error M-EXPRESSION a brace is open or empty in '{contract}/{release' "
        "(for example  parts(\"{number}/{release}\"))",
    ),
    "no field in braces": (
        "", "  - RFF: {1153: CT, 1154: '=parts(\"{contract}/{1}\")'}",
        "map.yaml:8:27: error M-EXPRESSION '1' is no field (in braces stand fields with their converters)",
    ),
    "parts without a pattern": (
        "", "  - RFF: {1153: CT, 1154: =parts(contract)}",
        "map.yaml:8:27: error M-EXPRESSION parts takes a pattern in quotes in '=parts(contract)' "
        "(for example  parts(\"{number}/{release}\"))",
    ),
    "parts over two places": (
        "", "  - DTM: {2005: 2, 2380+2379: '=parts(\"{contract}/{release}\")'}",
        "map.yaml:8:31: error M-EXPRESSION parts() takes one place",
    ),
    "a default in parts": (
        "", "  - RFF: {1153: CT, 1154: '=parts(\"{contract | default(X)}/{release}\")'}",
        "map.yaml:8:27: error M-CONVERTER in parts() no field has default, elide or none",
    ),
    "a number in parts has its own form": (
        "", "  - RFF: {1153: CT, 1154: '=parts(\"{contract}/{requested_on}\")'}",
        "map.yaml:8:27: error M-CONVERTER a date needs a form on the wire: date(yyyyMMdd), date(iso), or dtm(102) over "
        "two places",
    ),
    "the clock that is read": (
        "", "  - RFF: {1153: CT, 1154: =now()}",
        "map.yaml:8:27: error M-EXPRESSION now() is written only in '=now()' (write(now()))",
    ),
    "the clock in one place of two": (
        "", "  - DTM: {2005: 2, 2380+2379: =write(now()) | datetime(yyyyMMdd UTC)}",
        "map.yaml:8:31: error M-CONVERTER dtm and a pattern with + take two places, any other form one",
    ),
    "the clock without a zone": (
        "", "  - RFF: {1153: CT, 1154: =write(now()) | datetime(yyyyMMdd)}",
        "map.yaml:8:27: error M-CONVERTER now() needs a form on the wire, with a time zone "
        "(for example  write(now()) | datetime(yyyyMMdd Europe/Berlin))",
    ),
    "seq outside of items": (
        "", "  - RFF: {1153: CT, 1154: =write(seq())}",
        "map.yaml:8:27: error M-EXPRESSION seq() counts items, and stands in a node with each: "
        "(for the document itself write the number, or control_number())",
    ),
    "segments are the envelope's": (
        "", "  - RFF: {1153: CT, 1154: =write(segments())}",
        "map.yaml:8:27: error M-EXPRESSION there is no function 'segments' (functions are count(list) and sum(list.field))",
    ),
    "a key of what is no list": (
        "", "  - RFF: {1153: CT, 1154: '=buyer[kind=x].name'}",
        "map.yaml:8:27: error M-FIELD this is no list, and an item by key is one of objects",
    ),
    "a key by a field that is not there": (
        "", "  - RFF: {1153: CT, 1154: '=references[knd=x].number'}",
        "map.yaml:8:27: error M-FIELD Reference: no text field 'knd' to choose by (did you mean 'kind'?)",
    ),
    "the key itself": (
        "", "  - RFF: {1153: CT, 1154: '=references[kind=x].kind'}",
        "map.yaml:8:27: error M-FIELD kind is known to be 'x': write the literal",
    ),
    "an item without a field": (
        "", "  - RFF: {1153: CT, 1154: '=references[kind=x]'}",
        "map.yaml:8:27: error M-EXPRESSION a field is missing after the item in '=references[kind=x]' "
        "(for example  references[kind=x].number)",
    ),
    "a key that is none": (
        "", "  - RFF: {1153: CT, 1154: '=references[1].number'}",
        "map.yaml:8:27: error M-EXPRESSION a list item is chosen by one field in '=references[1].number' "
        "(for example  references[kind=contract].number)",
    ),
    "computing with a chosen item": (
        "", "  - CNT: {6069: 2, 6066: '=payment_terms[text=x].due_days * 2'}",
        "map.yaml:8:26: error M-EXPRESSION a list item that is chosen by key is not computed with",
    ),
    "chosen and repeated": (
        "", "  - RFF: {1153: CT, 1154: '=references[kind=x].number'}\n  - each: references\n    RFF: {1153: ON, 1154: =number, 4000: =kind}",
        "map.yaml:8:21: error M-FIELD references is repeated with each: as well, which would take the item 'x' again "
        "(choose all items by their keys, or none)",
    ),
    "a unit that there is not": (
        "", "  - MOA: {5025: 79, 5004: =totals.lines_amount | unit(kgs g)}",
        "map.yaml:8:27: error M-CONVERTER there is no unit 'kgs' (did you mean 'kg'?)",
    ),
    "units of two kinds": (
        "", "  - MOA: {5025: 79, 5004: =totals.lines_amount | unit(kg m)}",
        "map.yaml:8:27: error M-CONVERTER kg is a unit of mass, and m of length (both measure the same)",
    ),
    "one unit": (
        "", "  - MOA: {5025: 79, 5004: =totals.lines_amount | unit(kg)}",
        "map.yaml:8:27: error M-CONVERTER unit needs two units: the field's and the wire's (for example  unit(kg g))",
    ),
    "a date and no time over two places": (
        "", "  - DTM: {2005: 2, 2380+2379: =issued_at | datetime(yyyyMMdd+dd UTC)}",
        "map.yaml:8:31: error M-CONVERTER 'yyyyMMdd+dd' is no date and time "
        "(for example  datetime(yyyyMMdd+HHmm Europe/Berlin))",
    ),
    "xref without a table": (
        "", "  - RFF: {1153: CT, 1154: =contract | xref}",
        "map.yaml:8:27: error M-CONVERTER xref needs the name of a table (for example  xref(items))",
    ),
    "required that is no word": (
        "", "  - RFF: {1153: CT, 1154: {value: =contract, required: maybe}}",
        "map.yaml:8:56: error M-VALUE required: is yes or no",
    ),
    "a required literal": (
        "", "  - RFF: {1153: {value: CT, required: yes}, 1154: =contract}",
        "map.yaml:8:39: error M-VALUE required: goes with a field of one value",
    ),
    "max that is no number": (
        "", "  - RFF: {1153: CT, 1154: {value: =contract, max: few}}",
        "map.yaml:8:51: error M-VALUE max: is a whole number: the most characters that stand there",
    ),
    "a literal beyond max": (
        "", "  - RFF: {1153: {value: CTX, max: 2}, 1154: =contract}",
        "map.yaml:8:25: error M-VALUE 'CTX' is longer than max: 2",
    ),
    "an unknown word of the long form": (
        "", "  - RFF: {1153: CT, 1154: {value: =contract, maxi: 2}}",
        "map.yaml:8:46: error M-KEY 'maxi' is not understood here (did you mean 'max'?)",
    ),
    "a limit of a field that there is not": (
        "limits: {numbr: {length: 3}}\n", "",
        "map.yaml:5:10: error M-FIELD limits: there is no field 'numbr' (did you mean 'number'?)",
    ),
    "a limit that there is not": (
        "limits: {number: {lenght: 3}}\n", "",
        "map.yaml:5:19: error M-KEY a limit has no key 'lenght' (did you mean 'length'?)",
    ),
    "a limit for another kind": (
        "limits: {number: {min: 3}}\n", "",
        "map.yaml:5:19: error M-VALUE min: is for a number or a whole number or a date, and number is a text",
    ),
    "a limit that is no value": (
        "limits: {issued_on: {min: today}}\n", "",
        "map.yaml:5:27: error M-VALUE 'today' is no date (write the day as 2026-01-31)",
    ),
    "limits the wrong way round": (
        "limits: {lines.quantity: {min: 3, max: 2}}\n", "",
        "map.yaml:5:10: error M-VALUE lines.quantity: min: is above max:",
    ),
    "a default beyond the limits": (
        "limits: {contract: {length: 2}}\n", "  - RFF: {1153: CT, 1154: =contract | default(XXX)}",
        "map.yaml:9:27: error M-VALUE 'XXX' is longer than 2 characters, by limits: in line 5",
    ),
    "a derived field that is read": (
        "derive: {number: =contract}\n", "",
        "map.yaml:5:10: error M-FIELD number is read from BGM 1004 in line 7, and cannot be derived as well "
        "(take one of the two out)",
    ),
    "a derived field that there is not": (
        "derive: {lines.amunt: =quantity * price}\n", "",
        "map.yaml:5:10: error M-FIELD OrderLine: no field 'amunt' (did you mean 'amount'?)",
    ),
    "a derived text of numbers": (
        "derive: {contract: =count(lines)}\n", "",
        "map.yaml:5:20: error M-EXPRESSION contract is a text, and what is computed is a number",
    ),
    "a derived division": (
        "derive: {lines.amount: =quantity / price}\n", "",
        "map.yaml:5:24: error M-EXPRESSION a division may have no end (add | round(2))",
    ),
    "a derived field of an outer item": (
        "derive: {lines.taxes.amount: =l.price}\n",
        "  - each: lines\n    as: l\n    ALC: {5463: A}\n    then:\n      - QTY: {6063: 21, 6060: =quantity}",
        "map.yaml:5:30: error M-EXPRESSION a field of another list cannot be taken here "
        "(it takes fields of the same item, and of the document)",
    ),
    "a derived field with a converter": (
        "derive: {contract: =number | upper}\n", "",
        "map.yaml:5:20: error M-EXPRESSION a derived field is computed, or takes another field's value "
        "(such as  =quantity * price | round(2))",
    ),
    "days that are none": (
        "valid: 2026-02-30..\n", "",
        "map.yaml:5:8: error M-VALUE valid: day is out of range for month (such as  2026-01-01..2026-06-30, or  2026-07-01..  "
        "without an end)",
    ),
    "days without a span": (
        "valid: 2026-02-01\n", "",
        "map.yaml:5:8: error M-VALUE valid: is a first and a last day (such as  2026-01-01..2026-06-30, or  2026-07-01..  "
        "without an end)",
    ),
    "days backwards": (
        "valid: 2026-02-02..2026-02-01\n", "",
        "map.yaml:5:8: error M-VALUE valid: ends before it begins (such as  2026-01-01..2026-06-30, or  2026-07-01..  "
        "without an end)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_static_findings(bench, order, case):
    header, nodes, expected = CASES[case]
    assert bench.static(order("", header, early=f"{nodes}\n" if nodes else "")) == [expected]


def loaded(bench, order, name, header):
    return bench.load(
        order("", header).replace("mapping: small", f"mapping: {name}"), f"{name}-{abs(hash(header))}.yaml"
    )


def lines(*mappings):
    return [finding.line() for finding in findings_of(mappings)]


def test_the_narrower_mapping_is_asked_first(bench, order):
    wide = loaded(bench, order, "wide", "")
    one = loaded(bench, order, "one", "match: {sender: '1'}\n")
    both = loaded(bench, order, "both", "match: {sender: ['1', '2']}\n")
    most = loaded(bench, order, "most", "match: {sender: '1', BGM 1001: '220'}\n")
    assert narrowest_first([wide, both, one, most]) == (most, one, both, wide)
    assert narrowest_first([most, one, both, wide]) == (most, one, both, wide)
    assert lines(wide, both, one, most) == []
    message = replace(bench.records("BGM+220+1"), sender=Identity(id="1"))
    assert next(m.name for m in narrowest_first([wide, both, one, most]) if m.matches(message)) == "most"


def test_two_mappings_that_could_read_one_message_are_told(bench, order):
    one = loaded(bench, order, "one", "match: {sender: '1'}\n")
    kind = loaded(bench, order, "kind", "match: {BGM 1001: '220'}\n")
    again = loaded(bench, order, "again", "match: {sender: ['1', '3']}\nstrict: true\n")
    other = loaded(bench, order, "other", "match: {sender: '3'}\nversion: 2\n")
    (found,) = lines(one, kind)
    assert found == (
        f"{kind.files[0]}:5:9: error M-MATCH one ({one.files[0]}:5:9) and kind can read the same message ORDERS D:96A:UN "
        "(name under match: of one of them what tells the two apart, such as sender)"
    )
    assert lines(one, other) == []
    assert lines(one, again) == [], "one is narrower"
    assert len(lines(again, loaded(bench, order, "twin", "match: {sender: ['1', '3']}\n"))) == 1


def test_versions_of_a_mapping_are_told_apart_by_day(bench, order):
    first = loaded(bench, order, "m", "valid: ..2026-03-31\n")
    second = loaded(bench, order, "m", "valid: 2026-04-01..2026-06-30\n")
    assert lines(first, second) == []
    assert (first.valid.holds(date(2026, 3, 31)), first.valid.holds(date(2026, 4, 1))) == (True, False)
    late = loaded(bench, order, "m", "valid: 2026-07-15..\n")
    assert lines(late, second) == [
        f"{late.files[0]}:5:8: warning M-VALID from 2026-07-01 to 2026-07-14 no version of m is in force "
        f"(the one before ends in {second.files[0]}:5:8)"
    ]
    over = loaded(bench, order, "m", "valid: 2026-06-30..\n")
    assert lines(second, over) == [
        f"{over.files[0]}:5:8: error M-MATCH m is in force twice from 2026-06-30: here and in {second.files[0]}:5:8 "
        "(let valid: of the earlier one end before)"
    ]
