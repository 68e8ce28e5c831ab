"""Partners that call us, and bring again what we have not confirmed."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from tests.crashes.scenes.stage import DOCUMENTS, HAND_OVER, Stage, keep_secret, made, offered, taken


@contextmanager
def called(
    folder: Path,
    connection: dict[str, Any],
    options: dict[str, Any],
    waiting: list[tuple[bytes, dict[str, str]]],
    *,
    confirmed: Callable[[requests.Response], bool] = lambda answer: answer.ok,
    **more: Any,
) -> Iterator[Stage]:
    """A partner brings the requests that are ``waiting`` to an address of ours; what is in them goes into a folder."""
    root = offered(folder / "partner")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    connections = {"door": connection, "box": {"adapter": "files", "root": str(root)}}
    target = {"connection": "box", **HAND_OVER}
    workspace = made(folder, connections, {"connection": "door", **options}, target, **more)
    keep_secret(workspace, "token", "secret")
    with (workspace / "transload.yaml").open("a") as file:
        file.write(f"http: {{listen: '127.0.0.1:{port}'}}\n")
    brought = 0

    def call() -> bool:
        nonlocal brought
        while brought < len(waiting):
            content, headers = waiting[brought]
            if len(taken(root)) < brought:
                return False  # one after the other, so that the steps are the same each time
            try:
                answer = requests.post(f"http://127.0.0.1:{port}/in", content, headers=headers, timeout=10)
            except requests.RequestException:
                return False
            assert confirmed(answer), answer.text
            brought += 1
        return True

    yield Stage(workspace, lambda: taken(root), list, call=call)


@contextmanager
def http(folder: Path) -> Iterator[Stage]:
    """A partner calls us, and brings again what we have not confirmed."""
    connection = {"adapter": "http", "path": "/in", "verify": {"bearer": {"token": "${file:keys/token}"}}}
    brought = [
        (content, {"Authorization": "Bearer secret", "Content-Type": "application/json", "X-Number": str(number)})
        for number, content in enumerate(DOCUMENTS)
    ]
    with called(folder, connection, {"id_header": "X-Number"}, brought, format={"type": "json"}) as stage:
        yield stage
