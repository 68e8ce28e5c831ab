"""A web server in a thread of its own: for partners that call us, and for those who operate the service."""

import asyncio
import socket
import threading
import time
from contextlib import suppress

import uvicorn
from starlette.applications import Starlette

from transload.canonical.errors import ConfigurationError
from transload.runner.engine.logs import get_logger
from transload.runner.workspace.model import Listening

_START_SECONDS = 15.0


class WebServer:
    """Serves ``application`` where ``listening`` says; ``key`` is where transload.yaml says that.

    ``most`` requests are served at a time.  ``log`` names the part of the runner whose log tells of it.
    """

    def __init__(self, listening: Listening, application: Starlette, *, key: str, log: str, most: int = 200) -> None:
        self._listening = listening
        self._application = application
        self._key = key
        self._most = most
        self._log = get_logger(log)
        self._socket: socket.socket | None = None
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._name = f"transload-{log}"

    @property
    def port(self) -> int:
        """The port, also where any free one was asked for."""
        assert self._socket is not None
        found: int = self._socket.getsockname()[1]
        return found

    def open(self) -> None:
        """Begin to listen.  Raises `ConfigurationError` where the address or the certificate cannot be used."""
        where = self._listening
        family = socket.AF_INET6 if ":" in where.host else socket.AF_INET
        try:
            self._socket = socket.create_server((where.host, where.port), family=family, backlog=128)
        except OSError as error:
            message = f"we cannot listen on {where.host}:{where.port}: {error.strerror or error}"
            raise ConfigurationError(message, hint=f"choose another address under {self._key}: listen:") from error
        try:
            config = uvicorn.Config(
                self._application,
                log_config=None,
                access_log=False,
                server_header=False,
                date_header=True,
                lifespan="off",
                timeout_keep_alive=15,
                timeout_graceful_shutdown=5,  # what is cut off then was not answered, and is known when it comes again
                limit_concurrency=self._most,
                h11_max_incomplete_event_size=1 << 16,
                ssl_certfile=str(where.certificate) if where.certificate else None,
                ssl_keyfile=str(where.key) if where.key else None,
            )
            config.load()
        except (OSError, ValueError) as error:
            self._socket.close()
            message = f"certificate or key cannot be used: {error}"
            raise ConfigurationError(message, hint=f"see certificate: and key: under {self._key}:") from error
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name=self._name)
        self._thread.start()
        if not self._listens():
            self.close()
            raise ConfigurationError(f"we cannot serve on {where.host}:{where.port}", hint="look into the log")
        self._log.info("listening", host=where.host, port=self.port, tls=where.certificate is not None)

    def close(self) -> None:
        """Let the requests under way end, and listen no more."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join()
        if self._socket is not None:
            with suppress(OSError):
                self._socket.close()

    def _listens(self) -> bool:
        assert self._server is not None
        assert self._thread is not None
        until = time.monotonic() + _START_SECONDS
        while not self._server.started and self._thread.is_alive() and time.monotonic() < until:
            time.sleep(0.005)
        return bool(self._server.started)

    def _run(self) -> None:
        assert self._server is not None
        assert self._socket is not None
        asyncio.run(self._served(self._server, self._socket))

    @staticmethod
    async def _served(server: uvicorn.Server, listening: socket.socket) -> None:
        await server.serve(sockets=[listening])
        for connection in list(server.server_state.connections):  # of those who do not hang up
            if (transport := getattr(connection, "transport", None)) is not None:
                transport.abort()
        await asyncio.sleep(0.05)  # the loop closes their sockets
