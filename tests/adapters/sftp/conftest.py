"""A real SFTP server in this process, a memory for sources, and the same folders by two adapters."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from tests.adapters.memory import Notes, poll_folder

from transload.adapters.base import Outbound
from transload.adapters.files import FilesConnection, FilesSource, FilesTarget
from transload.adapters.sftp import SftpConnection, SftpSource, SftpTarget

Action = Callable[["Server", Path], None]


@dataclass
class Faults:
    """What the server does wrong; tests set it."""

    on_read: Action | None = None
    on_write: Action | None = None
    on_rename: Action | None = None
    listed_size: int | None = None
    without_times: bool = False
    silent_login: bool = False
    without_posix_rename: bool = False
    overwriting_rename: bool = False
    calls: list[str] = field(default_factory=list)


class Server:
    """An SFTP server for one test: its folder is the root that logins see."""

    def __init__(self, root: Path, loop: asyncio.AbstractEventLoop, host_key: asyncssh.SSHKey) -> None:
        self.root = root
        self.loop = loop
        self.host_keys = [host_key]
        self.client_key: asyncssh.SSHKey | None = None
        self.authority: asyncssh.SSHKey | None = None
        self.lets_through: set[int] = set()
        self.passed: list[tuple[str, int]] = []
        self.faults = Faults()
        self.logins: list[str] = []
        self.connections: list[asyncssh.SSHServerConnection] = []
        self.port = 0
        self.channels = 0
        self.most_channels = 0
        self._listener: asyncssh.SSHAcceptor | None = None

    @property
    def fingerprint(self) -> str:
        return self.host_keys[0].get_fingerprint()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(20)

    def start(self) -> None:
        self.run(self._start())

    def stop(self) -> None:
        self.run(self._stop())

    def drop(self) -> None:
        """Cut all connections, as a crash of the server would; called in the server's thread."""
        for connection in self.connections:
            connection.abort()

    def connection(self, **changes: Any) -> SftpConnection:
        given = {
            "host": "127.0.0.1",
            "port": self.port,
            "username": "partner",
            "password": "secret",
            "host_keys": [self.fingerprint],
            "keepalive": "0s",
            "keep": "0s",
            "timeouts": {"connect": "5s", "banner": "5s", "login": "5s", "answer": "5s"},
        } | changes
        return SftpConnection.model_validate(given)

    async def _start(self) -> None:
        self._listener = await asyncssh.listen(
            "127.0.0.1",
            self.port,
            server_factory=partial(Login, self),
            server_host_keys=self.host_keys,
            sftp_factory=partial(Files, self),
            login_timeout=10,
        )
        self.port = self._listener.get_port()

    async def _stop(self) -> None:
        if self._listener is None:
            return
        self._listener.close()
        for connection in self.connections:
            connection.abort()
        await self._listener.wait_closed()
        for connection in self.connections:
            await connection.wait_closed()
        self._listener = None


