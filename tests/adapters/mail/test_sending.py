"""Sending documents as attachments through a real SMTP server (aiosmtpd)."""

import email
import time
from collections.abc import Callable
from email import policy
from email.header import decode_header, make_header
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transload.adapters.base import Landing, Outbound, Reject, Retry, Severity, Stop, Unknown
from transload.adapters.mail import MailTarget
from transload.adapters.mail.composing import composed
from transload.adapters.mail.settings import Send

Start = Callable[..., Any]
Make = Callable[..., Outbound]
SETTINGS = {"sender": "a@b.example", "to": "c@d.example", "subject": "s", "file": "f"}


def parsed(content: bytes) -> Any:
    return email.message_from_bytes(content, policy=policy.default)


@pytest.mark.parametrize("security", ["starttls", "tls", "none"])
def test_a_document_arrives_as_an_attachment(start: Start, outbound: Make, security: str) -> None:
    post = start(security)
    content = b"UNB+UNOC:3'\r\n.\r\n..x\n.\r\x00\xff" + bytes(range(256)) * 40
    given = {"to": "orders@partner.example, Björn Ärlig <b@partner.example>", "cc": '"Doe, Jane" <jane@us.example>'}
    with post.target(**given) as target:
        answer = target.deliver(outbound(content, subject="Bestellung Müller", file="Bestellung ä.edi"))
    [got] = post.mails
    assert got.secured is (security != "none")
    assert got.login == "edi@us.example"
    assert (got.sender, got.recipients) == (
        "edi@us.example",
        ["orders@partner.example", "b@partner.example", "jane@us.example"],
    )
    message = parsed(got.content)
    assert message["Subject"] == "Bestellung Müller"
    assert message["From"] == "ACME EDI <edi@us.example>"
    assert message["To"] == "orders@partner.example, Björn Ärlig <b@partner.example>"
    assert message["Cc"] == '"Doe, Jane" <jane@us.example>'
    assert message["Auto-Submitted"] == "auto-generated"
    [attachment] = message.iter_attachments()
    assert attachment.get_content() == content
    assert attachment.get_filename() == "Bestellung ä.edi"
    assert attachment.get_content_type() == "application/edifact"
    assert message.get_body().get_content().replace("\r\n", "\n") == "The attached document was sent by a computer.\n"
    assert answer.reference == message["Message-ID"]
    assert answer.summary == "taken for 3 recipients: 250 2.0.0 queued as 1"
    assert got.content.isascii()
    assert max(map(len, got.content.split(b"\r\n"))) <= 998


def test_the_message_id_is_that_of_the_delivery(start: Start, outbound: Make) -> None:
    post = start()
    with post.target() as target:
        for key in ("one", "one", "two"):
            target.deliver(outbound(key=key))
    first, again, other = (parsed(mail.content)["Message-ID"] for mail in post.mails)
    assert first == again != other
    assert first.endswith("@us.example>")
    assert post.target().idempotent is False
    assert post.target().verify(outbound()) is Landing.CANNOT_TELL


@pytest.mark.parametrize("field", ["sender", "to", "cc", "reply_to", "subject", "file"])
@pytest.mark.parametrize("sign", ["\n", "\r\n", "\r", "\0", "\x85", "\u2028"])
def test_a_header_cannot_be_slipped_in(outbound: Make, field: str, sign: str) -> None:
    options = Send.model_validate(SETTINGS | {field: "a@b.example"})
    with pytest.raises(Reject, match="it has a line break or another control character in it"):
        composed(options, outbound(**{field: f"a@b.example{sign}Bcc: evil@evil.example"}))


def test_the_finding_about_a_header(outbound: Make) -> None:
    with pytest.raises(Reject) as caught:
        composed(Send.model_validate(SETTINGS), outbound(subject="Order\r\nBcc: x@y.example"))
    assert str(caught.value.findings[0]) == (
        "error E-HEADER subject of the mail cannot be 'Order\\\\r\\\\nBcc: x@y.example': it has a line break or another"
        " control character in it\n"
        "    value    'Order\\\\r\\\\nBcc: x@y.example'\n"
        "    hint     correct the template subject, or the field that it takes its value from"
    )


@pytest.mark.parametrize(
    "address",
    [
        "nobody",
        "@b.example",
        "a@",
        "a b@c.example",
        "a@b@c.example",
        "a@b.example c@d.example",
        "<a@b.example",
        "a@b.example>",
        "x <a@b.example> y",
        "a@b_c.example",
        "a(comment)@b.example",
        "a@b.example;c@d.example",
        "",
        " , ",
    ],
)
def test_what_is_no_address(outbound: Make, address: str) -> None:
    with pytest.raises(Reject) as caught:
        composed(Send.model_validate(SETTINGS), outbound(to=address))
    assert caught.value.findings[0].code == "E-ADDRESS"


