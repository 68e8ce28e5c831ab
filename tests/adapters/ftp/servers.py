"""Real FTP servers: pyftpdlib in this process, with faults that a test sets; ProFTPD and vsftpd as processes."""

import contextlib
import logging
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import DTPHandler, FTPHandler, TLS_DTPHandler, TLS_FTPHandler
from pyftpdlib.ioloop import IOLoop
from pyftpdlib.servers import FTPServer

from transload.adapters.ftp import FtpConnection

PASSWORD = "secret pass"


def settings(port: int, **changes: Any) -> FtpConnection:
    """A connection to a server of ours on the loopback interface."""
    given = {
        "host": "localhost",
        "port": port,
        "username": "partner",
        "password": PASSWORD,
        "keepalive": "0s",
        "timeouts": {"connect": "5s", "answer": "5s", "data": "5s"},
    } | changes
    return FtpConnection.model_validate(given)


Act = Callable[[Any, str], bool | None]
"""Called with the handler and a command's argument, in the server's thread; True: the command is dealt with."""


@dataclass
class Faults:
    """What the server does wrong; tests set it."""

    commands: dict[str, Act] = field(default_factory=dict)
    on_data: Callable[[Any], None] | None = None
    on_sent: Callable[[Any], None] | None = None
    calls: list[str] = field(default_factory=list)
    arguments: list[str] = field(default_factory=list)


class Server:
    """An FTP server in a thread of its own; ``root`` is what logins see, ``without`` are commands it does not know."""

    def __init__(
        self,
        root: Path,
        *,
        certificate: Path | None = None,
        implicit: bool = False,
        encoding: str = "utf8",
        without: tuple[str, ...] = (),
        authority: Path | None = None,
        password: str = PASSWORD,
    ) -> None:
        for name in ("in", "out"):
            (root / name).mkdir(parents=True, exist_ok=True)
        self.root = root
        self.faults = Faults()
        self.handlers: list[Any] = []
        security = ("implicit" if implicit else "explicit") if certificate else "none"
        self._settings: dict[str, Any] = {"security": security, "password": password}
        if certificate:
            self._settings["tls"] = {"ca": str(authority)}
        else:
            self._settings["insecure"] = True
        handler = _handler(self, certificate, implicit=implicit, encoding=encoding, without=without)
        handler.authorizer.add_user("partner", password, str(root), perm="elradfmwMT")
        self._loop = IOLoop()
        self._ftpd = FTPServer(("127.0.0.1", 0), handler, ioloop=self._loop)
        self.port: int = self._ftpd.socket.getsockname()[1]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="ftpd")

    def connection(self, **changes: Any) -> FtpConnection:
        return settings(self.port, **(self._settings | changes))

    def drop(self) -> None:
        """Cut all connections, as a crash of the server would; called in the server's thread."""
        for handler in self.handlers:
            handler.close()

    def start(self) -> None:
        logger = logging.getLogger("pyftpdlib")  # it tells of each command, to a handler of its own if it has none
        logger.addHandler(logging.NullHandler())
        logger.setLevel(logging.CRITICAL)
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join(10)

    def _serve(self) -> None:
        while not self._over.is_set():
            self._loop.loop(timeout=0.02, blocking=False)
        self._ftpd.close_all()
        self._loop.close()


def _handler(
    server: Server, certificate: Path | None, *, implicit: bool, encoding: str, without: tuple[str, ...]
) -> type[FTPHandler]:
    faults = server.faults
    base = TLS_FTPHandler if certificate else FTPHandler
    data = TLS_DTPHandler if certificate else DTPHandler

    class Data(data):  # type: ignore[misc, valid-type]
        def handle_read_event(self) -> None:
            if faults.on_data:
                faults.on_data(self)
            if not self._closed:
                super().handle_read_event()

        def initiate_send(self) -> None:
            super().initiate_send()
            if faults.on_sent and not self._closed:
                faults.on_sent(self)

    class Handler(base):  # type: ignore[misc, valid-type]
        dtp_handler = Data
        use_sendfile = False
        auth_failed_timeout = 0.05
        permit_foreign_addresses = True
        proto_cmds = {name: facts for name, facts in base.proto_cmds.items() if name not in without}  # noqa: RUF012

        def handle(self) -> None:
            server.handlers.append(self)
            if implicit:
                self.secure_connection(self.ssl_context)
            super().handle()

        def pre_process_command(self, line: str, cmd: str, arg: str) -> None:
            faults.calls.append(cmd)
            faults.arguments.append(arg)
            act = faults.commands.get(cmd)
            if act is None or not act(self, arg):
                super().pre_process_command(line, cmd, arg)

    Handler.authorizer = DummyAuthorizer()
    Handler.encoding = encoding
    if certificate:
        Handler.certfile = str(certificate)
        Handler.tls_control_required = not implicit
        Handler.tls_data_required = True
    return Handler


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@contextlib.contextmanager
def process(command: list[str], port: int, log: Path) -> Iterator[None]:
    """A server as a process, from when it listens until the end of the context."""
    with log.open("wb") as written, subprocess.Popen(command, stdout=written, stderr=subprocess.STDOUT) as running:
        try:
            end = time.monotonic() + 10
            while True:
                assert running.poll() is None, log.read_text()
                assert time.monotonic() < end, log.read_text()
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                time.sleep(0.02)
            yield
        finally:
            running.terminate()
            running.wait(10)


