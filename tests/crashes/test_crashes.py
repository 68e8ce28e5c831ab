"""``kill -9`` behind the steps of every adapter, a restart, and nothing is lost, torn or doubled."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.crashes.__main__ import PAGE
from tests.crashes.matrix import KILLED, Outcome, Victim, killed_at, points_of, victim
from tests.crashes.scenes import SCENES
from tests.crashes.scenes.ledger import LEDGER_SCENES, on_postgresql, on_sqlite
from tests.crashes.scenes.stage import LARGE
from tests.crashes.steps import Point
from tests.postgresql import Server

CANNOT_TELL = ("mail, as target", "rest, without", "soap, once")
"""The scenes in which a lost answer is a question to a person."""
_LOOKS = ("list", "look", "has", "read", "IMAP select", "IMAP search", "IMAP fetch", "SMTP connect")
"""Steps that change nothing."""


@pytest.fixture(scope="module")
def process() -> Iterator[Victim]:
    with victim() as made:
        yield made


def _matters(point: Point) -> bool:
    """Whether something has changed at the moment, for the first document; docs/crashes.md has all moments of both."""
    changes = point.moment == "half" or not point.name.startswith(_LOOKS)
    return point.time == 1 and point.moment != "before" and changes


@pytest.mark.timeout(120)
@pytest.mark.parametrize("scene", SCENES)
def test_killed_behind_each_step_of_the_first_document(scene: str, process: Victim) -> None:
    points = [point for point in points_of(SCENES[scene], process) if _matters(point)]
    assert len(points) >= 7
    wrong, unknown = [], 0
    for point in points:
        outcome = killed_at(SCENES[scene], point, process)
        if outcome is None:
            continue
        unknown += outcome.unknown
        if outcome not in (Outcome(), Outcome(unknown=1)):
            wrong.append((point, outcome))
    assert wrong == []
    assert (unknown > 0) == (scene in CANNOT_TELL)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", ["erase", "rekey"])
def test_what_people_do_to_a_ledger_can_be_broken_off_behind_each_commit(name: str, process: Victim) -> None:
    scene = on_sqlite()[f"ledger on SQLite, {name}"]
    points = [point for point in points_of(scene, process) if point.name.startswith("commit")]
    ends = [point for point in points if point.moment == "after"]
    assert len(ends) >= 2
    assert {point: outcome for point in ends if (outcome := killed_at(scene, point, process)) != Outcome()} == {}


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("name", "moments"),
    [
        ("takeover", [("Arrivals", "half"), ("Lanes.announce", "after"), ("Lanes.conclude", "half")]),
        ("tidy", [("Erasing._erased", "after"), ("Erasing.sweep", "half")]),
    ],
)
def test_a_ledger_on_postgresql_outlives_it_too(
    name: str, moments: list[tuple[str, str]], process: Victim, postgresql: Server
) -> None:
    scene = on_postgresql(postgresql)[f"ledger on PostgreSQL, {name}"]
    points = points_of(scene, process)
    for step, moment in moments:
        found = [point for point in points if point.name.startswith(f"commit {step}") and point.moment == moment]
        assert killed_at(scene, found[0], process) == Outcome(), found[0]


def _sums(text: str, scene: str) -> list[int]:
    """Kills, lost, torn, twice, asked and left over of all steps of a scene, as the page has them."""
    section = text.partition(f"\n## {scene}\n")[2].partition("\n## ")[0]
    sums = next(line for line in section.splitlines() if line.startswith("| **all** |"))
    return [int(cell.strip(" *")) for cell in sums.split("|")[2:-1]]


def test_the_page_has_every_scene_and_nothing_wrong() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for scene in SCENES:
        kills, lost, torn, twice, asked, left = _sums(text, scene)
        assert kills >= 25, scene
        assert (lost, torn, twice, left) == (0, 0, 0, 0), scene
        assert (asked > 0) == (scene in CANNOT_TELL), scene
    for scene in LEDGER_SCENES:
        kills, *wrong = _sums(text, scene)
        assert kills >= 3, scene
        assert wrong == [0] * 5, scene


def test_what_was_fetched_of_a_large_file_outlives_the_process(process: Victim, tmp_path: Path) -> None:
    with SCENES["sftp, large"](tmp_path) as stage:
        assert process.live(stage, Point("read out", 1, "half")) == KILLED
        [partial] = stage.folder.glob("ledger.db.scratch/*/*")
        held = int(partial.name.split("-")[1])
        assert held >= 4 << 20
        assert LARGE.startswith(partial.read_bytes()[:held])
        assert process.live(stage) == 0
        assert sorted(stage.landed()) == sorted(stage.expected)
        assert list(stage.folder.glob("ledger.db.scratch/*/*")) == []
