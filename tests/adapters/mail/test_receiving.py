"""Picking up attachments from a real mailbox (Dovecot)."""

import contextlib
from collections.abc import Callable
from email.message import EmailMessage
from hashlib import sha256
from typing import Any

import pytest
from imapclient import IMAPClient

from transload.adapters.base import Reject, Retry, Stop
from transload.adapters.mail import MailSource
from transload.adapters.mail.mailbox import Mailbox, open_mailbox

Poll = Callable[..., dict[str, bytes]]
Make = Callable[..., EmailMessage]


def test_each_attachment_is_taken_once(dovecot: Any, memory: Any, poll: Poll, mail: Make) -> None:
    dovecot.put(mail(a_edi=b"UNB'a", b_edi=b"UNB'b"), mail(c_edi=b"\x00\xff\r\n.\r\n"))
    assert poll(dovecot.source(), memory) == {"a.edi": b"UNB'a", "b.edi": b"UNB'b", "c.edi": b"\x00\xff\r\n.\r\n"}
    assert poll(dovecot.source(), memory) == {}
    dovecot.put(mail(d_edi=b"UNB'd"))
    assert poll(dovecot.source(), memory) == {"d.edi": b"UNB'd"}
    assert dovecot.flags() == [(), (), ()]


def test_what_is_recorded_of_an_attachment(dovecot: Any, memory: Any, mail: Make) -> None:
    dovecot.put(mail(sender="Österreich <EDI@Partner.example>", subject="Bestellung für Müller", a_edi=b"UNB'a"))
    with dovecot.source() as source:
        [inbound] = source.receive(memory)
    assert inbound.origin == "INBOX/<1@partner.example>/a.edi"
    assert inbound.metadata == {
        "name": "a.edi",
        "size": "5",
        "sha256": sha256(b"UNB'a").hexdigest(),
        "content_type": "application/edifact",
        "part": "2",
        "sender": "edi@partner.example",
        "subject": "Bestellung für Müller",
        "message_id": "<1@partner.example>",
        "date": "Thu, 26 Nov 2026 05:10:00 +0000",
        "uid": "1",
    }


@pytest.mark.parametrize("afterwards", ["seen", "delete", {"move": "Archiv/Äußeres"}])
@pytest.mark.parametrize("select", ["new", "unseen"])
def test_a_mail_is_cleared_away_after_its_last_attachment(
    dovecot: Any, memory: Any, poll: Poll, mail: Make, afterwards: Any, select: str
) -> None:
    dovecot.put(mail(a_edi=b"a", b_edi=b"b"), mail(c_edi=b"c"))
    source = dovecot.source(afterwards=afterwards, select=select)
    with source:
        arriving = source.receive(memory)
        first = next(arriving)
        memory.commit(first)
        first.settle()
        assert dovecot.flags() == [(), ()]
        second = next(arriving)
        memory.commit(second)
        second.settle()
        assert dovecot.flags() == ([(b"\\Seen",), ()] if afterwards == "seen" else [()])
    assert poll(dovecot.source(afterwards=afterwards, select=select), memory) == {"c.edi": b"c"}
    assert poll(dovecot.source(afterwards=afterwards, select=select), memory) == {}
    assert dovecot.flags() == ([(b"\\Seen",)] * 2 if afterwards == "seen" else [])
    if isinstance(afterwards, dict):
        assert dovecot.flags("Archiv/Äußeres") == [(), ()]


