"""The one text of a JSON value, which digests and the chain of events are taken over, against Python's own writer."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transload.canonical.compact import compact_text

texts = st.text(st.characters(codec=None, exclude_categories=()), max_size=12)
values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@given(values)
def test_it_is_what_python_writes_with_sorted_keys(value: Any) -> None:
    expected = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert compact_text(value) == expected


@pytest.mark.parametrize("number", [2**63 - 1, 2**63, 2**64, -(2**63) - 1, 10**40])
def test_integers_of_any_size_are_exact(number: int) -> None:
    assert compact_text({"n": number}) == f'{{"n":{number}}}'


@pytest.mark.parametrize("value", [{1, 2}, object(), b"bytes", [object()]])
def test_what_is_no_json_value_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        compact_text(value)
