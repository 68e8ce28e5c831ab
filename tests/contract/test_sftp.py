"""The sftp adapter keeps to the contract, over a wire to an asyncssh server."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from transload.adapters.contract import SourceContract, TargetContract, Wire
from transload.adapters.contract.folders import FolderSourceHarness, FolderTargetHarness
from transload.adapters.sftp import ADAPTER, SftpConnection, SftpSource, SftpTarget
from transload.runner.demo.partners.sftp_server import sftp_server

PASSWORD = "Kaffee-und-Kuchen"
WRONG = "Wasser-und-Brot"


@pytest.fixture
def line(tmp_path: Path) -> Iterator[tuple[Wire, Callable[..., SftpConnection]]]:
    """A wire to a server over ``tmp_path/root``, and what makes connections through it."""
    root = tmp_path / "root"
    root.mkdir()
    with sftp_server(root, username="partner", password=PASSWORD) as server, Wire(server.host, server.port) as wire:

        def connection(password: str = PASSWORD) -> SftpConnection:
            return SftpConnection.model_validate(
                {
                    "host": wire.host,
                    "port": wire.port,
                    "username": "partner",
                    "password": password,
                    "host_keys": [server.fingerprint],
                    "keepalive": "0s",
                    "timeouts": {"connect": "3s", "banner": "3s", "login": "3s", "answer": "3s"},
                }
            )

        yield wire, connection


Line = tuple[Wire, Callable[..., SftpConnection]]


class TestSource(SourceContract):
    @pytest.fixture
    def harness(self, tmp_path: Path, line: Line) -> FolderSourceHarness:
        wire, connection = line
        return FolderSourceHarness(
            tmp_path / "root",
            ADAPTER,
            lambda options: SftpSource(connection(), options),
            stranger=lambda options: SftpSource(connection(WRONG), options),
            wire=wire,
            secrets=[PASSWORD, WRONG],
        )


class TestTarget(TargetContract):
    @pytest.fixture
    def harness(self, tmp_path: Path, line: Line) -> FolderTargetHarness:
        wire, connection = line
        return FolderTargetHarness(
            tmp_path / "root",
            ADAPTER,
            lambda options: SftpTarget(connection(), options),
            stranger=lambda options: SftpTarget(connection(WRONG), options),
            wire=wire,
            secrets=[PASSWORD, WRONG],
        )
