"""The ftp adapter keeps to the contract, over a wire to a pyftpdlib server; data connections go beside the wire."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.adapters.ftp.servers import PASSWORD, Server, settings
from tests.contract.hurry import Hurried

from transload.adapters.contract import SourceContract, TargetContract, Wire
from transload.adapters.contract.folders import FolderSourceHarness, FolderTargetHarness
from transload.adapters.ftp import ADAPTER, FtpConnection, FtpSource, FtpTarget

WRONG = "Wasser-und-Brot"
Line = tuple[Wire, Callable[[str, float], FtpConnection]]


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    """A wire to a server over ``tmp_path/root``, and what makes connections through it."""
    server = Server(tmp_path / "root")
    server.start()
    try:
        with Wire("127.0.0.1", server.port) as wire:

            def connection(password: str, waits: float) -> FtpConnection:
                times = dict.fromkeys(("connect", "answer", "data"), f"{waits}s")
                plain = {"security": "none", "insecure": True}
                return settings(wire.port, host=wire.host, password=password, timeouts=times, **plain)

            yield wire, connection
    finally:
        server.stop()


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
            lambda options: FtpSource(connection(PASSWORD, made.waits), options),
            stranger=lambda options: FtpSource(connection(WRONG, made.waits), options),
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
            lambda options: FtpTarget(connection(PASSWORD, made.waits), options),
            stranger=lambda options: FtpTarget(connection(WRONG, made.waits), options),
            wire=wire,
            secrets=[PASSWORD, WRONG],
        )
        return made