class Login(asyncssh.SSHServer):
    """Lets partner in, with the password or the key of the test."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self.server.connections.append(conn)

    def begin_auth(self, username: str) -> bool:
        self.server.logins.append(username)
        return True

    def password_auth_supported(self) -> bool:
        return True

    async def validate_password(self, username: str, password: str) -> bool:
        if self.server.faults.silent_login:
            await asyncio.sleep(3)
        return (username, password) == ("partner", "secret")

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_ca_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        authority = self.server.authority
        return authority is not None and key.public_data == authority.public_data

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:
        self.server.passed.append((dest_host, dest_port))
        if dest_port not in self.server.lets_through:
            raise asyncssh.ChannelOpenError(asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED, "no forwarding here")
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        allowed = self.server.client_key
        return allowed is not None and key.public_data == allowed.public_data


class Files(asyncssh.SFTPServer):
    """The server's folder, with the faults that the test has set."""

    def __init__(self, server: Server, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        super().__init__(chan, chroot=str(server.root).encode())
        self.server = server
        self.faults = server.faults
        server.channels += 1
        server.most_channels = max(server.most_channels, server.channels)

    def exit(self) -> None:
        self.server.channels -= 1

    def _path(self, path: bytes) -> Path:
        return Path(self.map_path(path).decode("utf-8", "surrogateescape"))

    def _call(self, name: str, action: Action | None, path: Path) -> None:
        self.faults.calls.append(name)
        if action:
            action(self.server, path)

    def read(self, file_obj: Any, offset: int, size: int) -> Any:
        self._call("read", self.faults.on_read, Path(file_obj.name.decode("utf-8", "surrogateescape")))
        return super().read(file_obj, offset, size)

    def write(self, file_obj: Any, offset: int, data: bytes) -> Any:
        self._call("write", self.faults.on_write, Path(file_obj.name.decode("utf-8", "surrogateescape")))
        return super().write(file_obj, offset, data)

    def lstat(self, path: bytes) -> Any:
        found = super().lstat(path)
        if self.faults.listed_size is None or not self._path(path).is_file():
            return found
        attrs = asyncssh.SFTPAttrs.from_local(found)
        attrs.size = self.faults.listed_size
        return attrs

    async def scandir(self, path: bytes) -> Any:
        async for name in super().scandir(path):
            if self.faults.without_times:
                name.attrs = asyncssh.SFTPAttrs()
            yield name

    def rename(self, oldpath: bytes, newpath: bytes) -> Any:
        self._call("rename", self.faults.on_rename, self._path(newpath))
        if self.faults.overwriting_rename:
            return super().posix_rename(oldpath, newpath)
        return super().rename(oldpath, newpath)

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> Any:
        self.faults.calls.append("posix_rename")
        if self.faults.without_posix_rename:
            raise asyncssh.SFTPOpUnsupported("no such extension")
        return super().posix_rename(oldpath, newpath)


@pytest.fixture(scope="session")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop in a thread of its own, for the servers of all tests."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="servers")
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture(scope="session")
def host_key() -> asyncssh.SSHKey:
    return asyncssh.generate_private_key("ssh-ed25519")


@pytest.fixture
def server(tmp_path: Path, loop: asyncio.AbstractEventLoop, host_key: asyncssh.SSHKey) -> Iterator[Server]:
    """An SFTP server that has just started, with the folders in and out below its root."""
    root = tmp_path / "server"
    for name in ("in", "out"):
        (root / name).mkdir(parents=True)
    server = Server(root, loop, host_key)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def gate(tmp_path: Path, loop: asyncio.AbstractEventLoop) -> Iterator[Server]:
    """Another server with another key, which lets logins through to ``lets_through`` ports."""
    root = tmp_path / "gate"
    root.mkdir()
    server = Server(root, loop, asyncssh.generate_private_key("ssh-ed25519"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def memory() -> Notes:
    return Notes()


@dataclass
class Side:
    """One adapter and the folder that its paths begin at."""

    kind: str
    root: Path
    server: Server | None = None

    def source(self, **options: Any) -> SftpSource | FilesSource:
        given = {"folder": "out", "stable": "none"} | options
        if self.server:
            return SftpSource(self.server.connection(), SftpSource.Options.model_validate(given))
        return FilesSource(FilesConnection(root=self.root), FilesSource.Options.model_validate(given))

    def target(self, **options: Any) -> SftpTarget | FilesTarget:
        given = {"folder": "in", "file": "order.edi"} | options
        if self.server:
            return SftpTarget(self.server.connection(), SftpTarget.Options.model_validate(given))
        return FilesTarget(FilesConnection(root=self.root), FilesTarget.Options.model_validate(given))

    def names(self, folder: str) -> list[str]:
        return sorted(path.name for path in (self.root / folder).iterdir() if path.is_file())


@pytest.fixture(params=["files", "sftp"])
def side(request: pytest.FixtureRequest, tmp_path: Path) -> Side:
    """The same two folders, in and out, once as local folders and once behind an SFTP server."""
    if request.param == "sftp":
        server = request.getfixturevalue("server")
        return Side("sftp", server.root, server)
    root = tmp_path / "local"
    for name in ("in", "out"):
        (root / name).mkdir(parents=True)
    return Side("files", root)


@pytest.fixture
def poll() -> Callable[..., dict[str, bytes]]:
    return poll_folder


@pytest.fixture
def outbound() -> Callable[..., Outbound]:
    def make(content: bytes = b"UNB+UNOA:2'", *, file: str = "order.edi", key: str = "delivery-1") -> Outbound:
        return Outbound(key=key, content=content, metadata={"file": file})

    return make


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], None]:
    def wait(true: Callable[[], bool]) -> None:
        end = time.monotonic() + 5
        while not true():
            assert time.monotonic() < end, "it never happened"
            time.sleep(0.01)

    return wait
