"""CMS against `openssl cms`, both ways, and against what hostile senders do."""

import contextlib
import random
import secrets
import subprocess
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import cms as asn1
from asn1crypto import core
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import GCM
from hypothesis import given, settings
from hypothesis import strategies as st

from transload.adapters.as2 import cms, envelopes
from transload.adapters.as2.ciphers import CIPHERS
from transload.adapters.as2.cms import CmsFault, Kind

CONTENT = b"Content-Type: application/edifact\r\n\r\nUNA:+.? 'UNB+UNOA:1+a+b'\x00\xff\r\n"
DIGESTS = ("sha256", "sha384", "sha512")


@pytest.fixture
def openssl(tmp_path: Path) -> Callable[..., bytes]:
    """Run `openssl cms` with ``content`` as its input; named identities lie in the folder as NAME.pem and NAME.key."""

    def run(content: bytes, *arguments: str, **files: Any) -> bytes:
        for name, found in files.items():
            if isinstance(found, bytes):
                (tmp_path / name).write_bytes(found)
            else:
                (tmp_path / f"{name}.pem").write_text(found.pem)
                (tmp_path / f"{name}.key").write_text(found.key_pem)
        done = subprocess.run(
            ["openssl", "cms", *arguments], input=content, cwd=tmp_path, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    return run


@pytest.mark.parametrize("digest", DIGESTS)
@pytest.mark.parametrize("pss", [False, True])
def test_openssl_verifies_what_we_sign(us: Any, openssl: Any, digest: str, pss: bool) -> None:
    made = cms.sign(CONTENT, us.own, digest, pss=pss)
    verified = openssl(
        made, "-verify", "-inform", "DER", "-content", "text", "-binary", "-noverify", "-certfile", "us.pem",
        "-nointern", us=us, text=CONTENT,
    )  # fmt: skip
    assert verified == CONTENT


@pytest.mark.parametrize("kind", ["rsa", "ec"])
@pytest.mark.parametrize(
    "more",
    [[], ["-keyid"], ["-noattr"], ["-nocerts"], ["-nosmimecap"], ["-keyopt", "rsa_padding_mode:pss"],
     ["-stream", "-indef"]],
    ids=lambda more: " ".join(more) or "plain",
)  # fmt: skip
def test_we_verify_what_openssl_signs(identity: Any, stranger: Any, openssl: Any, kind: str, more: list[str]) -> None:
    digest = DIGESTS[len(" ".join(more)) % 3]
    if "-keyopt" in more and kind == "ec":
        pytest.skip("a padding of RSA")
    signer = identity("signer", kind=kind)
    made = openssl(
        CONTENT, "-sign", "-binary", "-outform", "DER", "-md", digest, "-signer", "s.pem", "-inkey", "s.key", *more,
        s=signer,
    )  # fmt: skip
    found = cms.verify(made, CONTENT, [stranger.certificate, signer.certificate], DIGESTS)
    assert (found.certificate, found.digest) == (signer.certificate, digest)
    with pytest.raises(CmsFault) as caught:
        cms.verify(made, CONTENT + b" ", [signer.certificate], DIGESTS)
    assert caught.value.kind is Kind.INTEGRITY
    with pytest.raises(CmsFault) as caught:
        cms.verify(made, CONTENT, [stranger.certificate], DIGESTS)
    assert caught.value.kind is Kind.AUTHENTICATION


def test_sha1_is_read_only_where_it_is_allowed(acme: Any, openssl: Any) -> None:
    made = openssl(
        CONTENT, "-sign", "-binary", "-outform", "DER", "-md", "sha1", "-signer", "s.pem", "-inkey", "s.key", s=acme
    )
    with pytest.raises(CmsFault, match="made with sha1, which is not taken") as caught:
        cms.verify(made, CONTENT, [acme.certificate], DIGESTS)
    assert caught.value.kind is Kind.SECURITY
    assert cms.verify(made, CONTENT, [acme.certificate], ("sha1",)).digest == "sha1"
    with pytest.raises(ValueError, match="nothing is signed with SHA-1"):
        cms.sign(CONTENT, acme.own, "sha1")


@pytest.mark.parametrize("cipher", list(CIPHERS))
@pytest.mark.parametrize("oaep", [False, True])
@pytest.mark.parametrize("content", [b"", CONTENT * 50], ids=len)
def test_openssl_decrypts_what_we_encrypt(acme: Any, openssl: Any, cipher: str, oaep: bool, content: bytes) -> None:
    made = envelopes.encrypt(content, acme.certificate, cipher, oaep=oaep)
    assert openssl(made, "-decrypt", "-inform", "DER", "-recip", "a.pem", "-inkey", "a.key", a=acme) == content
    assert envelopes.decrypt(made, [acme.own], list(CIPHERS)) == content


_OPENSSL = ["aes-128-cbc", "aes-192-cbc", "aes-256-cbc", "aes-128-gcm", "aes-192-gcm", "aes-256-gcm", "des3"]


@pytest.mark.parametrize("cipher", _OPENSSL)
@pytest.mark.parametrize(
    "more",
    [[], ["-keyid"], ["-keyopt", "rsa_padding_mode:oaep"],
     ["-keyopt", "rsa_padding_mode:oaep", "-keyopt", "rsa_oaep_md:sha256", "-keyopt", "rsa_mgf1_md:sha384"],
     ["-stream", "-indef"]],
    ids=lambda more: " ".join(more) or "plain",
)  # fmt: skip
def test_we_decrypt_what_openssl_encrypts(us: Any, stranger: Any, openssl: Any, cipher: str, more: list[str]) -> None:
    recipient = ["-recip", "u.pem"] + (more if "-keyopt" in more else [])
    others = more if "-keyopt" not in more else []
    made = openssl(
        CONTENT, "-encrypt", "-binary", "-outform", "DER", f"-{cipher}", *others, "-recip", "s.pem", *recipient,
        u=us, s=stranger,
    )  # fmt: skip
    assert envelopes.decrypt(made, [us.own], list(CIPHERS)) == CONTENT


def test_three_des_is_taken_only_where_it_is_allowed(us: Any, stranger: Any) -> None:
    made = envelopes.encrypt(CONTENT, us.certificate, "3des")
    with pytest.raises(CmsFault, match="encrypted with tripledes_3key, which is not taken") as caught:
        envelopes.decrypt(made, [us.own], ["aes128", "aes256"])
    assert caught.value.kind is Kind.SECURITY
    with pytest.raises(CmsFault, match="for a certificate that is none of ours") as caught:
        envelopes.decrypt(made, [stranger.own], ["3des"])
    assert caught.value.kind is Kind.DECRYPTION


@pytest.mark.parametrize("cipher", ["aes128", "aes128-gcm"])
def test_all_that_depends_on_our_key_looks_alike(us: Any, cipher: str) -> None:
    made = envelopes.encrypt(CONTENT, us.certificate, cipher)
    info = asn1.ContentInfo.load(made)
    told = set()
    for place in ("key", "content", "length"):
        changed = info.copy()
        if place == "key":
            recipient = changed["content"]["recipient_infos"][0].chosen
            recipient["encrypted_key"] = bytes([1]) * 256
        else:
            gcm = cipher == "aes128-gcm"
            inside = changed["content"]["auth_encrypted_content_info" if gcm else "encrypted_content_info"]
            old = inside["encrypted_content"].native
            inside["encrypted_content"] = old[:-1] + bytes([old[-1] ^ 255]) if place == "content" else old[:-1]
        with pytest.raises(CmsFault) as caught:
            envelopes.decrypt(changed.dump(force=True), [us.own], [cipher])
        told.add((caught.value.kind, caught.value.message, caught.value.hint))
    assert len(told) == 1


def test_the_structure_of_gcm_is_that_of_rfc_5083(us: Any) -> None:
    info = asn1.ContentInfo.load(envelopes.encrypt(CONTENT, us.certificate, "aes256-gcm"), strict=True)
    assert info["content_type"].dotted == "1.2.840.113549.1.9.16.1.23"
    inside = info["content"]["auth_encrypted_content_info"]
    assert inside["content_encryption_algorithm"]["algorithm"].dotted == "2.16.840.1.101.3.4.1.46"
    assert inside["content_encryption_algorithm"]["parameters"].dump()[:4] == b"\x30\x11\x04\x0c"
    assert inside["content_encryption_algorithm"]["parameters"].dump()[-3:] == b"\x02\x01\x10"
    assert len(info["content"]["mac"].native) == 16
    assert len(inside["encrypted_content"].native) == len(CONTENT)


def _gcm(us: Any, *, tag: int = 16, said: int | None = None, nonce: int = 12, attributes: bool = False) -> bytes:
    """AuthEnvelopedData made by hand, as other products may make it."""
    key, vector = secrets.token_bytes(16), secrets.token_bytes(nonce)
    info = asn1.ContentInfo.load(envelopes.encrypt(b"", us.certificate, "aes128-gcm"))
    content = info["content"]
    content["recipient_infos"][0].chosen["encrypted_key"] = us.certificate.public_key().encrypt(key, PKCS1v15())
    beside = asn1.CMSAttributes([{"type": "content_type", "values": ["data"]}]) if attributes else None
    sealing: Any = Cipher(AES(key), GCM(vector)).encryptor()
    sealing.authenticate_additional_data(beside.dump() if beside is not None else b"")
    encrypted = sealing.update(CONTENT) + sealing.finalize()
    inside = content["auth_encrypted_content_info"]
    length = b"" if said == 12 else bytes([2, 1, said or tag])  # 12 is what is meant where nothing is said
    given = bytes([4, nonce]) + vector + length
    inside["content_encryption_algorithm"]["parameters"] = core.Any.load(bytes([0x30, len(given)]) + given)
    inside["encrypted_content"] = encrypted
    content["mac"] = sealing.tag[:tag]
    if beside is not None:
        content["auth_attrs"] = beside
    return bytes(info.dump(force=True))


def test_what_other_products_may_make_of_gcm(us: Any) -> None:
    for made in (_gcm(us), _gcm(us, tag=12), _gcm(us, tag=12, said=12), _gcm(us, tag=14), _gcm(us, attributes=True)):
        assert envelopes.decrypt(made, [us.own], ["aes128-gcm"]) == CONTENT
    for made in (_gcm(us, tag=8), _gcm(us, tag=4), _gcm(us, tag=15, said=16), _gcm(us, nonce=16), _gcm(us, nonce=8)):
        with pytest.raises(CmsFault) as caught:
            envelopes.decrypt(made, [us.own], ["aes128-gcm"])
        assert caught.value.kind is Kind.DECRYPTION
    info = asn1.ContentInfo.load(_gcm(us, attributes=True))
    del info["content"]["auth_attrs"]
    with pytest.raises(CmsFault, match="it does not decrypt to a message"):
        envelopes.decrypt(info.dump(force=True), [us.own], ["aes128-gcm"])


@settings(max_examples=150)
@given(data=st.data())
def test_nothing_of_gcm_can_be_changed(identity: Any, data: st.DataObject) -> None:
    me = identity("us")
    made = envelopes.encrypt(CONTENT, me.certificate, "aes128-gcm")
    changed = bytearray(made)
    for _ in range(data.draw(st.integers(1, 3))):
        changed[data.draw(st.integers(0, len(changed) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        found = envelopes.decrypt(bytes(changed), [me.own], list(CIPHERS))
    except CmsFault:
        return
    assert found == CONTENT  # what was changed says nothing of the content: a version, say


@pytest.mark.parametrize("cipher", ["aes128_cbc", "aes128_gcm"])
def test_a_cipher_in_the_structure_of_the_other_kind_is_none(us: Any, cipher: str) -> None:
    """GCM's content relabelled as CBC is garbled; relabelled without its proof it is refused."""
    info = asn1.ContentInfo.load(envelopes.encrypt(CONTENT, us.certificate, "aes128-gcm"))
    inside = info["content"]["auth_encrypted_content_info"]
    nonce = inside["content_encryption_algorithm"]["parameters"]
    vector: Any = core.OctetString(nonce.dump()[4:16] + bytes(4)) if cipher == "aes128_cbc" else nonce
    relabelled = asn1.EnvelopedData(
        {
            "version": "v0",
            "recipient_infos": info["content"]["recipient_infos"],
            "encrypted_content_info": {
                "content_type": "data",
                "content_encryption_algorithm": {"algorithm": cipher, "parameters": vector},
                "encrypted_content": inside["encrypted_content"].native,
            },
        }
    )
    made = asn1.ContentInfo({"content_type": "enveloped_data", "content": relabelled}).dump()
    with pytest.raises(CmsFault) as caught:
        envelopes.decrypt(made, [us.own], list(CIPHERS))
    assert caught.value.kind is Kind.DECRYPTION
    with pytest.raises(CmsFault):
        envelopes.decrypt(made, [us.own], ["aes128-gcm"])


@pytest.mark.parametrize("content", [b"", CONTENT, CONTENT * 5000], ids=len)
def test_compressed_data_is_as_rfc_3274_has_it(content: bytes) -> None:
    made = cms.compress(content)
    info = asn1.ContentInfo.load(made, strict=True)
    assert info["content_type"].dotted == "1.2.840.113549.1.9.16.1.9"
    assert info["content"]["compression_algorithm"]["algorithm"].dotted == "1.2.840.113549.1.9.16.3.8"
    assert zlib.decompress(info["content"]["encap_content_info"]["content"].native) == content
    assert cms.decompress(made, len(content)) == content


def _in_pieces(content: bytes, size: int) -> bytes:
    """An OCTET STRING without a stated length, in pieces of at most 127 bytes."""
    pieces = [content[at : at + size] for at in range(0, len(content), size)]
    return b"\x24\x80" + b"".join(bytes([4, len(piece)]) + piece for piece in pieces) + b"\0\0"


def test_strings_in_pieces_are_joined_and_too_many_are_refused_at_once() -> None:
    head = bytes.fromhex("3080060b2a864886f70d0109100109a0803080020100300d060b2a864886f70d0109100308")
    inner = bytes.fromhex("308006092a864886f70d010701a080")

    def compressed(content: bytes, size: int) -> bytes:
        return head + inner + _in_pieces(zlib.compress(content), size) + b"\0\0" * 5

    assert cms.decompress(compressed(CONTENT, 7), 1000) == CONTENT
    noise = random.Random(1).randbytes(300_000)
    assert cms.decompress(compressed(noise, 100), 300_000) == noise
    began = time.monotonic()
    for many in (compressed(noise, 1), b"\x30\x80" * 1_000_000, b"\x24\x80" + b"\x04\x00" * 1_000_000):
        with pytest.raises(CmsFault, match="cannot be decompressed"):
            cms.decompress(many, 300_000)
    assert time.monotonic() - began < 5


def test_a_bomb_is_not_unpacked() -> None:
    bomb = cms.compress(bytes(50_000_000))
    assert len(bomb) < 100_000
    with pytest.raises(CmsFault, match="decompressed it has more than 1000000 bytes") as caught:
        cms.decompress(bomb, 1_000_000)
    assert caught.value.kind is Kind.DECOMPRESSION


def test_attributes_of_another_message_are_no_message(acme: Any) -> None:
    """Without attributes a signature is over the content alone: that of a signature with attributes is over these."""
    info = asn1.ContentInfo.load(cms.sign(CONTENT, acme.own, "sha256"))
    signer = info["content"]["signer_infos"][0]
    attributes = b"\x31" + signer["signed_attrs"].dump()[1:]
    bare = {name: signer[name] for name in ("version", "sid", "digest_algorithm", "signature_algorithm", "signature")}
    info["content"]["signer_infos"] = [asn1.SignerInfo(bare)]
    with pytest.raises(CmsFault, match="over attributes, not over a message"):
        cms.verify(info.dump(force=True), attributes, [acme.certificate], DIGESTS)


@settings(max_examples=150)
@given(data=st.data())
def test_whatever_comes_is_a_fault_or_right(identity: Any, data: st.DataObject) -> None:
    me = identity("us")
    made = {
        "sign": cms.sign(CONTENT, me.own, "sha256"),
        "encrypt": envelopes.encrypt(CONTENT, me.certificate, "aes128"),
        "compress": cms.compress(CONTENT),
    }
    name = data.draw(st.sampled_from(sorted(made)))
    changed = bytearray(made[name])
    for _ in range(data.draw(st.integers(0, 3))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    changed = changed[: data.draw(st.integers(0, len(changed)))] if data.draw(st.booleans()) else changed
    ways: dict[str, Callable[[], object]] = {
        "sign": lambda: cms.verify(bytes(changed), CONTENT, [me.certificate], DIGESTS),
        "encrypt": lambda: envelopes.decrypt(bytes(changed), [me.own], list(CIPHERS)),
        "compress": lambda: cms.decompress(bytes(changed), 10_000),
    }
    for way in ways.values():
        with contextlib.suppress(CmsFault):
            way()
