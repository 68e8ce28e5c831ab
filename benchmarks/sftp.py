"""How fast many small files are picked up from an SFTP server, beside a plain loop over paramiko in the same run.

    python benchmarks/sftp.py [--files 10000] [--delay 10] [--channels 6]

Both list a folder, fetch each file and rename it into an archive.  Ours besides looks at each file before and after,
hashes it, looks whether the archive has the name, and commits each file to a ledger on disk before anything is
renamed; the wait for stability is left out.  Between client and server stands a proxy that makes each round trip last
``delay`` milliseconds longer (0: bare loopback).  The server is OpenSSH where it is installed and this is root, else
asyncssh.  Wall time.
"""

import argparse
import asyncio
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import paramiko

from transload.adapters.sftp import SftpConnection, SftpSource
from transload.runner.ledger import Ledger
from transload.runner.ledger.receipts import Arrival

SSHD = Path("/usr/sbin/sshd")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def openssh(home: Path) -> Iterator[tuple[int, str]]:
    """OpenSSH with its own keys; its port, and the fingerprint of its host key."""
    for name in ("hostkey", "clientkey"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", home / name], check=True)
    (home / "authorized_keys").write_bytes((home / "clientkey.pub").read_bytes())
    command = ["ssh-keygen", "-lf", home / "hostkey.pub"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    Path("/run/sshd").mkdir(exist_ok=True)
    port = free_port()
    (home / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {home}/hostkey\nPidFile {home}/pid\n"
        f"AuthorizedKeysFile {home}/authorized_keys\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n"
        f"PermitRootLogin prohibit-password\nSubsystem sftp internal-sftp -d {home}/files\n"
        f"ForceCommand internal-sftp -d {home}/files\n"
    )
    server = subprocess.Popen([SSHD, "-D", "-f", home / "config", "-E", home / "log"])
    while not (home / "pid").exists():
        time.sleep(0.02)
    try:
        yield port, printed.split()[1]
    finally:
        server.terminate()
        server.wait(10)


class Proxy:
    """Passes bytes on, each half a round trip later."""

    def __init__(self, port: int, delay: float) -> None:
        self.behind = port
        self.delay = delay
        self.port = free_port()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()
        self._ready.wait(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", self.port))
        self._ready.set()
        self._loop.run_forever()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream, downstream = await asyncio.open_connection("127.0.0.1", self.behind)
        await asyncio.gather(self._pass(reader, downstream), self._pass(upstream, writer))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def later() -> None:
            while True:
                due, data = await queue.get()
                if (wait := due - self._loop.time()) > 0:
                    await asyncio.sleep(wait)
                if not data:
                    writer.close()
                    return
                writer.write(data)

        passing = asyncio.create_task(later())
        while True:
            try:
                data = await reader.read(1 << 16)
            except ConnectionError:
                data = b""
            await queue.put((self._loop.time() + self.delay / 2, data))
            if not data:
                break
        await passing


def fill(folder: Path, count: int) -> None:
    """Small files, and an empty archive."""
    (folder / "out/done").mkdir(parents=True)
    for number in range(count):
        (folder / f"out/order-{number:05}.edi").write_bytes(f"UNB+UNOA:2+{number}'".encode() * 40)


def plain(home: Path, port: int) -> float:
    """The loop that everybody writes first."""
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
    start = time.monotonic()
    client.connect("127.0.0.1", port, username="root", key_filename=str(home / "clientkey"))
    with client, client.open_sftp() as sftp, tempfile.TemporaryDirectory() as local:
        for name in sftp.listdir("out"):
            if name.endswith(".edi"):
                sftp.get(f"out/{name}", f"{local}/{name}")
                sftp.rename(f"out/{name}", f"out/done/{name}")
        return time.monotonic() - start


def ours(home: Path, port: int, fingerprint: str, channels: int, count: int) -> float:
    """A pass as the runner makes it, with a ledger on disk."""
    connection = SftpConnection.model_validate({
        "host": "127.0.0.1", "port": port, "username": "root", "channels": channels,
        "key": (home / "clientkey").read_text(), "host_keys": [fingerprint],
    })  # fmt: skip
    options = {"folder": "out", "pattern": "*.edi", "stable": "none", "afterwards": {"move": "out/done"}}
    source = SftpSource(connection, SftpSource.Options.model_validate({**options, "at_most": count}))
    with Ledger(f"sqlite:///{home}/ledger.db") as ledger:
        start = time.monotonic()
        memory = ledger.memory(route="r", connection="c")
        with source:
            for inbound in source.receive(memory):
                arrival = Arrival(
                    route="r", lane="r", connection="c", source_key=inbound.key, origin=inbound.origin,
                    content=inbound.content, metadata=inbound.metadata,
                )  # fmt: skip
                ledger.arrivals.add(arrival, datetime.now(UTC), memory)
                inbound.settle()
        ledger.arrivals.remember(memory, "r")
        return time.monotonic() - start


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--delay", type=float, default=10)
    parser.add_argument("--channels", type=int, default=6)
    given = parser.parse_args()
    if not SSHD.exists():
        print("OpenSSH is not installed")
        return 1
    took = {}
    for name in ("plain paramiko", "transload"):
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            fill(home / "files", given.files)
            with openssh(home) as (port, fingerprint):
                port = Proxy(port, given.delay / 1000).port if given.delay else port
                if name == "transload":
                    took[name] = ours(home, port, fingerprint, given.channels, given.files)
                else:
                    took[name] = plain(home, port)
            assert len(list((home / "files/out/done").iterdir())) == given.files
        print(f"{name:16} {took[name]:8.1f} s  {given.files / took[name]:8.0f} files/s", flush=True)
    print(f"ratio {took['plain paramiko'] / took['transload']:.2f}, round trip + {given.delay:g} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