EVIL = [
    "=?utf-8?Q?x=0D=0ABcc:_evil@evil.example?=",
    "=?utf-8?Q?x=0ABcc:_evil@evil.example?=",
    "=?utf-8?B?eA0KQmNjOiBldmlsQGV2aWwuZXhhbXBsZQ==?=",
    "=?utf-8?Q?x=0D=0A=0D=0Abody?=",
    'a"; filename="b',
    "a\\",
    "ü" * 80,
    "a" * 2000,
]
TEXTS = st.one_of(
    st.text(max_size=40), st.sampled_from(EVIL), st.builds("{} {}".format, st.text(), st.sampled_from(EVIL))
)


@settings(max_examples=300)
@given(TEXTS, TEXTS, TEXTS, TEXTS, st.binary(max_size=200))
def test_whatever_is_in_a_template_the_mail_holds_the_document_and_no_other_header(
    subject: str, file: str, text: str, name: str, content: bytes
) -> None:
    metadata = {"subject": subject, "file": file, "text": text, "to": f"{name} <c@d.example>"}
    outbound = Outbound(key="k", content=content, content_type="text/xml; charset=utf-8", metadata=metadata)
    try:
        mail = composed(Send.model_validate(SETTINGS), outbound)
    except Reject:
        return
    assert max(map(len, mail.lines.split(b"\r\n"))) <= 998
    message = parsed(mail.lines)
    [attachment] = message.iter_attachments()
    assert attachment.get_payload(decode=True) == content
    assert attachment.get_filename().strip() == file.strip()
    assert mail.recipients == ("c@d.example",)
    assert set(message.keys()) == {
        *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type")
    }
    assert b"\n" not in mail.lines.replace(b"\r\n", b"")
    simple = email.message_from_bytes(mail.lines, policy=policy.compat32)
    assert "".join(str(make_header(decode_header(simple["Subject"]))).split()) == "".join(subject.split())
    assert simple["To"].split()[-1] in ("c@d.example", "<c@d.example>")


@pytest.mark.parametrize("way", ["PLAIN", "LOGIN"])
def test_logins(start: Start, outbound: Make, way: str) -> None:
    post = start(auth_exclude_mechanism=["LOGIN" if way == "PLAIN" else "PLAIN"])
    with post.target() as target:
        target.deliver(outbound())
    assert post.mails[0].login == "edi@us.example"


def test_a_token(start: Start, outbound: Make) -> None:
    post = start()
    good = post.connection(password=None, token=post.connection().password.get_secret_value())
    with post.target(good) as target:
        target.deliver(outbound())
    assert post.mails[0].login == "edi@us.example"
    with post.target(post.connection(password=None, token="expired")) as target, pytest.raises(Stop) as caught:
        target.deliver(outbound())
    assert caught.value.findings[0].code == "E-LOGIN"
    assert "expired" not in str(caught.value)


def test_a_wrong_password_stops_and_is_shown_nowhere(start: Start, outbound: Make) -> None:
    post = start()
    with post.target(post.connection(password="not this one")) as target, pytest.raises(Stop) as caught:
        target.deliver(outbound())
    assert str(caught.value.findings[0]) == (
        f"error E-LOGIN edi@us.example@localhost:{post.port} refuses the login: 535 5.7.8 Authentication credentials"
        " invalid\n"
        "    hint     check username and password or token; nothing is tried again, so that the account is not locked"
    )
    assert "not this one" not in repr(caught.value)
    assert post.mails == []
    with (
        post.target(post.connection(password="a\nb")) as target,
        pytest.raises(Stop, match="the password has a line break in it"),
    ):
        target.deliver(outbound())


def test_without_tls_no_login_is_sent(start: Start, outbound: Make) -> None:
    post = start("none")
    with post.target(post.connection(smtp={"security": "starttls", "insecure": False})) as target:
        with pytest.raises(Stop) as caught:
            target.deliver(outbound())
        assert caught.value.message.endswith("offers no TLS at this port")
        assert caught.value.hint == "try security: tls, which uses port 465"


def test_certificates(start: Start, outbound: Make, papers: Any) -> None:
    post = start()
    for tls, fits in (
        ({"ca": str(papers.other_authority)}, "shows a certificate that is not trusted"),
        ({"verify": False, "pins": ["0" * 64]}, "is not one of the pinned ones"),
    ):
        with post.target(post.connection(smtp={"tls": tls})) as target, pytest.raises(Stop, match=fits):
            target.deliver(outbound())
    with post.target() as target:
        found = target.probe()
    assert found.ok
    (hint,) = [finding.hint for finding in found.findings if finding.code == "P-PIN"]
    pin = hint.partition("[")[2].partition("]")[0]
    with post.target(post.connection(smtp={"tls": {"verify": False, "pins": [pin]}})) as target:
        target.deliver(outbound())
    assert len(post.mails) == 1


