"""Messages of several parts: whatever bytes they hold, both ways, read by the standard library's own parser."""

import time
from base64 import b64decode, b64encode
from collections.abc import Callable
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import etree
from tests.adapters.memory import Notes
from tests.adapters.servers import Asked, Say, serving

from transload.adapters.base import Outbound
from transload.adapters.base.http import Reply
from transload.adapters.soap import SoapConnection, SoapSource, SoapSourceOptions, SoapTarget
from transload.adapters.soap.envelope import opened as open_envelope
from transload.adapters.soap.parts import put_together, sent_beside, taken_apart

S11 = "http://schemas.xmlsoap.org/soap/envelope/"
S12 = "http://www.w3.org/2003/05/soap-envelope"
XOP = "http://www.w3.org/2004/08/xop/include"
NS = "urn:example:purchasing:1"
Make = Callable[..., SoapTarget]


def reply(content: bytes, kind: str) -> Reply:
    return Reply(method="POST", address="http://here/", status=200, headers={"content-type": kind}, content=content)


def envelope(inner: str, space: str = S11) -> "etree._Element":
    return etree.fromstring(f'<s:Envelope xmlns:s="{space}"><s:Body><A>{inner}</A></s:Body></s:Envelope>')


@given(contents=st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=4), twelve=st.booleans())
@example(contents=[b"\r\n--transload-\r\n\r\n", b"\n", b"\r", b"\x85\x0b\x0c\x1c", b"--\r\n"], twelve=False)
def test_what_is_sent_beside_comes_back_in_its_place(contents: list[bytes], twelve: bool) -> None:
    kind = "application/soap+xml" if twelve else "text/xml"
    made = envelope("".join(f"<F>{b64encode(one).decode()}</F>" for one in contents), S12 if twelve else S11)
    before = etree.tostring(made)
    parts = sent_beside(made, ("F",))
    assert [content for _, content in parts] == contents
    sent, content_type = put_together(etree.tostring(made), kind, "urn:action", parts)
    message = message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + sent, policy=policy.HTTP)
    assert message.get_content_type() == "multipart/related"
    assert message.get_param("type") == "application/xop+xml"
    assert message.get_param("start-info") == kind
    assert message.get_param("action") == ("urn:action" if twelve else None)
    assert [part.get_payload(decode=True) for part in message.iter_parts()][1:] == contents  # type: ignore[attr-defined]
    found = open_envelope(sent, content_type, most_attachments=9, most_bytes=10_000)
    assert not isinstance(found, str)
    assert etree.tostring(found.envelope) == before
    assert found.attachments == ()


@pytest.mark.parametrize("text", ["", "no base64!", "YQ", "<B/>"])
def test_what_is_no_base64_stays_in_the_envelope(text: str) -> None:
    made = envelope(f"<F>{text}</F>")
    assert sent_beside(made, ("F",)) == []


INCLUDE = f'<x:Include xmlns:x="{XOP}" href="%s"/>'
ROOT = b"Content-Type: application/xop+xml\r\nContent-ID: <r>\r\n\r\n"


def packed(inner: str, *parts: bytes, start: str = "<r>") -> Reply:
    pieces = [ROOT + etree.tostring(envelope(inner)), *parts]
    content = b"".join(b"--b\r\n" + piece + b"\r\n" for piece in pieces) + b"--b--\r\n"
    return reply(content, f'Multipart/Related; boundary=b; type="application/xop+xml"; start="{start}"')


PART = b"Content-Type: image/png\r\nContent-ID: <p@x>\r\nContent-Transfer-Encoding: binary\r\n\r\n\x00\r\n\xff"


def opened(answer: Reply, **limits: int) -> Any:
    whole = {"most_attachments": 5, "most_bytes": 1000, **limits}
    return open_envelope(answer.content, answer.headers["content-type"], **whole)


def test_an_included_part_takes_its_place() -> None:
    for address in ("cid:p@x", "cid:p%40x"):
        found = opened(packed(f"<F>{INCLUDE % address}</F>", PART))
        assert found.content.findtext("F") == b64encode(b"\x00\r\n\xff").decode()
        assert found.attachments == ()


def test_other_encodings_and_names() -> None:
    named = b'Content-Disposition: attachment; filename="../l\xc3\xa4bel.pdf"'
    coded = b"Content-Transfer-Encoding: base64\r\n%s\r\n\r\nYWJj" % named
    (attachment,) = opened(packed("", coded)).attachments
    assert (attachment.content, attachment.identity) == (b"abc", "")
    assert attachment.name is not None
    assert attachment.name.isprintable()


