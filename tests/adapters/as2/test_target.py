"""What comes of a message with partners that answer well, badly, or not at all, over a real connection."""

import socket
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from transload.adapters.as2 import As2Connection, As2Endpoint, As2Options, As2Sender, As2Target, mime
from transload.adapters.base import Answer, Outbound, Request
from transload.canonical.errors import Reject, Retry, Stop, TransloadError, Unknown

CONTENT = b"UNA:+.? 'UNB+UNOC:3+BOLT+ACME'"
OUTBOUND = Outbound(key="7-7", content=CONTENT, content_type="application/edifact", metadata={"file": "a.edi"})
Change = Callable[[bytes], bytes]


@pytest.fixture
def side(tmp_path: Path, us: Any, acme: Any) -> Callable[..., As2Connection]:
    for name, one in (("us", us), ("acme", acme)):
        (tmp_path / f"{name}.pem").write_text(one.pem)

    def make(url: str, mine: str = "BOLT", **more: Any) -> As2Connection:
        own, them = (us, "acme") if mine == "BOLT" else (acme, "us")
        values: dict[str, Any] = {
            "url": url, "us": mine, "them": "ACME" if mine == "BOLT" else "BOLT",
            "own": {"certificate": own.pem, "key": own.key_pem}, "partner": tmp_path / f"{them}.pem",
            "timeouts": {"read": "500ms", "connect": "1s"},
        }  # fmt: skip
        return As2Connection.model_validate(values | more)

    return make


@pytest.fixture
def deliver(side: Any, raw_server: Any) -> Callable[..., tuple[Answer, mime.Part]]:
    """Deliver to a partner whose whole answer, status line and all, goes through ``change``."""

    def run(change: Change, **more: Any) -> tuple[Answer, mime.Part]:
        seen: list[mime.Part] = []

        def script(client: socket.socket, raw: bytes) -> None:
            part = mime.parse(raw.partition(b"\r\n")[2])
            seen.append(part)
            endpoint = As2Endpoint(side("http://127.0.0.1:1/", "ACME"), As2Options())
            request = Request(method="POST", path="/as2", headers=part.headers, content=part.body)
            response = endpoint.respond(endpoint.accept(request, datetime.now(UTC)), earlier=None)
            headers = {**response.headers, "Content-Type": response.content_type}
            headers |= {"Content-Length": str(len(response.content)), "Connection": "close"}
            answer = change(b"HTTP/1.1 200 OK\r\n" + mime.render(headers, response.content))
            if answer:
                client.sendall(answer)

        server = raw_server(script)
        with As2Sender(side(server.url + "/as2", **more), As2Target()) as target:
            return target.deliver(OUTBOUND), seen[0]

    return run


def same(answer: bytes) -> bytes:
    return answer


def status(line: str, body: bytes = b"") -> Change:
    return lambda _: f"HTTP/1.1 {line}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body


def test_what_is_sent_and_what_the_answer_says(deliver: Any) -> None:
    answer, sent = deliver(same)
    assert (answer.summary, answer.awaiting, answer.findings) == ("receipt: processed", None, ())
    assert answer.metadata["message_id"] == "7-7@BOLT"
    kept = mime.parse(answer.content)
    assert (kept.media_type, kept.headers["as2-from"]) == ("multipart/signed", "ACME")
    assert {name: sent.headers[name] for name in (
        "as2-version", "as2-from", "as2-to", "message-id", "subject", "ediint-features",
        "disposition-notification-to", "disposition-notification-options", "content-type",
    )} == {
        "as2-version": "1.2", "as2-from": "BOLT", "as2-to": "ACME", "message-id": "<7-7@BOLT>",
        "subject": "EDI message", "ediint-features": "AS2-Reliability", "disposition-notification-to": "BOLT",
        "disposition-notification-options":
            "signed-receipt-protocol=optional, pkcs7-signature; signed-receipt-micalg=optional, sha-256",
        "content-type": "application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m",
    }  # fmt: skip
    assert CONTENT not in sent.body
    assert "receipt-delivery-option" not in sent.headers


def folded(answer: bytes) -> bytes:
    """The header of content types broken over lines, as some products do."""
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.replace(b"; ", b";\r\n\t") + b"\r\n\r\n" + body


@pytest.mark.parametrize(
    "change",
    [
        folded,
        lambda answer: answer.replace(b"as2-from: ACME\r\n", b"").replace(b"as2-to: BOLT\r\n", b""),
        lambda answer: answer.replace(b"as2-from: ACME", b'AS2-FROM: "ACME"'),
    ],
    ids=["folded", "no names", "quoted name"],
)
def test_answers_in_other_spellings_count(deliver: Any, change: Change) -> None:
    assert deliver(change)[0].summary == "receipt: processed"


