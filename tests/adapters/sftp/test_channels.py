"""Several channels of one connection: faster, in the same order, and never less sure."""

import threading
from pathlib import Path
from typing import Any

import pytest

from transload.adapters.base import Reject, Retry
from transload.adapters.sftp import SftpSource


def source(server: Any, channels: int, **options: Any) -> SftpSource:
    given = {"folder": "/out", "stable": "none", "afterwards": {"move": "/out/done"}} | options
    return SftpSource(server.connection(channels=channels), SftpSource.Options.model_validate(given))


def fill(server: Any, count: int) -> None:
    for number in range(count):
        (server.root / "out" / f"{number:03}").write_bytes(str(number).encode() * 100)


def test_the_order_stays_and_the_channels_are_of_one_connection(server: Any, memory: Any, poll: Any) -> None:
    fill(server, 40)
    assert list(poll(source(server, 4), memory)) == [f"{number:03}" for number in range(40)]
    assert len(server.logins) == 1
    assert 1 < server.most_channels <= 4
    assert len(list((server.root / "out/done").iterdir())) == 40


def test_one_file_needs_one_channel(server: Any, memory: Any, poll: Any) -> None:
    fill(server, 1)
    poll(source(server, 8), memory)
    assert server.most_channels <= 2


def test_a_connection_that_breaks_loses_nothing(server: Any, memory: Any, poll: Any) -> None:
    fill(server, 30)
    reads = [0]

    def drop(server: Any, path: Path) -> None:
        reads[0] += 1
        if reads[0] == 15:
            server.drop()

    server.faults.on_read = drop
    with pytest.raises(Retry):
        poll(source(server, 4), memory)
    server.faults.on_read = None
    poll(source(server, 4), memory)
    assert len(memory.arrived) == 30
    assert len(list((server.root / "out/done").iterdir())) == 30
    assert [path for path in (server.root / "out").iterdir() if path.is_file()] == []


def test_a_reader_that_stops_early_ends_what_was_begun(server: Any, memory: Any) -> None:
    fill(server, 30)
    with source(server, 4) as one:
        arriving = one.receive(memory)
        for _ in range(3):
            inbound = next(arriving)
            memory.commit(inbound)
            inbound.settle()
        arriving.close()
        assert len(list((server.root / "out/done").iterdir())) == 3
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("transload-files")]


def test_files_with_faults_are_told_together(server: Any, memory: Any, poll: Any) -> None:
    fill(server, 10)

    def refuse(server: Any, path: Path) -> None:
        if path.name in ("003", "007"):
            raise PermissionError(13, "not for you")

    server.faults.on_read = refuse
    with pytest.raises(Reject, match="2 files in /out have problems"):
        poll(source(server, 4), memory)
    assert len(memory.arrived) == 8


def test_large_files_are_fetched_alone(server: Any, memory: Any, poll: Any) -> None:
    for name in "abc":
        (server.root / "out" / name).write_bytes(name.encode() * (9 << 20))
    found = poll(source(server, 4, afterwards="delete"), memory)
    assert {name: (content[:1], len(content)) for name, content in found.items()} == {
        name: (name.encode(), 9 << 20) for name in "abc"
    }


def test_what_settles_after_the_end_is_done_at_once(server: Any, memory: Any) -> None:
    fill(server, 2)
    with source(server, 4) as one:
        inbounds = list(one.receive(memory))
        for inbound in inbounds:
            memory.commit(inbound)
            inbound.settle()
            inbound.settle()
        assert len(list((server.root / "out/done").iterdir())) == 2
