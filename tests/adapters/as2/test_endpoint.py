"""What comes in: who may call, what is kept, what the sender is told, and what hostile senders achieve."""

import contextlib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from transload.adapters.as2 import As2Connection, As2Endpoint, As2Options, As2Sender, As2Target, mime, names
from transload.adapters.as2.judging import answer_from, report_in
from transload.adapters.as2.keys import keys_of
from transload.adapters.as2.mdn import Wanted, read
from transload.adapters.as2.messages import Mic, seal
from transload.adapters.base import Outbound, Refused, Request
from transload.canonical.errors import Reject, Retry, Stop, TransloadError, Unknown

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
CONTENT = b"UNA:+.? 'UNB+UNOC:3+ACME+BOLT'"
SIGNED = "signed-receipt-protocol=optional, pkcs7-signature; signed-receipt-micalg=optional, sha-256"


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory, us: Any, acme: Any) -> Any:
    """Makes our connection, or the partner's."""
    folder: Path = tmp_path_factory.mktemp("keys")
    (folder / "us.pem").write_text(us.pem)
    (folder / "acme.pem").write_text(acme.pem)

    def make(mine: str = "BOLT", **more: Any) -> As2Connection:
        own, them = (us, "acme") if mine == "BOLT" else (acme, "us")
        values: dict[str, Any] = {
            "url": "https://as2.acme.example/as2", "us": mine, "them": "ACME" if mine == "BOLT" else "BOLT",
            "own": {"certificate": own.pem, "key": own.key_pem}, "partner": folder / f"{them}.pem",
            "rate": {"requests": 100_000},
        }  # fmt: skip
        return As2Connection.model_validate(values | more)

    return make


@pytest.fixture(scope="module")
def endpoint(sides: Any) -> Any:
    return lambda **more: As2Endpoint(sides(**more), As2Options())


@pytest.fixture(scope="module")
def lenient(endpoint: Any) -> As2Endpoint:
    found: As2Endpoint = endpoint(accept={"encrypted": False})
    return found


@pytest.fixture(scope="module")
def sealed(request_of: Any) -> dict[str, Request]:
    """Requests that are the same at each example."""
    kinds: dict[str, dict[str, Any]] = {"usual": {}, "signed": {"encrypt": "none"}, "packed": {"compress": "after"}}
    return {name: request_of(**more) for name, more in kinds.items()}


@pytest.fixture(scope="module")
def request_of(sides: Any) -> Any:
    """A request as the partner sends it."""

    def make(content: bytes = CONTENT, headers: dict[str, str] | None = None, **more: Any) -> Request:
        theirs = sides("ACME", **more)
        sealed = seal(content, "application/edifact", "../../etc/passwd", theirs, keys_of(theirs), NOW)
        named = {
            "as2-from": "ACME", "as2-to": "BOLT", "message-id": "<1@acme.example>",
            "disposition-notification-to": "edi@acme.example", "disposition-notification-options": SIGNED,
            **{name.lower(): value for name, value in sealed.headers.items()}, **(headers or {}),
        }  # fmt: skip
        return Request(method="POST", path="/as2", headers=named, content=sealed.body, client="192.0.2.7")

    return make


def told(one: As2Endpoint, request: Request, sides: Any, earlier: Any = None) -> Any:
    """The receipt in the answer, as the partner reads it, and the inbound."""
    inbound = one.accept(request, NOW)
    response = one.respond(inbound, earlier=earlier)
    assert response.status == 200
    part = mime.parse(mime.render({**response.headers, "Content-Type": response.content_type}, response.content))
    theirs = sides("ACME")
    report, doubts = report_in(part, theirs, keys_of(theirs), NOW)
    assert not doubts
    return report, inbound


def test_a_good_message_is_answered_with_its_digest(endpoint: Any, request_of: Any, sides: Any) -> None:
    report, inbound = told(endpoint(), request_of(), sides)
    assert (report.about, report.disposition) == ("1@acme.example", "processed")
    assert str(report.mic) == inbound.metadata["mic"]
    assert (inbound.key, inbound.content) == ("/as2|id|1@acme.example", CONTENT)
    assert inbound.metadata["filename"] == "../../etc/passwd"  # data, and no part of any name of ours
    assert "passwd" not in inbound.key + inbound.origin
    kept = mime.parse(inbound.evidence["request"])
    assert (kept.headers["as2-from"], kept.body) == ("ACME", request_of().content) or kept.body