URL = "http://127.0.0.1:1/as2"
BAD: list[tuple[str, Change, type[TransloadError], str, str]] = [
    ("nothing", lambda _: b"", Unknown, "E-UNKNOWN", "look at the other side whether it arrived"),
    ("half an answer", lambda answer: answer[:200], Unknown, "E-UNKNOWN", "look at the other side whether it arrived"),
    ("an empty answer", status("200 OK"), Unknown, "E-MDN-MISSING",
     "the partner has not answered with a receipt; ask him, or write mdn: {mode: async} or none"),
    ("a page", status("200 OK", b"<html>thanks</html>"), Unknown, "E-MDN-UNREADABLE",
     "ask the partner what he answered; it is sent again with the same Message-ID"),
    ("500", status("500 Oops"), Unknown, "H-500", ""),
    ("503", status("503 Later"), Retry, "H-503",
     "nothing was done there; it is tried again, not before the time that it names"),
    ("401", status("401 No"), Stop, "H-401", "the login is refused"),
    ("404", status("404 No"), Reject, "H-404",
     "is the address right? else it does not know what the document speaks of"),
    ("302", status("302 There"), Stop, "H-302", "correct the address"),
    ("swapped names", lambda answer: answer.replace(b"as2-from: ACME", b"as2-from: BOLT"), Unknown, "E-MDN-OTHER",
     "compare us: and them: with the names that you agreed on"),
    ("a changed receipt", lambda answer: answer.replace(b"<7-7@BOLT>", b"<7-8@BOLT>"), Unknown, "E-MDN-SIGNATURE",
     "was it changed on the way? ask the partner to send it again"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "change", "error", "code", "hint"), BAD, ids=[item[0] for item in BAD])
def test_what_is_no_receipt_never_counts(
    deliver: Any, name: str, change: Change, error: type[TransloadError], code: str, hint: str
) -> None:
    with pytest.raises(error) as caught:
        deliver(change)
    (finding,) = caught.value.findings
    assert (finding.code, finding.hint or "") == (code, hint)


def test_who_is_not_there_got_nothing(side: Any) -> None:
    with (
        As2Sender(side("http://127.0.0.1:9/as2"), As2Target()) as target,
        pytest.raises(Retry, match="could not connect"),
    ):
        target.deliver(OUTBOUND)


def test_the_receipt_for_a_whole_message_of_another_content_is_told(deliver: Any, side: Any, raw_server: Any) -> None:
    """A relay replays the receipt of an earlier message: it is about another one, and proved to be."""
    receipts: list[bytes] = []
    deliver(lambda answer: receipts.append(answer) or answer)
    server = raw_server(lambda client, _: client.sendall(receipts[0]))
    other = Outbound(key="8-8", content=CONTENT, content_type="application/edifact")
    changed = Outbound(
        key="7-7", content=CONTENT + b" ", content_type="application/edifact", metadata={"file": "a.edi"}
    )
    for outbound, says in ((other, "is about <7-7@BOLT>"), (changed, "has the digest of another content")):
        with As2Sender(side(server.url + "/as2"), As2Target()) as target, pytest.raises(Unknown, match=says):
            target.deliver(outbound)


def test_with_async_an_answer_of_2xx_is_awaited(side: Any, raw_server: Any) -> None:
    seen: list[bytes] = []

    def script(client: socket.socket, raw: bytes) -> None:
        seen.append(raw)
        client.sendall(status("202 Accepted")(b""))

    server = raw_server(script)
    more = {"mdn": {"mode": "async", "url": "https://us.example/as2", "wait": "3h"}}
    with As2Sender(side(server.url + "/as2", **more), As2Target()) as target:
        answer = target.deliver(OUTBOUND)
    assert answer.awaiting is not None
    assert answer.awaiting.total_seconds() == 3 * 3600
    assert b"\r\nReceipt-Delivery-Option: https://us.example/as2\r\n" in seen[0]


def test_an_expired_certificate_of_ours_stops_before_anything_is_sent(side: Any, identity: Any) -> None:
    old = identity("old", days=100)
    connection = side("http://127.0.0.1:9/as2", own={"certificate": old.pem, "key": old.key_pem})
    with As2Sender(connection, As2Target()) as target:
        with pytest.raises(Stop, match=r"our certificate is not valid now \(own\[1\]: 2020-01-01 to 2020-04-10\)"):
            target.deliver(OUTBOUND)
        found = target.probe()
    assert found.ok is False
    assert found.summary.startswith("our certificate is not valid now")


def test_a_probe_says_when_certificates_end(side: Any, identity: Any) -> None:
    now = datetime.now(UTC)
    soon = identity("soon", begins=now.replace(microsecond=0), days=20)
    own = {"certificate": soon.pem, "key": soon.key_pem}
    with As2Sender(side("http://127.0.0.1:9/as2", own=own), As2Target()) as target:
        found = target.probe()
    (finding,) = found.findings
    assert found.ok is None  # nobody was called
    assert finding.code == "W-CERTIFICATE"
    assert finding.message.startswith("our certificates end on ")
    assert finding.hint == "exchange new ones now, and write them beside the old ones"
