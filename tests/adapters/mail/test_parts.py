"""Mails taken apart: names, encodings, nesting, and everything that is broken in them."""

import random
import time
from base64 import b64encode
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transload.adapters.mail.parts import headers_of, opened


def one(*lines: bytes, body: bytes = b"content") -> bytes:
    """A mail that is one part."""
    return b"\r\n".join((b"From: a@b.example", b"Message-ID: <1@b>", *lines, b"", body))


def several(*parts: bytes, end: bytes = b"--x--\r\n", kind: bytes = b"multipart/mixed") -> bytes:
    lines = [b"From: a@b.example", b"Message-ID: <1@b>", b"Content-Type: " + kind + b"; boundary=x", b""]
    return b"\r\n".join(lines) + b"\r\n" + b"".join(b"--x\r\n" + part + b"\r\n" for part in parts) + end


def attached(disposition: bytes) -> bytes:
    return one(b"Content-Type: application/x; name=other", b"Content-Disposition: attachment; " + disposition)


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        (b"filename=a.edi", "a.edi"),
        (b'filename="a b;c.edi"', "a b;c.edi"),
        (b"filename*=utf-8''M%C3%BCller.edi", "Müller.edi"),
        (b"filename*0*=utf-8''M%C3%BC; filename*1=ller.edi", "Müller.edi"),
        (b"filename*=latin-1'de'M%FCller.edi", "Müller.edi"),
        (b"filename*=klingon''M%FCller.edi", "M%FCller.edi"),
        (b'filename="=?utf-8?B?TcO8bGxlci5lZGk=?="', "Müller.edi"),
        (b'filename="=?utf-8?Q?M=C3=BCller.edi?="', "Müller.edi"),
        (b'filename="=?klingon?Q?M=FC?="', "=?klingon?Q?M=FC?="),
        (b'filename="=?utf-8?B?###?="', "=?utf-8?B?###?="),
        (b'filename="../../etc/passwd"', "../../etc/passwd"),
        (b'filename="a\tb"', "a b"),
        (b"filename*=utf-8''a%0D%0Ab%00%1B%5B2J", "a b\ufffd\ufffd[2J"),
        (b"filename*=utf-8''a%E2%80%AEide.b", "a\ufffdide.b"),
        (b'filename="M\xfcller.edi"', "M?ller.edi"),
        (b"filename=" + b"x" * 5000, "x" * 500),
        (b"nothing=1", "other"),
    ],
)
def test_names(disposition: bytes, name: str) -> None:
    [part] = opened(attached(disposition)).parts
    if name.startswith("M%FC"):
        assert "ller.edi" in part.name
    elif "?" in name and b"\xfc" in disposition:
        assert part.name.endswith("ller.edi")
    else:
        assert part.name == name


@pytest.mark.parametrize(
    ("encoding", "body", "content"),
    [
        (b"base64", b64encode(b"\x00\xffUNB"), b"\x00\xffUNB"),
        (b" Base64 ; x=y", b64encode(b"\x00\xffUNB") + b"\r\n", b"\x00\xffUNB"),
        (b"BASE64", b"VU5C\r\nVU5C", b"UNBUNB"),
        (b"quoted-printable", b"a=3D=\r\nb", b"a=b"),
        (b"7bit", b"a\r\nb", b"a\r\nb"),
        (b"8bit", b"\xe4\xf6\r\n", b"\xe4\xf6\r\n"),
        (b"binary", b"\x00\x01\r\n\xff", b"\x00\x01\r\n\xff"),
    ],
)
def test_encodings(encoding: bytes, body: bytes, content: bytes) -> None:
    raw = one(b"Content-Type: application/x", b"Content-Transfer-Encoding: " + encoding, body=body)
    [part] = opened(raw).parts
    assert part.content == content


@pytest.mark.parametrize(
    ("encoding", "body", "code", "words"),
    [
        (b"base64", b"VU5C\r\n--checked by us.", "E-TORN", "has signs in its base64 text that do not belong there"),
        (b"base64", b"VU5CVU", "E-TORN", "has a base64 text whose end is missing"),
        (b"base64", b"VU5CV", "E-TORN", "has a base64 text of an impossible length"),
        (b"base64", b"VU5C\r\n-- checked by a scanner", "E-TORN", "has a base64 text of an impossible length"),
        (
            b"x-uuencode",
            b"begin 644 a\r\n#0V%T\r\n`\r\nend\r\n",
            "E-MAIL",
            "an encoding that is not known: 'x-uuencode'",
        ),
        (b"rot13", b"HAO", "E-MAIL", "is in an encoding that is not known: 'rot13'"),
    ],
)
def test_what_cannot_be_had_whole_is_refused(encoding: bytes, body: bytes, code: str, words: str) -> None:
    raw = one(b"Content-Type: application/x; name=a.edi", b"Content-Transfer-Encoding: " + encoding, body=body)
    found = opened(raw)
    assert found.parts == ()
    [problem] = found.problems
    assert problem.code == code
    assert words in problem.message
    assert problem.message.startswith("the part 1 (a.edi) ")


