"""Templates of names and addresses: filled from the document, safe whatever a partner writes into it."""

from datetime import UTC, datetime
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transload.canonical.errors import Reject
from transload.runner.templates import fill, fill_all, once, template_fault

FACTS = {
    "document": lambda: {"number": "4711", "buyer": {"gln": "5412345000013"}, "lines": [{"number": "1"}]},
    "partner": {"name": "ACME", "edifact.id": "5412345000013"},
    "receipt": {"name": "a.edi", "stem": "a"},
    "number": 7,
    "key": "k",
    "now": datetime(2026, 3, 2, 8, 0, 5, tzinfo=UTC),
    "reference": "HG1",
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ORDERS.edi", "ORDERS.edi"),
        ("{document.number}_{number}.edi", "4711_7.edi"),
        ("{number:06}", "000007"),
        ("{document.buyer.gln}", "5412345000013"),
        ("{partner.edifact.id}/{partner.name}", "5412345000013/ACME"),
        ("{receipt.stem}-{reference}-{key}", "a-HG1-k"),
        ("{now:%Y%m%d}", "20260302"),
        ("{now}", "20260302T080005Z"),
        ("{{{number}}}", "{7}"),
    ],
)
def test_filling(text, expected):
    assert template_fault(text) is None
    assert fill("file", text, FACTS) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{document.contract}", "{document.contract} is not there in this delivery"),
        ("{document.buyer}", "{document.buyer} has no one text in this delivery"),
        ("{document.lines}", "{document.lines} has no one text in this delivery"),
        ("{document.number.more}", "{document.number.more} is not there in this delivery"),
        ("{message.kind}", "{message.kind} is not there in this delivery"),
        (
            "{order}",
            "{order} is unknown; a template may name document, message, partner, receipt, number, key, now, reference",
        ),
        ("{number!r}", "{number!r} is no name in braces"),
        ("{document.__class__}", "{document.__class__} is not there in this delivery"),
        ("{number", "a brace stands alone in '{number'; write it twice where it is meant"),
        ("{number:x}", "{number:x} has a form that is not known; write {number:06} or {now:%Y%m%d}"),
    ],
)
def test_what_cannot_be_filled_is_told(text, message):
    with pytest.raises(Reject) as caught:
        fill("file", text, FACTS)
    (finding,) = caught.value.findings
    assert finding.code == "E-TEMPLATE"
    assert finding.message == f"the template 'file' cannot be filled: {message}"


@given(st.text(min_size=1))
def test_no_value_of_a_partner_leaves_the_name_it_is_put_into(value):
    filled = fill("file", "{document.number}", {"document": {"number": value}})
    assert not set(filled) & set('/\\?#&*"<>|\x00\n\r\t')
    assert not filled.startswith(".")
    assert unquote(filled, errors="strict") == value


def test_one_number_is_taken_for_all_templates_of_a_delivery():
    taken = []
    facts = {"number": once(lambda: taken.append(1) or len(taken))}
    assert fill_all({"file": "{number}", "path": "/x/{number}"}, facts) == {"file": "1", "path": "/x/1"}
    assert fill_all({"file": "fixed"}, {"number": once(lambda: taken.append(1))}) == {"file": "fixed"}
    assert taken == [1]
