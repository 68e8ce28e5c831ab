"""A server that hangs up in the middle of a login: refused, too busy, or gone, said by a real one."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import paramiko
import pytest
from paramiko.common import AUTH_FAILED, cMSG_DISCONNECT

from transload.adapters.base import Retry, Stop
from transload.adapters.sftp import SftpConnection
from transload.adapters.sftp.session import connect

KEY = paramiko.ECDSAKey.generate()
Hang = Callable[[paramiko.Transport], None]


def disconnect(code: int, text: bytes) -> Hang:
    """What ends the connection with a reason (RFC 4253, 11.1)."""

    def hang(transport: paramiko.Transport) -> None:
        message = paramiko.Message()
        message.add_byte(cMSG_DISCONNECT)
        message.add_int(code)
        message.add_string(text)
        message.add_string("")
        transport._send_message(message)  # type: ignore[attr-defined]
        transport.close()

    return hang


class Judge(paramiko.ServerInterface):
    """Hangs up at every login."""

    def __init__(self, transport: paramiko.Transport, hang: Hang) -> None:
        self._transport = transport
        self._hang = hang

    def get_allowed_auths(self, username: str) -> str:
        return "publickey,password"

    def check_auth_publickey(self, username: str, key: Any) -> int:
        return self._end()

    def check_auth_password(self, username: str, password: str) -> int:
        return self._end()

    def _end(self) -> int:
        self._hang(self._transport)
        return AUTH_FAILED


@pytest.fixture
def server() -> Iterator[Callable[[Hang], int]]:
    """Starts a server that hangs up so, and gives its port."""
    listeners: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def start(hang: Hang) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def serve() -> None:
            with suppress(OSError, paramiko.SSHException, EOFError):
                near, _ = listener.accept()
                with paramiko.Transport(near) as transport:
                    transport.add_server_key(KEY)
                    transport.start_server(server=Judge(transport, hang))
                    transport.join(10)

        threads.append(threading.Thread(target=serve))
        threads[-1].start()
        return int(listener.getsockname()[1])

    yield start
    for listener in listeners:
        listener.close()
    for thread in threads:
        thread.join(10)


FINGERPRINT = KEY.fingerprint


@pytest.mark.parametrize(
    ("hang", "kind", "said"),
    [
        (disconnect(2, b"Too many authentication failures"), Stop, "refuses the login and ended the connection: 'Too"),
        (disconnect(14, b""), Stop, "refuses the login"),
        (disconnect(11, b"bye \xff\x1b[2J"), Stop, r"'bye \\ufffd\\x1b\[2J'"),
        (disconnect(12, b"come later"), Retry, "ended the connection during the login: 'come later'"),
        (disconnect(7, b""), Retry, "ended the connection"),
        (lambda transport: transport.close(), Retry, "closed the connection during the login"),
    ],
    ids=["wrong login", "no method left", "no reason", "too many", "not available", "gone"],
)
def test_what_hanging_up_means(server: Callable[[Hang], int], hang: Hang, kind: type[Exception], said: str) -> None:
    given = {"host": "127.0.0.1", "port": server(hang), "username": "bolts", "password": "x", "host_keys": FINGERPRINT}
    with pytest.raises(kind, match=said) as caught:
        connect(SftpConnection.model_validate(given))
    assert isinstance(caught.value, Retry | Stop)
    assert caught.value.hint


def test_a_key_that_is_refused_so_is_not_followed_by_a_password(
    server: Callable[[Hang], int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("keys") / "key"
    paramiko.RSAKey.generate(2048).write_private_key_file(str(path))
    port = server(disconnect(2, b"Too many authentication failures"))
    given = {"host": "127.0.0.1", "port": port, "username": "bolts", "password": "x", "host_keys": FINGERPRINT}
    with pytest.raises(Stop, match="Too many"):
        connect(SftpConnection.model_validate({**given, "key": path.read_text()}))
