"""Opening an SSH connection: the host key first, then the login, each within its time."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import paramiko
from paramiko import ssh_exception

from transload.adapters.base import Finding, Retry, Stop
from transload.adapters.sftp.errors import translated
from transload.adapters.sftp.host_keys import trusted
from transload.adapters.sftp.private_key import private_key
from transload.adapters.sftp.settings import SftpConnection

WIRE = "transload.sftp.wire"
"""The logger that the library writes to.  Its threads log every error with a traceback, and the same error reaches
the caller; so it is silent unless somebody looks for a protocol fault and lowers its level."""
logging.getLogger(WIRE).setLevel(logging.CRITICAL)
_RSA = ("ssh-rsa", "rsa-sha2-256", "rsa-sha2-512")
"""One kind of key with three signature algorithms (RFC 8332)."""


class _NotPinned(Exception):
    """The server has shown a host key that is not pinned; not one of paramiko's classes, so it passes through."""

    def __init__(self, key: paramiko.PKey) -> None:
        super().__init__(key.fingerprint)
        self.key = key


class _OnlyPinned(paramiko.MissingHostKeyPolicy):
    """Lets the login begin only when the server has proved a pinned key."""

    def __init__(self, fingerprints: frozenset[str]) -> None:
        self._fingerprints = fingerprints

    def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:
        """Refuse a key that is not pinned."""
        if key.fingerprint not in self._fingerprints:
            raise _NotPinned(key)


class Session:
    """An open SFTP session: the client, its connection, and what a person calls the server."""

    def __init__(self, ssh: paramiko.SSHClient, client: paramiko.SFTPClient, peer: str) -> None:
        self._ssh = ssh
        self.client = client
        self.peer = peer

    @property
    def transport(self) -> paramiko.Transport | None:
        """The connection below, for the question whether it is still there."""
        return self._ssh.get_transport()

    def close(self) -> None:
        """Close the session and the connection."""
        self._ssh.close()


def connect(settings: SftpConnection) -> Session:
    """Connect, check the host key, log in and open SFTP.

    A server that first shows a key of another kind than the pinned one is asked for its
    other kinds, before any login.  Raises `Stop` for a host key that is not pinned, a refused
    login, an unusable private key or an unknown host; `Retry` when the server is not there.
    """
    peer = f"{settings.username}@{settings.host}:{settings.port}"
    fingerprints = trusted(settings.host_keys, settings.host, settings.port)
    key = private_key(settings)
    offered: list[paramiko.PKey] = []
    while True:
        try:
            with translated(peer):
                return _connected(settings, peer, fingerprints, key, offered)
        except _NotPinned as refusal:
            if refusal.key.get_name() in {known.get_name() for known in offered}:
                _refuse(peer, settings, offered)
            offered.append(refusal.key)
        except Stop as error:
            # No kind of key is left: the one that was shown first is the news.
            if offered and isinstance(error.__cause__, ssh_exception.IncompatiblePeer):
                _refuse(peer, settings, offered)
            raise


def _connected(
    settings: SftpConnection,
    peer: str,
    fingerprints: frozenset[str],
    key: paramiko.PKey | None,
    offered: list[paramiko.PKey],
) -> Session:
    times = settings.timeouts
    ssh = paramiko.SSHClient()
    ssh.set_log_channel(WIRE)
    ssh.set_missing_host_key_policy(_OnlyPinned(fingerprints))
    try:
        ssh.connect(
            settings.host,
            port=settings.port,
            username=settings.username,
            password=settings.password.get_secret_value() if settings.password else None,
            pkey=key,
            timeout=times.connect.total_seconds(),
            banner_timeout=times.banner.total_seconds(),
            auth_timeout=times.login.total_seconds(),
            channel_timeout=times.login.total_seconds(),
            allow_agent=False,
            look_for_keys=False,
            disabled_algorithms={"keys": _algorithms(offered)},
        )
        transport = ssh.get_transport()
        assert transport is not None
        transport.set_keepalive(int(settings.keepalive.total_seconds()))
        with _deadline(transport, times.login.total_seconds(), peer):
            channel = transport.open_session(timeout=times.login.total_seconds())
            channel.settimeout(times.answer.total_seconds())
            channel.invoke_subsystem("sftp")
            return Session(ssh, LenientClient(channel), peer)
    except BaseException:
        ssh.close()
        raise


class LenientMessage(paramiko.Message):
    """A message whose texts may be any bytes: those that are no UTF-8 become surrogates (PEP 383)."""

    def get_text(self) -> str:
        """The next string, as text."""
        return self.get_string().decode("utf-8", "surrogateescape")


class LenientClient(paramiko.SFTPClient):
    """Lists names that are no UTF-8 too; with the library's client, one of them hides the whole folder."""

    def _read_response(self, waitfor: int | None = None) -> tuple[int | None, paramiko.Message | None]:
        kind, message = super()._read_response(waitfor)  # type: ignore[misc]
        if message is not None:
            message = LenientMessage(message.get_remainder())
        return kind, message

    def _convert_status(self, msg: paramiko.Message) -> None:
        super()._convert_status(LenientMessage(msg.get_remainder()))  # type: ignore[misc]


def _algorithms(offered: list[paramiko.PKey]) -> list[str]:
    names = [key.get_name() for key in offered]
    return [name for one in names for name in (_RSA if one == "ssh-rsa" else (one,))]


@contextmanager
def _deadline(transport: paramiko.Transport, seconds: float, peer: str) -> Iterator[None]:
    """Close the connection when opening SFTP takes too long: the library waits for that answer without an end."""
    over = threading.Event()

    def give_up() -> None:
        over.set()
        transport.close()

    timer = threading.Timer(seconds, give_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    except (paramiko.SSHException, EOFError, OSError) as error:
        if over.is_set():
            hint = "ask the partner whether SFTP is allowed, or raise timeouts: login"
            raise Retry(f"{peer} does not open SFTP in time", hint=hint) from error
        raise
    finally:
        timer.cancel()


def _refuse(peer: str, settings: SftpConnection, offered: list[paramiko.PKey]) -> NoReturn:
    shown = ", ".join(f"{key.fingerprint} ({key.get_name()})" for key in offered)
    pinned = ", ".join(sorted(trusted(settings.host_keys, settings.host, settings.port))) or "none for this host"
    message = f"{peer} has another host key than the pinned one: it offers {shown}; pinned: {pinned}"
    hint = (
        "ask the partner, by another way than this connection, whether its key was changed; if so, add it to host_keys"
    )
    raise Stop(message, hint=hint, findings=[Finding(code="E-HOSTKEY", message=message, hint=hint, value=shown)])