FAULTS: list[tuple[str, dict[str, Any], dict[str, Any], str, str]] = [
    ("unsigned", {"sign": "none"}, {}, "insufficient-message-security", "it is not signed"),
    ("unencrypted", {"encrypt": "none"}, {}, "insufficient-message-security", "it is not encrypted"),
    ("weak cipher", {"encrypt": "3des"}, {}, "insufficient-message-security",
     "it is encrypted with tripledes_3key, which is not taken"),
    ("content type", {}, {"content_types": "application/xml"}, "unexpected-processing-error",
     "its content type is 'application/edifact'"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "theirs", "options", "kind", "why"), FAULTS, ids=[fault[0] for fault in FAULTS])
def test_what_is_not_as_agreed_is_kept_and_refused(
    sides: Any, request_of: Any, name: str, theirs: Any, options: Any, kind: str, why: str
) -> None:
    one = As2Endpoint(sides(), As2Options.model_validate(options))
    report, inbound = told(one, request_of(**theirs), sides)
    assert (report.disposition, report.mic) == (f"processed/error: {kind}", None)
    (finding,) = inbound.findings
    assert finding.message == f"the message <1@acme.example> cannot be read: {why}"
    assert (finding.code, finding.value) == ("E-AS2", kind)
    assert finding.hint
    assert inbound.key.startswith("/as2|failed|1@acme.example|")
    kept = mime.parse(inbound.content)
    assert kept.headers["message-id"] == "<1@acme.example>"
    assert kept.body


def test_a_strangers_message_and_one_for_another_key(endpoint: Any, request_of: Any, sides: Any, stranger: Any) -> None:
    own = {"certificate": stranger.pem, "key": stranger.key_pem}
    report, inbound = told(endpoint(), request_of(own=own), sides)
    assert report.disposition == "processed/error: authentication-failed"
    report, inbound = told(endpoint(own=[own]), request_of(), sides_for(sides, stranger))
    assert report.disposition == "processed/error: decryption-failed"
    assert inbound.findings[0].hint == (
        "send the partner our present certificate; or add the one that he has under own:, while it is valid"
    )


def sides_for(sides: Any, other: Any) -> Any:
    """Sides where the partner knows us by another certificate, too."""

    def make(mine: str = "BOLT", **more: Any) -> As2Connection:
        connection = sides(mine, **more)
        file = connection.partner[0].certificate.with_name("other.pem")
        file.write_text(other.pem)
        return sides(mine, **{**more, "partner": [connection.partner[0].certificate, file]})

    return make


REFUSED: list[tuple[dict[str, str], int, str]] = [
    ({"as2-from": "BOLT", "as2-to": "ACME"}, 403, "it is from 'BOLT' to 'ACME'"),
    ({"as2-from": "acme"}, 403, "it is from 'acme' to 'BOLT'"),
    ({"as2-from": "ACME, ACME"}, 403, "it is from 'ACME, ACME' to 'BOLT'"),
    ({"message-id": ""}, 400, "it has no Message-ID"),
    ({"message-id": "<a b@c>"}, 400, "it has no Message-ID"),
    ({"receipt-delivery-option": "https://evil.example/mdn"}, 400, "its receipt is to go to 'https://evil.example/mdn'"),
    ({"receipt-delivery-option": "http://as2.acme.example/mdn"}, 400,
     "its receipt is to go to 'http://as2.acme.example/mdn'"),
    ({"receipt-delivery-option": "file:///etc/passwd"}, 400, "its receipt is to go to 'file:///etc/passwd'"),
    ({"receipt-delivery-option": "https://as2.acme.example@evil.example/"}, 400,
     "its receipt is to go to 'https://as2.acme.example@evil.example/'"),
    ({"receipt-delivery-option": "mailto:edi@acme.example"}, 400, "its receipt is to go to 'mailto:edi@acme.example'"),
    ({"receipt-delivery-option": "https://[x/"}, 400, "its receipt is to go to 'https://[x/'"),
]  # fmt: skip


@pytest.mark.parametrize(("headers", "status", "why"), REFUSED, ids=[why[-40:] for _, _, why in REFUSED])
def test_what_is_not_kept_at_all(endpoint: Any, request_of: Any, headers: Any, status: int, why: str) -> None:
    with pytest.raises(Refused) as caught:
        endpoint().accept(request_of(headers=headers), NOW)
    assert caught.value.response.status == status
    assert caught.value.finding.message == f"a request to /as2 from 192.0.2.7 was not kept: {why}"


def test_others_are_not_heard(endpoint: Any, request_of: Any) -> None:
    one = endpoint(allowed="198.51.100.0/24", rate={"requests": 1})
    for request, status in (
        (request_of(), 403),
        (replace(request_of(), client="198.51.100.1", method="GET"), 405),
        (replace(request_of(), client="198.51.100.2", content=b""), 400),
        (replace(request_of(), client="198.51.100.2"), 429),
    ):
        with pytest.raises(Refused) as caught:
            one.accept(request, NOW)
        assert caught.value.response.status == status


