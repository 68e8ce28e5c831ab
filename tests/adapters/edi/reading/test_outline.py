"""What is remembered of millions of messages: rows of offsets and references, in memory and beyond."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transload.adapters.edi.reading import outline
from transload.adapters.edi.reading.outline import Outline, Seen


@pytest.mark.parametrize("most", [1, 7, 1 << 14])
def test_rows_are_kept_in_their_order(monkeypatch, most):
    monkeypatch.setattr(outline, "MOST_ROWS", most)
    rows = [(number, number * 2, -number) for number in range(3000)]
    found = Outline(3)
    for row in rows:
        found.append(row)
    assert len(found) == 3000
    assert list(found) == rows
    assert [found[index] for index in (0, 2999, 1500, 17, 1501)] == [rows[i] for i in (0, 2999, 1500, 17, 1501)]
    with pytest.raises(IndexError):
        found[3000]


def test_rows_can_be_added_after_they_were_looked_at(monkeypatch):
    monkeypatch.setattr(outline, "MOST_ROWS", 2)
    found = Outline(1)
    for number in range(50):
        found.append((number,))
        assert found[number // 2] == (number // 2,)
    assert list(found) == [(number,) for number in range(50)]


@settings(max_examples=50)
@given(st.lists(st.text("abc", max_size=3), max_size=60), st.integers(1, 20))
def test_the_first_of_each_reference_is_known(references, most):
    patch = pytest.MonkeyPatch()
    patch.setattr(outline, "MOST_REFERENCES", most)
    try:
        seen, known = Seen(), {}
        for number, reference in enumerate(references, 1):
            assert seen.first(reference, number) == known.setdefault(reference, number)
    finally:
        patch.undo()
