"""Real mail servers: Dovecot as a process for IMAP, aiosmtpd in this process for SMTP."""

import contextlib
import os
import pwd
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from imapclient import IMAPClient

from transload.adapters.mail import MailConnection, MailSource, MailTarget

PASSWORD = "secret pass €"


@dataclass(frozen=True)
class Papers:
    """An authority of the tests, and a certificate for localhost from it, with its key."""

    authority: Path
    certificate: Path
    other_authority: Path


def papers_in(folder: Path) -> Papers:
    """New papers, written into ``folder``."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(folder / "ca.pem")
    trustme.CA().cert_pem.write_to_path(folder / "other.pem")
    ca.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
    return Papers(folder / "ca.pem", folder / "server.pem", folder / "other.pem")


# IMAP.

_MOST = 500
"""Accounts that the server knows; one for each test, since it reads its file of them once a second at most."""


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def _dovecot_configuration(folder: Path, certificate: Path, tls: int, plain: int) -> str:
    me = pwd.getpwuid(os.getuid()).pw_name
    as_root = os.getuid() == 0
    # Nobody's mail may belong to root.
    owner = "nobody" if as_root else me
    logins = "" if as_root else f"default_internal_user = {me}\ndefault_login_user = {me}\n"
    return f"""
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
{logins}
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{certificate}
disable_plaintext_auth = yes
auth_mechanisms = plain login xoauth2
auth_failure_delay = 0 secs
first_valid_uid = 1
last_valid_uid = 0
mail_location = maildir:{folder}/mail/%u
mailbox_list_index = no
mail_fsync = never
namespace inbox {{
  inbox = yes
  separator = /
}}
passdb {{
  driver = passwd-file
  mechanisms = plain login
  args = scheme=PLAIN username_format=%u {folder}/users
}}
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {folder}/oauth2
}}
userdb {{
  driver = static
  args = uid={owner} gid={pwd.getpwnam(owner).pw_gid} home={folder}/mail/%u allow_all_users=yes
}}
service imap-login {{
  chroot =
  service_count = 0
  process_min_avail = 1
  inet_listener imap {{
    address = 127.0.0.1
    port = {plain}
  }}
  inet_listener imaps {{
    address = 127.0.0.1
    port = {tls}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
"""


@dataclass
class Dovecot:
    """A running Dovecot: its ports, and the account of one test."""

    tls: int
    plain: int
    folder: Path
    authority: Path
    user: str = ""
    accounts: int = 0

    def connection(self, **changes: Any) -> MailConnection:
        imap = {"host": "localhost", "port": self.tls, "tls": {"ca": str(self.authority)}} | changes.pop("imap", {})
        given = {
            "username": self.user,
            "password": PASSWORD,
            "imap": imap,
            "timeouts": {"connect": "5s", "answer": "5s", "whole": "5s"},
        }
        return MailConnection.model_validate(given | changes)

    def source(self, **options: Any) -> MailSource:
        return MailSource(self.connection(), MailSource.Options.model_validate(options))

    @contextlib.contextmanager
    def client(self) -> Iterator[IMAPClient]:
        """Another program with the same account."""
        context = ssl.create_default_context(cafile=str(self.authority))
        client = IMAPClient("localhost", self.tls, ssl_context=context)
        client.plain_login(self.user, PASSWORD)
        try:
            yield client
        finally:
            client.logout()

    def put(self, *mails: bytes | EmailMessage, folder: str = "INBOX") -> None:
        with self.client() as client:
            if not client.folder_exists(folder):
                client.create_folder(folder)
            for mail in mails:
                client.append(folder, mail if isinstance(mail, bytes) else mail.as_bytes())

    def flags(self, folder: str = "INBOX") -> list[tuple[bytes, ...]]:
        """The flags of each mail in the folder, in their order; none where there is no such folder."""
        with self.client() as client:
            if not client.folder_exists(folder):
                return []
            client.select_folder(folder, readonly=True)
            found = client.fetch(client.search(), ["FLAGS"])
            return [
                tuple(flag for flag in facts[b"FLAGS"] if flag != b"\\Recent") for _, facts in sorted(found.items())
            ]


def _take_over(folder: Path) -> None:
    """Make folders ours, from above to below: a root without its rights over files cannot remove them else."""
    os.chown(folder, os.getuid(), -1)
    for inner in folder.iterdir():
        if inner.is_dir() and not inner.is_symlink():
            _take_over(inner)


@contextlib.contextmanager
def running_dovecot(papers: Papers) -> Iterator[Dovecot | None]:
    """A Dovecot; None where it is not installed."""
    program = shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="transload-imap-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        for inner in ("run", "state", "mail"):
            (folder / inner).mkdir()
        if os.getuid() == 0:
            os.chown(folder / "mail", pwd.getpwnam("nobody").pw_uid, -1)
        (folder / "users").write_text("".join(f"user{number}:{{PLAIN}}{PASSWORD}\n" for number in range(_MOST)))
        (folder / "oauth2").write_text("tokeninfo_url = http://127.0.0.1:1/\n")
        found = Dovecot(_free_port(), _free_port(), folder, papers.authority)
        written = _dovecot_configuration(folder, papers.certificate, found.tls, found.plain)
        (folder / "dovecot.conf").write_text(written)
        command = [program, "-F", "-c", str(folder / "dovecot.conf")]
        with (folder / "out").open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out) as running:
            try:
                end = time.monotonic() + 10
                while True:
                    told = (folder / "out").read_text() + (
                        (folder / "log").read_text() if (folder / "log").exists() else ""
                    )
                    assert running.poll() is None, told
                    assert time.monotonic() < end, told
                    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", found.plain), 1):
                        break
                    time.sleep(0.02)
                yield found
            finally:
                running.terminate()
                running.wait(10)
                _take_over(folder / "mail")


# SMTP.


@dataclass
class Received:
    """A mail as a server took it."""

    sender: str
    recipients: list[str]
    content: bytes
    secured: bool
    login: str | None


@dataclass
class Handler:
    """Takes mails, unless a test says what to answer instead."""

    mails: list[Received] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    act: dict[str, Callable[[Any], None]] = field(default_factory=dict)

    def _answer(self, step: str, server: Any) -> str | None:
        if action := self.act.get(step):
            action(server)
        return self.answers.get(step)

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802
        if answer := self._answer("MAIL", server):
            return answer
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802
        if answer := self._answer(f"RCPT {address}", server) or self._answer("RCPT", server):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        answer = self._answer("DATA", server)
        if answer is None or answer.startswith("2"):
            self.mails.append(
                Received(
                    sender=envelope.mail_from,
                    recipients=list(envelope.rcpt_tos),
                    content=envelope.original_content,
                    secured=session.ssl is not None or server.transport.get_extra_info("sslcontext") is not None,
                    login=str(session.auth_data) if session.authenticated else None,
                )
            )
        return answer or f"250 2.0.0 queued as {len(self.mails)}"


class Server(SMTP):
    """aiosmtpd, with the login that Google and Microsoft ask for."""

    async def auth_XOAUTH2(self, _: Any, args: list[str]) -> AuthResult:  # noqa: N802
        import base64

        given = base64.b64decode(args[1]).decode() if len(args) > 1 else ""
        if given == f"user=edi@us.example\1auth=Bearer {PASSWORD}\1\1":
            return AuthResult(success=True, auth_data="edi@us.example")
        await self.challenge_auth(b'{"status":"400"}', encode_to_b64=True)
        return AuthResult(success=False, handled=False)


class Submission(Controller):
    """An SMTP server in a thread of its own."""

    def __init__(self, handler: Handler, *, implicit: ssl.SSLContext | None, **options: Any) -> None:
        self._implicit = implicit
        super().__init__(handler, hostname="127.0.0.1", port=0, ready_timeout=10, **options)

    def factory(self) -> SMTP:
        return Server(self.handler, **self.SMTP_kwargs)

    def _create_server(self) -> Any:
        return self.loop.create_server(self._factory_invoker, host=self.hostname, port=0, ssl=self._implicit)

    def _trigger_server(self) -> None:
        # The port is known only by now.
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        if self._implicit is None:
            super()._trigger_server()
        else:
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            with (
                socket.create_connection((self.hostname, self.port), 5) as plain,
                context.wrap_socket(plain, server_hostname="localhost") as secured,
            ):
                secured.recv(1024)


@dataclass
class Post:
    """A running SMTP server, and how to connect to it."""

    handler: Handler
    port: int
    security: str
    authority: Path

    @property
    def mails(self) -> list[Received]:
        return self.handler.mails

    def connection(self, **changes: Any) -> MailConnection:
        smtp: dict[str, Any] = {
            "host": "localhost",
            "port": self.port,
            "security": self.security,
            "hello": "us.example",
        }
        if self.security == "none":
            smtp["insecure"] = True
        else:
            smtp["tls"] = {"ca": str(self.authority)}
        given = {
            "username": "edi@us.example",
            "password": PASSWORD,
            "smtp": smtp | changes.pop("smtp", {}),
            "timeouts": {"connect": "2s", "answer": "2s", "whole": "2s"},
        }
        return MailConnection.model_validate(given | changes)

    def target(self, connection: MailConnection | None = None, **options: Any) -> MailTarget:
        given = {
            "sender": "ACME EDI <edi@us.example>",
            "to": "orders@partner.example",
            "subject": "Order {document.number}",
            "file": "order.edi",
        } | options
        return MailTarget(connection or self.connection(), MailTarget.Options.model_validate(given))


@contextlib.contextmanager
def running_post(papers: Papers, security: str = "starttls", **options: Any) -> Iterator[Post]:
    """An SMTP server, with STARTTLS and a login unless it is told otherwise."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(papers.certificate)
    handler = Handler()

    def knows(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        good = isinstance(data, LoginPassword) and (data.login, data.password) == (
            b"edi@us.example",
            PASSWORD.encode(),
        )
        return AuthResult(success=good, handled=False, auth_data=data.login.decode() if good else None)

    given: dict[str, Any] = {
        "authenticator": knows,
        "auth_required": security == "starttls",
        "auth_require_tls": security == "starttls",
        "enable_SMTPUTF8": False,
    }
    if security == "starttls":
        given |= {"tls_context": context, "require_starttls": True}
    server = Submission(handler, implicit=context if security == "tls" else None, **(given | options))
    server.start()
    try:
        yield Post(handler, server.port, security, papers.authority)
    finally:
        server.stop()
