"""The sftp adapter keeps to the contract, over a wire to an asyncssh server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.contract.over_a_line import PASSWORD, Line, TestSource, TestTarget

from transload.adapters.contract import Wire
from transload.adapters.sftp import ADAPTER, SftpConnection
from transload.runner.demo.partners.sftp_server import sftp_server

__all__ = ["TestSource", "TestTarget"]


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    root = tmp_path / "root"
    root.mkdir()
    with sftp_server(root, username="partner", password=PASSWORD) as server, Wire(server.host, server.port) as wire:

        def connection(password: str, waits: float) -> SftpConnection:
            return SftpConnection.model_validate(
                {
                    "host": wire.host,
                    "port": wire.port,
                    "username": "partner",
                    "password": password,
                    "host_keys": [server.fingerprint],
                    "keepalive": "0s",
                    "timeouts": dict.fromkeys(("connect", "banner", "login", "answer"), f"{waits}s"),
                }
            )

        yield Line(adapter=ADAPTER, wire=wire, connection=connection)
