"""What a server does wrong in the middle of the work: drops, stalls, refusals, files that move under our hands."""

import os
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from transload.adapters.base import Landing, Outbound, Reject, Retry, Stop, Unknown
from transload.adapters.base.folders import Taken
from transload.adapters.sftp import SftpSource, SftpTarget

MEGABYTE = 1024 * 1024
Poll = Callable[..., dict[str, bytes]]
Make = Callable[..., Outbound]


def source(server: Any, channels: int = 1, **options: Any) -> SftpSource:
    given = {"folder": "/out", "stable": "none", "afterwards": "delete"} | options
    connection = server.connection(timeouts={"answer": "500ms"}, channels=channels)
    return SftpSource(connection, SftpSource.Options.model_validate(given))


def target(server: Any, **options: Any) -> SftpTarget:
    given = {"folder": "/in", "file": "order.edi"} | options
    return SftpTarget(server.connection(timeouts={"answer": "500ms"}), SftpTarget.Options.model_validate(given))


def once(action: Callable[[Any, Path], None], *, after: int = 1) -> Callable[[Any, Path], None]:
    calls = [0]

    def act(server: Any, path: Path) -> None:
        calls[0] += 1
        if calls[0] == after:
            action(server, path)

    return act


def refuse(*_: Any) -> None:
    raise asyncssh.SFTPPermissionDenied("not for you")


def fail(*_: Any) -> None:
    raise asyncssh.SFTPFailure("quota exceeded")


def drop(server: Any, _: Path) -> None:
    server.drop()


def test_a_drop_while_downloading_loses_nothing(server: Any, memory: Any, poll: Poll) -> None:
    (server.root / "out/a").write_bytes(b"x" * 3 * MEGABYTE)
    server.faults.on_read = once(drop, after=40)
    with pytest.raises(Retry):
        poll(source(server), memory)
    assert poll(source(server), memory) == {"a": b"x" * 3 * MEGABYTE}


def test_a_drop_while_uploading_is_known_to_have_brought_nothing(server: Any, outbound: Make) -> None:
    content = b"x" * 3 * MEGABYTE
    server.faults.on_write = once(drop, after=40)
    with target(server) as one:
        with pytest.raises(Retry):
            one.deliver(outbound(content))
        assert not (server.root / "in/order.edi").exists()
        assert one.verify(outbound(content)) is Landing.NOT_LANDED
        one.deliver(outbound(content))
    assert [(path.name, path.stat().st_size) for path in (server.root / "in").iterdir()] == [
        ("order.edi", 3 * MEGABYTE)
    ]


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_a_drop_while_renaming_is_unknown_until_looked_at(server: Any, outbound: Make, before: bool) -> None:
    def rename(server: Any, path: Path) -> None:
        if not before:
            [part] = (server.root / "in").glob(".*.part")
            part.rename(path)
        server.drop()

    server.faults.on_rename = once(rename)
    with target(server) as one:
        with pytest.raises(Unknown, match=r"the connection was lost while /in/order.edi got its name"):
            one.deliver(outbound())
        # The dropped server may still work off the request that it has read.
        landed = (server.root / "in/order.edi").exists()
        assert one.verify(outbound()) is (Landing.LANDED if landed else Landing.NOT_LANDED)
        one.deliver(outbound())
    assert [path.name for path in (server.root / "in").iterdir()] == ["order.edi"]


def test_a_drop_before_the_signal_file_is_unknown(server: Any, outbound: Make) -> None:
    server.faults.on_write = lambda server, path: server.drop() if path.suffix == ".done" else None
    # An empty file is opened and never written to: the drop must come with the opening.
    real = asyncssh.SFTPServer.open

    def opened(self: Any, path: bytes, *rest: Any) -> Any:
        if path.endswith(b".done"):
            server.drop()
        return real(self, path, *rest)

    with pytest.MonkeyPatch.context() as patch, target(server, done_file="*.done") as one:
        patch.setattr(asyncssh.SFTPServer, "open", opened)
        with pytest.raises(Unknown, match=r"/in/order.edi is stored, but its signal file may be missing"):
            one.deliver(outbound())