def test_a_mail_that_is_cut_off_is_refused_as_a_whole() -> None:
    good = b"Content-Type: application/x; name=a\r\n\r\nUNB'one"
    assert [part.content for part in opened(several(good, good)).parts] == [b"UNB'one"] * 2
    found = opened(several(good, good, end=b""))
    assert found.parts == ()
    assert [(one.code, one.message) for one in found.problems] == [
        ("E-TORN", "the mail ends before its last boundary: something is missing")
    ]


@pytest.mark.parametrize(
    "header", [b"Content-Type: application/ms-tnef", b'Content-Disposition: attachment; filename="WINMAIL.DAT"']
)
def test_winmail_is_refused(header: bytes) -> None:
    found = opened(several(header + b"\r\n\r\nx", b"Content-Type: application/x; name=a\r\n\r\nUNB"))
    assert [part.name for part in found.parts] == ["a"]
    assert [problem.code for problem in found.problems] == ["E-TNEF"]


def _forwarded() -> bytes:
    inner, outer = EmailMessage(), EmailMessage()
    inner["From"] = "x@y.example"
    inner.set_content("inner")
    inner.add_attachment(b"UNB", maintype="application", subtype="edifact", filename="a.edi")
    outer["From"] = "a@b.example"
    outer.set_content("outer")
    outer.add_attachment(inner)
    return outer.as_bytes()


def test_mails_within_mails() -> None:
    closed, looked_into = opened(_forwarded()), opened(_forwarded(), forwarded=True)
    assert [(part.path, part.content_type) for part in closed.parts] == [("1", "text/plain"), ("2", "message/rfc822")]
    assert b'filename="a.edi"' in closed.parts[1].content
    assert [(part.path, part.name) for part in looked_into.parts] == [("1", ""), ("2.1", ""), ("2.2", "a.edi")]


def test_what_a_bounce_returns_is_never_looked_into() -> None:
    ours = b"Content-Type: message/rfc822\r\n\r\n" + one(b"Content-Type: application/edifact; name=a.edi")
    status = b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822; y\r\n"
    raw = several(b"Content-Type: text/plain\r\n\r\nsorry", status, ours, kind=b"multipart/report")
    found = opened(raw, forwarded=True)
    assert [part.content_type for part in found.parts] == ["text/plain", "message/delivery-status", "message/rfc822"]
    assert "a.edi" not in [part.name for part in found.parts]


def test_which_part_is_the_text() -> None:
    parts = opened(
        several(
            b"Content-Type: text/plain; charset=latin-1\r\n\r\nh\xe4llo",
            b"Content-Type: text/html\r\n\r\n<p>",
            b"Content-Type: text/plain; name=a.txt\r\n\r\nfile",
            b"Content-Type: text/plain\r\nContent-Disposition: attachment\r\n\r\nfile",
            b"Content-Type: text/xml\r\n\r\n<a/>",
        )
    ).parts
    assert [part.is_text for part in parts] == [True, True, False, False, False]
    assert (parts[0].content, parts[0].charset) == (b"h\xe4llo", "latin-1")


def test_identity() -> None:
    raw = one(b"Date: Thu, 26 Nov 2026 05:10:00 +0000", b"Content-Type: application/x")
    other_way = b"Received: from elsewhere\r\n" + raw
    assert opened(raw).identity == opened(other_way).identity
    assert opened(raw).identity != opened(raw.replace(b"<1@b>", b"<2@b>")).identity
    assert opened(raw).identity != opened(raw.replace(b"05:10", b"05:11")).identity
    nameless = raw.replace(b"Message-ID: <1@b>\r\n", b"")
    assert opened(nameless).identity == opened(nameless).identity != opened(nameless + b"x").identity


@pytest.mark.parametrize(
    ("value", "senders"),
    [
        (b"a@b.example", ("a@b.example",)),
        (b"Name <A@B.example>", ("a@b.example",)),
        (b'"x@y.example" <a@b.example>', ("a@b.example",)),
        (b"=?utf-8?Q?x=40y=2Eexample?= <a@b.example>", ("a@b.example",)),
        (b"a@b.example, c@d.example", ("a@b.example", "c@d.example")),
        (b"", ()),
        (b"\xff\xfe", None),
    ],
)
def test_senders(value: bytes, senders: tuple[str, ...] | None) -> None:
    found = headers_of(b"From: " + value + b"\r\n\r\n").senders
    assert senders is None or found == senders


