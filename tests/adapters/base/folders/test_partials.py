"""Large files over lines that break: what was fetched is not fetched again, and never believed without a look."""

import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from resource import RLIMIT_FSIZE, getrlimit, setrlimit
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.adapters.memory import Notes, poll_folder

from transload.adapters.base import Retry
from transload.adapters.base.folders import Denied, Entry, PickUp
from transload.adapters.base.folders import fetching as fetching_module
from transload.adapters.base.folders.hands import Hands
from transload.adapters.base.folders.partials import NoRoom, Partials
from transload.adapters.base.folders.pickup import Pass
from transload.adapters.files import FilesConnection, FilesSource
from transload.adapters.files.local import LocalStore
from transload.runner.ledger.encryption.covers import KeyCover
from transload.runner.ledger.encryption.keys import Keyring

MIB = 1024 * 1024
SIZE = 9 * MIB
CONTENT = os.urandom(SIZE)
COVER, OTHER = (KeyCover(Keyring({name: digit * 64}, use=name)) for name, digit in (("first", "1"), ("other", "2")))


class BadLine(LocalStore):
    """A folder whose connection breaks when so many bytes came through, each number in its turn.

    ``carried`` counts all bytes, ``opened`` how often it was begun to read, and where.
    """

    def __init__(self, root: Path, *breaks: int) -> None:
        super().__init__(root)
        self.breaks = list(breaks)
        self.carried = 0
        self.opened: list[int] = []
        self.then: Callable[[], None] = lambda: None

    def read(self, path: str, size: int, start: int = 0) -> Iterator[bytes]:
        self.opened.append(start)
        left = self.breaks.pop(0) if self.breaks else None
        for piece in super().read(path, size, start):
            given = piece if left is None else piece[:left]
            self.carried += len(given)
            if given:
                yield given
            if left is not None:
                left -= len(given)
                if left == 0:
                    self.then()
                    raise Retry("the connection broke")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "partner"
    (root / "out").mkdir(parents=True)
    (root / "out/big").write_bytes(CONTENT)
    return root


@pytest.fixture(params=["plain", "sealed"])
def memory(request: pytest.FixtureRequest) -> Notes:
    notes = Notes()
    if request.param == "sealed":
        notes.cover = COVER
    return notes


def now() -> datetime:
    return datetime(2024, 5, 6, tzinfo=UTC)


def one_pass(store: LocalStore, memory: Notes, **options: Any) -> list[bytes]:
    given = PickUp.model_validate({"folder": "out", "stable": "none", "afterwards": "delete"} | options)
    found = []
    for inbound in Pass(given, memory, now).files(Hands(store)):
        assert not isinstance(inbound.content, bytes)
        found.append(inbound.content.read_bytes())
        inbound.content.unlink()
        memory.commit(inbound)
        inbound.settle()
    return found


def broken_pass(store: LocalStore, memory: Notes, **options: Any) -> None:
    with pytest.raises(Retry, match="the connection broke"):
        one_pass(store, memory, **options)


def held(memory: Notes) -> list[int]:
    return [int(file.name.split("-")[1]) for file in memory.folder.iterdir()]


@pytest.mark.parametrize("at", [1, 1000, 64 * 1024, 64 * 1024 + 1, MIB, 5 * MIB + 7, SIZE - 1, SIZE])
def test_after_a_break_only_what_is_missing_is_read(root: Path, memory: Notes, at: int) -> None:
    store = BadLine(root, at)
    broken_pass(store, memory)
    assert held(memory) == [at]
    assert one_pass(store, memory) == [CONTENT]
    assert store.opened == [0, max(0, at - 64 * 1024)]
    assert store.carried == SIZE + min(at, 64 * 1024)
    assert list(memory.folder.iterdir()) == []
    assert list((root / "out").iterdir()) == []


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.integers(1, 4 * MIB), max_size=6), st.booleans())
def test_wherever_it_breaks_the_file_arrives_as_it_is(root: Path, breaks: list[int], claimed: bool) -> None:
    memory = Notes()
    (root / "out/big").write_bytes(CONTENT)
    store = BadLine(root, *breaks)
    options = {"claim": {"into": "ours"}} if claimed else {}
    for _ in range(20):
        try:
            found = one_pass(store, memory, **options)
        except Retry:
            continue
        break
    assert found == [CONTENT]
    assert store.carried <= SIZE + 64 * 1024 * len(breaks)
    assert list(memory.folder.iterdir()) == []


