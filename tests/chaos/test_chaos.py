"""A short chaos run on each database; ``python -m tests.chaos`` is the long one."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.chaos.__main__ import table
from tests.chaos.run import Pace, chaos
from tests.postgresql import binaries

SHORT = Pace(
    delivering=0.2, trouble=0.5, stood=0.8, away=0.1, quiet=0.2, patience=3.0, settling=100.0, large=10, most=11
)


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("store", "workers", "only"),
    [
        ("sqlite", 1, ("storm", "kill -9")),
        pytest.param(
            "postgresql",
            2,
            ("storm", "kill -9", "database"),
            marks=pytest.mark.skipif(binaries() is None, reason="no PostgreSQL server: apt-get install postgresql"),
        ),
    ],
)
def test_nothing_is_lost_or_comes_twice(tmp_path: Path, store: str, workers: int, only: tuple[str, ...]) -> None:
    report = chaos(tmp_path, store=store, workers=workers, seconds=10.0, seed=4, pace=replace(SHORT, only=only))
    assert report.wrong == [], table(report)
    assert int(report.facts["starts of workers"]) > workers