def test_a_file_that_grows_while_it_is_read_waits(server: Any, memory: Any, poll: Poll) -> None:
    file = server.root / "out/a"
    file.write_bytes(b"x" * 100)
    (server.root / "out/b").write_bytes(b"good")

    def grow(_: Any, path: Path) -> None:
        if path.name == "a":
            with path.open("ab") as writer:
                writer.write(b"more")

    server.faults.on_read = grow
    assert poll(source(server), memory) == {"b": b"good"}
    server.faults.on_read = None
    assert list(poll(source(server), memory)) == ["a"]


def test_a_file_that_is_rewritten_while_it_is_read_waits(server: Any, memory: Any, poll: Poll) -> None:
    file = server.root / "out/a"
    file.write_bytes(b"old!")
    os.utime(file, (1_700_000_000, 1_700_000_000))
    server.faults.on_read = once(lambda _, path: path.write_bytes(b"new!"))
    assert poll(source(server), memory) == {}
    assert poll(source(server), memory) == {"a": b"new!"}


def test_a_file_that_vanishes_is_no_error(server: Any, memory: Any, poll: Poll) -> None:
    for name in "ab":
        (server.root / "out" / name).write_bytes(b"x")

    def vanish(server: Any, path: Path) -> None:
        if path.name == "a":
            (server.root / "out/b").unlink(missing_ok=True)

    server.faults.on_read = vanish
    assert poll(source(server), memory) == {"a": b"x"}


def test_a_server_that_promises_more_bytes_than_it_has_does_not_hang(server: Any, memory: Any, poll: Poll) -> None:
    (server.root / "out/a").write_bytes(b"x" * MEGABYTE)
    server.faults.listed_size = 20 * MEGABYTE
    server.faults.without_times = True  # so that the size is asked for one by one, and is wrong
    threads = threading.active_count()
    assert poll(source(server), memory) == {}
    end = time.monotonic() + 5
    while threading.active_count() > threads:
        assert time.monotonic() < end, "a reading thread is left"
        time.sleep(0.01)
    server.faults.listed_size = None
    assert list(poll(source(server), memory)) == ["a"]


def test_a_server_that_lists_names_only_is_asked_for_the_rest(server: Any, memory: Any, poll: Poll) -> None:
    (server.root / "out/a").write_bytes(b"x")
    (server.root / "out/folder").mkdir()
    server.faults.without_times = True
    assert poll(source(server), memory) == {"a": b"x"}


def test_one_file_that_may_not_be_read_hides_no_other(server: Any, memory: Any) -> None:
    for name in "abc":
        (server.root / "out" / name).write_bytes(name.encode())
    server.faults.on_read = lambda _, path: refuse() if path.name == "b" else None
    found = []
    with source(server) as one:
        arriving = one.receive(memory)
        found += [next(arriving).content, next(arriving).content]
        with pytest.raises(Reject) as caught:
            next(arriving)
    assert found == [b"a", b"c"]
    assert [str(finding) for finding in caught.value.findings] == [
        "error E-DENIED /out/b cannot be read: not for you\n"
        "    source   /out/b\n"
        "    hint     ask who keeps the folder for the right to read, rename and delete in it"
    ]


def test_renaming_that_is_forbidden_is_said_for_each_file_and_repeats_nothing(
    server: Any, memory: Any, poll: Poll
) -> None:
    for name in "ab":
        (server.root / "out" / name).write_bytes(name.encode())
    server.faults.on_rename = refuse
    options = {"afterwards": {"move": "/out/done"}}
    with pytest.raises(Reject, match="2 files in /out have problems") as caught:
        poll(source(server, channels=4, **options), memory)
    messages = [finding.message for finding in caught.value.findings]
    assert messages == [f"/out/{name} is safe with us but cannot be archived: not for you" for name in "ab"]
    with source(server, **options) as one, pytest.raises(Reject, match="2 files in /out have problems"):
        assert list(one.receive(memory)) == []
    server.faults.on_rename = None
    assert poll(source(server, **options), memory) == {}
    assert sorted(path.name for path in (server.root / "out/done").iterdir()) == ["a", "b"]


def test_a_target_that_may_not_rename_stops_and_leaves_nothing(server: Any, outbound: Make) -> None:
    server.faults.on_rename = refuse
    with target(server) as one, pytest.raises(Stop) as caught:
        one.deliver(outbound())
    assert caught.value.hint == "ask who keeps the folder for the right to create and rename files in it"
    assert list((server.root / "in").iterdir()) == []


