"""Masked messages: read by the same entries, with nothing of what they hide."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transload.adapters.base.registry import adapter
from transload.canonical.documents import as_json
from transload.canonical.errors import ConfigurationError
from transload.mappings import load_mapping
from transload.mappings.testing.masking import mask
from transload.mappings.testing.masks import Masks, check_digit
from transload.mappings.testing.samples import format_of

SAMPLES = {
    "library:edifact/orders-d96a": "edifact/orders.edi",
    "library:x12/850-004010": "x12/850.edi",
    "library:ubl/order-2.1": "ubl/order.xml",
}


def only(mapping, payload):
    (message,) = format_of(mapping).read(payload, file="sample")
    return message


def form(text):
    """The class of each character."""
    kinds = {True: "9", False: "?"}
    return "".join(
        "A" if one.isupper() else "a" if one.isalpha() else kinds[True] if one.isdigit() else one for one in text
    )


@given(value=st.text(alphabet="aBcÄß0129 .,-/@", max_size=30), seed=st.integers())
def test_a_mask_has_the_form_of_its_value_and_comes_again(value, seed):
    masks = Masks(Random(seed))
    found = masks.of(value)
    assert form(found) == form(value)
    assert masks.of(value) == found
    bare = value.strip()
    if sum(one.isalpha() or one in "129" for one in bare) > 3:
        assert found != value


@given(digits=st.sampled_from([7, 11, 12, 13, 17]).flatmap(lambda n: st.text("0123456789", min_size=n, max_size=n)))
def test_a_mask_of_a_number_of_gs1_has_a_right_check_digit(digits):
    found = Masks(Random(1)).of(digits + check_digit(digits))
    assert found[-1] == check_digit(found[:-1])


@given(values=st.lists(st.text(alphabet="AB19", min_size=4, max_size=6), unique=True, max_size=20), seed=st.integers())
def test_no_two_values_have_one_mask(values, seed):
    masks = Masks(Random(seed))
    assert len({masks.of(value) for value in values}) == len(values)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_masked_sample_is_read_by_the_same_entries_and_hides_what_it_should(fixtures, name):
    mapping = load_mapping(name)
    payload = (fixtures / SAMPLES[name]).read_bytes()
    message = only(mapping, payload)
    before = mapping.trace(message)
    masked = mask(mapping, message, Masks(Random(7)))
    after = mapping.trace(only(mapping, masked.wire))
    assert [touch.slot.number for touch in after.touches] == [touch.slot.number for touch in before.touches]
    assert after.documents == masked.documents
    was, now = as_json(before.documents[0]), as_json(after.documents[0])
    assert now["number"] != was["number"]
    assert now["seller"] != was["seller"]
    assert (now["issued_on"], len(now["lines"])) == (was["issued_on"], len(was["lines"]))
    for old, new in zip(was["lines"], now["lines"], strict=True):
        assert (new["quantity"], new.get("uom")) == (old["quantity"], old.get("uom"))
        assert new["price"] != old["price"]
        assert len(new["description"]) == len(old["description"])
    text = masked.wire.decode()
    hidden = [was["number"], *(line["description"] for line in was["lines"]), was["buyer"]["name"]]
    assert not [value for value in hidden if value in text]
    assert {"number", "buyer.name", "lines[].price"} <= set(masked.fields)


def portal(bench, *, extra=""):
    return bench.load(
        f"""mapping: portal
document: order/1
format: {{type: json}}
{extra}layout:
  - id: =number
  - date: =issued_on | date(iso)
  - client: {{name: =buyer.name}}
  - each: lines
    positions: {{amount: =quantity | number, price: =price | number, sum: =quantity * price | round(2) | number}}
"""
    )


def json_message(mapping, text):
    return next(iter(adapter("json").format(adapter("json").format.Options()).read(text.encode(), file="x")))


def test_json_numbers_and_members_that_nothing_reads(bench):
    mapping = portal(bench, extra="ignores: [internal]\n")
    text = (
        '{"id": "PO-17", "date": "2026-01-05", "client": {"name": "ACME Ltd"}, "internal": "Jane Doe rang",'
        ' "positions": [{"amount": 2, "price": 1.25}]}'
    )
    masked = mask(mapping, json_message(mapping, text), Masks(Random(3)))
    assert "Jane" not in masked.wire.decode()
    assert "ACME" not in masked.wire.decode()
    (line,) = masked.documents[0].lines
    assert str(line.quantity) == "2"
    assert str(line.price) != "1.25"
    assert masked.fields == {"(read by nothing)": 1, "buyer.name": 1, "lines[].price": 1, "number": 1}


def test_sums_follow_from_the_masked_prices(bench, order):
    mapping = bench.load(
        order(
            """  - each: lines
    LIN: {1: =number}
    then:
      - QTY: {6063: 21, 6060: =quantity}
      - MOA: {5025: 203, 5004: =quantity * price | round(2)}
      - PRI: {5125: AAA, 5118: =price}
  - UNS: {0081: S}
"""
        )
    )
    sample = """UNB+UNOC:3+9520001000003:14+9520002000002:14+260105:1000+1'
UNH+1+ORDERS:D:96A:UN'
BGM+220+PO-4711'
DTM+137:20260105:102'
NAD+BY+9520001000003::9++ACME'
LIN+1'
QTY+21:3'
MOA+203:37.50'
PRI+AAA:12.50'
UNS+S'
UNT+9+1'
UNZ+1+1'
"""
    masked = mask(mapping, only(mapping, sample.encode()), Masks(Random(5)))
    (line,) = masked.documents[0].lines
    assert f"MOA+203:{line.price * 3}'" in masked.wire.decode()
    assert "9520001000003" not in masked.wire.decode()
    assert masked.fields["(envelope)"] == 2


REFUSED = {
    "the message has errors: '2026-1-05' does not have the form yyyy-MM-dd": '{"id": "1", "date": "2026-1-05"}',
    "buyer.name: a value that is masked stands elsewhere in the message too": '{"id": "1", "date": "2026-01-05", '
    '"client": {"name": "positions"}}',
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_cannot_be_masked_faithfully_is_refused(bench, message):
    mapping = portal(bench)
    with pytest.raises(ConfigurationError) as caught:
        mask(mapping, json_message(mapping, REFUSED[message][:-1] + ', "positions": []}'), Masks(Random(1)))
    assert caught.value.message == f"no masked test is made: {message}"
    assert caught.value.hint == "make one by hand"