BROKEN = {
    "it includes cid:gone, which is not there": packed(f"<F>{INCLUDE % 'cid:gone'}</F>", PART),
    "it includes http://x.example/, which is not there": packed(f"<F>{INCLUDE % 'http://x.example/'}</F>", PART),
    "an included part does not stand alone in its element": packed(f"<F>x{INCLUDE % 'cid:p@x'}</F>", PART),
    "it has more than 5 parts beside the envelope; most_attachments: could allow more": packed("", *[PART] * 6),
    "its headers have more than 4000 bytes": packed("", b"Content-Type: a/b" + b";a=b" * 1000 + b"\r\n\r\nx"),
    "it says that it has several parts, and has none": reply(b"--b--", "multipart/related; boundary=b"),
    "its parts have no beginning or no end": reply(b"nothing", "multipart/related; boundary=b"),
    "a part holds parts itself": packed("", b"Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--c--"),
    "the base64 of a part is broken": packed("", b"Content-Transfer-Encoding: base64\r\n\r\nYW!Jj*"),
    "its included parts have more than 1000 bytes": packed(f"<F>{INCLUDE % 'cid:p@x'}</F>" * 500, PART),
}


@pytest.mark.parametrize(("words", "answer"), BROKEN.items())
def test_what_cannot_be_taken_apart_is_said(words: str, answer: Reply) -> None:
    assert opened(answer) == words


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "answer",
    [
        reply(b"--b\r\n\r\n" * 1_000_000, "multipart/related; boundary=b"),
        reply(b"--b\r\nContent-Type: a/b" + b";a=b" * 1_000_000, "multipart/related; boundary=b"),
        reply(b"x", "multipart/related" + ";a=b" * 15_000),
        packed("", b"Content-Type: message/rfc822\r\n\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * 100_000),
    ],
    ids=["parts", "headers of a part", "headers", "messages within messages"],
)
def test_what_is_made_to_take_long_takes_a_moment(answer: Reply) -> None:
    began = time.monotonic()
    opened(answer)
    assert time.monotonic() - began < 5


def test_lines_may_end_alike_and_a_mail_is_a_part_as_any_other() -> None:
    mail = b"Subject: x\r\n\r\n--c\r\n"
    (attachment,) = opened(packed("", b"Content-Type: message/rfc822\r\n\r\n" + mail)).attachments
    assert (attachment.kind, attachment.content) == ("message/rfc822", mail)
    answer = packed("", b"\nabc")
    bare = reply(b"preamble\n" + answer.content.replace(b"\r\n", b"\n") + b"epilogue", answer.headers["content-type"])
    assert [one.content for one in opened(bare).attachments] == [b"abc"]


def test_parts_that_were_cut_off_are_not_taken() -> None:
    whole = packed("", PART)
    cut = reply(whole.content[: whole.content.rindex(b"--b--")], whole.headers["content-type"])
    assert opened(cut) == "its parts have no beginning or no end"


@given(st.binary(max_size=400), st.text(max_size=60))
def test_no_bytes_and_no_content_type_break_it(content: bytes, more: str) -> None:
    found = opened(reply(content, f"multipart/related; boundary=b; {more}"))
    assert isinstance(found, str)
    assert found


def test_taken_apart_is_the_whole_where_it_is_no_multipart() -> None:
    assert taken_apart(b"<a/>", "text/xml", most=0) == (b"<a/>", [])


def service(kind: str, content: bytes) -> Callable[[Asked], Say]:
    return lambda asked: Say(body=content, headers={"Content-Type": kind})


def test_a_target_sends_beside_and_keeps_the_whole_answer(target: Make) -> None:
    got: list[Asked] = []
    answer = packed("", PART)

    def handle(asked: Asked) -> Say:
        got.append(asked)
        return Say(body=answer.content, headers={"Content-Type": answer.headers["content-type"]})

    label = b"%PDF \x00\xff"
    order = Outbound(
        key="k",
        content=f'<SubmitOrder xmlns="{NS}"><Number>1</Number><Buyer>{b64encode(label).decode()}</Buyer>'
        '<Line number="1"><Item>A</Item><Quantity>1</Quantity></Line></SubmitOrder>'.encode(),
    )
    with serving(handle) as url:
        to = target(url, connection={"xop": ["Buyer"], "port": "Soap12"}, answer="message")
        said = to.deliver(order)
        plain = target(url, connection={"xop": ["Buyer"]}).deliver(order)
    assert said.content == answer.content
    assert said.metadata["content_type"] == answer.headers["content-type"]
    assert "p@x (image/png, 4 bytes) sha256 " in said.metadata["attachments"]
    assert [one.code for one in said.findings] == ["S-ANSWER"]
    assert [one.code for one in plain.findings] == ["S-ANSWER", "S-ATTACHMENT"]
    head = f"Content-Type: {got[0].headers['content-type']}\r\n\r\n".encode()
    root, beside = message_from_bytes(head + got[0].body, policy=policy.HTTP).iter_parts()  # type: ignore[attr-defined]
    assert beside.get_payload(decode=True) == label
    include = etree.fromstring(root.get_payload(decode=True)).find(f".//{{{NS}}}Buyer/{{{XOP}}}Include")
    assert include is not None
    assert include.get("href") == f"cid:{beside['content-id'].strip('<>')}"
    assert got[1].headers["soapaction"] == f'"{NS}/SubmitOrder"'


