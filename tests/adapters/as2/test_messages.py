"""Layers on and off again, what receipts are measured over, and messages that somebody tampered with."""

import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from transload.adapters.as2 import cms, envelopes, mime
from transload.adapters.as2.certificates import Theirs, in_use
from transload.adapters.as2.cms import CmsFault, Kind
from transload.adapters.as2.keys import Keys, keys_of
from transload.adapters.as2.messages import Mic, measured, seal, unseal
from transload.adapters.as2.settings import As2Connection
from transload.canonical.errors import Stop

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
CONTENT = b"UNA:+.? 'UNB+UNOC:3+BOLT+ACME'\n\x00\xfc\r\nUNZ+0+1'"
LAYERS = list(product(["sha256", "none"], ["aes128", "aes256-gcm", "none"], ["none", "before", "after"]))


@pytest.fixture
def both(tmp_path: Path, us: Any, acme: Any) -> Any:
    """Our connection and the partner's, with their keys: what the one seals the other unseals."""

    def make(**settings: Any) -> tuple[tuple[As2Connection, Keys], tuple[As2Connection, Keys]]:
        sides = []
        for mine, other, me, them in ((us, acme, "BOLT", "ACME"), (acme, us, "ACME", "BOLT")):
            (tmp_path / f"{them}.pem").write_text(other.pem)
            values: dict[str, Any] = {
                "url": "http://127.0.0.1:1/as2", "us": me, "them": them,
                "own": {"certificate": mine.pem, "key": mine.key_pem}, "partner": tmp_path / f"{them}.pem",
            }  # fmt: skip
            connection = As2Connection.model_validate(values | settings)
            sides.append((connection, keys_of(connection)))
        return sides[0], sides[1]

    return make


@pytest.mark.parametrize(("sign", "encrypt", "compress"), LAYERS)
def test_what_one_side_seals_the_other_reads_and_measures_alike(
    both: Any, sign: str, encrypt: str, compress: str
) -> None:
    (ours, keys), (theirs, their_keys) = both(sign=sign, encrypt=encrypt, compress=compress)
    sealed = seal(CONTENT, "application/edifact", 'a "b" ü.edi', ours, keys, NOW)
    opened = unseal(mime.Part(headers=_low(sealed.headers), body=sealed.body), theirs, their_keys, NOW)
    assert opened.part.content == CONTENT
    assert opened.part.media_type == "application/edifact"
    assert opened.part.filename == 'a "b" ü.edi'
    assert (bool(opened.signer), opened.encrypted, opened.compressed) == (
        sign != "none", encrypt != "none", compress != "none",
    )  # fmt: skip
    assert opened.mic("sha256") == sealed.mic("sha256")
    again = measured(CONTENT, "application/edifact", 'a "b" ü.edi', ours)
    assert Mic.of(again, "sha256") == sealed.mic("sha256")


def test_a_receipt_is_measured_as_rfc_4130_and_5402_say(both: Any) -> None:
    head = b"Content-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\n\r\n"
    wanted = {
        ("none", "none", "none"): CONTENT,
        ("none", "aes128", "none"): head + CONTENT,
        ("none", "none", "before"): head + CONTENT,
        ("none", "aes128", "after"): head + CONTENT,
        ("sha256", "none", "none"): head + CONTENT,
        ("sha256", "aes128", "after"): head + CONTENT,
    }
    for (sign, encrypt, compress), over in wanted.items():
        (ours, keys), _ = both(sign=sign, encrypt=encrypt, compress=compress)
        assert seal(CONTENT, "text/plain", "", ours, keys, NOW).mic("sha256").value == sha256(over).digest()
    (ours, keys), _ = both(compress="before", encrypt="none")
    sealed = seal(CONTENT, "text/plain", "", ours, keys, NOW)
    signed = mime.split(mime.Part(headers=_low(sealed.headers), body=sealed.body))[0]
    assert b"smime-type=compressed-data" in signed.partition(b"\r\n\r\n")[0]
    assert sealed.mic("sha256").value == sha256(signed).digest()