def test_a_claimed_file_is_gone_on_with_in_the_same_pass(root: Path, memory: Notes) -> None:
    store = BadLine(root, 3 * MIB)
    options = PickUp.model_validate({"folder": "out", "stable": "none", "afterwards": "delete", "claim": {"into": "c"}})
    one = Pass(options, memory, now)
    with pytest.raises(Retry):
        list(one.files(Hands(store)))
    [inbound] = one.files(Hands(store))
    assert not isinstance(inbound.content, bytes)
    assert inbound.content.read_bytes() == CONTENT
    assert inbound.origin == "out/big"
    assert store.opened == [0, 3 * MIB - 64 * 1024]


class Again(FilesSource):
    """The same store is opened each time, which breaks where it was told."""

    pauses = (0.0, 0.0, 0.0)
    store: BadLine
    opened = 0

    def open_store(self) -> BadLine:
        self.opened += 1
        return self.store


def source(store: BadLine, **options: Any) -> Again:
    given = {"folder": "out", "stable": "none", "afterwards": "delete"} | options
    made = Again(FilesConnection(root=Path("unused")), Again.Options.model_validate(given))
    made.store = store
    return made


def test_a_pass_goes_on_at_once_and_gives_the_others_too(root: Path, memory: Notes) -> None:
    for name, moment in (("a", 1), ("b", 4_000_000_000)):
        (root / "out" / name).write_bytes(name.encode())
        os.utime(root / "out" / name, (moment, moment))
    store = BadLine(root, 100, 3 * MIB, 3 * MIB)
    one = source(store)
    assert poll_folder(one, memory) == {"a": b"a", "big": CONTENT, "b": b"b"}
    assert one.opened == 3
    assert store.opened == [0, 0, 3 * MIB - 64 * 1024, 6 * MIB - 128 * 1024, 0]


def test_a_pass_does_not_count_as_two_polls(root: Path, memory: Notes) -> None:
    store = BadLine(root)
    assert poll_folder(source(store, stable="2 polls"), memory) == {}
    store.breaks = [MIB]
    store.then = lambda: (root / "out/new").write_bytes(b"just begun") and None
    assert poll_folder(source(store, stable="2 polls"), memory) == {"big": CONTENT}
    assert poll_folder(source(store, stable="2 polls"), memory) == {}
    assert poll_folder(source(store, stable="2 polls"), memory) == {"new": b"just begun"}


def test_attempts_in_one_pass_are_bounded(root: Path, memory: Notes) -> None:
    one = source(BadLine(root, *[MIB] * 4))
    with pytest.raises(Retry):
        poll_folder(one, memory)
    assert one.opened == 4
    assert held(memory) == [4 * MIB - 3 * 64 * 1024]
    assert poll_folder(one, memory) == {"big": CONTENT}


def test_a_break_that_cost_nothing_large_ends_the_pass(root: Path, memory: Notes) -> None:
    (root / "out/big").write_bytes(b"small")
    one = source(BadLine(root, 2))
    with pytest.raises(Retry):
        poll_folder(one, memory)
    assert one.opened == 1


def test_a_full_disk_of_ours_is_not_filled_again(root: Path, memory: Notes) -> None:
    one = source(BadLine(root))
    before = getrlimit(RLIMIT_FSIZE)
    setrlimit(RLIMIT_FSIZE, (4 * MIB, before[1]))
    try:
        with pytest.raises(NoRoom, match="File too large") as caught:
            poll_folder(one, memory)
    finally:
        setrlimit(RLIMIT_FSIZE, before)
    assert caught.value.hint == "make room there"
    assert one.opened == 1
    assert list(memory.folder.iterdir()) == []
    assert poll_folder(one, memory) == {"big": CONTENT}


