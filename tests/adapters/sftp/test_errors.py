"""Every exception class of paramiko has a consequence, and none travels further than its adapter."""

import errno
import importlib
import inspect
import pkgutil
import socket
from typing import Any

import paramiko
import pytest

from transload.adapters.base import Retry, Stop
from transload.adapters.base.folders import Denied, Failed, FileFault, Missing
from transload.adapters.sftp.errors import CONSEQUENCES, translated, translation


def library_exceptions() -> set[type[Exception]]:
    found = set()
    for module in pkgutil.walk_packages(paramiko.__path__, "paramiko."):
        if "win" in module.name:  # these import only where Windows is
            continue
        for _, kind in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if issubclass(kind, Exception) and kind.__module__.startswith("paramiko"):
                found.add(kind)
    return found


def test_the_library_has_no_exception_that_we_do_not_know() -> None:
    known = set(CONSEQUENCES)
    assert library_exceptions() - known == set()
    assert known - library_exceptions() == set()


ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "BadAuthenticationType": ("wrong type", ["publickey"]),
    "PartialAuthentication": (["password"],),
    "ChannelException": (2, "connect failed"),
    "ProxyCommandFailure": ("nc", "no"),
    "NoValidConnectionsError": ({("127.0.0.1", 22): OSError()},),
    "BadHostKeyException": ("host", paramiko.RSAKey.generate(2048), paramiko.RSAKey.generate(2048)),
    "InvalidHostKey": ("line", ValueError("bad")),
    "UnknownKeyType": ("ssh-new", b""),
    "AuthFailure": (["none"],),
}


@pytest.mark.parametrize("kind", sorted(CONSEQUENCES, key=lambda kind: kind.__name__))
def test_each_class_becomes_its_consequence(kind: type[Exception]) -> None:
    error = kind(*ARGUMENTS.get(kind.__name__, ("it went wrong.",)))
    with pytest.raises(CONSEQUENCES[kind]) as caught, translated("peer"):
        raise error
    assert caught.value.__cause__ is error
    assert caught.value.message.startswith("peer")
    assert caught.value.findings


@pytest.mark.parametrize(
    ("code", "consequence"),
    [(1, Stop), (2, Retry), (3, Stop), (4, Retry)],
    ids=["prohibited", "connect failed", "unknown type", "resource shortage"],
)
def test_a_refused_channel_by_its_reason(code: int, consequence: type[Exception]) -> None:
    assert type(translation(paramiko.ChannelException(code, "because"), "peer")) is consequence


@pytest.mark.parametrize(
    ("error", "consequence", "message"),
    [
        (EOFError(), Retry, "peer closed the connection"),
        (TimeoutError("timed out"), Retry, "peer does not answer in time"),
        (ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"), Retry, "peer: Connection reset by peer"),
        (OSError("Socket is closed"), Retry, "peer: Socket is closed"),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), Retry, "peer: Network is unreachable"),
        (
            socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"),
            Retry,
            "peer: the host's address cannot be found now (Temporary failure in name resolution)",
        ),
        (
            paramiko.AuthenticationException("Authentication timeout."),
            Retry,
            "peer does not answer to the login in time",
        ),
        (
            paramiko.AuthenticationException("Authentication failed: transport shut down or saw EOF"),
            Retry,
            "peer closed the connection during the login",
        ),
        (
            paramiko.BadAuthenticationType("Bad authentication type", ["publickey"]),
            Stop,
            "peer refuses the login: Bad authentication type; allowed types: ['publickey']",
        ),
    ],
)
def test_what_a_person_reads(error: Exception, consequence: type[Exception], message: str) -> None:
    found = translation(error, "peer")
    assert type(found) is consequence
    assert isinstance(found, Retry | Stop)
    assert found.message == message


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (OSError(errno.ENOENT, "No such file"), Missing),
        (OSError(errno.EACCES, "Permission denied"), Denied),
        (OSError("Failure"), Failed),
    ],
)
def test_a_status_about_a_path_stays_with_the_path(error: Exception, kind: type[FileFault]) -> None:
    found = translation(error, "peer", "/out/a")
    assert type(found) is kind
    assert isinstance(found, FileFault)
    assert found.path == "/out/a"


def test_on_a_dead_connection_no_error_is_about_a_path() -> None:
    with pytest.raises(Retry, match="peer: Socket is closed"), translated("peer", None, "/out/a"):
        raise OSError("Socket is closed")


def test_errors_that_are_ours_pass_unchanged() -> None:
    mine = Stop("as it was")
    with pytest.raises(Stop) as caught, translated("peer"):
        raise mine
    assert caught.value is mine
