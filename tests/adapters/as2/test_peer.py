"""Another implementation of AS2 (pyas2lib): its messages are read, its receipts for ours are judged.

Both are recorded, see fixtures/as2/record.py, which also let it read our messages and our receipts.
"""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from transload.adapters.as2 import As2Connection, As2Endpoint, As2Options, As2Sender, As2Target, mime
from transload.adapters.as2.messages import Mic
from transload.adapters.base import Outbound, Reply, Request, Unknown

NOW = datetime(2027, 3, 2, 8, 0, tzinfo=UTC)
CONTENT = b"UNA:+.? 'UNB+UNOC:3+PEER+BOLT+260302:0800+7'\r\nUNZ+0+7'\r\n"
ID = "7f0c2a9e-0000-5000-8000-000000000007"


@pytest.fixture
def ours(fixtures: Path, tmp_path: Path) -> Any:
    shutil.copy(fixtures / "as2/peer.pem", tmp_path)

    def make(**settings: Any) -> As2Connection:
        values: dict[str, Any] = {
            "url": "http://127.0.0.1:1/as2", "us": "BOLT", "them": "PEER Inc", "partner": tmp_path / "peer.pem",
            "own": {
                "certificate": (fixtures / "as2/bolt.pem").read_text(), "key": (fixtures / "as2/bolt.key").read_text(),
            },
            "accept": {"signed": False, "encrypted": False, "ciphers": ["aes128", "aes256", "3des"]},
        }  # fmt: skip
        return As2Connection.model_validate(values | settings)

    return make


MESSAGES = {
    "plain": ("", "", ""), "signed": ("signed", "", ""), "signed-sha512": ("signed", "", ""),
    "encrypted": ("", "encrypted", ""), "compressed": ("", "", "compressed"),
    "compressed-signed": ("signed", "", "compressed"), "signed-encrypted-oaep": ("signed", "encrypted", ""),
    "all-3des": ("signed", "encrypted", "compressed"),
}  # fmt: skip


@pytest.mark.parametrize("name", MESSAGES)
def test_its_messages_are_read(ours: Any, fixtures: Path, name: str) -> None:
    part = mime.parse((fixtures / f"as2/{name}.http").read_bytes())
    endpoint = As2Endpoint(ours(), As2Options())
    inbound = endpoint.accept(Request(method="POST", path="/as2", headers=part.headers, content=part.body), NOW)
    assert (inbound.content, inbound.findings) == (CONTENT, ())
    facts = inbound.metadata
    layers = ("signed" if "signed_by" in facts else "", *(n if n in facts else "" for n in ("encrypted", "compressed")))
    assert layers == MESSAGES[name]
    assert facts["filename"] == "a.edi"
    told = mime.parse(inbound.evidence["mdn"])
    assert told.media_type == "multipart/signed"
    assert names_of(told) == ("BOLT", '"PEER Inc"')


def names_of(part: mime.Part) -> tuple[str, str]:
    return part.headers["as2-from"], part.headers["as2-to"]


RECEIPTS: dict[str, dict[str, Any]] = {
    "usual": {}, "unencrypted": {"encrypt": "none"},
    "unsigned-receipt": {"mdn": {"signed": False}},
}  # fmt: skip


def judged(connection: As2Connection, raw: bytes, content: bytes = CONTENT, **said: str) -> Any:
    outbound = Outbound(key=ID, content=content, content_type="application/edifact", metadata={"file": "a.edi"})
    return As2Sender(connection, As2Target()).judge(outbound, Reply(content=raw), said)


@pytest.mark.parametrize("name", RECEIPTS)
def test_its_receipts_for_ours_count_for_this_content_alone(ours: Any, fixtures: Path, name: str) -> None:
    raw = (fixtures / f"as2/{name}.mdn").read_bytes()
    assert judged(ours(**RECEIPTS[name]), raw).summary == "receipt: processed"
    with pytest.raises(Unknown, match="has the digest of another content"):
        judged(ours(**RECEIPTS[name]), raw, CONTENT + b" ")


def test_a_receipt_for_a_compressed_one_is_judged_by_the_digest_that_was_noted(ours: Any, fixtures: Path) -> None:
    """Another zlib may compress to other bytes, so the digest is noted when it is sent."""
    raw = (fixtures / "as2/compressed-before.mdn").read_bytes()
    connection, noted = ours(compress="before"), "jghpUnolDErVNcxumeLW4QMmCrhXRVkdv7PTabsjnzs=, sha-256"
    assert judged(connection, raw, mic=noted).metadata["mic"] == noted
    with pytest.raises(Unknown, match="has the digest of another content"):
        judged(connection, raw, b"other")


@pytest.mark.parametrize("name", ["unsigned", "plain"])
def test_its_receipts_without_a_digest_count_for_nothing(ours: Any, fixtures: Path, name: str) -> None:
    settings = {"unsigned": {"sign": "none"}, "plain": {"sign": "none", "encrypt": "none"}}
    with pytest.raises(Unknown, match="says processed, and has no digest"):
        judged(ours(**settings[name]), (fixtures / f"as2/{name}.mdn").read_bytes())


def test_an_unsigned_receipt_counts_for_nothing_where_a_signed_one_is_wanted(ours: Any, fixtures: Path) -> None:
    raw = (fixtures / "as2/usual.mdn").read_bytes()
    report = mime.split(mime.parse(raw))[0]
    bare = b'AS2-From: "PEER Inc"\r\nAS2-To: BOLT\r\n' + report
    with pytest.raises(Unknown, match="the receipt is not signed, and was to be"):
        judged(ours(), bare)
    assert judged(ours(mdn={"signed": False}), bare).summary == "receipt: processed"
    with pytest.raises(Unknown, match="the content is not the one that was signed"):
        judged(ours(), raw.replace(b"processed", b"Processed"))


def test_a_receipt_may_use_a_digest_of_its_own_choice(ours: Any, fixtures: Path) -> None:
    """Where none was asked for, RFC 4130 has SHA-1; and some use what they know."""
    connection = ours(sign="none", encrypt="none", mdn={"signed": False})
    for digest, name in (("sha1", "sha1"), ("sha1", "SHA-1"), ("sha512", "sha512")):
        mic = str(Mic.of(CONTENT, digest)).partition(",")[0]
        fields = (
            f"Original-Message-ID: <{ID}@BOLT>\r\nDisposition: a/b; processed\r\nReceived-Content-MIC: {mic},{name}"
        )
        part = f"Content-Type: message/disposition-notification\r\n\r\n{fields}\r\n".encode()
        raw = b"Content-Type: multipart/report; boundary=b\r\n\r\n" + mime.multipart([part], "b")
        assert judged(connection, raw).metadata["mic"].startswith(mic)
        with pytest.raises(Unknown, match="has the digest of another content"):
            judged(connection, raw, b"other")