def test_a_relay_without_login(start: Start, outbound: Make) -> None:
    post = start("none")
    connection = post.connection(username=None, password=None, smtp={"login": False})
    with post.target(connection) as target:
        target.deliver(outbound())
    assert post.mails[0].login is None


@pytest.mark.parametrize(
    ("step", "answer", "consequence", "message"),
    [
        ("MAIL", "451 4.7.1 try later", Retry, "does not take the mail now: 451 4.7.1 try later"),
        ("MAIL", "550 5.7.1 not your address", Stop, "does not send mails from edi@us.example: 550 5.7.1"),
        ("MAIL", "552 5.3.4 too large", Reject, "does not take the mail: 552 5.3.4 too large"),
        ("MAIL", "530 5.7.0 login first", Stop, "wants a login: 530 5.7.0 login first"),
        (
            "RCPT",
            "550 5.1.1 no such user",
            Reject,
            "takes the mail for no recipient: orders@partner.example: 550 5.1.1",
        ),
        ("RCPT", "452 4.2.2 full", Retry, "does not take the mail for all now: orders@partner.example: 452 4.2.2"),
        ("RCPT", "421 4.3.2 shutting down", Retry, "does not take the mail now: 421 4.3.2 shutting down"),
        ("DATA", "451 4.3.0 no room", Retry, "does not take the mail now: 451 4.3.0 no room"),
        ("DATA", "554 5.6.0 looks like a virus", Reject, "does not take the mail: 554 5.6.0 looks like a virus"),
    ],
)
def test_refusals(
    start: Start, outbound: Make, step: str, answer: str, consequence: type[Exception], message: str
) -> None:
    post = start()
    post.handler.answers[step] = answer
    with post.target() as target:
        with pytest.raises(consequence, match=message):
            target.deliver(outbound())
        assert post.mails == []
        post.handler.answers.clear()
        target.deliver(outbound())
    assert len(post.mails) == 1


def test_some_recipients_that_are_refused_are_findings(start: Start, outbound: Make) -> None:
    post = start()
    post.handler.answers["RCPT gone@partner.example"] = "550 5.1.1 no such user"
    with post.target(to="orders@partner.example, gone@partner.example") as target:
        answer = target.deliver(outbound())
    assert post.mails[0].recipients == ["orders@partner.example"]
    assert answer.summary == "taken for 1 recipients: 250 2.0.0 queued as 1"
    [finding] = answer.findings
    assert finding.severity is Severity.WARNING
    assert finding.line() == (
        f"warning E-RECIPIENT edi@us.example@localhost:{post.port} takes no mails for gone@partner.example:"
        " 550 5.1.1 no such user"
        " (correct the address, or ask the partner; those who were not refused have got the mail)"
    )


def test_a_recipient_who_is_refused_for_now_gets_the_mail_with_the_others_later(start: Start, outbound: Make) -> None:
    post = start()
    post.handler.answers["RCPT slow@partner.example"] = "450 4.2.1 try again"
    with post.target(to="orders@partner.example, slow@partner.example") as target:
        with pytest.raises(Retry, match=r"does not take the mail for all now: slow@partner.example: 450") as caught:
            target.deliver(outbound())
        assert [one.code for one in caught.value.findings] == ["E-RECIPIENT"]
        assert post.mails == []
        post.handler.answers.clear()
        target.deliver(outbound())
    assert post.mails[0].recipients == ["orders@partner.example", "slow@partner.example"]


@pytest.mark.parametrize("answer", ["354 go on", "gibberish", "150 wait"])
def test_an_answer_to_the_last_line_that_is_none_is_unknown(start: Start, outbound: Make, answer: str) -> None:
    post = start()
    post.handler.answers["DATA"] = answer
    with post.target() as target, pytest.raises(Unknown, match="whether it was taken is not known"):
        target.deliver(outbound())


@pytest.mark.parametrize("shown", [b"hush", b"AGVkaUB1cy5leGFtcGxlAGh1c2g="])
def test_a_password_that_the_server_repeats_is_masked(
    start: Start, outbound: Make, scripted: Any, shown: bytes
) -> None:
    port = scripted(_steps(b"220 hi\r\n", b"250-us\r\n250 AUTH PLAIN\r\n", b"500 what is " + shown + b"?\r\n"))
    connection = start("none").connection(password="hush", smtp={"port": port})
    with (
        MailTarget(connection, MailTarget.Options.model_validate(SETTINGS)) as target,
        pytest.raises(Stop, match=r"refuses the login: 500 what is \*\*\*\?") as caught,
    ):
        target.deliver(outbound())
    assert shown.decode() not in repr(caught.value)