def hashed(password: str) -> str:
    """The password as a crypt string (SHA-512)."""
    return subprocess.run(
        ["openssl", "passwd", "-6", password], capture_output=True, text=True, check=True
    ).stdout.strip()


def _program(name: str) -> str | None:
    """The program of a server, from a variable such as TRANSLOAD_VSFTPD or from where Debian puts it."""
    return os.environ.get(f"TRANSLOAD_{name.upper()}") or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


@contextlib.contextmanager
def proftpd(folder: Path, root: Path, certificate: Path) -> Iterator[int | None]:
    """The port of a ProFTPD with TLS, which demands a resumed session on data connections; None where there is none."""
    program = _program("proftpd")
    if program is None:
        yield None
        return
    port = free_port()
    for name, line in (
        ("users", f"partner:{hashed(PASSWORD)}:{os.getuid()}:{os.getgid()}:partner:{root}:/bin/false"),
        ("groups", f"partner:x:{os.getgid()}:partner"),
    ):
        (folder / name).write_text(f"{line}\n")
        (folder / name).chmod(0o600)
    (folder / "proftpd.conf").write_text(f"""
ModulePath /usr/lib/proftpd
LoadModule mod_tls.c
ServerType standalone
DefaultAddress 127.0.0.1
Port {port}
UseIPv6 off
UseReverseDNS off
WtmpLog off
TransferLog none
RequireValidShell off
RootLogin on
AuthUserFile {folder}/users
AuthGroupFile {folder}/groups
AuthOrder mod_auth_file.c
DefaultRoot ~
AllowOverwrite on
PidFile {folder}/pid
ScoreboardFile {folder}/scoreboard
SystemLog {folder}/system.log
TLSEngine on
TLSRequired on
TLSProtocol TLSv1.2 TLSv1.3
TLSRSACertificateFile {certificate}
TLSRSACertificateKeyFile {certificate}
TLSLog {folder}/tls.log
<IfModule mod_delay.c>
DelayEngine off
</IfModule>
""")
    with process([program, "--nodaemon", "--config", str(folder / "proftpd.conf")], port, folder / "out.log"):
        yield port


@contextlib.contextmanager
def vsftpd(folder: Path, root: Path, certificate: Path) -> Iterator[int | None]:
    """The port of a vsftpd with TLS and without MLSD, as root only; None where there is none.

    Its one login is ``anonymous``, as any other would be a user of this machine.
    """
    program = _program("vsftpd")
    if program is None or os.getuid() != 0:
        yield None
        return
    port = free_port()
    (folder / "empty").mkdir()
    (folder / "vsftpd.conf").write_text(f"""\
listen=YES
listen_address=127.0.0.1
listen_port={port}
background=NO
anonymous_enable=YES
anon_root={root}
anon_upload_enable=YES
anon_other_write_enable=YES
anon_mkdir_write_enable=YES
anon_world_readable_only=NO
anon_umask=000
write_enable=YES
ftp_username=daemon
nopriv_user=nobody
secure_chroot_dir={folder}/empty
seccomp_sandbox=NO
xferlog_enable=NO
ssl_enable=YES
allow_anon_ssl=YES
force_anon_logins_ssl=YES
force_anon_data_ssl=YES
require_ssl_reuse=YES
ssl_ciphers=HIGH
rsa_cert_file={certificate}
rsa_private_key_file={certificate}
""")
    with process([program, str(folder / "vsftpd.conf")], port, folder / "out.log"):
        yield port
