"""The mail adapter keeps to the contract, over wires to Dovecot and to aiosmtpd."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from tests.adapters.mail.servers import PASSWORD, Dovecot, Papers, Post, papers_in, running_dovecot, running_post
from tests.contract.hurry import Hurried

from transload.adapters.base import Outbound
from transload.adapters.contract import NotPossible, SourceContract, SourceHarness, TargetContract, TargetHarness, Wire
from transload.adapters.mail import ADAPTER, MailConnection, MailSource, MailTarget

WRONG = "Wasser-und-Brot"


class Mailbox(Hurried, SourceHarness):
    """A mailbox whose mails are moved into another folder; each has one attachment, which is the item."""

    adapter = ADAPTER
    secrets = (PASSWORD, WRONG)
    copies = 12  # Python's parser of mails makes text and lines of the whole; ``largest`` bounds it

    def __init__(self, dovecot: Dovecot, wire: Wire) -> None:
        self.dovecot = dovecot
        self.wire = wire

    def source(self) -> MailSource:
        return self._source(PASSWORD)

    def stranger(self) -> MailSource:
        return self._source(WRONG)

    def _source(self, password: str) -> MailSource:
        assert self.wire is not None
        times = dict.fromkeys(("connect", "answer", "whole"), f"{self.waits}s")
        connection = self.dovecot.connection(imap={"port": self.wire.port}, password=password, timeouts=times)
        return MailSource(connection, MailSource.Options.model_validate({"afterwards": {"move": "done"}}))

    def offer(self, name: str, content: bytes) -> None:
        if not name.isprintable() or len(name) > 200:
            raise NotPossible("no mail program writes such a name")
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "partner@example.com", "us@example.com", "an order"
        mail["Message-ID"] = f"<{self.number()}.{id(self)}@example.com>"
        mail["Date"] = "Tue, 03 Feb 2026 10:00:00 +0000"
        mail.set_content("an order")
        mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
        self.dovecot.put(mail)

    def state(self) -> Mapping[str, bytes]:
        found: dict[str, bytes] = {}
        with self.dovecot.client() as client:
            for *_, folder in client.list_folders():
                client.select_folder(folder, readonly=True)
                for uid, facts in client.fetch(client.search(), ["FLAGS", "BODY.PEEK[]"]).items():
                    flags = sorted(flag for flag in facts[b"FLAGS"] if flag != b"\\Recent")
                    found[f"{folder}/{uid} {flags}"] = facts[b"BODY[]"]
        return found


class Recipients(Hurried, TargetHarness):
    """A server that takes mails; the attachment is what was delivered."""

    adapter = ADAPTER
    secrets = (PASSWORD, WRONG)
    huge = 2_000_000  # aiosmtpd reads line by line, and takes its time
    copies = 12  # it holds the mail, in lines and as a whole

    def __init__(self, post: Post, wire: Wire) -> None:
        self.post = post
        self.wire = wire

    def target(self) -> MailTarget:
        return self._target(PASSWORD)

    def stranger(self) -> MailTarget:
        return self._target(WRONG)

    def _target(self, password: str) -> MailTarget:
        assert self.wire is not None
        times = dict.fromkeys(("connect", "answer", "whole"), f"{self.waits}s")
        return self.post.target(self._connection(password, times))

    def _connection(self, password: str, times: Mapping[str, str]) -> MailConnection:
        assert self.wire is not None
        return self.post.connection(smtp={"port": self.wire.port}, password=password, timeouts=times)

    def outbound(self, number: int, *, content: bytes | None = None, name: str | None = None) -> Outbound:
        given = self.content(number) if content is None else content
        file = name if name is not None else f"order-{number}.edi"
        return Outbound(key=f"delivery-{number}", content=given, metadata={"file": file, "subject": "an order"})

    @contextmanager
    def refusing(self, number: int) -> Iterator[Outbound]:
        self.post.handler.answers["DATA"] = "554 5.6.0 looks like a virus"
        yield self.outbound(number)
        del self.post.handler.answers["DATA"]

    def arrived(self) -> Sequence[bytes]:
        found = []
        for mail in self.post.mails:
            (part,) = message_from_bytes(mail.content, policy=default).iter_attachments()  # type: ignore[attr-defined]
            found.append(part.get_payload(decode=True))
        return found

    def state(self) -> Mapping[str, bytes]:
        return {str(number): mail.content for number, mail in enumerate(self.post.mails)}


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    return papers_in(tmp_path_factory.mktemp("papers"))


@pytest.fixture(scope="module")
def dovecot(papers: Papers) -> Iterator[Dovecot | None]:
    with running_dovecot(papers) as found:
        yield found


class TestSource(SourceContract):
    @pytest.fixture
    def harness(self, dovecot: Dovecot | None) -> Iterator[Mailbox]:
        if dovecot is None:
            pytest.skip("Dovecot is not installed (Debian: dovecot-imapd)")
        dovecot.accounts += 1
        with Wire("127.0.0.1", dovecot.tls) as wire:
            yield Mailbox(replace(dovecot, user=f"user{dovecot.accounts}"), wire)


class TestTarget(TargetContract):
    @pytest.fixture
    def harness(self, papers: Papers) -> Iterator[Recipients]:
        with ExitStack() as stack:
            post = stack.enter_context(running_post(papers, data_size_limit=50_000_000))
            yield Recipients(post, stack.enter_context(Wire("127.0.0.1", post.port)))