def test_a_full_disk_is_tried_again(server: Any, outbound: Make) -> None:
    server.faults.on_write = fail
    with target(server) as one:
        with pytest.raises(Retry, match="quota exceeded"):
            one.deliver(outbound())
        server.faults.on_write = None
        one.deliver(outbound())
    assert [path.name for path in (server.root / "in").iterdir()] == ["order.edi"]


def test_a_server_without_posix_rename_replaces_all_the_same(server: Any, outbound: Make) -> None:
    server.faults.without_posix_rename = True
    (server.root / "in/order.edi").write_bytes(b"older")
    with target(server, collision="replace") as one:
        one.deliver(outbound(b"newer"))
    assert (server.root / "in/order.edi").read_bytes() == b"newer"
    assert server.faults.calls[-2:] == ["posix_rename", "rename"]


def test_a_server_whose_rename_overwrites_cannot_make_us_lose_an_archived_file(
    server: Any, memory: Any, poll: Poll
) -> None:
    server.faults.overwriting_rename = True
    for content in (b"1", b"2"):
        (server.root / "out/a").write_bytes(content)
        poll(source(server, afterwards={"move": "/out/done"}), memory)
    assert sorted(path.read_bytes() for path in (server.root / "out/done").iterdir()) == [b"1", b"2"]


def test_a_rename_looks_first(server: Any) -> None:
    server.faults.overwriting_rename = True
    for name in "ab":
        (server.root / "in" / name).write_bytes(name.encode())
    store = source(server).open_store()
    with pytest.raises(Taken):
        store.move("/in/a", "/in/b")
    store.close()
    assert (server.root / "in/b").read_bytes() == b"b"


def test_a_name_that_is_taken_at_the_last_moment_is_not_overwritten(server: Any, outbound: Make) -> None:
    server.faults.on_rename = once(lambda _, path: path.write_bytes(b"faster"))
    with target(server) as one:
        with pytest.raises(Retry, match="was taken by somebody else just now"):
            one.deliver(outbound())
        with pytest.raises(Reject, match="with other content is there already"):
            one.deliver(outbound())
    assert (server.root / "in/order.edi").read_bytes() == b"faster"


def test_a_file_that_the_partner_collects_at_once_was_delivered(server: Any, outbound: Make) -> None:
    real = asyncssh.SFTPServer.rename

    def renamed(self: Any, old: bytes, new: bytes) -> None:
        real(self, old, new)
        (server.root / "in/order.edi").unlink()

    with pytest.MonkeyPatch.context() as patch, target(server) as one:
        patch.setattr(asyncssh.SFTPServer, "rename", renamed)
        assert one.deliver(outbound()).summary == "stored as /in/order.edi, 11 bytes"


def test_a_server_that_stalls_is_given_up(server: Any, memory: Any, poll: Poll) -> None:
    (server.root / "out/a").write_bytes(b"x")
    release = threading.Event()
    server.faults.on_read = once(lambda *_: release.wait(10) and None)
    began = time.monotonic()
    with pytest.raises(Retry, match="does not answer in time"):
        poll(source(server), memory)
    took = time.monotonic() - began
    release.set()
    assert took < 5


def test_a_folder_that_may_not_be_listed_stops(server: Any, memory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asyncssh.SFTPServer, "scandir", refuse)
    with source(server) as one, pytest.raises(Stop, match="the folder /out may not be listed: not for you"):
        list(one.receive(memory))


def test_a_drop_box_that_may_not_be_read_takes_files_but_compares_none(server: Any, outbound: Make) -> None:
    server.faults.on_read = refuse
    with target(server) as one:
        one.deliver(outbound())
        assert one.verify(outbound()) is Landing.CANNOT_TELL
        with pytest.raises(Reject, match="with other content is there already"):
            one.deliver(outbound())


def test_pipes_and_devices_are_never_opened(server: Any, memory: Any, poll: Poll) -> None:
    os.mkfifo(server.root / "out/pipe")
    assert stat.S_ISFIFO((server.root / "out/pipe").stat().st_mode)
    assert poll(source(server), memory) == {}
    assert server.faults.calls == []
