"""Several files in one message: what openssl signs and encrypts, what is refused, and what the filter makes of it."""

import contextlib
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transload.adapters.as2 import As2Connection, As2Endpoint, As2Options, mime
from transload.adapters.as2.files import FilesFilter, FilesOptions
from transload.adapters.as2.messages import Mic
from transload.adapters.base import Finding, Reject, Request
from transload.adapters.base.filter import Payload

NOW = datetime(2027, 3, 2, 8, 0, tzinfo=UTC)
BOUNDARY = "limit 1"
ORDER = b"UNB+UNOA:1+a+b\r\nUNZ\r\n"
PARTS = (
    b"Content-Type: application/edifact\r\nContent-Disposition: attachment; filename=a.edi\r\n\r\n" + ORDER,
    b"Content-Type: application/pdf; name=plan.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBE\r\nRg==",
)
HEADERS = {"content-type": f'multipart/related; type="application/edifact"; boundary="{BOUNDARY}"'}


def entity(*parts: bytes, kind: str = "related") -> bytes:
    head = {"Content-Type": HEADERS["content-type"].replace("related", kind)}
    return mime.render(head, mime.multipart(parts, BOUNDARY))


@pytest.fixture
def make(tmp_path: Path, us: Any, acme: Any) -> Any:
    for name, one in (("us", us), ("acme", acme)):
        (tmp_path / f"{name}.pem").write_text(one.pem)
        (tmp_path / f"{name}.key").write_text(one.key_pem)

    def endpoint(**options: Any) -> As2Endpoint:
        connection = As2Connection.model_validate(
            {
                "url": "http://127.0.0.1:1/as2",
                "us": "BOLT",
                "them": "ACME",
                "partner": tmp_path / "acme.pem",
                "own": {"certificate": us.pem, "key": us.key_pem},
            }
        )
        return As2Endpoint(connection, As2Options.model_validate({"files": 3, **options}))

    return endpoint


def sent(tmp_path: Path, raw: bytes) -> Request:
    """``raw`` as openssl signs it for acme and encrypts it for us."""

    def openssl(content: bytes, *arguments: str) -> bytes:
        return subprocess.run(
            ["openssl", "cms", *arguments], input=content, cwd=tmp_path, capture_output=True, check=True
        ).stdout

    signed = openssl(raw, "-sign", "-binary", "-md", "sha256", "-signer", "acme.pem", "-inkey", "acme.key")
    body = openssl(signed, "-encrypt", "-binary", "-aes-256-gcm", "-outform", "DER", "us.pem")
    headers = {
        "content-type": "application/pkcs7-mime; smime-type=authEnveloped-data; name=smime.p7m", "as2-from": "ACME",
        "as2-to": "BOLT", "message-id": "<1@acme>", "disposition-notification-to": "acme",
        "disposition-notification-options": "signed-receipt-protocol=optional, pkcs7-signature; "
        "signed-receipt-micalg=optional, sha-256",
    }  # fmt: skip
    return Request(method="POST", path="/as2", headers=headers, content=body)


def unwrapped(content: bytes, **options: Any) -> tuple[list[Payload], list[Finding]]:
    remarks: list[Finding] = []
    made = FilesFilter(FilesOptions.model_validate(options))
    return list(made.unwrap(Payload(content=content, name="m"), remarks.append)), remarks


def test_what_openssl_signs_and_encrypts_is_taken_whole(make: Any, tmp_path: Path) -> None:
    raw = entity(*PARTS)
    inbound = make().accept(sent(tmp_path, raw), NOW)
    assert inbound.findings == ()
    assert inbound.metadata["mic"] == str(Mic.of(raw, "sha256"))
    told = mime.parse(inbound.evidence["mdn"])
    assert told.headers["ediint-features"] == "multiple-attachments, AS2-Reliability"
    found, remarks = unwrapped(inbound.content)
    assert [(one.name, one.content, one.metadata["content_type"]) for one in found] == [
        ("a.edi", ORDER, "application/edifact"), ("plan.pdf", b"%PDF", "application/pdf"),
    ]  # fmt: skip
    assert remarks == []


REFUSED = {
    "one file only": ({"files": 1}, entity(*PARTS), "its content is multipart/related"),
    "more than are taken": ({}, entity(*PARTS, *PARTS), "it has more than 3 parts"),
    "no file": ({}, entity(), "it holds no file"),
    "a multipart within": (
        {},
        entity(PARTS[0].replace(b"application/edifact", b"multipart/mixed; boundary=c")),
        "a multipart within a multipart is no file",
    ),
    "no base64": ({}, entity(PARTS[1].replace(b"Rg==", b"R!")), "the content is not written in base64"),
    "another type": ({"content_types": "application/edifact"}, entity(*PARTS), "its content type is 'application/pdf'"),
    "another multipart": ({}, entity(*PARTS, kind="alternative"), "its content is multipart/alternative"),
}


@pytest.mark.parametrize(("options", "raw", "said"), REFUSED.values(), ids=REFUSED)
def test_all_of_it_is_taken_or_nothing(
    make: Any, tmp_path: Path, options: dict[str, Any], raw: bytes, said: str
) -> None:
    inbound = make(**options).accept(sent(tmp_path, raw), NOW)
    assert [one.value for one in inbound.findings] == ["unexpected-processing-error"]
    assert said in inbound.findings[0].message
    assert b"processed/error: unexpected-processing-error" in inbound.evidence["mdn"]


def test_a_single_file_is_left_as_it_is() -> None:
    for content in (b"", ORDER, b"content-type: multipart/related"):
        found, _ = unwrapped(content)
        assert [one.content for one in found] == [content]


def test_which_files_are_read() -> None:
    found, remarks = unwrapped(entity(*PARTS), content_types="application/pdf")
    assert [one.content for one in found] == [b"%PDF"]
    assert [(one.code, one.message) for one in remarks] == [
        ("R-ENTRY", "the file a.edi of m is application/edifact, which is not read")
    ]


def test_what_cannot_be_taken_apart_is_refused() -> None:
    with pytest.raises(Reject) as caught:
        unwrapped(entity(*PARTS)[:-10])
    (finding,) = caught.value.findings
    assert (finding.code, finding.message) == (
        "E-MIME", "m cannot be taken apart: the last boundary is missing: it is cut off"
    )  # fmt: skip


def test_what_is_sent_is_one_file() -> None:
    assert FilesFilter(FilesOptions()).wrap(ORDER, {}) == ORDER
    with pytest.raises(Reject, match="would be taken for several files in one message, and those are never sent"):
        FilesFilter(FilesOptions()).wrap(entity(*PARTS), {})


@settings(max_examples=200)
@given(st.binary(max_size=60), st.integers(0, 400))
def test_whatever_comes_is_read_or_refused(more: bytes, at: int) -> None:
    raw = entity(*PARTS)
    with contextlib.suppress(Reject):
        found, _ = unwrapped(raw[:at] + more + raw[at:])
        assert len(found) <= 100