def test_a_server_without_move_and_uidplus(
    dovecot: Any, memory: Any, poll: Poll, mail: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = IMAPClient.has_capability
    monkeypatch.setattr(
        IMAPClient, "has_capability", lambda self, name: name not in ("MOVE", "UIDPLUS") and real(self, name)
    )
    dovecot.put(mail(a_edi=b"a"), mail(b_edi=b"b"))
    with dovecot.client() as other:  # what another program has marked as deleted stays
        other.select_folder("INBOX")
        other.add_flags([2], [b"\\Deleted"])
    assert poll(dovecot.source(afterwards={"move": "done"}), memory) == {"a.edi": b"a"}
    assert dovecot.flags() == [(b"\\Deleted",), (b"\\Deleted",)]
    assert dovecot.flags("done") == [()]


def test_a_crash_before_settling_brings_nothing_twice(dovecot: Any, memory: Any, poll: Poll, mail: Make) -> None:
    dovecot.put(mail(a_edi=b"a", b_edi=b"b"))
    source = dovecot.source(afterwards="delete")
    with source:  # a crash after the first of two
        memory.commit(next(source.receive(memory)))
    assert poll(dovecot.source(afterwards="delete"), memory, settle=False) == {"b.edi": b"b"}
    assert dovecot.flags() == [()]
    assert poll(dovecot.source(afterwards="delete"), memory) == {}
    assert dovecot.flags() == []


def test_a_crash_with_a_memory_that_knows_nothing_but_keys(dovecot: Any, memory: Any, poll: Poll, mail: Make) -> None:
    """Notes may be lost with the process; a mail is not passed by before all in it is committed."""
    dovecot.put(mail(a_edi=b"a", b_edi=b"b"), mail(c_edi=b"c"))
    source = dovecot.source()
    with source:
        arriving = source.receive(memory)
        first = next(arriving)
        memory.commit(first)
        first.settle()
        next(arriving)
    assert poll(dovecot.source(), memory) == {"b.edi": b"b", "c.edi": b"c"}


def test_a_folder_that_is_built_anew_brings_nothing_twice(dovecot: Any, memory: Any, poll: Poll, mail: Make) -> None:
    mails = [mail(a_edi=b"a"), mail(b_edi=b"b")]
    dovecot.put(*mails, folder="EDI")
    assert len(poll(dovecot.source(folder="EDI"), memory)) == 2
    with dovecot.client() as other:
        other.select_folder("EDI", readonly=True)
        before = other.folder_status("EDI", ["UIDVALIDITY"])[b"UIDVALIDITY"]
        other.close_folder()
        other.delete_folder("EDI")
    for _ in range(2):  # the number counts seconds on some servers
        dovecot.put(*reversed(mails), mail(c_edi=b"c"), folder="EDI")
        with dovecot.client() as other:
            after = other.folder_status("EDI", ["UIDVALIDITY"])[b"UIDVALIDITY"]
            if after != before:
                break
            other.delete_folder("EDI")  # pragma: no cover
    assert after != before
    assert poll(dovecot.source(folder="EDI"), memory) == {"c.edi": b"c"}


def test_a_mail_that_is_moved_or_copied_is_known(dovecot: Any, memory: Any, poll: Poll, mail: Make) -> None:
    one = mail(a_edi=b"a")
    dovecot.put(one)
    assert poll(dovecot.source(), memory) == {"a.edi": b"a"}
    dovecot.put(b"Received: by another way\r\n" + one.as_bytes(), folder="EDI")
    assert poll(dovecot.source(folder="EDI"), memory) == {}


def test_two_mails_without_a_message_id_are_two(dovecot: Any, memory: Any, poll: Poll, mail: Make) -> None:
    one, two = mail(a_edi=b"a"), mail(a_edi=b"a", subject="again")
    for message in (one, two):
        del message["Message-ID"]
    dovecot.put(one, two)
    source = dovecot.source()
    with source:
        assert len({inbound.key for inbound in source.receive(memory)}) == 2


def test_mails_of_other_senders_are_left_alone_and_told_of_once(
    dovecot: Any, memory: Any, poll: Poll, mail: Make
) -> None:
    dovecot.put(
        mail(a_edi=b"a"),
        mail(sender="spam@evil.example", b_edi=b"b"),
        mail(sender="edi@partner.example.evil.example", c_edi=b"c"),
        mail(sender="EDI@PARTNER.EXAMPLE", d_edi=b"d"),
    )
    options = {"senders": ["edi@partner.example"], "afterwards": "seen", "select": "unseen"}
    with pytest.raises(Reject) as caught:
        poll(dovecot.source(**options), memory)
    assert len(memory.arrived) == 2
    assert [str(finding) for finding in caught.value.findings][:1] == [
        "warning W-SENDER a mail from spam@evil.example is left alone: the sender is not one of those that are read\n"
        "    value    'spam@evil.example'\n"
        "    source   INBOX/UID 2\n"
        "    hint     add the address to senders, if it is the partner's; this mail is read again only as"
        " a new one: copy it into the folder"
    ]
    assert len(caught.value.findings) == 2
    assert poll(dovecot.source(**options), memory) == {}
    assert dovecot.flags() == [(b"\\Seen",), (), (), (b"\\Seen",)]


def test_what_was_not_told_of_since_the_pass_was_cut_short_is_told_of_by_the_next(
    dovecot: Any, memory: Any, mail: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    dovecot.put(mail(sender="spam@evil.example", a_edi=b"a"), mail(b_edi=b"b"))

    def lost(*_: Any) -> bytes:
        raise Retry("the connection was lost")

    for _ in range(2):
        with monkeypatch.context() as patch, dovecot.source(senders="edi@partner.example") as source:
            patch.setattr(Mailbox, "content", lost)
            with pytest.raises(Retry, match="the connection was lost"):
                list(source.receive(memory))
    with dovecot.source(senders="edi@partner.example") as source, pytest.raises(Reject) as caught:
        list(source.receive(memory))
    assert [finding.code for finding in caught.value.findings] == ["W-SENDER"]


def test_a_second_from_does_not_let_a_stranger_in(dovecot: Any, memory: Any, mail: Make) -> None:
    raw = mail(a_edi=b"a").as_bytes().replace(b"From: ", b"From: evil@evil.example\nFrom: ", 1)
    dovecot.put(raw)
    with dovecot.source(senders=["edi@partner.example"]) as source, pytest.raises(Reject, match="left alone"):
        list(source.receive(memory))


def test_selection_by_subject_name_and_type(dovecot: Any, memory: Any, poll: Poll, mail: Make) -> None:
    dovecot.put(
        mail(subject="ORDER 1", a_edi=b"a", logo_png=b"png"),
        mail(subject="Lunch?", b_edi=b"b"),
        mail(subject="Re: order 2", c_EDI=b"c"),
    )
    options = {"subject": ["*order*"], "attachments": ["*.edi"], "types": ["application/*"]}
    assert poll(dovecot.source(**options), memory) == {"a.edi": b"a", "c.EDI": b"c"}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("never", {"a.edi": b"a"}),
        ("alone", {"a.edi": b"a", "1": b"only text\n"}),
        ("always", {"1": b"Please find our orders attached.\n", "a.edi": b"a"}),
    ],
)
def test_the_body(dovecot: Any, memory: Any, mail: Make, body: str, expected: dict[str, bytes]) -> None:
    text = EmailMessage()
    text["From"], text["Message-ID"] = "edi@partner.example", "<text@partner.example>"
    text.set_content("only text")
    dovecot.put(mail(a_edi=b"a"))
    if body == "alone":
        dovecot.put(text)
    found = {}
    with dovecot.source(body=body) as source:
        for inbound in source.receive(memory):
            found[inbound.metadata.get("name", inbound.metadata["part"])] = inbound.content.replace(b"\r\n", b"\n")
    assert found == expected


