"""paramiko's exceptions as ours, in one place.

What the server says about one path becomes a `FileFault`; what concerns the
connection becomes `Retry` or `Stop`.
"""

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import paramiko
from paramiko import ssh_exception
from paramiko.auth_strategy import AuthFailure
from paramiko.ber import BERException
from paramiko.buffered_pipe import PipeTimeout
from paramiko.hostkeys import InvalidHostKey
from paramiko.packet import NeedRekeyException
from paramiko.pkey import UnknownKeyType

from transload.adapters.base import Finding, Retry, Stop
from transload.adapters.base.folders import Denied, Failed, FileFault, Missing

CONSEQUENCES: dict[type[Exception], type[Retry] | type[Stop]] = {
    paramiko.SSHException: Retry,  # the bare class: connection dropped, no banner, protocol error
    paramiko.SFTPError: Retry,
    NeedRekeyException: Retry,
    PipeTimeout: Retry,
    ssh_exception.NoValidConnectionsError: Retry,
    paramiko.AuthenticationException: Stop,
    AuthFailure: Stop,
    paramiko.BadAuthenticationType: Stop,
    ssh_exception.PartialAuthentication: Stop,
    ssh_exception.UnableToAuthenticate: Stop,
    paramiko.PasswordRequiredException: Stop,
    paramiko.BadHostKeyException: Stop,
    ssh_exception.IncompatiblePeer: Stop,
    ssh_exception.MessageOrderError: Stop,  # somebody changes the order of messages: CVE-2023-48795
    paramiko.ChannelException: Retry,  # but see its code
    UnknownKeyType: Stop,
    InvalidHostKey: Stop,
    BERException: Stop,
    paramiko.ProxyCommandFailure: Stop,
    paramiko.CouldNotCanonicalize: Stop,
    paramiko.ConfigParseError: Stop,
}
"""What each of paramiko's exception classes leads to; a test says when the library has one more."""

_FOREIGN: tuple[type[Exception], ...] = (*CONSEQUENCES, EOFError, OSError)
_LOGIN: dict[type[Exception], str] = {
    paramiko.BadAuthenticationType: "use a password instead of the key or the other way round, as the server allows",
    ssh_exception.PartialAuthentication: "the server wants both key and password: give both",
}
_LATER = "it is tried again later; if it goes on, ask the partner whether the server is up"
_MEND = "compare the connection's settings with what the partner's server asks for"
_OPEN_REFUSED = {1, 3}
"""Reasons for a refused channel that stay: administratively prohibited, unknown type (RFC 4254, 5.1)."""


@contextmanager
def translated(peer: str, transport: paramiko.Transport | None = None, path: str | None = None) -> Iterator[None]:
    """Turn what paramiko and the sockets raise into our errors.

    ``peer`` is what a person calls the server, ``path`` the file that the call is about, and
    ``transport`` the connection that it uses: once that is gone, no error is about a path.
    """
    try:
        yield
    except (FileFault, Retry, Stop):
        raise
    except _FOREIGN as error:
        is_open = transport is not None and transport.is_active()
        raise translation(error, peer, path if is_open else None) from error


def translation(error: Exception, peer: str, path: str | None = None) -> FileFault | Retry | Stop:
    """What one exception of paramiko or of a socket means."""
    if isinstance(error, ssh_exception.AuthenticationException):
        return _of_login(error, peer)
    if isinstance(error, paramiko.ChannelException):
        kind = Stop if error.code in _OPEN_REFUSED else Retry
        return kind(f"{peer} opens no SFTP session: {error.text}", hint="ask the partner whether SFTP is allowed")
    if isinstance(error, ssh_exception.IncompatiblePeer):
        return Stop(
            f"{peer} and we have no algorithm in common: {error}",
            hint="ask the partner for current algorithms (RSA keys with SHA-2, or Ed25519); where there are none,"
            " legacy: true allows SHA-1",
        )
    for kind_of_error in type(error).__mro__:
        if consequence := CONSEQUENCES.get(kind_of_error):
            return consequence(f"{peer}: {_words(error)}", hint=_LATER if consequence is Retry else _MEND)
    if isinstance(error, socket.gaierror):
        return _of_name(error, peer)
    if isinstance(error, TimeoutError):
        return Retry(f"{peer} does not answer in time", hint=_LATER)
    if path is not None and isinstance(error, OSError) and not isinstance(error, ConnectionError):
        return _of_path(error, path)
    if isinstance(error, EOFError):
        return Retry(f"{peer} closed the connection", hint=_LATER)
    return Retry(f"{peer}: {_words(error)}", hint=_LATER)


def _of_login(error: paramiko.AuthenticationException, peer: str) -> Retry | Stop:
    if "timeout" in str(error).lower():  # the library has no class of its own for it
        return Retry(f"{peer} does not answer to the login in time", hint=_LATER)
    if "saw EOF" in str(error):  # nor for a connection that was lost before the answer; see also `farewell`
        return Retry(f"{peer} closed the connection during the login", hint=_LATER)
    hint = next((hint for kind, hint in _LOGIN.items() if isinstance(error, kind)), None)
    message = f"{peer} refuses the login: {_words(error)}"
    hint = hint or "check username, key or password; nothing is tried again, so that the account is not locked"
    return Stop(message, hint=hint, findings=[Finding(code="E-LOGIN", message=message, hint=hint)])


def _of_name(error: socket.gaierror, peer: str) -> Retry | Stop:
    said = error.strerror or str(error)
    if error.errno == socket.EAI_NONAME:
        return Stop(f"{peer}: there is no host of this name ({said})", hint="correct host, or the name server")
    return Retry(f"{peer}: the host's address cannot be found now ({said})", hint="look at our name server")


def _of_path(error: OSError, path: str) -> FileFault:
    """The three kinds of status that SFTP version 3 has (draft-ietf-secsh-filexfer-02, 7)."""
    said = error.strerror or str(error)
    if error.errno == errno.ENOENT:
        return Missing(path, said)
    if error.errno in (errno.EACCES, errno.EPERM):
        return Denied(path, said)
    return Failed(path, said)


def _words(error: Exception) -> str:
    said = error.strerror if isinstance(error, OSError) else None
    return (said or str(error)).rstrip(".") or type(error).__name__
