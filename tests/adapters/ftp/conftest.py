"""What the tests of FTP share."""

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme
from tests.adapters.ftp.servers import Server, proftpd, settings, vsftpd
from tests.adapters.memory import Notes, poll_folder

from transload.adapters.base import Outbound
from transload.adapters.ftp import FtpConnection, FtpSource, FtpTarget


@dataclass
class Side:
    """A server, the folder that its logins see, and how to connect to it."""

    kind: str
    root: Path
    connect: Callable[..., FtpConnection]

    def source(self, **options: Any) -> FtpSource:
        given = {"folder": "out", "stable": "none"} | options
        return FtpSource(self.connect(), FtpSource.Options.model_validate(given))

    def target(self, **options: Any) -> FtpTarget:
        given = {"folder": "in", "file": "order.edi"} | options
        return FtpTarget(self.connect(), FtpTarget.Options.model_validate(given))

    def names(self, folder: str) -> list[str]:
        return sorted(path.name for path in (self.root / folder).iterdir() if path.is_file())


@dataclass(frozen=True)
class Papers:
    """An authority of the tests, and a certificate for localhost from it, with its key."""

    authority: Path
    certificate: Path
    other_authority: Path


@pytest.fixture(scope="session")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    folder = tmp_path_factory.mktemp("papers")
    ca = trustme.CA()
    ca.cert_pem.write_to_path(folder / "ca.pem")
    trustme.CA().cert_pem.write_to_path(folder / "other.pem")
    ca.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
    return Papers(folder / "ca.pem", folder / "server.pem", folder / "other.pem")


@pytest.fixture
def start(tmp_path: Path, papers: Papers) -> Iterator[Callable[..., Server]]:
    """Starts a server, with TLS unless it is told otherwise; all of them stop with the test."""
    running: list[Server] = []

    def begin(*, tls: bool = True, **options: Any) -> Server:
        if tls:
            options |= {"certificate": papers.certificate, "authority": papers.authority}
        server = Server(tmp_path / f"server{len(running)}", **options)
        server.start()
        running.append(server)
        return server

    yield begin
    for server in running:
        server.stop()


@pytest.fixture
def server(start: Callable[..., Server]) -> Server:
    """A server without TLS, for tests of faults: there is less between us and them."""
    return start(tls=False)


_WITHOUT = {
    "mlsd": (),
    "measured": ("MLSD", "MLST"),
    "lists": ("MLSD", "MLST", "SIZE", "MDTM", "FEAT"),
}


@pytest.fixture(scope="session")
def daemons(papers: Papers) -> Iterator[Callable[[str], tuple[Path, int] | None]]:
    """Starts ProFTPD or vsftpd once for all tests: the folder that its logins see, and its port; None without it."""
    with contextlib.ExitStack() as stack:
        found: dict[str, tuple[Path, int] | None] = {}

        def begin(kind: str) -> tuple[Path, int] | None:
            if kind not in found:
                # They change to a login that has no way into pytest's own folders.
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="transload-ftpd-")))
                folder.chmod(0o755)
                (folder / "root").mkdir()
                serve = {"proftpd": proftpd, "vsftpd": vsftpd}[kind]
                port = stack.enter_context(serve(folder, folder / "root", papers.certificate))
                found[kind] = None if port is None else (folder / "root", port)
            return found[kind]

        yield begin


def _pinned(changes: dict[str, Any]) -> dict[str, Any]:
    """With ``pins`` nothing else is trusted."""
    pins = changes.pop("pins", None)
    return changes | ({"tls": {"verify": False, "pins": pins}} if pins else {})


@pytest.fixture(params=[*_WITHOUT, "proftpd", "vsftpd"])
def side(request: pytest.FixtureRequest, start: Callable[..., Server], papers: Papers) -> Side:
    """The folders in and out of servers that tell more or less of files; two of them demand resumed TLS sessions."""
    kind = request.param
    if kind in _WITHOUT:
        server = start(without=_WITHOUT[kind])
        return Side(kind, server.root, lambda **more: server.connection(**_pinned(more)))
    running = request.getfixturevalue("daemons")(kind)
    if running is None:
        pytest.skip(f"{kind} is not installed, or needs root")
    root, port = running
    for path in root.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for name in ("in", "out"):
        (root / name).mkdir()
        (root / name).chmod(0o777)
    login = {"vsftpd": "anonymous"}.get(kind, "partner")
    tls = {"ca": str(papers.authority)}
    return Side(kind, root, lambda **more: settings(port, username=login, **({"tls": tls} | _pinned(more))))


@pytest.fixture
def memory() -> Notes:
    return Notes()


@pytest.fixture
def poll() -> Callable[..., dict[str, bytes]]:
    return poll_folder


@pytest.fixture
def outbound() -> Callable[..., Outbound]:
    def make(content: bytes = b"UNB+UNOA:2'", *, file: str = "order.edi", key: str = "delivery-1") -> Outbound:
        return Outbound(key=key, content=content, metadata={"file": file})

    return make
