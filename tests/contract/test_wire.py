"""The line between an adapter and its partner: relayed, cut, silenced, down, and given back."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from transload.adapters.contract import Wire


@pytest.fixture
def wire() -> Iterator[Wire]:
    """A wire to somebody who says everything back, and ends when the other side does."""

    def answer(near: socket.socket) -> None:
        with near, suppress(ConnectionError):
            while said := near.recv(1000):
                near.sendall(said)

    def listen() -> None:
        while True:
            try:
                near, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(near,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        with Wire("127.0.0.1", server.getsockname()[1]) as wire:
            yield wire
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def connected(wire: Wire) -> socket.socket:
    return socket.create_connection((wire.host, wire.port), timeout=5)


def said(line: socket.socket, text: bytes) -> bytes:
    line.sendall(text)
    return line.recv(100)


def test_a_line_whose_ends_are_over_is_closed(wire: Wire) -> None:
    for _ in range(20):
        with connected(wire) as line:
            assert said(line, b"hello") == b"hello"
            line.shutdown(socket.SHUT_WR)
            assert line.recv(100) == b""
    for _ in range(100):
        if not wire._lines:
            break
        time.sleep(0.01)
    assert not wire._lines
    with connected(wire) as line:
        said(line, b"hello")
    assert len(wire._pumps) < 10


@pytest.mark.parametrize(("step", "heard"), [(1, b""), (2, b"he"), (3, b"hell")])
def test_a_cut_lets_half_a_piece_through_and_lasts(wire: Wire, step: int, heard: bytes) -> None:
    with wire.cutting(step) as cut, connected(wire) as line:
        try:
            got = said(line, b"hell")
            line.sendall(b"more")
            line.recv(100)
        except ConnectionError:
            pass
        assert (cut.happened, cut.steps) == (True, step)
        with pytest.raises(ConnectionError):
            connected(wire)
        if step > 1:
            assert got == heard
    with connected(wire) as line:
        assert said(line, b"hello") == b"hello"


def test_who_is_down_refuses_and_who_is_silent_does_not_answer(wire: Wire) -> None:
    old = connected(wire)
    assert said(old, b"hello") == b"hello"
    with wire.down(), old:
        with pytest.raises(ConnectionResetError):
            old.recv(100)
        with pytest.raises(ConnectionRefusedError):
            connected(wire)
    with wire.silent(), connected(wire) as line:
        line.settimeout(0.1)
        with pytest.raises(TimeoutError):
            said(line, b"hello")
    with connected(wire) as line:
        assert said(line, b"hello") == b"hello"