def _low(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _sealed(both: Any, **settings: Any) -> tuple[mime.Part, As2Connection, Keys]:
    (ours, keys), (theirs, their_keys) = both(**settings)
    sealed = seal(CONTENT, "application/edifact", "a.edi", ours, keys, NOW)
    return mime.Part(headers=_low(sealed.headers), body=sealed.body), theirs, their_keys


def _fault(part: mime.Part, connection: As2Connection, keys: Keys, now: datetime = NOW) -> tuple[Kind, str, str]:
    with pytest.raises(CmsFault) as caught:
        unseal(part, connection, keys, now)
    return caught.value.kind, caught.value.message, caught.value.hint


def test_a_changed_byte_of_what_was_signed_is_seen(both: Any) -> None:
    part, connection, keys = _sealed(both, encrypt="none")
    changed = replace(part, body=part.body.replace(b"BOLT", b"BOLD"))
    assert _fault(changed, connection, keys) == (
        Kind.INTEGRITY, "the content is not the one that was signed",
        "was it changed on the way? ask the partner to send it again",
    )  # fmt: skip
    renamed = replace(part, body=part.body.replace(b"a.edi", b"b.edi"))
    assert _fault(renamed, connection, keys)[0] is Kind.INTEGRITY


def test_line_ends_that_a_relay_changed_do_not_matter_to_text(both: Any, acme: Any) -> None:
    _, (theirs, keys) = both(encrypt="none")
    text = b"Content-Type: text/plain\r\n\r\nall lines\r\nend so\r\n"
    mine = both(encrypt="none")[0][1].own[0]
    signature = mime.encoded(cms.sign(text, mine, "sha256"))
    kind = b"Content-Type: application/x-pkcs7-signature\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    body = mime.multipart([text.replace(b"\r\n", b"\n"), kind + signature], "b")
    part = mime.Part(headers={"content-type": "multipart/signed; boundary=b"}, body=body)
    opened = unseal(part, theirs, keys, NOW)
    assert opened.part.content == b"all lines\r\nend so\r\n"
    assert opened.mic("sha1").value == cms.digest_of(text, "sha1")


def test_what_is_cut_off_or_added_to_is_none(both: Any) -> None:
    part, connection, keys = _sealed(both, encrypt="none")
    for size in range(0, len(part.body) - 2, 97):
        assert _fault(replace(part, body=part.body[:size]), connection, keys)[0] in (
            Kind.UNEXPECTED,
            Kind.AUTHENTICATION,
        )
    kind, message, _ = _fault(replace(part, body=part.body + b"more"), connection, keys)
    assert (kind, message) == (Kind.UNEXPECTED, "it cannot be taken apart: something follows the last boundary")


def test_what_was_encrypted_and_garbled_is_never_told_apart(both: Any) -> None:
    """Each changed byte and each cut of what is encrypted: not decrypted, or what was signed is another thing."""
    part, connection, keys = _sealed(both)
    for at in range(len(part.body) - 1, len(part.body) - 700, -13):
        changed = part.body[:at] + bytes([part.body[at] ^ 1]) + part.body[at + 1 :]
        kind, _, _ = _fault(replace(part, body=changed), connection, keys)
        assert kind in (Kind.DECRYPTION, Kind.INTEGRITY, Kind.AUTHENTICATION)
    for added in (16, 32, 160):  # blocks put behind it: the last of them decides over the padding
        info = cms.cms.ContentInfo.load(part.body)
        inside = info["content"]["encrypted_content_info"]
        inside["encrypted_content"] = inside["encrypted_content"].native + bytes(added)
        assert _fault(replace(part, body=info.dump(force=True)), connection, keys)[0] is Kind.DECRYPTION


def test_a_stripped_signature_shows(both: Any) -> None:
    part, connection, keys = _sealed(both, encrypt="none")
    bare = mime.parse(mime.split(part)[0])
    opened = unseal(bare, connection, keys, NOW)
    assert (opened.signer, opened.part.content) == ("", CONTENT)


def test_a_strangers_signature_is_none(both: Any, stranger: Any) -> None:
    (ours, keys), (theirs, their_keys) = both(encrypt="none")
    sealed = seal(CONTENT, "text/plain", "", ours, replace(keys, own=(stranger.own,)), NOW)
    part = mime.Part(headers=_low(sealed.headers), body=sealed.body)
    assert _fault(part, theirs, their_keys) == (
        Kind.AUTHENTICATION, "the signature was made with a certificate that is not among the partner's",
        "has the partner a new certificate? then add it under partner:, beside the old one",
    )  # fmt: skip


def test_a_certificate_that_has_ended_proves_nothing_unless_that_is_allowed(both: Any, identity: Any) -> None:
    old = identity("old", days=100)
    (ours, keys), (theirs, their_keys) = both(encrypt="none")
    early = datetime(2020, 2, 1, tzinfo=UTC)
    sealed = seal(CONTENT, "text/plain", "", ours, replace(keys, own=(old.own,)), early)
    part = mime.Part(headers=_low(sealed.headers), body=sealed.body)
    known = replace(their_keys, theirs=(*their_keys.theirs, Theirs(name="old.pem", certificate=old.certificate)))
    assert unseal(part, theirs, known, early).signer
    kind, _, hint = _fault(part, theirs, known)
    assert (kind, hint.partition(";")[0]) == (Kind.AUTHENTICATION, "not valid now, and not looked at: old.pem")
    assert unseal(part, theirs, replace(known, expired=True), NOW).signer
    with pytest.raises(Stop, match=r"our certificate is not valid now \(.*old.*: 2020-01-01 to 2020-04-10\)"):
        seal(CONTENT, "text/plain", "", ours, replace(keys, own=(old.own,)), NOW)


def test_a_bomb_within_a_message_is_not_unpacked(both: Any) -> None:
    (ours, keys), (theirs, their_keys) = both(compress="before", largest=1_000_000)
    sealed = seal(bytes(10_000_000), "text/plain", "", ours, keys, NOW)
    assert len(sealed.body) < 200_000
    part = mime.Part(headers=_low(sealed.headers), body=sealed.body)
    assert _fault(part, theirs, their_keys)[:2] == (
        Kind.DECOMPRESSION, "decompressed it has more than 1000000 bytes",
    )  # fmt: skip


def test_layers_are_taken_off_once_each(both: Any) -> None:
    (ours, keys), (theirs, their_keys) = both()
    inner = seal(CONTENT, "text/plain", "", ours, keys, NOW)
    twice = envelopes.encrypt(mime.render(inner.headers, inner.body), keys.recipient(NOW), "aes128")
    part = mime.Part(headers={"content-type": "application/pkcs7-mime"}, body=twice)
    assert _fault(part, theirs, their_keys)[:2] == (
        Kind.UNEXPECTED, "a layer of it is enveloped data, which is not taken here",
    )  # fmt: skip


def test_messages_in_base64_are_read(both: Any) -> None:
    part, connection, keys = _sealed(both, compress="after")
    headers = {**part.headers, "content-transfer-encoding": "Base64"}
    opened = unseal(mime.Part(headers=headers, body=mime.encoded(part.body)), connection, keys, NOW)
    assert opened.part.content == CONTENT


def test_old_and_new_certificates_overlap(both: Any, identity: Any) -> None:
    """The switch of both sides: what goes uses the one that is in use, what comes may use any."""
    (ours, keys), (theirs, their_keys) = both()
    old, new, switch = keys.own[0], identity("new").own, NOW + timedelta(days=10)
    new = replace(new, since=switch)
    switching = replace(keys, own=(old, new))
    knowing = replace(
        their_keys,
        theirs=(*their_keys.theirs, Theirs(name="new", certificate=new.certificate, since=switch)),
    )
    for now, mine in ((NOW, old), (switch, new)):
        assert switching.signing(now) is mine
        sealed = seal(CONTENT, "text/plain", "", ours, switching, now)
        opened = unseal(mime.Part(headers=_low(sealed.headers), body=sealed.body), theirs, knowing, now)
        assert opened.signer == sha256(_der(mine.certificate)).hexdigest()
        assert knowing.recipient(now) == mine.certificate
        back = seal(CONTENT, "text/plain", "", theirs, knowing, now)
        assert unseal(mime.Part(headers=_low(back.headers), body=back.body), ours, switching, now).encrypted
    assert in_use([old, new], switch, "our") is new


def _der(certificate: Any) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return bytes(certificate.public_bytes(Encoding.DER))


def test_openssl_reads_a_whole_message(both: Any, acme: Any, us: Any, tmp_path: Path) -> None:
    (ours, keys), _ = both(compress="none")
    text = b"UNA:+.? '\r\nUNB+UNOC:3+BOLT+ACME'\r\n"  # its reader of MIME knows text only
    sealed = seal(text, "application/edifact", "a.edi", ours, keys, NOW)
    for name, pem in (("a.pem", acme.pem), ("a.key", acme.key_pem), ("u.pem", us.pem)):
        (tmp_path / name).write_text(pem)

    def run(content: bytes, *arguments: str) -> bytes:
        command = ["openssl", "cms", *arguments]
        return subprocess.run(command, input=content, cwd=tmp_path, capture_output=True, check=True).stdout

    inside = run(sealed.body, "-decrypt", "-inform", "DER", "-recip", "a.pem", "-inkey", "a.key", "-binary")
    verified = run(inside, "-verify", "-noverify", "-nointern", "-certfile", "u.pem")
    assert verified.endswith(b"\r\n\r\n" + text)
    assert sealed.mic("sha256").value == sha256(verified).digest()