@pytest.mark.parametrize("how", ["size", "time", "gone"])
def test_a_file_that_has_changed_since_is_read_anew(root: Path, memory: Notes, how: str) -> None:
    store = BadLine(root, 5 * MIB)
    broken_pass(store, memory)
    other = os.urandom(SIZE + 1 if how == "size" else SIZE)
    file = root / "out/big"
    before = file.stat()
    if how == "gone":
        file.unlink()
    else:
        file.write_bytes(other)
        moment = before.st_mtime_ns + (0 if how == "size" else 1)
        os.utime(file, ns=(moment, moment))
    assert one_pass(store, memory) == ([] if how == "gone" else [other])
    assert store.opened[1:] == ([] if how == "gone" else [0])
    assert list(memory.folder.iterdir()) == []


def test_the_same_size_and_time_are_not_enough(root: Path, memory: Notes, caplog: pytest.LogCaptureFixture) -> None:
    store = BadLine(root, 5 * MIB)
    broken_pass(store, memory)
    file, other = root / "out/big", os.urandom(SIZE)
    before = file.stat()
    file.write_bytes(other)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert one_pass(store, memory) == [other]
    assert store.opened == [0, 5 * MIB - 64 * 1024, 0]
    assert caplog.messages == ["out/big is not what it was, though its size and time are; it is begun anew"]


def test_another_store_has_partials_of_its_own(root: Path, memory: Notes, tmp_path: Path) -> None:
    broken_pass(BadLine(root, 5 * MIB), memory)
    (tmp_path / "other/out").mkdir(parents=True)
    other = tmp_path / "other/out/big"
    other.write_bytes(CONTENT)
    moment = (root / "out/big").stat().st_mtime_ns
    os.utime(other, ns=(moment, moment))
    store = BadLine(tmp_path / "other")
    assert one_pass(store, memory) == [CONTENT]
    assert store.opened == [0]


@pytest.mark.parametrize("damage", ["cut", "grown", "changed", "emptied"])
def test_a_partial_that_a_crash_has_damaged(root: Path, memory: Notes, damage: str) -> None:
    store = BadLine(root, 5 * MIB)
    broken_pass(store, memory)
    [partial] = memory.folder.iterdir()
    with partial.open("r+b") as file:
        if damage == "grown":  # written, and killed before it got its new name
            file.seek(0, os.SEEK_END)
            file.write(b"x" * 1000)
        elif damage == "changed":
            file.seek(MIB)
            [byte] = file.read(1)
            file.seek(MIB)
            file.write(bytes([byte ^ 0xFF]))  # any fixed byte is what stands there once in 256 runs
        else:
            file.truncate(0 if damage == "emptied" else 4 * MIB)
    assert one_pass(store, memory) == [CONTENT]
    assert store.opened == [0, 5 * MIB - 64 * 1024 if damage == "grown" else 0]


def test_what_was_fetched_ahead_or_not_committed_is_there_at_the_next_pass(root: Path, memory: Notes) -> None:
    store = BadLine(root)
    options = PickUp(folder="out", stable="none")
    passing = Pass(options, memory, now).files(Hands(store))
    next(iter(passing))
    passing.close()  # type: ignore[attr-defined]
    assert held(memory) == [SIZE]
    assert one_pass(store, memory) == [CONTENT]
    assert store.carried == SIZE + 64 * 1024


