"""What the tests of mail share."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from email.message import EmailMessage

import pytest
from tests.adapters.mail.servers import Dovecot, Papers, Post, papers_in, running_dovecot, running_post
from tests.adapters.memory import Notes

from transload.adapters.base import Outbound
from transload.adapters.mail import MailSource


@pytest.fixture(scope="session")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    return papers_in(tmp_path_factory.mktemp("papers"))


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
    with contextlib.ExitStack() as running:
        yield lambda security="starttls", **options: running.enter_context(running_post(papers, security, **options))


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
