"""What the tests of mail share."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from email.message import EmailMessage
from typing import Any

import pytest
import trustme
from aiosmtpd.smtp import AuthResult, LoginPassword
from tests.adapters.mail.servers import PASSWORD, Dovecot, Handler, Papers, Post, Submission, running_dovecot

from transload.adapters.base import Inbound, Outbound
from transload.adapters.mail import MailSource


class Notes(dict[str, str]):
    """A source's memory: notes and committed keys."""

    def __init__(self) -> None:
        super().__init__()
        self.keys_seen: set[str] = set()

    def seen(self, key: str) -> bool:
        return key in self.keys_seen

    def put(self, name: str, value: str | None) -> None:
        if value is None:
            self.pop(name, None)
        else:
            self[name] = value

    def names(self, prefix: str = "") -> list[str]:
        return sorted(name for name in self if name.startswith(prefix))

    def commit(self, inbound: Inbound) -> None:
        assert inbound.key not in self.keys_seen, "a receipt is committed once"
        self.keys_seen.add(inbound.key)


@pytest.fixture(scope="session")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    folder = tmp_path_factory.mktemp("papers")
    ca = trustme.CA()
    ca.cert_pem.write_to_path(folder / "ca.pem")
    trustme.CA().cert_pem.write_to_path(folder / "other.pem")
    ca.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
    return Papers(folder / "ca.pem", folder / "server.pem", folder / "other.pem")


@pytest.fixture(scope="session")
def dovecot_process(papers: Papers) -> Iterator[Dovecot | None]:
    """A Dovecot for all tests; None where there is none."""
    with running_dovecot(papers) as found:
        yield found


@pytest.fixture
def dovecot(dovecot_process: Dovecot | None) -> Dovecot:
    """A fresh account of a real IMAP server."""
    if dovecot_process is None:
        pytest.skip("Dovecot is not installed (Debian: dovecot-imapd)")
    dovecot_process.accounts += 1
    return replace(dovecot_process, user=f"user{dovecot_process.accounts}")


@pytest.fixture
def memory() -> Notes:
    return Notes()


def _poll(source: MailSource, memory: Notes, *, settle: bool = True) -> dict[str, bytes]:
    """One pass of a runner: commit, settle; the contents by name, or by part where there is none."""
    found: dict[str, bytes] = {}
    with source:
        for inbound in source.receive(memory):
            assert isinstance(inbound.content, bytes)
            found[inbound.metadata.get("name", inbound.metadata["part"])] = inbound.content
            memory.commit(inbound)
            if settle:
                inbound.settle()
    return found


@pytest.fixture
def poll() -> Callable[..., dict[str, bytes]]:
    return _poll


@pytest.fixture
def mail() -> Callable[..., EmailMessage]:
    """Makes a mail with attachments, given by their names."""
    numbers = iter(range(1, 10_000))

    def make(*, sender: str = "edi@partner.example", subject: str = "Orders", **files: bytes) -> EmailMessage:
        message = EmailMessage()
        message["From"] = sender
        message["To"] = "orders@us.example"
        message["Subject"] = subject
        message["Date"] = "Thu, 26 Nov 2026 05:10:00 +0000"
        message["Message-ID"] = f"<{next(numbers)}@partner.example>"
        message.set_content("Please find our orders attached.\n")
        for name, content in files.items():
            message.add_attachment(content, maintype="application", subtype="edifact", filename=name.replace("_", "."))
        return message

    return make


@pytest.fixture
def start(papers: Papers) -> Iterator[Callable[..., Post]]:
    """Starts an SMTP server, with STARTTLS unless it is told otherwise; all of them stop with the test."""
    running: list[Submission] = []

    def begin(security: str = "starttls", **options: Any) -> Post:
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
        running.append(server)
        return Post(handler, server.port, security, papers.authority)

    yield begin
    for server in running:
        server.stop()


@pytest.fixture
def outbound() -> Callable[..., Outbound]:
    def make(content: bytes = b"UNB+UNOA:2'", *, key: str = "delivery-1", **metadata: str) -> Outbound:
        given = {"subject": "Order 4711", "file": "order.edi"} | metadata
        return Outbound(key=key, content=content, content_type="application/edifact", metadata=given)

    return make


Script = Callable[[socket.socket], None]


@pytest.fixture
def scripted() -> Iterator[Callable[[Script], int]]:
    """Starts a server that does with each connection what a script says; the port."""
    with contextlib.ExitStack() as stack:

        def begin(script: Script) -> int:
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            listener.settimeout(0.05)
            over = threading.Event()

            def serve() -> None:
                while not over.is_set():
                    try:
                        client, _ = listener.accept()
                    except TimeoutError:
                        continue
                    with client, contextlib.suppress(OSError):
                        client.settimeout(3)
                        script(client)

            thread = threading.Thread(target=serve)
            thread.start()
            stack.callback(thread.join, 10)
            stack.callback(over.set)
            port: int = listener.getsockname()[1]
            return port

        yield begin
