"""Opening an SSH connection: the host key first, then the login, each within its time."""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, NoReturn

import paramiko
from paramiko import ssh_exception

from transload.adapters.base import Finding, Retry, Stop
from transload.adapters.base.patience import at_most
from transload.adapters.sftp.client import Client
from transload.adapters.sftp.errors import translated
from transload.adapters.sftp.farewell import AttentiveTransport
from transload.adapters.sftp.host_keys import trusted
from transload.adapters.sftp.legacy import LegacyTransport
from transload.adapters.sftp.lines import Line, Lines, lines_of
from transload.adapters.sftp.private_key import private_key
from transload.adapters.sftp.settings import Account, SftpConnection, Timeouts

WIRE = "transload.sftp.wire"
"""The logger that the library writes to.  Its threads log every error with a traceback, and the same error reaches
the caller; so it is silent unless somebody looks for a protocol fault and lowers its level."""
logging.getLogger(WIRE).setLevel(logging.CRITICAL)
_RSA = ("ssh-rsa", "rsa-sha2-256", "rsa-sha2-512")
"""One kind of key with three signature algorithms (RFC 8332)."""
_PAUSE = 0.1
"""Seconds before we look again for a free place where nobody has left one, at first; each time twice as long."""
_PROHIBITED = 1
"""Why a channel was refused: administratively prohibited (RFC 4254, 5.1)."""


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
    """An open SFTP session: a channel of its own in a connection that others may use too.

    ``peer`` is what a person calls the server.
    """

    def __init__(self, line: Line, client: Client, peer: str, times: Timeouts) -> None:
        self._line = line
        self._times = times
        self._closed = False
        self.client = client
        self.peer = peer

    @property
    def transport(self) -> paramiko.Transport | None:
        """The connection below, for the question whether it is still there."""
        return self._line.transport

    def beside(self) -> "Session | None":
        """One more session in the same connection; None where the server refuses, as many do beyond some number."""
        try:
            return _channel(self._line, self.peer, self._times)
        except (paramiko.SSHException, EOFError, OSError, Retry):
            return None

    def doubt(self) -> None:
        """Have nobody else use the connection: an answer did not come."""
        self._line.doubt()

    def close(self) -> None:
        """Close the session, and the connection where nobody else uses it and it is not kept."""
        if self._closed:
            return
        self._closed = True
        with suppress(paramiko.SSHException, EOFError, OSError):
            self.client.close()
        self._line.left()


def connect(settings: SftpConnection) -> Session:
    """A session for ``settings``: in the connection that is open for the same account, or in a new one.

    For a new one the host key is checked, then we log in; through another server first, where there is one.
    A server that first shows a key of another kind than the pinned one is asked for its
    other kinds, before any login.  Raises `Stop` for a host key that is not pinned, a refused
    login, an unusable private key or an unknown host; `Retry` when the server is not there, or when all
    connections that the account may have are in use.
    """
    lines, peer, times = lines_of(settings), _peer(settings), settings.timeouts
    until, pause = time.monotonic() + times.connect.total_seconds(), _PAUSE
    while True:
        news = lines.news
        with lines.turn:
            session = _shared(lines, peer, times) or _first(lines, settings, peer)
        if session is not None:
            return session
        left = until - time.monotonic()
        if left <= 0:
            raise Retry(
                f"all {settings.connections} connections to {settings.username}@{settings.host} are in use",
                hint="it is tried again later; connections: allows more, if the partner does",
            )
        lines.wait(news, min(pause, left))
        pause *= 2  # some servers take their time to count a channel as closed


def _first(lines: Lines, settings: SftpConnection, peer: str) -> Session | None:
    """The first session in one more connection; None where there are as many as there may be."""
    line = lines.new(partial(_reached, settings))
    if line is None:
        return None
    try:
        with translated(peer):
            return _channel(line, peer, settings.timeouts)
    except BaseException:
        line.close()
        raise


def _shared(lines: Lines, peer: str, times: Timeouts) -> Session | None:
    """A session in a connection that is open; None where each has as many as the server allows."""
    for line in lines.open_ones():
        try:
            return _channel(line, peer, times)
        except paramiko.ChannelException:
            continue
        except (paramiko.SSHException, EOFError, OSError, Retry):
            line.close()  # it is gone, and nobody has told us
    return None


def _reached(settings: SftpConnection) -> list[paramiko.SSHClient]:
    """The connections to the server, the last one, and to the gate that it goes through."""
    if settings.jump is None:
        return [_logged_in(settings, settings, None)]
    gate = _logged_in(settings.jump, settings, None)
    try:
        return [_logged_in(settings, settings, gate), gate]
    except BaseException:
        gate.close()
        raise


def _channel(line: Line, peer: str, times: Timeouts) -> Session:
    """A session in ``line``.  Raises what paramiko raises, and `Retry` where SFTP is not opened in time."""
    transport = line.transport
    if transport is None:
        raise EOFError
    seconds = times.login.total_seconds()
    channel = transport.open_session(timeout=seconds)
    try:
        with at_most(seconds, channel.close) as over:  # the library waits for the answer without an end
            client = _opened(channel, times)
    except TimeoutError as error:
        if not over.is_set():
            raise
        hint = "ask the partner whether SFTP is allowed, or raise timeouts: login"
        raise Retry(f"{peer} does not open SFTP in time", hint=hint) from error
    line.entered()
    return Session(line, client, peer, times)


