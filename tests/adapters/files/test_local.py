"""What is special about local folders: the jail, the disk, and renames that never overwrite."""

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from transload.adapters.base import Outbound, Reject, Retry, Stop
from transload.adapters.base.folders import Denied, Failed, FileFault, Missing, Taken
from transload.adapters.files import FilesConnection, FilesSource, FilesTarget, local
from transload.adapters.files.local import LocalStore


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "in").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_bytes(b"secret")
    return root


@pytest.fixture
def store(root: Path) -> LocalStore:
    return LocalStore(root)


CALLS: dict[str, Callable[[LocalStore, str], Any]] = {
    "list": lambda store, path: store.list(path.rpartition("/")[0]),
    "look": lambda store, path: store.look(path),
    "has_folder": lambda store, path: store.has_folder(path.rpartition("/")[0]),
    "read": lambda store, path: list(store.read(path, 6)),
    "write": lambda store, path: store.write(path, b"x"),
    "move here": lambda store, path: store.move(path, "in/stolen"),
    "move there": lambda store, path: store.move("in/mine", path),
    "replace": lambda store, path: store.move("in/mine", path, replace=True),
    "remove": lambda store, path: store.remove(path),
    "make_folder": lambda store, path: store.make_folder(path + ".d"),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("way", ["../outside/secret", "in/../../outside/secret", "in/link/secret", "/{outside}/secret"])
def test_nothing_outside_the_root_is_reached(store: LocalStore, root: Path, call: str, way: str) -> None:
    outside = root.parent / "outside"
    (root / "in/mine").write_bytes(b"mine")
    (root / "in/link").symlink_to(outside)
    with pytest.raises(Denied, match="it is outside"):
        CALLS[call](store, way.replace("/{outside}", str(outside)))
    assert [path.name for path in outside.iterdir()] == ["secret"]
    assert (outside / "secret").read_bytes() == b"secret"
    assert (root / "in/mine").read_bytes() == b"mine"


def test_a_link_to_a_file_is_neither_listed_nor_followed(store: LocalStore, root: Path) -> None:
    (root / "in/link").symlink_to(root.parent / "outside/secret")
    assert store.list("in") == []
    assert store.look("in/link") is None
    with pytest.raises(FileFault):
        list(store.read("in/link", 6))
    with pytest.raises(FileFault):
        store.write("in/link", b"x")
    assert (root.parent / "outside/secret").read_bytes() == b"secret"


def test_the_root_itself_may_be_a_link(tmp_path: Path, root: Path) -> None:
    (tmp_path / "alias").symlink_to(root)
    (root / "a").write_bytes(b"x")
    assert [entry.path for entry in LocalStore(tmp_path / "alias").list(".")] == ["a"]


def test_a_root_that_is_missing_stops(tmp_path: Path) -> None:
    source = FilesSource(FilesConnection(root=tmp_path / "nowhere"), FilesSource.Options())
    assert source.probe().summary == f"there is no folder {tmp_path}/nowhere"


def test_a_folder_outside_stops_a_route(root: Path, memory: Any) -> None:
    options = FilesSource.Options.model_validate({"folder": "../outside"})
    with FilesSource(FilesConnection(root=root), options) as source, pytest.raises(Stop, match="it is outside"):
        list(source.receive(memory))
    given = FilesTarget.Options.model_validate({"folder": "../outside", "file": "x"})
    with FilesTarget(FilesConnection(root=root), given) as target, pytest.raises(Stop, match="it is outside"):
        target.deliver(Outbound(key="1", content=b"x"))


def test_a_move_never_overwrites(store: LocalStore, root: Path) -> None:
    (root / "in/a").write_bytes(b"a")
    (root / "in/b").write_bytes(b"b")
    with pytest.raises(Taken):
        store.move("in/a", "in/b")
    assert ((root / "in/a").read_bytes(), (root / "in/b").read_bytes()) == (b"a", b"b")
    store.move("in/a", "in/b", replace=True)
    assert [(path.name, path.read_bytes()) for path in (root / "in").iterdir()] == [("b", b"a")]


def test_a_rename_that_a_crash_cut_in_two_is_completed(store: LocalStore, root: Path) -> None:
    (root / "in/a").write_bytes(b"a")
    os.link(root / "in/a", root / "in/b")
    store.move("in/a", "in/b")
    assert [path.name for path in (root / "in").iterdir()] == ["b"]


def test_a_file_system_without_links_is_served_too(
    store: LocalStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unable(*_: Any, **__: Any) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", unable)
    (root / "in/a").write_bytes(b"a")
    store.move("in/a", "in/b")
    (root / "in/a").write_bytes(b"new")
    with pytest.raises(Taken):
        store.move("in/a", "in/b")
    assert ((root / "in/a").read_bytes(), (root / "in/b").read_bytes()) == (b"new", b"a")


def test_what_is_written_is_on_the_disk_before_it_has_its_name(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    fsync, link = os.fsync, os.link

    def synced(handle: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        fsync(handle)

    def linked(*given: Any, **named: Any) -> None:
        done.append("rename")
        link(*given, **named)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "link", linked)
    options = FilesTarget.Options.model_validate({"folder": "in", "file": "a"})
    with FilesTarget(FilesConnection(root=root), options) as target:
        target.deliver(Outbound(key="1", content=b"x"))
    assert done == ["file", "rename", "folder"]


def test_a_name_in_another_folder_is_on_the_disk_before_the_old_one_goes(
    store: LocalStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "done").mkdir()
    (root / "in/a").write_bytes(b"x")
    fsync, seen = os.fsync, []

    def synced(handle: int) -> None:
        seen.append((os.fstat(handle).st_ino == (root / "done").stat().st_ino, (root / "in/a").exists()))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", synced)
    store.move("in/a", "done/a")
    assert seen == [(True, True)]
    assert ((root / "in/a").exists(), (root / "done/a").read_bytes()) == (False, b"x")


def test_a_folder_that_was_put_in_the_place_of_another_is_seen(
    store: LocalStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "_FRESH", 0.0)
    store.write("in/a", b"x")
    (root / "in").rename(root / "old")
    with pytest.raises(Missing):
        store.write("in/b", b"x")
    (root / "in").mkdir()
    store.write("in/b", b"x")
    assert ([entry.name for entry in store.list("in")], store.look("in/a")) == (["b"], None)
    (root / "in").rename(root / "older")
    (root / "in").symlink_to(root.parent / "outside")
    with pytest.raises(Denied, match="it is outside"):
        store.write("in/c", b"x")


def _open_ones() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="this system does not tell what is open")
def test_many_folders_are_not_kept_open_all(store: LocalStore, root: Path) -> None:
    before = _open_ones()
    for number in range(100):
        (root / f"folder{number}").mkdir()
        store.write(f"folder{number}/a", b"x")
        store.move(f"folder{number}/a", "in/a", replace=True)
    assert _open_ones() - before <= 16
    store.close()
    assert _open_ones() == before
    assert store.look("in/a") is not None  # a closed store opens what it needs
    store.close()


@pytest.mark.parametrize(
    ("code", "error"), [(errno.ENOSPC, Retry), (errno.EIO, Retry), (errno.EACCES, Stop), (errno.EROFS, Retry)]
)
def test_a_disk_that_takes_nothing(
    root: Path, monkeypatch: pytest.MonkeyPatch, code: int, error: type[Exception]
) -> None:
    def broken(_: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", broken)
    options = FilesTarget.Options.model_validate({"folder": "in", "file": "a"})
    with FilesTarget(FilesConnection(root=root), options) as target, pytest.raises(error, match=os.strerror(code)):
        target.deliver(Outbound(key="1", content=b"x"))
    monkeypatch.undo()
    assert not (root / "in/a").exists()


def test_a_file_that_cannot_be_read_hides_no_other(root: Path, memory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "abc":
        (root / "in" / name).write_bytes(name.encode())
    real = os.open

    def opened(path: Any, *rest: Any, **named: Any) -> int:
        if Path(path).name == "b":
            raise OSError(errno.EIO, "Input/output error")
        return real(path, *rest, **named)

    monkeypatch.setattr(os, "open", opened)
    options = FilesSource.Options.model_validate({"folder": "in", "stable": "none"})
    with FilesSource(FilesConnection(root=root), options) as source:
        arriving = source.receive(memory)
        assert [next(arriving).content, next(arriving).content] == [b"a", b"c"]
        with pytest.raises(Reject) as caught:
            next(arriving)
    assert [str(finding) for finding in caught.value.findings] == [
        "error E-FILE in/b cannot be read: Input/output error\n    source   in/b"
    ]


@pytest.mark.parametrize("path", ["in/a\0b", "in/" + "x" * 300])
def test_impossible_names_are_faults_of_the_path(store: LocalStore, path: str) -> None:
    with pytest.raises(Failed):
        store.write(path, b"x")


def test_a_file_is_no_folder(store: LocalStore, root: Path) -> None:
    (root / "file").write_bytes(b"x")
    assert not store.has_folder("file")
    with pytest.raises(Missing):
        store.list("file")
    with pytest.raises(Taken):
        store.make_folder("file")