def test_a_receipt_goes_later_to_the_partners_host_alone(endpoint: Any, request_of: Any) -> None:
    for address in ("https://as2.acme.example/mdn", "https://AS2.acme.example:8443/x?y", "https://mdn.acme.example/"):
        one = endpoint(receipt_hosts="mdn.acme.example")
        inbound = one.accept(request_of(headers={"receipt-delivery-option": address}), NOW)
        assert inbound.reply is not None
        assert inbound.reply.metadata["receipt_to"] == address
        assert one.respond(inbound, earlier=None).content == b""


def test_a_repeat_is_answered_again_and_another_content_is_told(endpoint: Any, request_of: Any, sides: Any) -> None:
    one = endpoint()
    _, first = told(one, request_of(), sides)
    report, again = told(one, request_of(), sides, earlier=first.metadata)
    assert (report.disposition, again.key) == ("processed", first.key)
    report, other = told(one, request_of(CONTENT + b" "), sides, earlier=first.metadata)
    assert (report.disposition, other.key) == ("processed/error: unexpected-processing-error", first.key)


def test_a_message_id_is_given_back_as_it_is_written(endpoint: Any, request_of: Any) -> None:
    for written in ("<1@acme.example>", "1@acme.example"):
        inbound = endpoint().accept(request_of(headers={"message-id": written}), NOW)
        assert inbound.key == "/as2|id|1@acme.example"
        assert f"\r\nOriginal-Message-ID: {written}\r\n".encode() in inbound.evidence["mdn"]


def test_a_failed_one_leaves_its_number_free(endpoint: Any, request_of: Any) -> None:
    one = endpoint()
    bad, good = one.accept(request_of(sign="none"), NOW), one.accept(request_of(), NOW)
    assert bad.key != good.key
    assert bad.metadata["message_id"] == good.metadata["message_id"]


def test_receipts_that_cannot_be_made_are_said_to_be(endpoint: Any, request_of: Any, sides: Any) -> None:
    required = "signed-receipt-protocol=required, pkcs7-signature; signed-receipt-micalg=required, whirlpool"
    report, _ = told(endpoint(), request_of(headers={"disposition-notification-options": required}), sides)
    assert report.disposition == "failed/failure: unsupported MIC-algorithms"
    pgp = wanted("Signed-Receipt-Protocol=required, pgp-signature")
    assert pgp.failure == "failed/Failure: unsupported format"
    old = wanted("signed-receipt-protocol=optional,pkcs7-signature;signed-receipt-micalg=optional,md5,SHA1")
    assert (old.digest, old.signed) == ("sha1", True)


def wanted(options: str) -> Wanted:
    return Wanted.of({"disposition-notification-to": "x", "disposition-notification-options": options})


def test_who_wants_no_receipt_gets_a_status(endpoint: Any, request_of: Any) -> None:
    one = endpoint()
    for more, status in (({}, 200), ({"sign": "none"}, 400)):
        request = request_of(**more)
        bare = {name: value for name, value in request.headers.items() if not name.startswith("disposition")}
        inbound = one.accept(replace(request, headers=bare), NOW)
        assert one.respond(inbound, earlier=None).status == status
        assert "mdn" not in inbound.evidence


def test_forged_receipts_answer_nothing(endpoint: Any, sides: Any, stranger: Any) -> None:
    theirs = sides("ACME")
    one = As2Endpoint(theirs, As2Options())
    plain = replace_headers(one, "9@BOLT")
    ours = endpoint()
    genuine = ours.accept(plain, NOW)
    assert (genuine.answers, genuine.findings) == ("9", ())
    assert ours.respond(genuine, earlier=None).status == 200
    parts = mime.split(mime.Part(headers=plain.headers, body=plain.content))
    bare = mime.parse(parts[0])
    kept = {name: plain.headers[name] for name in ("as2-from", "as2-to")}
    unsigned = Request(method="POST", path="/as2", headers={**kept, **bare.headers}, content=bare.body)
    changed = replace(plain, content=plain.content.replace(b"<9@BOLT>", b"<8@BOLT>"))
    garbage = replace(unsigned, content=b"--x--")
    for request, code in ((unsigned, "E-MDN-SIGNATURE"), (changed, "E-MDN-SIGNATURE"), (garbage, "E-MDN-UNREADABLE")):
        inbound = ours.accept(request, NOW)
        assert inbound.answers is None
        assert [finding.code for finding in inbound.findings] == [code]
        assert ours.respond(inbound, earlier=None).status == 400