def _peer(account: Account) -> str:
    return f"{account.username}@{account.host}:{account.port}"


def _logged_in(account: Account, settings: SftpConnection, gate: paramiko.SSHClient | None) -> paramiko.SSHClient:
    """A connection to the account's server that has proved its host key; ``gate`` is the one to go through."""
    peer = _peer(account)
    fingerprints = trusted(account.host_keys, account.host, account.port)
    key = private_key(account)
    offered: list[paramiko.PKey] = []
    while True:
        try:
            with translated(peer):
                return _connected(account, settings, fingerprints, key, offered, gate)
        except _NotPinned as refusal:
            if refusal.key.get_name() in {known.get_name() for known in offered}:
                _refuse(peer, account, offered)
            offered.append(refusal.key)
        except Stop as error:
            # No kind of key is left: the one that was shown first is the news.
            if offered and isinstance(error.__cause__, ssh_exception.IncompatiblePeer):
                _refuse(peer, account, offered)
            raise


def _connected(
    account: Account,
    settings: SftpConnection,
    fingerprints: frozenset[str],
    key: paramiko.PKey | None,
    offered: list[paramiko.PKey],
    gate: paramiko.SSHClient | None,
) -> paramiko.SSHClient:
    times = settings.timeouts
    ssh = paramiko.SSHClient()
    ssh.set_log_channel(WIRE)
    ssh.set_missing_host_key_policy(_OnlyPinned(fingerprints))
    try:
        ssh.connect(
            account.host,
            port=account.port,
            username=account.username,
            password=account.password.get_secret_value() if account.password else None,
            pkey=key,
            sock=_through(gate, account, settings) if gate is not None else None,
            timeout=times.connect.total_seconds(),
            banner_timeout=times.banner.total_seconds(),
            auth_timeout=times.login.total_seconds(),
            channel_timeout=times.login.total_seconds(),
            allow_agent=False,
            look_for_keys=False,
            disabled_algorithms={"keys": _algorithms(offered)},
            transport_factory=_maker(account),
        )
        transport = ssh.get_transport()
        assert transport is not None
        transport.set_keepalive(int(settings.keepalive.total_seconds()))
    except BaseException as error:
        transport = ssh.get_transport()
        ssh.close()
        if isinstance(error, Exception) and isinstance(transport, AttentiveTransport) and transport.farewell:
            raise transport.farewell.meant(_peer(account)) from error
        raise
    return ssh


def _maker(account: Account) -> Callable[..., paramiko.Transport]:
    """What makes connections for an account; Kerberos, which options may speak of, is left out."""
    kind = LegacyTransport if account.legacy else AttentiveTransport

    def make(sock: Any, **options: Any) -> paramiko.Transport:
        return kind(sock, disabled_algorithms=options.get("disabled_algorithms"))

    return make


def _through(gate: paramiko.SSHClient, account: Account, settings: SftpConnection) -> paramiko.Channel:
    """A way through another server (RFC 4254, 7.2).  Raises `Retry` or `Stop` where it lets us go no further."""
    transport = gate.get_transport()
    assert transport is not None
    assert settings.jump is not None
    seconds = settings.timeouts.connect.total_seconds()
    try:
        return transport.open_channel("direct-tcpip", (account.host, account.port), ("127.0.0.1", 0), timeout=seconds)
    except paramiko.ChannelException as error:
        message = f"{_peer(settings.jump)} does not let us through to {account.host}:{account.port}: {error.text}"
        if error.code == _PROHIBITED:
            raise Stop(message, hint="ask who keeps that server to allow TCP forwarding to this host") from error
        raise Retry(message) from error


def _opened(channel: paramiko.Channel, times: Timeouts) -> Client:
    """SFTP over a new channel."""
    try:
        channel.settimeout(times.answer.total_seconds())
        channel.invoke_subsystem("sftp")
        return Client(channel)
    except BaseException:
        channel.close()
        raise


def _algorithms(offered: list[paramiko.PKey]) -> list[str]:
    names = [key.get_name() for key in offered]
    return [name for one in names for name in (_RSA if one == "ssh-rsa" else (one,))]


def _refuse(peer: str, account: Account, offered: list[paramiko.PKey]) -> NoReturn:
    shown = ", ".join(f"{key.fingerprint} ({key.get_name()})" for key in offered)
    pinned = ", ".join(sorted(trusted(account.host_keys, account.host, account.port))) or "none for this host"
    message = f"{peer} has another host key than the pinned one: it offers {shown}; pinned: {pinned}"
    hint = (
        "ask the partner, by another way than this connection, whether its key was changed; if so, add it to host_keys"
    )
    raise Stop(message, hint=hint, findings=[Finding(code="E-HOSTKEY", message=message, hint=hint, value=shown)])
