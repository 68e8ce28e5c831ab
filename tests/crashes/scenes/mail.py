"""Partners with mailboxes."""

import atexit
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.adapters.mail.servers import PASSWORD as MAIL_PASSWORD
from tests.adapters.mail.servers import Dovecot, papers_in, running_dovecot, running_post
from tests.crashes.scenes.stage import (
    DOCUMENTS,
    HAND_OVER,
    PICK_UP,
    Stage,
    keep_secret,
    left,
    made,
    offered,
    taken,
)


@contextmanager
def mail_source(folder: Path) -> Iterator[Stage]:
    """Attachments of mails, which are moved to another folder, into a folder."""
    root = offered(folder / "partner")
    dovecot = _dovecot()
    for number, content in enumerate(DOCUMENTS, start=1):
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = "partner@example.com", "us@example.com", f"order {number}"
        message["Message-ID"], message["Date"] = f"<{number}@example.com>", "Tue, 03 Feb 2026 10:00:00 +0000"
        message.set_content("an order")
        message.add_attachment(content, maintype="application", subtype="json", filename=f"PO-{number}.json")
        dovecot.put(message)
    imap = {"host": "localhost", "port": dovecot.tls, "tls": {"ca": str(dovecot.authority)}}
    connection = {
        "box": {"adapter": "files", "root": str(root)},
        "mail": {"adapter": "mail", "username": dovecot.user, "password": "${file:keys/password}", "imap": imap},
    }
    origin = {"connection": "mail", "afterwards": {"move": "done"}}
    workspace = made(folder, connection, origin, {"connection": "box", **HAND_OVER})
    keep_secret(workspace, "password", MAIL_PASSWORD)
    yield Stage(workspace, lambda: taken(root), lambda: [f"mail {flags}" for flags in dovecot.flags()])


@contextmanager
def mail_target(folder: Path) -> Iterator[Stage]:
    """From a folder by mail: nobody can tell whether a mail was taken whose answer was lost."""
    root = offered(folder / "partner")
    with TemporaryDirectory() as papers, running_post(papers_in(Path(papers)), "none") as post:
        smtp = {"host": "127.0.0.1", "port": post.port, "security": "none", "insecure": True, "login": False}
        connection = {"box": {"adapter": "files", "root": str(root)}, "mail": {"adapter": "mail", "smtp": smtp}}
        target = {"sender": "us@example.com", "to": "partner@example.com", "subject": "order", "file": "order.json"}
        workspace = made(folder, connection, {"connection": "box", **PICK_UP}, {"connection": "mail", **target})
        yield Stage(workspace, lambda: [_attached(mail.content) for mail in post.mails], lambda: left(root))


def _attached(mail: bytes) -> bytes:
    (part,) = message_from_bytes(mail, policy=default).iter_attachments()  # type: ignore[attr-defined]
    content: bytes = part.get_payload(decode=True)
    return content


@cache
def _mail_server() -> Dovecot:
    """One Dovecot for all plays, since it takes long to start; it ends with this process."""
    stack = ExitStack()
    atexit.register(stack.close)
    folder = Path(stack.enter_context(TemporaryDirectory()))
    found = stack.enter_context(running_dovecot(papers_in(folder)))
    assert found is not None
    return found


def _dovecot() -> Dovecot:
    """An account that is new to everybody."""
    server = _mail_server()
    server.accounts += 1
    return replace(server, user=f"user{server.accounts}")