def replace_headers(partner: As2Endpoint, about: str) -> Request:
    """A receipt of the partner's for the message ``about``."""
    wanted = Wanted(asked=True, signed=True, about=f"<{about}>")
    headers, body = partner._made(wanted, "processed", None, Mic.of(b"x", "sha256"), NOW)
    return Request(
        method="POST", path="/as2", headers={name.lower(): value for name, value in headers.items()}, content=body
    )


JUDGED: list[tuple[str, type[TransloadError] | None, str]] = [
    ("processed", None, "receipt: processed"),
    ("processed/warning: duplicate-document", None, "receipt: processed/warning: duplicate-document"),
    ("processed/error: decryption-failed", Stop,
     "E-MDN-REFUSED has the partner a new certificate? ask him, and add it under partner:"),
    ("processed/Error: authentication-failed", Stop,
     "E-MDN-REFUSED has the partner our present certificate? send it to him"),
    ("processed/error: insufficient-message-security", Stop,
     "E-MDN-REFUSED compare sign: and encrypt: with what the partner wants"),
    ("failed/Failure: unsupported MIC-algorithms", Stop,
     "E-MDN-REFUSED choose another digest: sign: sha256 is what most partners know"),
    ("processed/error: integrity-check-failed", Retry,
     "E-MDN-REFUSED the partner could not take it; it is sent again with the same Message-ID"),
    ("processed/error: unexpected-processing-error", Retry,
     "E-MDN-REFUSED the partner could not take it; it is sent again with the same Message-ID"),
    ("processed/error: no such order", Reject,
     "E-MDN-REFUSED the partner refuses it; look at what he says, and ask him"),
    ("failed", Reject, "E-MDN-REFUSED the partner refuses it; look at what he says, and ask him"),
    ("deleted", Reject, "E-MDN-REFUSED the partner refuses it; look at what he says, and ask him"),
]  # fmt: skip


@pytest.mark.parametrize(("disposition", "error", "says"), JUDGED, ids=[item[0] for item in JUDGED])
def test_what_a_disposition_means(disposition: str, error: Any, says: str) -> None:
    mic = Mic.of(CONTENT, "sha256")
    report = read(report_with(disposition, mic=f"{mic}"))
    if error is None:
        answer = answer_from(report, message_id="<1@BOLT>", fits=mic.__eq__, call="sent")
        assert answer.summary == says
        assert [finding.code for finding in answer.findings] == (["W-MDN"] if "warning" in disposition else [])
        return
    with pytest.raises(error) as caught:
        answer_from(report, message_id="<1@BOLT>", fits=mic.__eq__, call="sent")
    (finding,) = caught.value.findings
    assert f"{finding.code} {finding.hint}" == says


@pytest.mark.parametrize(
    ("about", "mic", "says"),
    [
        ("1@BOLT", "", "has no digest"),
        ("1@BOLT", "AAAA, sha-256", "has the digest of another content"),
        ("1@BOLT", "****, sha-256", "has no digest"),
        ("1@BOLT", "AAAA, md5", "has no digest"),
        ("2@BOLT", str(Mic.of(CONTENT, "sha256")), "is about <2@BOLT>"),
    ],
)
def test_what_a_receipt_must_hold_to_count(about: str, mic: str, says: str) -> None:
    report = read(report_with("processed", about=about, mic=mic))
    with pytest.raises(Unknown, match=says):
        answer_from(report, message_id="<1@BOLT>", fits=Mic.of(CONTENT, "sha256").__eq__, call="sent")


def report_with(disposition: str, *, about: str = "1@BOLT", mic: str = "") -> mime.Part:
    """A receipt as another product may write it: other spellings, folded lines."""
    fields = f"Original-Message-Id: <{about}>\r\nDisposition:\r\n automatic-action/MDN-sent-automatically;"
    fields += f"\r\n\t{disposition}"
    fields += f"\r\nReceived-Content-MIC: {mic.replace(', ', ',')}\r\n" if mic else "\r\n"
    parts = [b"\r\nhello", f"Content-Type: message/disposition-notification\r\n\r\n{fields}\r\n".encode()]
    return mime.Part(headers={"content-type": "Multipart/Report; Boundary=b"}, body=mime.multipart(parts, "b"))


def test_names_travel_in_quotes() -> None:
    for name in ("ACME", "ACME Trading", 'a "quoted" \\ name', "x(y)"):
        assert names.read(names.written(name)) == name
        assert names.means(names.written(name), name)
    assert names.written("ACME Trading") == '"ACME Trading"'
    assert names.message_id("7", "ACME Trading, Inc.") == "<7@ACME-Trading-Inc>"
    assert names.key_of("<a-b@c@BOLT>") == "a-b@c"


