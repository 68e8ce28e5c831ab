"""What a store refuses, and what the user is told; the store is a real folder that refuses one thing."""

import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.adapters.memory import Notes

from transload.adapters.base import Landing, Outbound, Retry, Severity, Stop
from transload.adapters.base.folders import Denied, Entry, Failed, FileStore, HandOver, Move, PickUp, Taken
from transload.adapters.base.folders.fetching import LARGE
from transload.adapters.base.folders.handover import hand_over, landed
from transload.adapters.base.folders.hands import Hands
from transload.adapters.base.folders.partials import NoRoom
from transload.adapters.base.folders.pickup import Pass
from transload.adapters.files.local import LocalStore

OUTBOUND = Outbound(key="1", content=b"content", metadata={"file": "a"})
OPTIONS = HandOver(folder="in", file="a")


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    for name in ("in", "out"):
        (tmp_path / name).mkdir()
    return LocalStore(tmp_path)


def refusing(fault: Exception) -> Callable[..., Any]:
    def refuse(*_: Any, **__: Any) -> Any:
        raise fault

    return refuse


def now() -> datetime:
    return datetime(2024, 5, 6, tzinfo=UTC)


def taken(store: FileStore, memory: Notes | None = None, **options: Any) -> list[Any]:
    given = PickUp.model_validate({"folder": "out", "stable": "none"} | options)
    return list(Pass(given, Notes() if memory is None else memory, now).files(Hands(store)))


@pytest.mark.parametrize(
    ("fault", "error", "message"),
    [
        (Denied("out"), Stop, "the folder out may not be listed: permission denied"),
        (Failed("out", "too busy"), Retry, "the folder out cannot be listed: too busy"),
    ],
)
def test_a_folder_that_cannot_be_listed(
    store: FileStore, monkeypatch: pytest.MonkeyPatch, fault: Exception, error: type[Exception], message: str
) -> None:
    monkeypatch.setattr(store, "list", refusing(fault))
    with pytest.raises(error, match=message):
        taken(store)


