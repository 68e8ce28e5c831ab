"""Differences of nested values, and of payloads by their places."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from transload.mappings import load_mapping
from transload.mappings.testing.samples import format_of
from transload.runner.impact.places import fields, texts, wires
from transload.runner.impact.trees import differences

names = st.sampled_from(["a", "b", "number", "id", "lines"])
values = st.recursive(
    st.text("xyz", max_size=2) | st.integers(0, 3) | st.booleans(),
    lambda inner: st.lists(inner, min_size=1, max_size=4) | st.dictionaries(names, inner, min_size=1, max_size=3),
    max_leaves=12,
)


def leaves(value, path=()):
    if isinstance(value, dict):
        return [leaf for key, inner in value.items() for leaf in leaves(inner, (*path, key))]
    if isinstance(value, list):
        return [leaf for index, inner in enumerate(value) for leaf in leaves(inner, (*path, index))]
    return [(path, value)]


@given(values, values)
def test_what_is_told_leads_from_one_value_to_the_other(old, new):
    found = list(differences(old, new))
    assert all((type(before), before) != (type(after), after) for _, before, after in found)
    gone = Counter(repr(before) for _, before, _ in found if before is not None)
    come = Counter(repr(after) for _, _, after in found if after is not None)
    one, other = (Counter(repr(value) for _, value in leaves(each)) for each in (old, new))
    assert one - gone + come == other
    assert gone <= one
    assert come <= other


@given(values)
def test_a_value_does_not_differ_from_itself(value):
    assert list(differences(value, value)) == []


def lines(*numbers):
    return {"lines": [{"number": number, "quantity": f"{number}0"} for number in numbers]}


def test_items_belong_together_by_their_number():
    (one,) = fields(lines(1, 2, 3), {"lines": [*lines(3, 1)["lines"], {"number": 2, "quantity": "21"}]})
    assert (one.name, one.exact, one.old, one.new) == ("lines[].quantity", "lines[2].quantity", "20", "21")


def test_an_item_more_or_less_is_told_by_its_values():
    more = [(one.exact, one.old, one.new) for one in fields(lines(1), lines(1, 2))]
    assert more == [("lines[1].number", None, "2"), ("lines[1].quantity", None, "20")]
    less = [(one.exact, one.old, one.new) for one in fields(lines(1, 2, 3), lines(1, 3))]
    assert less == [("lines[1].number", "2", None), ("lines[1].quantity", "20", None)]


def test_texts_in_a_list_are_brought_together():
    (gone,) = fields({"notes": ["a", "b", "c"]}, {"notes": ["a", "c"]})
    assert (gone.exact, gone.old, gone.new) == ("notes[1]", "b", None)


def wire(kind, text, changed):
    mapping = load_mapping(kind)
    reader = format_of(mapping)
    return [(one.name, one.exact, one.old, one.new) for one in wires(text.encode(), reader, changed.encode(), reader)]


EDI = "UNB+UNOC:3+A+B+260101:0800+1'UNH+1+ORDERS:D:96A:UN'BGM+220+1+9'{}UNS+S'UNT+{}+1'UNZ+1+1'"


def edi(*segments):
    return EDI.format("".join(f"{one}'" for one in segments), len(segments) + 4)


def test_segments_are_told_by_tag_element_and_component():
    old = edi("LIN+1++7:EN", "QTY+21:5:PCE", "LIN+2++8:EN", "QTY+21:6:PCE", "FTX+AAI+++a")
    name = "library:edifact/orders-d96a"
    assert wire(name, old, old) == []
    assert wire(name, old, old.replace("6:PCE", "6:KGM")) == [("QTY 01.3", "QTY 01.3, segment 5", "PCE", "KGM")]
    gone = edi("LIN+1++7:EN", "QTY+21:5:PCE", "LIN+2++8:EN", "QTY+21:6:PCE")
    assert wire(name, old, gone) == [("FTX", "FTX, segment 6", "FTX+AAI+++a", None)]
    more = edi("LIN+1++7:EN", "IMD+F", "QTY+21:5:PCE", "LIN+2++8:EN", "QTY+21:6:PCE", "FTX+AAI+++a")
    assert wire(name, old, more) == [("IMD", "IMD, segment 3", None, "IMD+F")]
    assert wire(name, old, old.replace("+A+B+", "+A+C+"))[0][:2] == ("(receiver)", "(receiver)")


def test_xml_is_told_by_path_and_attribute():
    mapping = load_mapping("library:ubl/order-2.1")
    reader = format_of(mapping)
    old = (mapping.file.parent.parent / "samples/order.xml").read_bytes()
    assert wires(old, reader, old.replace(b">\n", b">\n\n"), reader)[0].name == "(bytes)"
    changed = old.replace(b'unitCode="', b'unitCode="X', 1)
    (one,) = wires(old, reader, changed, reader)
    assert one.name.endswith("/@unitCode")
    assert one.new == f"X{one.old}"


def test_json_is_told_by_pointer():
    from transload.adapters.json import JsonFormat, JsonOptions

    reader = JsonFormat(JsonOptions())
    old, new = b'{"a/b": [{"x": 1}, {"x": 2.50}]}', b'{"a/b": [{"x": 1}, {"x": 2.5}]}'
    (one,) = wires(old, reader, new, reader)
    assert (one.name, one.exact, one.old, one.new) == ("/a~1b/*/x", "/a~1b/1/x", "2.50", "2.5")


def test_names_that_come_and_go():
    found = [(one.name, one.old, one.new) for one in texts({"file": "a", "x": "1"}, {"file": "b", "y": "2"})]
    assert found == [("file", "a", "b"), ("x", "1", None), ("y", None, "2")]