@settings(max_examples=100)
@given(data=st.data())
def test_whatever_comes_is_refused_kept_or_right(
    lenient: As2Endpoint, sealed: dict[str, Request], data: st.DataObject
) -> None:
    request = sealed[data.draw(st.sampled_from(sorted(sealed)))]
    body = bytearray(request.content)
    for _ in range(data.draw(st.integers(0, 4))):
        at = int(data.draw(st.floats(0, 1)) * len(body))
        body[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    headers = dict(request.headers)
    name = data.draw(st.sampled_from(["content-type", "content-transfer-encoding", "disposition-notification-options"]))
    if data.draw(st.booleans()):
        headers[name] = data.draw(st.text(st.characters(min_codepoint=9, max_codepoint=255), max_size=60))
    changed = replace(request, content=bytes(body) or b"x", headers=headers)
    with contextlib.suppress(Refused):
        inbound = lenient.accept(changed, NOW)
        assert inbound.findings or inbound.content == CONTENT


BAD: list[tuple[dict[str, Any], str]] = [
    ({"us": "ACME"}, "us and them are the same AS2 name"),
    ({"us": "A\nB"}, "is no AS2 name"),
    ({"url": "ftp://acme.example"}, "is no address; write it like https://as2.partner.example/as2"),
    ({"url": "http://acme.example/as2"}, "what is sent can be watched on the way"),
    ({"own": []}, "own: is missing: we sign, and decrypt, with a certificate of ours"),
    ({"partner": []}, "encrypt and accept: signed and mdn: signed need it"),
    ({"mdn": {"mode": "async"}}, "mode: async needs url:"),
    ({"mdn": {"url": "https://x.example/"}}, "url: belongs to mode: async"),
    ({"sign": "sha1"}, "Input should be"),
]


@pytest.mark.parametrize(("settings_", "why"), BAD, ids=[why[:30] for _, why in BAD])
def test_settings_that_cannot_work_are_said(sides: Any, settings_: Any, why: str) -> None:
    with pytest.raises(ValidationError, match=why.replace("?", r"\?")):
        sides(**settings_)


def test_keys_that_cannot_be_used_are_said(sides: Any, us: Any, stranger: Any, identity: Any, tmp_path: Path) -> None:
    ec = identity("curve", kind="ec")
    (tmp_path / "ec.pem").write_text(ec.pem)
    (tmp_path / "no.pem").write_text("nothing")
    for values, why in (
        (
            {"own": {"certificate": us.pem, "key": stranger.key_pem}},
            "the private key does not belong to the certificate",
        ),
        ({"own": {"certificate": us.pem, "key": "no"}}, "the private key of own[1] cannot be read"),
        ({"own": {"certificate": "no", "key": us.key_pem}}, "the certificate own[1] cannot be read"),
        ({"partner": tmp_path / "no.pem"}, "the certificate no.pem cannot be read"),
        ({"partner": tmp_path / "missing.pem"}, "missing.pem cannot be read: No such file or directory"),
        (
            {"partner": tmp_path / "ec.pem"},
            "nothing can be encrypted for the partner's certificate ec.pem: it is not RSA",
        ),
    ):
        connection = sides(**values)
        assert "PRIVATE" not in repr(connection)
        with pytest.raises(Stop) as caught:
            keys_of(connection)
        assert why in caught.value.message
        assert caught.value.hint


def test_names_of_files_and_subjects_that_no_header_carries_are_refused(sides: Any) -> None:
    target = As2Sender(sides(), As2Target())
    for metadata in ({"file": "a\r\nX: 1"}, {"subject": "a\nb"}, {"subject": "ü"}):
        with pytest.raises(Reject, match="no header can carry") as caught:
            target.deliver(Outbound(key="1", content=CONTENT, metadata=metadata))
        assert caught.value.hint is not None
        assert "it must be " in caught.value.hint


def test_what_a_receipt_says_can_be_stored_and_shown() -> None:
    body = (
        b"--b\r\nContent-Type: message/disposition-notification\r\n\r\nOriginal-Message-ID: <1@BOLT>\r\n"
        b"Disposition: automatic-action/MDN-sent-automatically; failed/failure: \x1b[2Jgone\r\n\r\n--b--\r\n"
    )
    report = read(mime.Part(headers={"content-type": "multipart/report; boundary=b"}, body=body))
    assert report.disposition == "failed/failure: \ufffd[2Jgone"
