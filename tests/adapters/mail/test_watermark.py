"""How far a folder was read: a law, and what the notes survive."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transload.adapters.mail.watermark import Watermark


class Notes(dict[str, str]):
    def put(self, name: str, value: str | None) -> None:
        assert value is not None
        self[name] = value


def begin(notes: Any, uids: set[int], validity: int = 7, *, by_mark: bool = True) -> tuple[Watermark, list[int]]:
    mark = Watermark(notes, "INBOX", validity, by_mark=by_mark)
    return mark, mark.begin(sorted(uid for uid in uids if uid > mark.start))


@given(
    st.lists(
        st.tuples(st.sets(st.integers(1, 40)), st.sets(st.integers(1, 40)), st.sets(st.integers(1, 40))), max_size=8
    ),
    st.booleans(),
)
def test_no_mail_is_passed_by_before_it_is_finished_and_none_is_looked_at_after(
    passes: list[tuple[set[int], set[int], set[int]]], by_mark: bool
) -> None:
    """Each pass brings new mails with higher UIDs, finishes some of those that are there, and some are taken away."""
    notes = Notes()
    there: set[int] = set()
    finished: set[int] = set()
    highest = 0
    for new, done, gone in passes:
        there |= {highest + uid for uid in new}
        highest += max(new, default=0)
        mark, to_look_at = begin(notes, there, by_mark=by_mark)
        assert set(to_look_at) == there - finished
        for uid in to_look_at:
            if uid % 40 + 1 in done:
                mark.finish(uid)
                mark.finish(uid)
                finished.add(uid)
        there -= {uid for uid in there if uid % 40 + 1 in gone}
        finished &= there | {uid for uid in finished if by_mark}


def test_another_validity_begins_anew() -> None:
    notes = Notes()
    mark, _ = begin(notes, {1, 2, 3})
    for uid in (1, 2, 3):
        mark.finish(uid)
    assert begin(notes, {1, 2, 3, 4})[1] == [4]
    assert begin(notes, {1, 2}, validity=8)[1] == [1, 2]


def test_notes_that_are_none_of_ours_count_nothing() -> None:
    for note in ("", "{", "[]", '{"validity": 7}', '{"validity": 7, "mark": "x", "finished": []}', "7"):
        assert begin(Notes({"mail:INBOX": note}), {1})[1] == [1]


@pytest.mark.parametrize("by_mark", [True, False])
def test_many_mails_that_are_finished_together_take_one_note(by_mark: bool) -> None:
    written = []

    class Counting(Notes):
        def put(self, name: str, value: str | None) -> None:
            written.append(value)
            super().put(name, value)

    notes = Counting()
    mark, uids = begin(notes, set(range(1, 20_001)), by_mark=by_mark)
    mark.finish(*uids[:-1])
    assert len(written) == 2
    assert begin(notes, set(uids), by_mark=by_mark)[1] == [20_000]


def test_many_finished_mails_need_little_room() -> None:
    notes = Notes()
    mark, uids = begin(notes, set(range(1, 10_001)))
    for uid in uids[:50]:
        mark.finish(uid)
    assert len(notes["mail:INBOX"]) < 100