def test_a_mail_with_nothing_to_take_is_told_of_once(dovecot: Any, memory: Any, poll: Poll, mail: Make) -> None:
    dovecot.put(mail(logo_png=b"png"))
    with dovecot.source(attachments="*.edi") as source, pytest.raises(Reject) as caught:
        list(source.receive(memory))
    [finding] = caught.value.findings
    assert finding.line() == (
        "INBOX/<1@partner.example>: warning W-NOTHING a mail from edi@partner.example has nothing in it that is taken"
        " (it holds: text/plain, logo.png; compare attachments, types and body; this mail is read again only as"
        " a new one: copy it into the folder)"
    )
    assert poll(dovecot.source(attachments="*.edi"), memory) == {}


def test_a_mail_that_is_too_large_is_not_fetched(
    dovecot: Any, memory: Any, mail: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    dovecot.put(mail(a_edi=b"x" * 20_000), mail(b_edi=b"b"))
    fetched = []
    real = Mailbox.content
    monkeypatch.setattr(Mailbox, "content", lambda self, uid: fetched.append(uid) or real(self, uid))
    with dovecot.source(largest=10_000) as source:
        arriving = source.receive(memory)
        assert next(arriving).content == b"b"
        with pytest.raises(Reject, match="1 mails in INBOX are left alone") as caught:
            next(arriving)
    assert caught.value.findings[0].code == "E-SIZE"
    assert caught.value.findings[0].hint == (
        "agree on smaller mails, or raise largest (10000); this mail is read again only as a new one: copy it into the"
        " folder"
    )
    assert fetched == [2]


def test_a_mail_that_was_left_alone_is_read_as_a_copy(dovecot: Any, memory: Any, poll: Poll, mail: Make) -> None:
    dovecot.put(mail(a_edi=b"x" * 20_000))
    with pytest.raises(Reject):
        poll(dovecot.source(largest=10_000), memory)
    assert poll(dovecot.source(), memory) == {}
    with dovecot.client() as other:
        other.select_folder("INBOX")
        other.copy([1], "INBOX")
    assert poll(dovecot.source(), memory) == {"a.edi": b"x" * 20_000}


def test_headers_that_are_too_long_are_not_fetched_whole(dovecot: Any, memory: Any, mail: Make) -> None:
    dovecot.put(b"Subject: " + b"\r\n x" * 100_000 + b"\r\n" + mail(a_edi=b"a").as_bytes(), mail(b_edi=b"b"))
    with dovecot.source() as source:
        arriving = source.receive(memory)
        assert next(arriving).content == b"b"
        with pytest.raises(Reject) as caught:
            next(arriving)
    [finding] = caught.value.findings
    assert (finding.code, "has headers of more than 65536 bytes" in finding.message) == ("E-SIZE", True)


def test_a_fault_in_one_part_keeps_the_mail_and_takes_the_others(
    dovecot: Any, memory: Any, poll: Poll, mail: Make
) -> None:
    dovecot.put(mail(a_edi=b"a", winmail_dat=b"\x78\x9f\x3e\x22"))
    with pytest.raises(Reject) as caught:
        poll(dovecot.source(afterwards="delete"), memory)
    assert len(memory.arrived) == 1
    [finding] = caught.value.findings
    assert str(finding) == (
        "error E-TNEF the part 3 (winmail.dat) is a packet that only Outlook opens, with the attachments in it\n"
        "    value    'winmail.dat'\n"
        "    source   INBOX/<1@partner.example>\n"
        "    hint     ask the sender to write to us in HTML or plain text, not in Rich Text"
    )
    assert dovecot.flags() == [()]
    assert poll(dovecot.source(afterwards="delete"), memory) == {}


def test_no_more_mails_than_wanted_in_one_pass(dovecot: Any, memory: Any, poll: Poll, mail: Make) -> None:
    dovecot.put(*(mail(**{f"{name}_edi": name.encode()}) for name in "abcde"))
    seen = [sorted(poll(dovecot.source(at_most=2), memory)) for _ in range(4)]
    assert seen == [["a.edi", "b.edi"], ["c.edi", "d.edi"], ["e.edi"], []]


def test_a_move_that_is_refused_is_said_and_repeats_nothing(
    dovecot: Any, memory: Any, poll: Poll, mail: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    dovecot.put(mail(a_edi=b"a"), mail(b_edi=b"b"))
    wrong = "no//such//folder/%" + "x" * 300
    with dovecot.source(afterwards={"move": wrong}) as source:
        for inbound in source.receive(memory):
            memory.commit(inbound)
            with pytest.raises(Reject, match="a mail cannot be moved to the folder") as caught:
                inbound.settle()
    assert caught.value.findings[0].code == "E-DENIED"
    assert dovecot.flags() == [(), ()]
    assert poll(dovecot.source(afterwards={"move": "good"}), memory) == {}
    assert dovecot.flags("good") == [(), ()]


def test_known_mails_that_cannot_be_cleared_away_do_not_stand_in_the_way(
    dovecot: Any, memory: Any, poll: Poll, mail: Make
) -> None:
    wrong = {"move": "x" * 300 + "//"}
    dovecot.put(mail(a_edi=b"a"), mail(b_edi=b"b"), mail(c_edi=b"c"))
    found: list[bytes] = []
    for _ in range(3):
        with dovecot.source(afterwards=wrong, at_most=1) as source, contextlib.suppress(Reject):
            for inbound in source.receive(memory):
                found.append(inbound.content)
                memory.commit(inbound)
                with pytest.raises(Reject):
                    inbound.settle()
    assert found == [b"a", b"b", b"c"]


def test_an_attached_mail_is_looked_into_only_if_asked_for(dovecot: Any, memory: Any, mail: Make) -> None:
    def forward() -> EmailMessage:
        outer = EmailMessage()
        outer["From"], outer["Message-ID"] = "edi@partner.example", "<outer@partner.example>"
        outer.set_content("see below")
        outer.add_attachment(mail(a_edi=b"a"))
        return outer

    dovecot.put(forward())
    with dovecot.source(forwarded=True) as source:
        [inbound] = source.receive(memory)
    assert (inbound.metadata["name"], inbound.metadata["part"], inbound.content) == ("a.edi", "2.2", b"a")
    with dovecot.source(types="application/edifact") as source, pytest.raises(Reject, match="left alone"):
        list(source.receive(memory))


def test_the_login_and_the_folder(dovecot: Any, memory: Any, papers: Any) -> None:
    with dovecot.source(folder="Nowhere") as source, pytest.raises(Stop) as caught:
        list(source.receive(memory))
    assert (
        "the folder 'Nowhere' cannot be opened: select failed: Mailbox doesn't exist: Nowhere" in caught.value.message
    )

    def receive(**changes: Any) -> None:
        with MailSource(dovecot.connection(**changes), MailSource.Options()) as source:
            list(source.receive(memory))

    with pytest.raises(Stop) as caught:
        receive(password="wrong one")
    assert caught.value.findings[0].code == "E-LOGIN"
    assert "refuses the login: " in caught.value.message
    assert "wrong one" not in caught.value.message
    with pytest.raises(Stop, match="the password has a line break in it"):
        receive(password="a\r\nb")
    with pytest.raises(Stop, match="shows a certificate that is not trusted"):
        receive(imap={"tls": {"ca": str(papers.other_authority)}})
    with pytest.raises(Stop, match="we cannot agree on TLS"):
        receive(imap={"port": dovecot.plain})
    with pytest.raises(Stop, match="there is no host of this name"):
        receive(imap={"host": "nowhere.invalid"})
    with pytest.raises((Stop, Retry), match=r"refuses the login|lets nobody in"):
        receive(password=None, token="not a token")


def test_starttls(dovecot: Any, memory: Any, mail: Make) -> None:
    dovecot.put(mail(a_edi=b"a"))
    connection = dovecot.connection(imap={"port": dovecot.plain, "security": "starttls"})
    with MailSource(connection, MailSource.Options()) as source:
        assert [inbound.content for inbound in source.receive(memory)] == [b"a"]


def test_pins(dovecot: Any, memory: Any) -> None:
    from transload.adapters.mail import MailSource

    box = open_mailbox(dovecot.connection(), largest=1)
    assert box.tls is not None
    pin = box.tls.fingerprint
    box.close()
    for pins, fits in (([pin], True), (["0" * 64], False)):
        connection = dovecot.connection(imap={"tls": {"verify": False, "pins": pins}})
        with MailSource(connection, MailSource.Options()) as source:
            found = source.probe()
        assert found.ok is fits, found
        assert fits or "is not one of the pinned ones" in found.summary


def test_a_probe(dovecot: Any, mail: Make) -> None:
    dovecot.put(mail(a_edi=b"a"))
    with dovecot.source() as source:
        found = source.probe()
    assert found.ok
    assert found.summary == f"{dovecot.user}@localhost:{dovecot.tls}, folder INBOX, 1 mails"
    assert [finding.code for finding in found.findings][:2] == ["P-TLS", "P-CERTIFICATE"]
    with dovecot.source(folder="Nowhere") as source:
        assert source.probe().ok is False
    assert dovecot.flags() == [()]
