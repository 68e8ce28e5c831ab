"""An SFTP server over one folder, for one user, with a host key of its own."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import compare_digest
from typing import Any

import asyncssh

from transload.runner.demo.partners.servers import running_loop


@dataclass(frozen=True, kw_only=True)
class SftpServer:
    """Where the server listens, and the fingerprint (``SHA256:...``) by which its host key is known."""

    host: str
    port: int
    fingerprint: str
    folder: Path


class _Login(asyncssh.SSHServer):
    def __init__(
        self, links: set[asyncssh.SSHServerConnection], username: str, password: str | None, keys: str | None
    ) -> None:
        self._links = links
        self._username = username
        self._password = password
        self._keys = asyncssh.import_authorized_keys(keys) if keys else None
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._links.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._connection is not None:
            self._links.discard(self._connection)

    def begin_auth(self, username: str) -> bool:
        if self._keys is not None and self._connection is not None and username == self._username:
            self._connection.set_authorized_keys(self._keys)
        return True

    def password_auth_supported(self) -> bool:
        return self._password is not None

    def validate_password(self, username: str, password: str) -> bool:
        return (
            self._password is not None
            and username == self._username
            and compare_digest(password.encode(), self._password.encode())
        )


@contextmanager
def sftp_server(
    folder: Path,
    *,
    username: str,
    password: str | None = None,
    authorized_keys: str | None = None,
    host_key: str | None = None,
    port: int = 0,
) -> Iterator[SftpServer]:
    """Serve ``folder`` to ``username``, who logs in with ``password`` or one of ``authorized_keys``.

    The user sees ``folder`` as ``/`` and nothing else.  ``host_key`` is a private key in
    OpenSSH's text form; by default one is made.
    """
    key = asyncssh.import_private_key(host_key) if host_key else asyncssh.generate_private_key("ssh-ed25519")

    links: set[asyncssh.SSHServerConnection] = set()

    async def start() -> Any:
        return await asyncssh.create_server(
            lambda: _Login(links, username, password, authorized_keys),
            "127.0.0.1",
            port,
            server_host_keys=[key],
            sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=str(folder).encode()),
            allow_scp=False,
        )

    async def stop(acceptor: Any) -> None:
        acceptor.close()
        await acceptor.wait_closed()
        open_ones = list(links)
        for link in open_ones:
            link.abort()
        await asyncio.gather(*(link.wait_closed() for link in open_ones))
        await asyncio.sleep(0)  # transports close their sockets in the loop's next round

    with running_loop(start, stop) as acceptor:
        yield SftpServer(host="127.0.0.1", port=acceptor.get_port(), fingerprint=key.get_fingerprint(), folder=folder)