def test_a_refusal_in_the_middle_concerns_the_file_alone(
    root: Path, memory: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = BadLine(root)
    read = store.read

    def reading(path: str, size: int, start: int = 0) -> Iterator[bytes]:
        yield next(iter(read(path, size, start)))
        raise Denied(path, "not for you")

    monkeypatch.setattr(store, "read", reading)
    with pytest.raises(Exception, match="1 files in out have problems"):
        one_pass(store, memory)
    monkeypatch.undo()
    assert one_pass(store, memory) == [CONTENT]


def test_partials_are_few_and_young(tmp_path: Path) -> None:
    partials = Partials(tmp_path)
    entries = [Entry(path=f"out/{number}", name=str(number), size=SIZE, changed=1) for number in range(20)]
    for number, entry in enumerate(entries):
        with partials.of("there", entry) as partial:
            partial.add(b"x")
        os.utime(partial.path, (time.time() - 1000 + number,) * 2)
    (tmp_path / "something else").write_bytes(b"")
    partials.forget_all_but("there", entries[:18])
    assert len(list(tmp_path.iterdir())) == 16
    partials.forget_all_but("elsewhere", entries)
    assert list(tmp_path.iterdir()) == []
    with partials.of("there", entries[0]) as partial:
        partial.add(b"x")
    os.utime(partial.path, (time.time() - 8 * 86_400,) * 2)
    partials.forget_all_but("there", entries)
    assert list(tmp_path.iterdir()) == []


def test_partials_are_for_our_user_alone(root: Path, memory: Notes) -> None:
    memory.folder = memory.folder / "made"
    broken_pass(BadLine(root, MIB), memory)
    [partial] = memory.folder.iterdir()
    assert [path.stat().st_mode & 0o777 for path in (memory.folder, partial)] == [0o700, 0o600]


def test_names_of_partners_name_nothing_of_ours(root: Path, memory: Notes) -> None:
    strange = root / "out" / "big ..%2f'\udcf6"
    (root / "out/big").rename(strange)
    broken_pass(BadLine(root, MIB), memory)
    [partial] = memory.folder.iterdir()
    assert partial.name.removesuffix(".sealed").replace("-", "").isalnum()


def test_a_small_file_needs_no_folder(root: Path, memory: Notes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching_module, "LARGE", SIZE)
    memory.folder = memory.folder / "never"
    assert poll_folder(source(BadLine(root)), memory) == {"big": CONTENT}
    assert not memory.folder.exists()


def test_a_file_that_is_listed_twice_is_fetched_once(
    root: Path, memory: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = BadLine(root)
    listed = store.list
    monkeypatch.setattr(store, "list", lambda folder: listed(folder) * 2)
    assert one_pass(store, memory) == [CONTENT]
    assert store.opened == [0]


def test_two_cannot_write_into_one(tmp_path: Path) -> None:
    partials, entry = Partials(tmp_path), Entry(path="out/a", name="a", size=SIZE, changed=1)
    with partials.of("there", entry) as partial:
        partial.add(b"x" * 2 * MIB)
        with pytest.raises(NoRoom, match="Resource temporarily unavailable"), partials.of("there", entry):
            pass
        partial.add(b"y")
    with partials.of("there", entry) as partial:
        assert (partial.held, partial.end(2)) == (2 * MIB + 1, b"xy")


def test_under_a_cover_nothing_of_it_is_ever_on_disk_as_it_is(root: Path) -> None:
    """Not while it is fetched, not when it broke off, and not when it waits for the runner."""
    memory, seen = Notes(), []
    memory.cover = COVER
    canary = b"Silver-Canary-4711 "
    (root / "out/big").write_bytes(canary * (SIZE // len(canary)))

    def look() -> None:
        for file in memory.folder.iterdir():
            seen.append(file.stat().st_size)
            assert canary[:8] not in file.read_bytes()

    class Watched(BadLine):
        def read(self, path: str, size: int, start: int = 0) -> Iterator[bytes]:
            for piece in super().read(path, size, start):
                look()
                yield piece

    store = Watched(root, 5 * MIB)
    store.then = look
    broken_pass(store, memory)
    look()
    [inbound] = Pass(PickUp(folder="out", stable="none"), memory, now).files(Hands(store))
    look()
    assert not isinstance(inbound.content, bytes)
    assert inbound.content.read_bytes() == (root / "out/big").read_bytes()
    assert max(seen) > 8 * MIB
    assert store.opened == [0, 5 * MIB - 64 * 1024]


@pytest.mark.parametrize(
    ("before", "after"), [(None, COVER), (COVER, None), (COVER, OTHER)], ids=["keys", "no keys", "another key"]
)
def test_what_lies_there_otherwise_than_now_is_fetched_anew(root: Path, before: Any, after: Any) -> None:
    """Since keys were named, or the key that it was under is gone; what was in plain is removed at once."""
    memory = Notes()
    memory.cover = before
    store = BadLine(root, 5 * MIB)
    broken_pass(store, memory)
    memory.cover = after
    store.then = lambda: None
    store.breaks = [MIB]
    broken_pass(store, memory)
    assert held(memory) == [MIB]
    assert one_pass(store, memory) == [CONTENT]
    assert store.opened == [0, 0, MIB - 64 * 1024]
