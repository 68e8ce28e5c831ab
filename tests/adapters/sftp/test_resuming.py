"""Large files from servers that drop the line in the middle of them, at several places, again and again."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from transload.adapters.base import Retry
from transload.adapters.sftp import SftpSource
from transload.adapters.sftp.lines import close_all

MIB = 1024 * 1024
SIZE = 10 * MIB
Poll = Callable[..., dict[str, bytes]]


class Meter:
    """Counts the bytes that are asked of the server, and drops all lines when there were so many."""

    def __init__(self, *drops: int) -> None:
        self.drops = list(drops)
        self.asked = 0
        self.since = 0

    def __call__(self, server: Any, _: Path) -> None:
        self.asked += 32 * 1024
        self.since += 32 * 1024
        if self.drops and self.since >= self.drops[0]:
            self.drops.pop(0)
            self.since = 0
            server.drop()


def source(server: Any, *pauses: float, channels: int = 4, **options: Any) -> SftpSource:
    given = {"folder": "/out", "stable": "none", "afterwards": "delete"} | options
    made = SftpSource(server.connection(channels=channels), SftpSource.Options.model_validate(given))
    made.pauses = pauses
    return made


@pytest.fixture
def content(server: Any) -> bytes:
    content = os.urandom(SIZE)
    (server.root / "out/a").write_bytes(content)
    return content


@pytest.mark.parametrize("at", [32 * 1024, 3 * MIB, 9 * MIB])
def test_the_next_pass_goes_on(server: Any, memory: Any, poll: Poll, content: bytes, at: int) -> None:
    server.faults.on_read = meter = Meter(at)
    with pytest.raises(Retry):
        poll(source(server), memory)
    assert poll(source(server), memory) == {"a": content}
    if at == 9 * MIB:
        assert meter.asked - SIZE < 6 * MIB, "but for what was on its way, and what is compared; begun anew it were 9"
    assert list((server.root / "out").iterdir()) == []


def test_the_same_pass_goes_on_at_once_with_all_files(server: Any, memory: Any, poll: Poll, content: bytes) -> None:
    for name in ("b", "c"):
        (server.root / "out" / name).write_bytes(name.encode())
    server.faults.on_read = meter = Meter(3 * MIB, 3 * MIB)
    assert poll(source(server, 0.01, 0.01), memory) == {"a": content, "b": b"b", "c": b"c"}
    assert len(server.logins) == 3
    assert meter.asked < 2 * SIZE


def test_a_claimed_file_is_gone_on_with(server: Any, memory: Any, poll: Poll, content: bytes) -> None:
    claim = {"claim": {"into": "/ours"}}
    server.faults.on_read = meter = Meter(4 * MIB, 4 * MIB)
    with pytest.raises(Retry):
        poll(source(server, 0.01, **claim), memory)
    assert [path.name.partition("~")[2] for path in (server.root / "ours").iterdir()] == ["a"]
    assert poll(source(server, **claim), memory) == {"a": content}
    assert meter.asked < SIZE + 7 * MIB  # begun anew it would be 8 more, and what was in flight as it broke
    assert list((server.root / "ours").iterdir()) == []


def test_a_server_that_is_gone_for_a_while_is_gone_on_with_later(server: Any, memory: Any, content: bytes) -> None:
    def gone(server: Any, path: Path) -> None:
        meter(server, path)
        if not meter.drops:
            server.loop.call_soon(server._listener.close)

    meter = Meter(4 * MIB)
    server.faults.on_read = gone
    with source(server, 0.01, 0.01) as one, pytest.raises(Retry, match="Unable to connect"):
        list(one.receive(memory))
    assert [file.stat().st_size > MIB for file in memory.folder.iterdir()] == [True]


def test_a_file_that_was_replaced_meanwhile_is_not_mixed(
    server: Any, memory: Any, poll: Poll, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    other = os.urandom(SIZE)
    file = server.root / "out/a"
    before = file.stat()

    def replace(server: Any, path: Path) -> None:
        if meter.drops:
            meter(server, path)
            if not meter.drops:
                file.write_bytes(other)
                os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))

    meter = Meter(5 * MIB)
    server.faults.on_read = replace
    assert poll(source(server, 0.01), memory) == {"a": other}
    assert "/out/a is not what it was, though its size and time are; it is begun anew" in caplog.messages


def test_a_line_that_falls_silent_is_waited_for_once_and_not_used_again(
    server: Any, memory: Any, poll: Poll, content: bytes
) -> None:
    release, silent = threading.Event(), list[float]()

    def stall(server: Any, path: Path) -> None:
        meter(server, path)
        if meter.asked == 3 * MIB:
            silent.append(time.monotonic())
            release.wait(10)

    meter = Meter()
    server.faults.on_read = stall
    settings = server.connection(channels=1, keep="30s", timeouts={"answer": "1500ms", "login": "5s"})
    options = SftpSource.Options.model_validate({"folder": "/out", "stable": "none", "afterwards": "delete"})
    first = SftpSource(settings, options)
    first.pauses = ()
    with pytest.raises(Retry, match="does not answer in time"):
        poll(first, memory)
    assert time.monotonic() - silent[0] < 2.9, "only one answer was waited for"
    release.set()
    server.faults.on_read = None
    assert poll(SftpSource(settings, options), memory) == {"a": content}
    assert len(server.logins) == 2
    close_all()
