"""Starting and stopping servers beside the code that calls them: each in its own thread, on a free port of loopback."""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

_PATIENCE = 15.0
"""Seconds that a server may take to start or to stop."""


@contextmanager
def http_server(app: Any, *, port: int = 0) -> Iterator[str]:
    """Serve the ASGI application ``app`` and give its address, ``http://127.0.0.1:PORT``; stopped at the end."""
    # with the protocol named, asyncio switches Nagle's algorithm off, which would hold each answer back for 40 ms
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        config = uvicorn.Config(
            app,
            http="h11",
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            log_level="critical",
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],), name="http server", daemon=True)
        thread.start()
        waiting = threading.Event()
        for _ in range(int(_PATIENCE * 100)):
            if server.started or not thread.is_alive():
                break
            waiting.wait(0.01)
        if not server.started:
            raise RuntimeError("the HTTP server did not start")
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(_PATIENCE)
    finally:
        listener.close()


@contextmanager
def running_loop(start: Callable[[], Awaitable[Any]], stop: Callable[[Any], Awaitable[None]]) -> Iterator[Any]:
    """Run ``start()`` in an event loop of its own thread and give what it returns; ``stop(that)`` runs at the end."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="server loop", daemon=True)
    thread.start()

    async def _start() -> Any:
        return await start()

    async def _stop(found: Any) -> None:
        await stop(found)

    try:
        found = asyncio.run_coroutine_threadsafe(_start(), loop).result(_PATIENCE)
        try:
            yield found
        finally:
            asyncio.run_coroutine_threadsafe(_stop(found), loop).result(_PATIENCE)
    finally:
        asyncio.run_coroutine_threadsafe(_finish(), loop).result(_PATIENCE)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_PATIENCE)
        loop.close()


async def _finish() -> None:
    """Let what still runs in this loop end, so that nothing is destroyed pending."""
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
