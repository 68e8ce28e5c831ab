"""Laws of picking up and handing over, in a store of memory where any step may fail."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from transload.adapters.base import Inbound, Landing, Outbound, Retry
from transload.adapters.base.folders import Entry, FileStore, HandOver, Missing, PickUp, Stability, Taken
from transload.adapters.base.folders.handover import hand_over, landed
from transload.adapters.base.folders.hands import Hands
from transload.adapters.base.folders.pickup import Pass
from transload.adapters.base.folders.stability import Watch
from transload.canonical.errors import TransloadError


class Ledger(dict[str, str]):
    """Notes that become durable with a commit or at the end of a pass, and what was committed."""

    def __init__(self) -> None:
        super().__init__()
        self.committed: dict[str, bytes] = {}
        self.folder, self.cover = Path("nowhere"), None  # no file is large
        self._durable: dict[str, str] = {}

    def seen(self, key: str) -> bool:
        return key in self.committed

    def put(self, name: str, value: str | None) -> None:
        if value is None:
            self.pop(name, None)
        else:
            self[name] = value

    def names(self, prefix: str = "") -> list[str]:
        return sorted(name for name in self if name.startswith(prefix))

    def commit(self, inbound: Inbound | None = None) -> None:
        if inbound is not None:
            assert inbound.key not in self.committed
            assert isinstance(inbound.content, bytes)
            self.committed[inbound.key] = inbound.content
        self._durable = dict(self)

    def crash(self) -> None:
        self.clear()
        self.update(self._durable)


class Disk(FileStore):
    """Files in memory.  ``failing`` counts down the steps until the connection breaks, before or after its effect."""

    def __init__(self) -> None:
        self.files: dict[str, tuple[bytes, int]] = {}
        self.failing: int | None = None
        self.after = False
        self.clock = 0

    def store(self, path: str, content: bytes) -> None:
        self.clock += 1
        self.files[path] = (content, self.clock)

    def _step(self, *, done: bool) -> None:
        if self.failing is None or done is not self.after:
            return
        self.failing -= 1
        if self.failing < 0:
            raise Retry("the connection broke")

    def _entry(self, path: str) -> Entry:
        content, changed = self.files[path]
        return Entry(path=path, name=path.rpartition("/")[2], size=len(content), changed=changed)

    def list(self, folder: str) -> list[Entry]:
        self._step(done=False)
        self._step(done=True)
        return [self._entry(path) for path in list(self.files) if path.rpartition("/")[0] == folder]

    def look(self, path: str) -> Entry | None:
        self._step(done=False)
        self._step(done=True)
        return self._entry(path) if path in self.files else None

    def has_folder(self, path: str) -> bool:
        return True

    def read(self, path: str, size: int, start: int = 0) -> Iterator[bytes]:
        self._step(done=False)
        if path not in self.files:
            raise Missing(path)
        yield self.files[path][0][start:]
        self._step(done=True)

    def write(self, path: str, content: bytes, *, passing: bool = False) -> None:
        self._step(done=False)
        self.store(path, content)
        self._step(done=True)

    def move(self, old: str, new: str, *, replace: bool = False) -> None:
        self._step(done=False)
        if old not in self.files:
            raise Missing(old)
        if new in self.files and not replace:
            raise Taken(new)
        self.files[new] = self.files.pop(old)
        self._step(done=True)

    def remove(self, path: str) -> None:
        self._step(done=False)
        if self.files.pop(path, None) is None:
            raise Missing(path)
        self._step(done=True)

    def make_folder(self, path: str) -> None:
        raise AssertionError("every folder is there")


def now() -> datetime:
    return datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)


def one_pass(disk: Disk, options: PickUp, ledger: Ledger, crash: int | None, many: int = 1) -> None:
    """A pass of a runner that is killed at one of its own steps, or goes through; it survives broken connections."""
    steps = 0
    try:
        for inbound in Pass(options, ledger, now).files(Hands(disk, lambda: disk, many)):
            if steps == crash:
                ledger.crash()
                return
            ledger.commit(inbound)
            steps += 1
            if steps == crash:
                ledger.crash()
                return
            inbound.settle()
            steps += 1
    except TransloadError:
        ledger.crash()
        return
    ledger.commit()


CONTENTS = st.lists(st.binary(min_size=1, max_size=6), min_size=1, max_size=5)


@settings(max_examples=300)
@given(
    contents=CONTENTS,
    afterwards=st.sampled_from(["keep", "delete", {"move": "done"}]),
    stable=st.sampled_from(["none", "2 polls", {"marker": "*.ok"}]),
    claimed=st.booleans(),
    many=st.sampled_from([1, 3]),
    breaks=st.lists(st.tuples(st.integers(0, 16), st.booleans(), st.integers(0, 6) | st.none()), max_size=4),
)
def test_whatever_breaks_every_file_is_committed_once(
    contents: list[bytes],
    afterwards: Any,
    stable: Any,
    claimed: bool,
    many: int,
    breaks: list[tuple[int, bool, int | None]],
) -> None:
    disk, ledger = Disk(), Ledger()
    claim = {"into": "ours"} if claimed and afterwards != "keep" else None
    options = PickUp.model_validate({"folder": "out", "stable": stable, "afterwards": afterwards, "claim": claim})
    marked = isinstance(stable, dict)
    for number, content in enumerate(contents):
        disk.store(f"out/{number}", content)
        if marked:
            disk.store(f"out/{number}.ok", b"")
    for failing, after, crash in breaks:
        disk.failing, disk.after = failing, after
        one_pass(disk, options, ledger, crash, many)
        assert len(disk.files) + (len(ledger.committed) if afterwards == "delete" else 0) >= len(contents)
    disk.failing = None
    for _ in range(3):
        one_pass(disk, options, ledger, None, many)
    assert sorted(ledger.committed.values()) == sorted(contents)
    markers = [path for path in disk.files if path.endswith(".ok")]
    assert len(markers) == (len(contents) if marked and afterwards == "keep" else 0)
    left = sorted(path.partition("/")[0] for path in disk.files if path not in markers)
    assert left == {"keep": ["out"] * len(contents), "delete": []}.get(str(afterwards), ["done"] * len(contents))


@settings(max_examples=300)
@given(
    deliveries=st.lists(st.tuples(st.sampled_from("ab"), st.binary(max_size=3)), min_size=1, max_size=4),
    breaks=st.lists(st.tuples(st.integers(0, 8), st.booleans()), max_size=4),
    done=st.booleans(),
)
def test_whatever_breaks_every_delivery_lies_there_once(
    deliveries: list[tuple[str, bytes]], breaks: list[tuple[int, bool]], done: bool
) -> None:
    disk = Disk()
    options = HandOver(folder="in", file="x", collision="suffix", done_file="*.done" if done else None)
    faults = iter(breaks)
    for number, (name, content) in enumerate(deliveries):
        outbound = Outbound(key=str(number), content=content, metadata={"file": f"{name}.edi"})
        while True:
            disk.failing, disk.after = next(faults, (None, False))
            try:
                hand_over(disk, options, outbound)
            except TransloadError:
                disk.failing = None
                if landed(disk, options, outbound) is Landing.LANDED:
                    break
            else:
                break
    disk.failing = None
    stored = [(path[3:4], content) for path, (content, _) in disk.files.items() if path.endswith(".edi")]
    assert sorted(stored) == sorted(set(deliveries)), "the same bytes under the same name are one delivery"
    signals = [path for path in disk.files if path.endswith(".done")]
    assert len(signals) == (len(stored) if done else 0)
    assert not [path for path in disk.files if path.endswith(".part")]


@pytest.mark.parametrize(
    ("text", "polls", "quiet", "written"),
    [
        ("none", 1, 0, "none"),
        ("2 polls", 2, 0, "2 polls"),
        ("1 poll", 1, 0, "none"),
        ("3polls", 3, 0, "3 polls"),
        ("90s", 1, 90, "90s"),
        ("2 polls, 1m", 2, 60, "2 polls, 60s"),
    ],
)
def test_stability_as_it_is_written(text: str, polls: int, quiet: int, written: str) -> None:
    found = TypeAdapter(Stability).validate_python(text)
    assert (found.polls, found.quiet, str(found)) == (polls, timedelta(seconds=quiet), written)


@pytest.mark.parametrize("text", ["", "soon", "2 times", "two polls", "2 polls 30s", "polls"])
def test_stability_that_is_not_understood(text: str) -> None:
    with pytest.raises(ValidationError, match="write none, 2 polls, 30s or '2 polls, 30s'"):
        TypeAdapter(Stability).validate_python(text)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 40)), max_size=20), st.integers(1, 4), st.integers(0, 60))
def test_a_file_is_ready_exactly_when_it_was_the_same_often_and_long_enough(
    polls: list[tuple[int, int]], needed: int, quiet: int
) -> None:
    ledger = Ledger()
    stability = TypeAdapter(Stability).validate_python(f"{needed} polls, {quiet}s")
    clock = now()
    seen: list[tuple[int, datetime]] = []
    for size, seconds in polls:
        clock += timedelta(seconds=seconds)
        seen.append((size, clock))
        run = [time for _, time in _same_at_the_end(seen)]
        expected = len(run) >= needed and clock - run[0] >= timedelta(seconds=quiet)
        entry = Entry(path="out/a", name="a", size=size, changed=7)
        assert Watch(ledger, stability, clock).ready(entry) is expected


def _same_at_the_end(seen: list[tuple[int, datetime]]) -> list[tuple[int, datetime]]:
    start = len(seen) - 1
    while start and seen[start - 1][0] == seen[-1][0]:
        start -= 1
    return seen[start:]


def test_a_clock_that_was_set_back_delays_and_never_blocks() -> None:
    ledger = Ledger()
    stability = TypeAdapter(Stability).validate_python("10s")
    entry = Entry(path="out/a", name="a", size=1, changed=7)
    later = now() + timedelta(days=1)
    assert not Watch(ledger, stability, later).ready(entry)
    assert not Watch(ledger, stability, now()).ready(entry)
    assert Watch(ledger, stability, now() + timedelta(seconds=10)).ready(entry)


@pytest.mark.parametrize("note", ["", "no json", "[]", "{}", '{"size": 1, "changed": 7, "since": "never", "polls": 1}'])
def test_a_damaged_note_starts_over(note: str) -> None:
    ledger = Ledger()
    ledger["file:out/a"] = note
    entry = Entry(path="out/a", name="a", size=1, changed=7)
    assert not Watch(ledger, TypeAdapter(Stability).validate_python("10s"), now()).ready(entry)


@pytest.mark.parametrize("value", ["part", "*/*", "**", "a/*", "*\n"])
def test_a_pattern_for_other_names_has_one_star_and_no_slash(value: str) -> None:
    with pytest.raises(ValidationError):
        HandOver(file="x", temporary=value)
    with pytest.raises(ValidationError):
        HandOver(file="x", done_file=value)
