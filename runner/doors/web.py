"""A web server in a thread of its own: for partners that call us, and for those who operate the service."""

import asyncio
import socket
import threading
import time
from contextlib import suppress

import uvicorn
from starlette.applications import Starlette

from transload.canonical.errors import ConfigurationError
from transload.runner.logs import get_logger
from transload.runner.workspace.model import Listening

_START_SECONDS = 15.0


class Threshold:
    """The socket on which we are reached: it may stay open while what is behind it is replaced, so nobody is refused.

    ``key`` is where transload.yaml says where.  ``shared``: other processes of this host listen at the same address,
    and the system divides the callers among them.
    """

    def __init__(self, listening: Listening, *, key: str, shared: bool = False) -> None:
        """Raises `ConfigurationError` where the address cannot be used."""
        self.listening = listening
        family = socket.AF_INET6 if ":" in listening.host else socket.AF_INET
        try:
            self.socket = socket.create_server(
                (listening.host, listening.port), family=family, backlog=128, reuse_port=shared
            )
        except OSError as error:
            message = f"we cannot listen on {listening.host}:{listening.port}: {error.strerror or error}"
            raise ConfigurationError(message, hint=f"choose another address under {key}: listen:") from error

    def suits(self, listening: Listening) -> bool:
        """Whether it is at the address of ``listening``."""
        return (self.listening.host, self.listening.port) == (listening.host, listening.port)

    @property
    def port(self) -> int:
        """The port, also where any free one was asked for."""
        found: int = self.socket.getsockname()[1]
        return found

    def close(self) -> None:
        """Listen no more."""
        with suppress(OSError):
            self.socket.close()


class WebServer:
    """Serves ``application`` at ``threshold``; ``listening`` names the certificate, ``key`` where transload.yaml does.

    ``most`` requests are served at a time.  ``log`` names the part of the runner whose log tells of it.
    """

    def __init__(
        self,
        threshold: Threshold,
        listening: Listening,
        application: Starlette,
        *,
        key: str,
        log: str,
        most: int = 200,
    ) -> None:
        self._threshold = threshold
        self._listening = listening
        self._application = application
        self._key = key
        self._most = most
        self._log = get_logger(log)
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._name = f"transload-{log}"

    def open(self) -> None:
        """Begin to answer.  Raises `ConfigurationError` where the certificate cannot be used."""
        where = self._listening
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
            message = f"certificate or key cannot be used: {error}"
            raise ConfigurationError(message, hint=f"see certificate: and key: under {self._key}:") from error
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name=self._name)
        self._thread.start()
        if not self._listens():
            self.close()
            raise ConfigurationError(f"we cannot serve on {where.host}:{where.port}", hint="look into the log")
        self._log.info("listening", host=where.host, port=self._threshold.port, tls=where.certificate is not None)

    def close(self) -> None:
        """Let the requests under way end, and answer no more."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join()

    def _listens(self) -> bool:
        assert self._server is not None
        assert self._thread is not None
        until = time.monotonic() + _START_SECONDS
        while not self._server.started and self._thread.is_alive() and time.monotonic() < until:
            time.sleep(0.005)
        return bool(self._server.started)

    def _run(self) -> None:
        assert self._server is not None
        asyncio.run(self._served(self._server, self._threshold.socket.dup()))  # the server closes what it is given

    @staticmethod
    async def _served(server: uvicorn.Server, listening: socket.socket) -> None:
        await server.serve(sockets=[listening])
        for connection in list(server.server_state.connections):  # of those who do not hang up
            if (transport := getattr(connection, "transport", None)) is not None:
                transport.abort()
        await asyncio.sleep(0.05)  # the loop closes their sockets