def test_a_server_that_ended_the_conversation_meanwhile_is_asked_again(start: Start, outbound: Make) -> None:
    post = start(timeout=1)
    with post.target() as target:
        target.deliver(outbound(key="1"))
        time.sleep(1.5)
        target.deliver(outbound(key="2"))
    assert len(post.mails) == 2


@pytest.mark.parametrize("step", ["MAIL", "RCPT"])
def test_a_connection_that_is_lost_before_the_mail_brought_nothing(start: Start, outbound: Make, step: str) -> None:
    post = start()
    post.handler.act[step] = lambda server: server.transport.abort()
    with post.target() as target, pytest.raises(Retry, match=r"closed the connection|reset"):
        target.deliver(outbound())
    assert post.mails == []


def test_a_connection_that_is_lost_after_the_last_line_is_unknown(start: Start, outbound: Make) -> None:
    post = start()
    post.handler.act["DATA"] = lambda server: server.transport.abort()
    with post.target() as target, pytest.raises(Unknown) as caught:
        target.deliver(outbound())
    assert caught.value.message.startswith("the whole mail was sent, and whether it was taken is not known: ")
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("ask the recipient for the mail <")


def test_a_server_that_says_nothing_after_the_last_line_is_unknown(start: Start, outbound: Make) -> None:
    post = start()
    post.handler.act["DATA"] = lambda server: time.sleep(3)
    patience = post.connection(timeouts={"connect": "5s", "answer": "5s", "whole": "500ms"})
    began = time.monotonic()
    with post.target(patience) as target, pytest.raises(Unknown, match="does not answer in time"):
        target.deliver(outbound())
    assert time.monotonic() - began < 2.9


def test_addresses_beyond_ascii(start: Start, outbound: Make) -> None:
    post = start()
    with (
        post.target(to="björn@partner.example") as target,
        pytest.raises(Reject, match="takes no addresses beyond ASCII"),
    ):
        target.deliver(outbound())
    post = start(enable_SMTPUTF8=True)
    with post.target(to="björn@bücher.example") as target:
        target.deliver(outbound())
    assert post.mails[0].recipients == ["björn@xn--bcher-kva.example"]


def _steps(*answers: bytes) -> Callable[[Any], None]:
    def script(client: Any) -> None:
        for answer in answers:
            client.sendall(answer)
            client.recv(4096)

    return script


@pytest.mark.parametrize(
    ("answers", "consequence", "message"),
    [
        ((b"",), Retry, "does not answer in time|closed the connection"),
        ((b"HTTP/1.1 400 Bad Request\r\n",), Retry, "400|-1|breaks the protocol|closed"),
        ((b"554 go away\r\n",), Stop, "refuses us: 554 go away"),
        ((b"421 too busy\r\n",), Retry, "421 too busy"),
        ((b"220 hi\r\n", b"250 us\r\n"), Stop, "offers no TLS at this port"),
        ((b"220 hi\r\n", b"250-us\r\n250 STARTTLS\r\n", b"454 not now\r\n"), Retry, ": 454 not now"),
        ((b"220 hi\r\n", b"250-us\r\n250 STARTTLS\r\n", b"220 go\r\n250 hello\r\n"), Retry, "closed the connection"),
        ((b"x" * 100_000,), Retry, "Line too long|500|breaks the protocol|refuses us"),
    ],
)
def test_servers_that_are_none(
    start: Start, outbound: Make, scripted: Any, answers: Any, consequence: type[Exception], message: str
) -> None:
    port = scripted(_steps(*answers))
    connection = start().connection(
        smtp={"port": port}, timeouts={"connect": "500ms", "answer": "500ms", "whole": "1s"}
    )
    options = MailTarget.Options.model_validate(SETTINGS)
    with MailTarget(connection, options) as target, pytest.raises(consequence, match=message):
        target.deliver(outbound())


def test_a_server_that_talks_without_an_end_is_given_up(start: Start, outbound: Make, scripted: Any) -> None:
    def talk(client: Any) -> None:
        for _ in range(400):
            client.sendall(b"220-and more\r\n")
            time.sleep(0.01)

    connection = start().connection(smtp={"port": scripted(talk)}, timeouts={"answer": "500ms", "whole": "500ms"})
    began = time.monotonic()
    with MailTarget(connection, MailTarget.Options.model_validate(SETTINGS)) as target, pytest.raises(Retry):
        target.deliver(outbound())
    assert time.monotonic() - began < 2