def test_files_that_wait_are_told_to_the_log(
    store: FileStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in "abc":
        (tmp_path / "out" / name).write_bytes(b"x")
    with caplog.at_level(logging.INFO):
        assert taken(store, stable="2 polls") == []
        assert len(taken(store, at_most=1)) == 1
    assert [record.getMessage() for record in caplog.records] == [
        "0 of 3 files in out are ready; the others must prove stable",
        "2 files in out wait for the next pass",
    ]


def test_files_that_were_taken_and_stay_do_not_wait(
    store: FileStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    memory = Notes()
    (tmp_path / "out/a").write_bytes(b"x")
    with caplog.at_level(logging.INFO):
        (inbound,) = Pass(PickUp(folder="out", stable="none"), memory, now).files(Hands(store))
        inbound.settle()
        assert list(Pass(PickUp(folder="out", stable="none"), memory, now).files(Hands(store))) == []
        (tmp_path / "out/b").write_bytes(b"x")
        assert list(Pass(PickUp(folder="out", stable="2 polls"), memory, now).files(Hands(store))) == []
    assert [record.getMessage() for record in caplog.records] == [
        "0 of 1 files in out are ready; the others must prove stable"
    ]


@pytest.mark.parametrize("size", [10, LARGE + 1], ids=["small", "large"])
@pytest.mark.parametrize("when", ["before", "while", "short", "after", "broken"])
def test_a_file_that_changes_at_any_moment_leaves_nothing_behind(
    store: FileStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, when: str
) -> None:
    memory = Notes()
    file = tmp_path / "out/a"
    file.write_bytes(b"x" * size)
    changes = [when == "before", when == "after"] if size > LARGE else [when in ("before", "after")]
    looks = iter(changes)  # a small file is looked at afterwards only
    look, read = store.look, store.read

    def looked(path: str) -> Entry | None:
        if next(looks):
            file.write_bytes(b"y" * (size + 1))
        return look(path)

    def reading(path: str, expected: int, start: int = 0) -> Iterator[bytes]:
        if when == "broken":
            raise Retry("the connection broke")
        pieces = list(read(path, expected, start))
        yield from pieces[: -1 if when == "short" else None]
        if when == "while":
            yield b"more"

    monkeypatch.setattr(store, "look", looked)
    monkeypatch.setattr(store, "read", reading)
    if when == "broken":
        with pytest.raises(Retry):
            taken(store, memory)
    else:
        assert taken(store, memory) == []
    assert list(memory.folder.iterdir()) == []


def test_no_room_for_a_large_file(store: FileStore, tmp_path: Path) -> None:
    memory = Notes()
    memory.folder = tmp_path / "out/a/scratch"
    (tmp_path / "out/a").write_bytes(b"x" * (LARGE + 1))
    with pytest.raises(NoRoom, match=r"no file can be written in .*/out/a/scratch: Not a directory") as caught:
        taken(store, memory)
    assert caught.value.hint == "make room there"


def test_a_crowded_archive_is_said(store: FileStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "out/a").write_bytes(b"x")
    [inbound] = taken(store, afterwards=Move(move="in"))
    monkeypatch.setattr(store, "move", refusing(Taken("in/a")))
    with pytest.raises(Exception, match="out/a is safe with us but cannot be archived: too many files of this name"):
        inbound.settle()


def test_an_upload_that_ends_short_is_tried_again(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    write = store.write
    monkeypatch.setattr(store, "write", lambda path, content, **how: write(path, content[:3], **how))
    with pytest.raises(Retry, match=r"\.part holds 3 bytes after 7 bytes were written"):
        hand_over(store, OPTIONS, OUTBOUND)
    assert landed(store, OPTIONS, OUTBOUND) is Landing.NOT_LANDED


def test_a_size_that_differs_after_the_rename_is_a_warning(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    move = store.move

    def moved(old: str, new: str, *, replace: bool = False) -> None:
        move(old, new, replace=replace)
        store.write(new, b"")

    monkeypatch.setattr(store, "move", moved)
    [finding] = hand_over(store, OPTIONS, OUTBOUND).findings
    assert finding.severity is Severity.WARNING
    assert str(finding) == "warning E-SIZE in/a has 0 bytes right after 7 bytes were stored\n    source   in/a"


def test_after_the_rename_no_look_can_undo_the_delivery(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    move = store.move

    def moved(old: str, new: str, *, replace: bool = False) -> None:
        move(old, new, replace=replace)
        monkeypatch.setattr(store, "look", refusing(Retry("the connection broke")))

    monkeypatch.setattr(store, "move", moved)
    assert hand_over(store, OPTIONS, OUTBOUND).summary == "stored as in/a, 7 bytes"


def test_looking_may_be_refused(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "look", refusing(Denied("in/a")))
    assert landed(store, OPTIONS, OUTBOUND) is Landing.CANNOT_TELL
    monkeypatch.setattr(store, "look", refusing(Failed("in/a", "too busy")))
    with pytest.raises(Retry, match="in/a: too busy"):
        landed(store, OPTIONS, OUTBOUND)


def test_what_cannot_be_tidied_does_not_hide_the_error(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "move", refusing(Failed("in/a", "disk full")))
    monkeypatch.setattr(store, "remove", refusing(Retry("the connection broke")))
    with pytest.raises(Retry, match="in/a: disk full"):
        hand_over(store, OPTIONS, OUTBOUND)


def test_a_file_that_never_ends_is_left_alone(
    store: FileStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "out/a").write_bytes(b"x" * 10)
    given: list[bytes] = []

    def endless(*_: Any) -> Iterator[bytes]:
        while len(given) < 1000:
            given.append(b"x" * 4)
            yield given[-1]

    monkeypatch.setattr(store, "read", endless)
    assert taken(store) == []
    assert len(given) == 3