@pytest.mark.parametrize(
    "sender",
    [
        b"=?utf-8?Q?good=40partner=2Eexample=2C?= <evil@evil.example>",
        b"=?utf-8?Q?good=40partner=2Eexample_=3C?= <evil@evil.example>",
        b"good@partner.example <evil@evil.example>",
        b'"good@partner.example" <evil@evil.example>',
        b"evil@evil.example (good@partner.example)",
    ],
)
def test_a_name_is_not_taken_for_an_address(sender: bytes) -> None:
    assert headers_of(b"From: " + sender + b"\r\n\r\n").senders != ("good@partner.example",)


def test_many_parts_and_deep_nesting_end() -> None:
    part = b"Content-Type: application/x\r\n\r\nx"
    assert len(opened(several(*[part] * 900)).parts) == 900
    many = opened(several(*[part] * 1500))
    assert many.parts == ()
    assert [one.message for one in many.problems] == ["the mail has more than 1000 parts"]
    deep = b"x"
    for number in range(600):
        mark = b"%d" % number
        deep = b"Content-Type: multipart/mixed; boundary=b" + mark + b"\r\n\r\n--b" + mark + b"\r\n" + deep + b"\r\n--b" + mark + b"--"  # fmt: skip  # noqa: E501
    opened(b"From: a@b\r\n" + deep)
    opened(b"Content-Type: message/rfc822\r\n\r\n" * 5000, forwarded=True)


def _nested(depth: int) -> bytes:
    heads = [b"Content-Type:\r\n multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (at, at) for at in range(depth)]
    ends = [b"\r\n--b%d--" % at for at in reversed(range(depth))]
    return b"From: a@b\r\n" + b"".join(heads) + b"Content-Type: a/x\r\n\r\nx" + b"".join(ends)


def test_as_many_multiparts_as_long_conversations_have_are_read() -> None:
    assert [part.content for part in opened(_nested(50)).parts] == [b"x"]
    refused = opened(_nested(51))
    assert refused.parts == ()
    assert [one.message for one in refused.problems] == ["the mail has more than 50 parts that hold parts"]


@pytest.mark.parametrize(
    "head",
    [
        b"Subject: " + b"=?utf-8?Q?a?= " * 200_000,
        b"From: " + b"a@b.example, " * 200_000,
        b"Content-Type: a/x; " + b"a=b;" * 200_000,
        b"Content-Type: a/x;" + b"\r\n a=b;" * 200_000,
        b"X: y\rcontent-disposition: attachment; " + b"a=b;" * 200_000,
    ],
)
def test_endless_headers_do_not_hold_us_up(head: bytes) -> None:
    """Each of them took the library some seconds to some minutes, and hours where a mail is as large as it may be."""
    began = time.process_time()
    opened(head + b"\r\n\r\nUNB")
    assert time.process_time() - began < 3


@pytest.mark.parametrize("end", [b"", b"\r\nonly what stands before the parts"])
def test_a_mail_that_is_cut_off_before_its_first_part_is_torn(end: bytes) -> None:
    found = opened(b"From: a@b\r\nContent-Type: multipart/mixed; boundary=x\r\n" + end)
    assert found.parts == ()
    assert [one.code for one in found.problems] == ["E-TORN"]


@given(st.binary(max_size=400))
def test_no_bytes_raise(raw: bytes) -> None:
    opened(raw, forwarded=True)
    headers_of(raw)


_TEMPLATE = several(
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nh=C3=A4llo",
    b"Content-Type: a/x; name*0*=utf-8''M%C3%BC; name*1=ller\r\nContent-Transfer-Encoding: base64\r\n\r\nVU5C",
    b"Content-Type: message/rfc822\r\n\r\n" + one(b"Subject: =?utf-8?B?w6Q=?=", b"Content-Type: multipart/mixed; boundary=y", body=b"--y\r\n\r\nx\r\n--y--"),  # noqa: E501
)  # fmt: skip


@settings(max_examples=300)
@given(st.integers(0, 2**32))
def test_no_damaged_mail_raises_and_names_stay_printable(seed: int) -> None:
    chance = random.Random(seed)
    raw = bytearray(_TEMPLATE)
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(raw))
        what = chance.randint(0, 3)
        if what == 0:
            raw[at] = chance.randrange(256)
        elif what == 1:
            del raw[at : at + chance.randint(1, 30)]
        elif what == 2:
            raw[at:at] = chance.choice([b"\r\n", b"--x", b"=?", b"\0", b'"', b";", b"%", b"'", b"\xff"])
        else:
            start = chance.randrange(len(raw))
            raw[at:at] = raw[start : start + chance.randint(1, 60)]
    found = opened(bytes(raw), forwarded=True)
    for part in found.parts:
        assert len(part.name) <= 500
        assert (part.name + part.content_type + part.charset).isprintable()
        part.name.encode()
    for problem in found.problems:
        assert "\n" not in problem.message
        problem.message.encode()
