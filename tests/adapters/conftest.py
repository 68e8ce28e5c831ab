"""A server that does to a connection whatever a test says, below HTTP."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

Script = Callable[[socket.socket, bytes], None]


class RawServer:
    """Accepts connections one after the other, reads one request, and hands the socket to ``script``."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.requests: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.05)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def _serve(self) -> None:
        while not self._over.is_set():
            try:
                client, _ = self._listener.accept()
            except TimeoutError:
                continue
            with client:
                client.settimeout(5)
                request = self._request(client)
                self.requests.append(request)
                self.script(client, request)

    def _request(self, client: socket.socket) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data:
            part = client.recv(65536)
            if not part:
                return data
            data += part
        head, _, body = data.partition(b"\r\n\r\n")
        length = next(
            (int(row.split(b":")[1]) for row in head.split(b"\r\n") if row.lower().startswith(b"content-length")), 0
        )
        while len(body) < length:
            body += client.recv(65536)
        return head + b"\r\n\r\n" + body

    @contextmanager
    def running(self) -> Iterator["RawServer"]:
        self._thread.start()
        try:
            yield self
        finally:
            self._over.set()
            self._thread.join(10)
            self._listener.close()

    def wait(self, seconds: float) -> None:
        """Let time pass, but no longer than the test runs."""
        self._over.wait(seconds)


@pytest.fixture
def raw_server() -> Iterator[Callable[[Script], RawServer]]:
    """Starts a `RawServer` with the given script; all of them stop with the test."""
    running: list[object] = []

    def start(script: Script) -> RawServer:
        manager = RawServer(script).running()
        running.append(manager)
        return manager.__enter__()

    yield start
    for manager in running:
        manager.__exit__(None, None, None)  # type: ignore[attr-defined]


@pytest.fixture
def reset() -> Script:
    """A script that breaks the connection off with a reset, after the request was read."""

    def script(client: socket.socket, request: bytes) -> None:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return script


@pytest.fixture
def free_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@pytest.fixture
def naps() -> list[float]:
    """The waits of short retries; give its ``append`` as ``sleep`` and none takes time."""
    return []
