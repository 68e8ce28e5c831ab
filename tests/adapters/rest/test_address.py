import pytest
from hypothesis import given
from hypothesis import strategies as st

from transload.adapters.base import Reject
from transload.adapters.rest.address import escape


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda v: v not in (".", "..")))
def test_no_value_changes_the_path_it_stands_in(value: str) -> None:
    made = escape("/orders/{document.number}/lines", f"/orders/{value}/lines")
    assert made.startswith("/orders/")
    assert made.endswith("/lines")
    inner = made.removeprefix("/orders/").removesuffix("/lines")
    assert inner.isascii()
    assert not set(inner) & set("/?#&= ")


def test_two_values_are_told_apart_by_what_stands_between() -> None:
    assert escape("/{partner}/orders/{number}", "/a b/orders/1") == "/a%20b/orders/1"
    assert escape("a={x}&b={y}", "a=&b=2", path=False) == "a=&b=2"


@pytest.mark.parametrize(
    ("template", "filled", "why"),
    [
        ("/o/{x}", "/o/..", "empty, or a step to another folder"),
        ("/o/{x}", "/o/", "empty, or a step to another folder"),
        ("/o/{x}/{y}", "/o/1/2/3", "cannot be told apart"),
        ("/o/{x}{y}", "/o/12", "cannot be told apart"),
        ("/o/{x}", "/other", "was not made of the template"),
    ],
)
def test_what_is_ambiguous_or_leads_elsewhere_is_refused(template: str, filled: str, why: str) -> None:
    with pytest.raises(Reject, match=why):
        escape(template, filled)
