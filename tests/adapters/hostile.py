"""Servers that answer with anything, and what calling them comes to, as rows of a table in the documentation."""

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from transload.adapters.base import Retry
from transload.canonical.errors import TransloadError

Script = Callable[[Any, threading.Event], None]
"""What a server does to a connection after it has read a request; the event says that the test is over."""


def say(data: bytes) -> Script:
    return lambda client, _: client.sendall(data)


def answer(status: str, *rows: str, body: bytes = b"{}", kind: str = "application/json") -> Script:
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *rows])
    return say(head.encode() + b"\r\n\r\n" + body)


def hang(client: Any, over: threading.Event) -> None:
    over.wait(5)


def drip(client: Any, over: threading.Event) -> None:
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n")
    while not over.wait(0.02):
        client.sendall(b" ")


def drip_headers(client: Any, over: threading.Event) -> None:
    client.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not over.wait(0.02):
        client.sendall(b"x")


def reset(client: Any, over: threading.Event) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@contextmanager
def bad_server(script: Script, context: ssl.SSLContext | None = None) -> Iterator[str]:
    """Reads each request and does what ``script`` says to the connection."""
    over = threading.Event()

    def serve(client: socket.socket) -> None:
        with suppress(OSError), client:
            client.settimeout(5)
            wire: Any = context.wrap_socket(client, server_side=True) if context else client
            with wire:
                received = b""
                while b"\r\n\r\n" not in received:
                    part = wire.recv(65536)
                    if not part:
                        return
                    received += part
                head, _, body = received.partition(b"\r\n\r\n")
                rows = head.lower().split(b"\r\n")
                length = sum(int(row.split(b":")[1]) for row in rows if row.startswith(b"content-length:"))
                while len(body) < length:
                    body += wire.recv(65536)
                script(wire, over)

    def accept() -> None:
        while not over.is_set():
            with suppress(TimeoutError):
                client, _ = listener.accept()
                thread = threading.Thread(target=serve, args=(client,), daemon=True)
                threads.append(thread)
                thread.start()

    threads: list[threading.Thread] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.02)
        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        yield f"{'https' if context else 'http'}://127.0.0.1:{listener.getsockname()[1]}"
        over.set()
        accepting.join(5)
        for thread in threads:
            thread.join(5)


def outcome(call: Callable[[], Any]) -> tuple[str, str]:
    """The consequence in a word, and what the finding says to do."""
    try:
        found = call()
    except TransloadError as error:
        finding = error.findings[0]
        wait = f" in {error.wait:g}s" if isinstance(error, Retry) and error.wait else ""
        return f"{type(error).__name__.lower()}{wait}", f"{finding.code}: {error.hint or finding.hint}"
    remarks = getattr(found, "findings", ())
    return "taken", f"{remarks[0].code}: {remarks[0].hint}" if remarks else ""


def refused() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def markdown(table: list[list[str]]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in table]
    return "\n".join([lines[0], "| --- " * len(table[0]) + "|", *lines[1:]])
