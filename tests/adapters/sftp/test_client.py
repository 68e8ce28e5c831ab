"""What the SFTP client adds to the library's."""

import os
import struct
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transload.adapters.base import Retry
from transload.adapters.sftp import SftpTarget
from transload.adapters.sftp.client import FSYNC, POSIX_RENAME, _extensions
from transload.adapters.sftp.session import connect


def packed(*texts: bytes) -> bytes:
    return b"".join(struct.pack(">I", len(text)) + text for text in texts)


@given(st.dictionaries(st.text("abc@.", min_size=1), st.binary()))
def test_extensions_are_pairs(pairs: dict[str, bytes]) -> None:
    texts = [text for name, data in pairs.items() for text in (name.encode(), data)]
    assert _extensions(packed(*texts)) == pairs


@given(st.binary())
def test_nothing_that_a_server_says_is_an_error(content: bytes) -> None:
    assert isinstance(_extensions(content), dict)


def test_what_is_cut_off_is_left_out() -> None:
    assert _extensions(packed(b"a", b"1", b"b")) == {"a": b"1"}
    assert _extensions(packed(b"a", b"1") + packed(b"b")[:-1]) == {"a": b"1"}


def target(server: Any) -> SftpTarget:
    return SftpTarget(server.connection(), SftpTarget.Options.model_validate({"folder": "/in", "file": "order.edi"}))


@pytest.mark.parametrize("size", [0, 10, 100_000], ids=["empty", "small", "many blocks"])
def test_what_is_written_is_on_the_disk_before_it_gets_its_name(
    server: Any, outbound: Any, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    seen: list[tuple[int, list[str]]] = []

    def fsync(self: asyncssh.SFTPServer, file: Any) -> None:
        file.flush()
        there = [path.name for path in (server.root / "in").glob("order*")]
        seen.append((Path(os.fsdecode(file.name)).stat().st_size, there))

    monkeypatch.setattr(asyncssh.SFTPServer, "fsync", fsync)
    with target(server) as one:
        one.deliver(outbound(b"x" * size))
    assert seen == [(size, [])]


def test_a_disk_that_does_not_take_it(server: Any, outbound: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fsync(self: asyncssh.SFTPServer, file: Any) -> None:
        raise asyncssh.SFTPFailure("input/output error")

    monkeypatch.setattr(asyncssh.SFTPServer, "fsync", fsync)
    with target(server) as one, pytest.raises(Retry, match="input/output error"):
        one.deliver(outbound(b"x"))
    assert [path.name for path in (server.root / "in").iterdir()] == []


def test_the_extensions_of_a_server(server: Any) -> None:
    session = connect(server.connection())
    try:
        assert {FSYNC, POSIX_RENAME} <= session.client.extensions.keys()
    finally:
        session.close()
