"""Control numbers: holes, stragglers, counters that are set back."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transload.runner.expectations.sequence import Sequence, number_of

NOW = datetime(2026, 3, 3, tzinfo=UTC)


def holes(*numbers: int) -> list[str]:
    sequence = Sequence(highest=numbers[0])
    for number in numbers[1:]:
        sequence.see(number, NOW)
        sequence = Sequence.of(sequence.as_dict())
    return [hole.text for hole in sequence.holes]


@pytest.mark.parametrize(
    ("numbers", "missing"),
    [
        ((1, 2, 3), []),
        ((1, 2, 2, 2, 3), []),  # several messages of one interchange
        ((1, 3), ["2"]),
        ((1, 3, 2, 4), []),  # one came late
        ((1, 10), ["2-9"]),
        ((1, 10, 5), ["2-4", "6-9"]),
        ((1, 4, 2), ["3"]),
        ((900, 901, 1, 2, 3), []),  # the counter was set back
        ((900, 901, 1, 3), []),  # perhaps, perhaps stragglers: not enough to say
        ((900, 901, 17, 902), []),  # a straggler
        ((900, 901, 17, 903), ["902"]),
        ((999999999, 1, 2, 4), ["3"]),
    ],
)
def test_holes(numbers: tuple[int, ...], missing: list[str]) -> None:
    assert holes(*numbers) == missing


@given(st.lists(st.integers(2, 60), unique=True, min_size=1))
def test_rising_numbers_leave_exactly_what_is_missing(numbers: list[int]) -> None:
    came = sorted(numbers)
    sequence = Sequence(highest=1)
    for number in came:
        sequence.see(number, NOW)
    missing = {number for hole in sequence.holes for number in range(hole.first, hole.last + 1)}
    assert missing == set(range(2, came[-1])) - set(came)


@given(st.lists(st.integers(2, 60), unique=True, min_size=1), st.randoms(use_true_random=False))
def test_what_comes_late_fills_its_hole_in_any_order(numbers: list[int], random) -> None:
    came = sorted(numbers)
    late = sorted(set(range(2, came[-1])) - set(came))
    random.shuffle(late)
    assert holes(1, *came, *late) == []


def test_a_jump_of_any_size_costs_nothing() -> None:
    assert holes(1, 99_999_999_999_999) == ["2-99999999999998"]


@pytest.mark.parametrize(
    ("text", "number"),
    [("17", 17), ("000000017", 17), ("A17", None), ("", None), ("\u0661\u0667", None), ("9" * 15, None)],
)
def test_references_that_are_numbers(text: str, number: int | None) -> None:
    assert number_of(text) == number
