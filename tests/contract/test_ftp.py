"""The ftp adapter keeps to the contract, over a wire to a pyftpdlib server; data connections go beside the wire."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.adapters.ftp.servers import Server, settings
from tests.contract.over_a_line import PASSWORD, Line, TestSource, TestTarget

from transload.adapters.contract import Wire
from transload.adapters.ftp import ADAPTER, FtpConnection

__all__ = ["TestSource", "TestTarget"]


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    server = Server(tmp_path / "root", password=PASSWORD)
    server.start()
    try:
        with Wire("127.0.0.1", server.port) as wire:

            def connection(password: str, waits: float) -> FtpConnection:
                times = dict.fromkeys(("connect", "answer", "data"), f"{waits}s")
                plain = {"security": "none", "insecure": True}
                return settings(wire.port, host=wire.host, password=password, timeouts=times, **plain)

            # pyftpdlib holds what it has sent ahead: how much depends on how fast we are
            yield Line(adapter=ADAPTER, wire=wire, connection=connection, beside=True, copies=1)
    finally:
        server.stop()
