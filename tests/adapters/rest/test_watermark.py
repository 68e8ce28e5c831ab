from datetime import timedelta

import pytest

from transload.adapters.base import Stop
from transload.adapters.base.watermarks import stepped_back
from transload.adapters.rest.paging import Since
from transload.adapters.rest.watermark import newest

SINCE = Since(field="at")


@pytest.mark.parametrize(
    ("marks", "latest"),
    [
        (["9", "10", "2"], "10"),
        ([7, 30, 4], "30"),
        (["2026-01-01T00:30:00+02:00", "2025-12-31T23:00:00Z"], "2025-12-31T23:00:00Z"),
        (["2026-01-02", "2026-01-10"], "2026-01-10"),
        (["b7", "b9", "a9"], "b9"),
    ],
)
def test_the_newest_mark_by_value_not_by_spelling(marks: list[object], latest: str) -> None:
    assert newest(None, [{"at": mark} for mark in marks], SINCE) == latest


@pytest.mark.parametrize("marks", [["2026-01-01T00:00:00", "2026-01-01T00:00:00Z"], ["5", "b"], [None], [True], [""]])
def test_marks_that_cannot_be_compared_stop(marks: list[object]) -> None:
    with pytest.raises(Stop):
        newest("2026-01-01T00:00:00Z" if marks == [None] else None, [{"at": mark} for mark in marks], SINCE)


def test_stepping_back_keeps_the_notation() -> None:
    assert stepped_back("2026-01-01T00:00:30Z", timedelta(minutes=1)) == "2025-12-31T23:59:30Z"
    assert stepped_back("2026-01-01T00:00:30+01:00", timedelta(minutes=1)) == "2025-12-31T23:59:30+01:00"
    assert stepped_back("42", timedelta(minutes=1)) == "42"
