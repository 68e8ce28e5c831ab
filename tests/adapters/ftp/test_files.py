"""Picking up and handing over, the same at every server, however little it tells."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from transload.adapters.base import Landing, Outbound, Reject, Severity, Stop
from transload.adapters.base.folders import Failed, FileFault, Missing, Taken
from transload.adapters.ftp import FtpSource, FtpTarget
from transload.adapters.ftp.session import connect

MEGABYTE = 1024 * 1024
Poll = Callable[..., dict[str, bytes]]
Make = Callable[..., Outbound]


def put(side: Any, name: str, content: bytes) -> Path:
    path: Path = side.root / "out" / name
    path.write_bytes(content)
    path.chmod(0o666)
    return path


def test_a_file_is_taken_once_it_is_stable_and_then_deleted(side: Any, memory: Any, poll: Poll) -> None:
    content = bytes(range(256)) * 20
    put(side, "order 1.edi", content)
    put(side, "skip.tmp", b"x")
    put(side, "empty.edi", b"")
    source = side.source(stable="2 polls", afterwards="delete", folder="/out")
    assert poll(source, memory) == {}
    assert poll(source, memory) == {"order 1.edi": content}
    assert side.names("out") == ["empty.edi", "skip.tmp"]


def test_a_file_that_grows_between_polls_waits(side: Any, memory: Any, poll: Poll) -> None:
    file = put(side, "a", b"x" * 10)
    source = side.source(stable="2 polls")
    assert poll(source, memory) == {}
    file.write_bytes(b"x" * 20)
    assert poll(source, memory) == {}
    assert poll(source, memory) == {"a": b"x" * 20}
    assert poll(source, memory) == {}  # kept, and known


def test_a_file_is_archived_and_a_name_in_use_there_is_left_alone(side: Any, memory: Any, poll: Poll) -> None:
    for content in (b"first", b"other"):
        put(side, "a b.edi", content)
        assert poll(side.source(afterwards={"move": "out/done"}), memory) == {"a b.edi": content}
    kept = sorted(path.read_bytes() for path in (side.root / "out/done").iterdir())
    assert kept == [b"first", b"other"]


def test_a_file_is_claimed_by_a_rename_before_it_is_read(side: Any, memory: Any, poll: Poll) -> None:
    put(side, "a b", b"content")
    options = {"claim": {"into": "out/ours"}, "afterwards": {"move": "out/done"}}
    source = side.source(**options)
    with source:
        inbound = next(iter(source.receive(memory)))
        assert (inbound.content, inbound.origin) == (b"content", "out/a b")
        assert side.names("out") == []
    assert poll(side.source(**options), memory) == {"a b": b"content"}  # nothing was committed
    assert (side.names("out/ours"), side.names("out/done")) == ([], ["a b"])


def test_a_marker_says_that_a_file_is_complete(side: Any, memory: Any, poll: Poll) -> None:
    put(side, "a", b"content")
    options = {"stable": {"marker": "*.done"}, "afterwards": "delete"}
    assert poll(side.source(**options), memory) == {}
    put(side, "a.done", b"")
    assert poll(side.source(**options), memory) == {"a": b"content"}
    assert side.names("out") == []


def test_several_connections_at_a_time(side: Any, memory: Any, poll: Poll) -> None:
    names = {f"file {number}": b"%d" % number for number in range(12)}
    for name, content in names.items():
        put(side, name, content)
    given = {"folder": "out", "stable": "none", "afterwards": {"move": "out/done"}}
    source = FtpSource(side.connect(channels=3), FtpSource.Options.model_validate(given))
    assert poll(source, memory) == names
    assert side.names("out/done") == sorted(names)


def test_a_crash_between_commit_and_archive_brings_nothing_twice(side: Any, memory: Any, poll: Poll) -> None:
    put(side, "a", b"content")
    assert poll(side.source(afterwards="delete"), memory, settle=False) == {"a": b"content"}
    assert poll(side.source(afterwards="delete"), memory) == {}
    assert side.names("out") == []


@pytest.mark.parametrize(
    "name", ["[a]*?.edi", "-l", "ä ö 日本.edi", " leading", "trailing ", "a;b=c d", "'quoted\"", "C:", "$(x)`x`", "~"]
)
def test_strange_names_are_data(side: Any, memory: Any, poll: Poll, name: str) -> None:
    put(side, name, b"content")
    source = side.source(afterwards={"move": "out/done"})
    assert poll(source, memory) == {name: b"content"}
    assert [path.name for path in (side.root / "out/done").iterdir()] == [name]


def test_a_line_break_in_a_name_reaches_no_server(side: Any) -> None:
    with side.source() as source:
        store = source.open_store()
        for call in (
            lambda path: store.look(path),
            lambda path: list(store.read(path, 1)),
            lambda path: store.write(path, b"x"),
            lambda path: store.remove(path),
            lambda path: store.make_folder(path),
            lambda path: store.move(path, "out/x"),
            lambda path: store.move("out/x", path),
        ):
            for path in ("a\r\nDELE b", "a\nb", "a\0b"):
                with pytest.raises(Failed, match="a line break cannot be sent in FTP"):
                    call(path)
                assert not store.has_folder(path)
                with pytest.raises(FileFault):
                    store.list(path)
        assert store.list("out") == []
        store.close()


def test_links_and_folders_are_not_taken(side: Any, memory: Any, poll: Poll) -> None:
    (side.root / "out/folder").mkdir()
    (side.root / "secret").write_bytes(b"x")
    (side.root / "out/link").symlink_to("../secret")
    put(side, "a", b"content")
    found = poll(side.source(), memory)
    # pyftpdlib follows links when it lists facts; nothing tells then that it is one
    assert {name: content for name, content in found.items() if name != "link"} == {"a": b"content"}
    assert side.kind == "mlsd" or "link" not in found


def test_a_file_of_some_megabytes_arrives_whole(side: Any, memory: Any, poll: Poll) -> None:
    content = os.urandom(MEGABYTE) * 9
    put(side, "large", content)
    assert poll(side.source(), memory) == {"large": content}


def test_a_folder_that_is_not_there_stops(side: Any, memory: Any) -> None:
    with side.source(folder="none/at all") as source, pytest.raises(Stop, match="there is no folder none/at all"):
        list(source.receive(memory))


def test_a_delivery_arrives_whole_and_once(side: Any, outbound: Make) -> None:
    content = os.urandom(3 * MEGABYTE)
    with side.target(done_file="*.done") as target:
        assert target.verify(outbound(content)) is Landing.NOT_LANDED
        answer = target.deliver(outbound(content))
        assert answer.summary == f"stored as in/order.edi, {3 * MEGABYTE} bytes"
        assert answer.findings == ()
        assert target.verify(outbound(content)) is Landing.LANDED
        assert target.deliver(outbound(content)).summary == "in/order.edi was there already"
    assert side.names("in") == ["order.edi", "order.edi.done"]
    assert (side.root / "in/order.edi").read_bytes() == content


def test_an_empty_file_can_be_handed_over(side: Any, outbound: Make) -> None:
    with side.target() as target:
        target.deliver(outbound(b""))
    assert (side.root / "in/order.edi").read_bytes() == b""


@pytest.mark.parametrize(("collision", "names"), [("fail", 1), ("suffix", 2), ("replace", 1)])
def test_a_name_in_use(side: Any, outbound: Make, collision: str, names: int) -> None:
    with side.target(collision=collision) as target:
        target.deliver(outbound(b"first", key="1"))
        if collision == "fail":
            with pytest.raises(Reject, match=r"a file in/order.edi with other content is there already"):
                target.deliver(outbound(b"second", key="2"))
        else:
            target.deliver(outbound(b"second", key="2"))
    assert len(side.names("in")) == names
    expected = b"second" if collision == "replace" else b"first"
    assert (side.root / "in/order.edi").read_bytes() == expected


def test_a_folder_to_deliver_to_that_is_not_there_stops(side: Any, outbound: Make) -> None:
    with side.target(folder="none") as target, pytest.raises(Stop) as caught:
        target.deliver(outbound())
    assert caught.value.hint == "correct folder (none), or have the partner make it"


def test_a_probe_says_whether_it_works_and_what_the_server_can(side: Any) -> None:
    with side.source() as source:
        found = source.probe()
    assert found.ok
    assert found.summary.endswith(", folder out")
    told = {finding.code: finding for finding in found.findings}
    assert {"P-TLS", "P-CERTIFICATE", "P-LISTS", "P-FILES"} <= told.keys()
    assert (told["P-LISTS"].severity is Severity.WARNING) == (side.kind == "lists")
    with side.target(folder="none") as target:
        found = target.probe()
    assert found.ok is False
    assert found.summary == "there is no folder none"


def test_a_pinned_certificate_alone_is_enough_for_data_connections_too(side: Any, memory: Any, poll: Poll) -> None:
    put(side, "a", b"content")
    session = connect(side.connect())
    assert session.tls is not None
    pins = [session.tls.fingerprint]
    session.close()
    options = FtpSource.Options.model_validate({"folder": "out", "stable": "none"})
    pinned = FtpSource(side.connect(pins=pins), options)
    assert poll(pinned, memory) == {"a": b"content"}


def test_the_store_by_itself(side: Any) -> None:
    (side.root / "out/folder").mkdir()
    put(side, "a", b"a")
    put(side, "b", b"b")
    store = FtpTarget(side.connect(), FtpTarget.Options(file="x")).open_store()
    assert store.has_folder("out/folder")
    assert not store.has_folder("out/a")
    assert store.look("out/none") is None
    assert store.look("out/folder") is None
    assert store.look("out/a") in store.list("out")
    with pytest.raises(Taken):
        store.move("out/a", "out/b")
    with pytest.raises(Taken):
        store.move("out/a", "out/folder")
    with pytest.raises(Missing):
        store.remove("out/none")
    with pytest.raises(Missing) as caught:
        store.move("out/none", "out/c")
    assert caught.value.path == "out/none"
    store.make_folder("out/folder")
    store.move("out/a", "out/b", replace=True)
    assert side.names("out") == ["b"]
    assert (side.root / "out/b").read_bytes() == b"a"
    store.close()
