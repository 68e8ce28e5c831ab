"""The sftp adapter keeps to the contract, over a wire to an asyncssh server."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.contract.hurry import Hurried

from transload.adapters.contract import SourceContract, TargetContract, Wire
from transload.adapters.contract.folders import FolderSourceHarness, FolderTargetHarness
from transload.adapters.sftp import ADAPTER, SftpConnection, SftpSource, SftpTarget
from transload.runner.demo.partners.sftp_server import sftp_server

PASSWORD = "Kaffee-und-Kuchen"
WRONG = "Wasser-und-Brot"


@pytest.fixture
def line(tmp_path: Path) -> "Iterator[Line]":
    """A wire to a server over ``tmp_path/root``, and what makes connections through it."""
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

        yield wire, connection


Line = tuple[Wire, Callable[[str, float], SftpConnection]]


class Out(Hurried, FolderSourceHarness):
    pass


class In(Hurried, FolderTargetHarness):
    pass


class TestSource(SourceContract):
    @pytest.fixture
    def harness(self, tmp_path: Path, line: Line) -> Out:
        wire, connection = line
        made = Out(
            tmp_path / "root",
            ADAPTER,
            lambda options: SftpSource(connection(PASSWORD, made.waits), options),
            stranger=lambda options: SftpSource(connection(WRONG, made.waits), options),
            wire=wire,
            secrets=[PASSWORD, WRONG],
        )
        return made


class TestTarget(TargetContract):
    @pytest.fixture
    def harness(self, tmp_path: Path, line: Line) -> In:
        wire, connection = line
        made = In(
            tmp_path / "root",
            ADAPTER,
            lambda options: SftpTarget(connection(PASSWORD, made.waits), options),
            stranger=lambda options: SftpTarget(connection(WRONG, made.waits), options),
            wire=wire,
            secrets=[PASSWORD, WRONG],
        )
        return made
