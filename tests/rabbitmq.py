"""A RabbitMQ broker of our own, from the distribution's package: on loopback, with its own port mapper and files."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

PASSWORD = "only p@ss/for:tests"
USER = "transload"
_SETTINGS = """\
listeners.tcp.1 = 127.0.0.1:{port}
default_user = {user}
default_pass = {password}
log.console = false
log.file = broker.log
log.file.level = warning
"""


def program() -> Path | None:
    """The broker's script, or None where there is none: the one in PATH wants the machine's own files."""
    found = sorted(Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin/rabbitmq-server"))
    return found[-1] if found and shutil.which("epmd") else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Broker:
    """A running broker; `kill` and `start` it as a test needs."""

    def __init__(self, script: Path, folder: Path) -> None:
        self.folder = folder
        self.port, self._mapper_port = _free_port(), _free_port()
        self._script = script
        self._mapper: subprocess.Popen[bytes] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        settings = _SETTINGS.format(port=self.port, user=USER, password=PASSWORD)
        (folder / "rabbitmq.conf").write_text(settings)
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self._mapper_port),
            "RABBITMQ_ALLOW_INPUT": "1",  # no shell in between: what is killed is the broker
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq"),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
            "RABBITMQ_DIST_PORT": str(_free_port()),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_LOG_BASE": str(folder),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_NODENAME": "transload-test@localhost",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-noinput -kernel inet_dist_use_interface {127,0,0,1}"
            " +sbwt none +sbwtdcpu none +sbwtdio none",  # no thread of it waits busily
        }

    @property
    def url(self) -> str:
        """Its address."""
        return f"amqp://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{self.port}/"

    def asked(self, ledger: str) -> tuple[int, int]:
        """How many names wait for the services on a ledger, and how many of these listen."""
        from kombu import Connection

        from transload.runner.dispatch.receiving import queue_of

        with Connection(self.url) as connection, connection.channel() as channel:
            told = queue_of(ledger).bind(channel).queue_declare()
            return told.message_count, told.consumer_count

    def start(self) -> None:
        """Start it, and wait until it listens."""
        if self._mapper is None:
            command = ["epmd", "-port", str(self._mapper_port), "-address", "127.0.0.1"]
            self._mapper = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        with (self.folder / "output").open("ab") as output:
            self._process = subprocess.Popen(
                [self._script],
                env=self._environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        end = time.monotonic() + 60
        while time.monotonic() < end and self._process.poll() is None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.05)
        raise AssertionError((self.folder / "output").read_text())

    def signal(self, number: int) -> None:
        """Send it a signal."""
        assert self._process is not None
        os.kill(self._process.pid, number)

    def kill(self) -> None:
        """End it as if its machine had lost its power."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def close(self) -> None:
        """End it and its port mapper."""
        self.kill()
        if self._mapper is not None:
            self._mapper.kill()
            self._mapper.wait()


@contextmanager
def running(script: Path) -> Iterator[Broker]:
    """A broker for the length of the block."""
    with tempfile.TemporaryDirectory(prefix="transload-rabbitmq-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        broker = Broker(script, Path(folder))
        try:
            broker.start()
            yield broker
        finally:
            broker.close()