def test_zeep_reads_what_we_send(target: Make) -> None:
    """Zeep's own client takes the message for one with attachments, and gives their bytes."""
    from requests_toolbelt.multipart.decoder import MultipartDecoder
    from zeep.wsdl.attachments import MessagePack

    got: list[Asked] = []

    def handle(asked: Asked) -> Say:
        got.append(asked)
        return Say(status=202)

    order = Outbound(
        key="k",
        content=f'<SubmitOrder xmlns="{NS}"><Number>1</Number><Buyer>{b64encode(b"bytes").decode()}</Buyer>'
        '<Line number="1"><Item>A</Item><Quantity>1</Quantity></Line></SubmitOrder>'.encode(),
    )
    with serving(handle) as url:
        target(url, connection={"xop": ["Buyer"]}).deliver(order)
    decoder = MultipartDecoder(got[0].body, got[0].headers["content-type"], "utf-8")
    pack: Any = MessagePack(parts=decoder.parts[1:])
    assert [one.content for one in pack.attachments] == [b"bytes"]


def test_a_source_makes_receipts_of_parts(source: Callable[..., SoapSource]) -> None:
    root = f'<GetStockResponse xmlns="{NS}"><Stock><Item>A</Item><Quantity>1</Quantity></Stock></GetStockResponse>'
    answer = packed("", PART)
    content = answer.content.replace(b"<A/>", root.encode())
    memory = Notes()
    with serving(service(answer.headers["content-type"], content)) as url:
        first = list(source(url).receive(memory))
        memory.arrived |= {one.key for one in first}
        assert list(source(url).receive(memory)) == []
    part, whole = first
    assert etree.fromstring(whole.content).tag == f"{{{NS}}}GetStockResponse"  # type: ignore[arg-type]
    assert part.content == b"\x00\r\n\xff"
    assert part.metadata == {"status": "200", "content_type": "image/png", "content_id": "p@x"}


def test_parts_are_committed_before_the_item_is_acknowledged_that_they_came_with(wsdl: Path) -> None:
    root = f'<GetStockResponse xmlns="{NS}"><Stock><Item>A</Item><Quantity>1</Quantity></Stock></GetStockResponse>'
    answer = packed("", PART)
    content = answer.content.replace(b"<A/>", root.encode())
    acknowledged: list[int] = []
    memory = Notes()

    def handle(asked: Asked) -> Say:
        if b"SubmitOrder" in asked.body:
            acknowledged.append(len(memory.arrived))
            return Say(status=202)
        return Say(body=content, headers={"Content-Type": answer.headers["content-type"]})

    order = f'<SubmitOrder xmlns="{NS}"><Number>{{Item}}</Number><Buyer>us</Buyer></SubmitOrder>'
    written = {"operation": "GetStock", "request": f'<GetStock xmlns="{NS}"/>', "items": "Stock"}
    options = {**written, "acknowledge": {"operation": "SubmitOrder", "request": order}}
    with serving(handle) as url:
        connection = SoapConnection.model_validate({"wsdl": wsdl, "endpoint": url})
        with SoapSource(connection, SoapSourceOptions.model_validate(options)) as poll:
            for one in poll.receive(memory):
                memory.arrived.add(one.key)
                one.settle()
    assert acknowledged == [2]


def test_blanks_in_base64_do_not_reach_a_signature(tmp_path: Path) -> None:
    from transload.adapters.soap.parts import plain_base64

    made = envelope("<F> YW\n Jj </F>")
    plain_base64(made, ("F",))
    assert b64decode(made.findtext(".//F") or "") == b"abc"
    assert made.findtext(".//F") == "YWJj"
