"""TLS as a connection wants it: whom to trust, what we show, and what the other side showed.

A private key never lies on the disk in the clear: what OpenSSL can only read from a file is
written there encrypted, under a password that nobody else knows, and removed at once.
"""

import base64
import re
import secrets
import socket
import ssl
import tempfile
from binascii import Error as NotBase64
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import certifi
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from pydantic import AfterValidator, Field, ValidationInfo, field_validator
from urllib3.util.ssl_ import create_urllib3_context

from transload.adapters.base.settings import ONE_OR_MORE, Secret, Settings
from transload.canonical.errors import Stop

_HEX = re.compile(r"[0-9a-f]{64}")


def _digest(value: str) -> str:
    """A pin in its one form, 64 hexadecimal digits; it may be written with colons, or in base64 as ``SHA256:...``."""
    text = value.strip().removeprefix("sha256//").removeprefix("SHA256:").removeprefix("sha256:")
    plain = text.replace(":", "").lower()
    if _HEX.fullmatch(plain):
        return plain
    try:
        found = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (NotBase64, ValueError):
        found = b""
    if len(found) != 32:
        raise ValueError(f"{value[:80]!r} is no SHA-256 fingerprint; write 64 hexadecimal digits, or SHA256:BASE64")
    return found.hex()


class Tls(Settings):
    """Certificates, the other side's and ours."""

    ca: Path | None = Field(default=None, description="PEM file of the authorities to trust instead of the usual ones.")
    pins: Annotated[tuple[Annotated[str, AfterValidator(_digest)], ...], ONE_OR_MORE] = Field(
        default=(),
        description="SHA-256 fingerprints of the server's certificate or of its public key, one of which it must have; "
        "two of them while the partner changes it.",
    )
    verify: bool = Field(
        default=True,
        description="Whether an authority must vouch for the server's certificate; false only where pins name it.",
    )
    certificate: Secret | None = Field(
        default=None, description="Text of our own certificate in PEM form (mutual TLS): ${file:keys/client.pem}"
    )
    key: Secret | None = Field(
        default=None,
        description="Text of its private key in PEM form, if not in the same text: ${file:keys/client.key}",
    )
    password: Secret | None = Field(default=None, description="Password of the private key.")

    @field_validator("verify")
    @classmethod
    def _trusts_somebody(cls, value: bool, info: ValidationInfo) -> bool:
        if not value and not info.data.get("pins", True):
            raise ValueError(
                "without an authority and without pins any server would be taken for the partner's; "
                "write its fingerprint under pins: (a probe shows it)"
            )
        return value

    @field_validator("key")
    @classmethod
    def _has_certificate(cls, value: Secret | None, info: ValidationInfo) -> Secret | None:
        if value is not None and info.data.get("certificate", True) is None:
            raise ValueError("a key without a certificate has no use")
        return value


@dataclass(frozen=True, kw_only=True)
class Peer:
    """What the other side of a TLS connection showed: its certificate is DER."""

    version: str
    cipher: str
    certificate: bytes

    @cached_property
    def parsed(self) -> x509.Certificate:
        """The certificate, taken apart."""
        return x509.load_der_x509_certificate(self.certificate)

    @property
    def until(self) -> datetime:
        """When the certificate ends, UTC."""
        return self.parsed.not_valid_after_utc

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, 64 hexadecimal digits."""
        return sha256(self.certificate).hexdigest()

    @property
    def key_fingerprint(self) -> str:
        """SHA-256 of the public key (SubjectPublicKeyInfo, RFC 7469), which may outlive the certificate."""
        key = self.parsed.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return sha256(key).hexdigest()


def peer_of(sock: Any) -> Peer | None:
    """The other side of ``sock``; None where it speaks no TLS."""
    if not isinstance(sock, ssl.SSLSocket):
        return None
    certificate = sock.getpeercert(binary_form=True)
    cipher = sock.cipher()
    if certificate is None:
        return None
    return Peer(version=sock.version() or "", cipher=cipher[0] if cipher else "", certificate=certificate)


def check_pins(peer: Peer | None, pins: tuple[str, ...]) -> None:
    """Raise `ssl.SSLCertVerificationError` when ``pins`` are given and the other side has none of them."""
    if not pins:
        return
    try:
        found = [peer.fingerprint, peer.key_fingerprint] if peer else []
    except ValueError:  # a certificate that cannot be taken apart: its own fingerprint is still one
        found = [peer.fingerprint] if peer else []
    if not set(found) & set(pins):
        shown = f"SHA256 {found[0]}" if found else "none"
        raise ssl.SSLCertVerificationError(f"the server's certificate ({shown}) is not one of the pinned ones")


def context_of(tls: Tls) -> ssl.SSLContext:
    """The context that ``tls`` asks for: TLS 1.2 at least.

    Raises `Stop` when a file or a text is not what it should be.
    """
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED if tls.verify else ssl.CERT_NONE)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = tls.verify
    if tls.verify:
        try:
            context.load_verify_locations(cafile=str(tls.ca) if tls.ca else certifi.where())
        except (OSError, ssl.SSLError) as error:
            why = (
                error.strerror
                if isinstance(error, OSError) and error.strerror
                else "it holds no certificate in PEM form"
            )
            raise Stop(f"the authorities in {tls.ca} cannot be used: {why}", hint="correct tls: ca:") from error
    if tls.certificate is not None:
        _show(context, tls, tls.certificate.get_secret_value())
    return context


def own_certificate(tls: Tls) -> x509.Certificate | None:
    """The certificate that we show; None without one.  Raises `Stop` when it cannot be read."""
    if tls.certificate is None:
        return None
    try:
        return x509.load_pem_x509_certificates(tls.certificate.get_secret_value().encode())[0]
    except ValueError:
        message = "our own certificate cannot be read"
        raise Stop(
            message, hint="tls: certificate: is its text in PEM form, as ${file:keys/client.pem} gives it"
        ) from None


def _show(context: ssl.SSLContext, tls: Tls, text: str) -> None:
    """Load our own certificate and key."""
    own_certificate(tls)
    source = tls.key.get_secret_value() if tls.key else text
    password = tls.password.get_secret_value().encode() if tls.password else None
    try:
        key = serialization.load_pem_private_key(_key_block(source), password)
    except (ValueError, TypeError):  # their words may show parts of it
        message = "the private key of our certificate cannot be read"
        hint = "tls: key: is its text in PEM form; an encrypted one needs password:, any other none"
        raise Stop(message, hint=hint) from None
    lock = secrets.token_bytes(24).hex().encode()
    sealed = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(lock),
    )
    with tempfile.TemporaryDirectory(prefix="transload-") as folder:
        path = Path(folder, "own.pem")
        path.write_bytes(_certificates(text) + sealed)
        try:
            context.load_cert_chain(path, password=lock)
        except ssl.SSLError:
            message = "the private key does not belong to our certificate"
            raise Stop(message, hint="tls: certificate: holds our own first, then those that vouch for it") from None


_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)


def _key_block(text: str) -> bytes:
    """The private key in a PEM text that may hold certificates too."""
    found = [match[0] for match in _BLOCK.finditer(text) if match[1].endswith("PRIVATE KEY")]
    return (found[0] if found else text).encode()


def _certificates(text: str) -> bytes:
    blocks = [match[0] for match in _BLOCK.finditer(text) if match[1] == "CERTIFICATE"]
    return "".join(f"{block}\n" for block in blocks).encode()


def look_at(host: str, port: int, *, seconds: float) -> Peer | None:
    """What a server shows to anybody, whoever vouches for it: nothing is sent but the handshake; None when it fails."""
    context = create_urllib3_context(cert_reqs=ssl.CERT_NONE)
    context.check_hostname = False
    try:
        with (
            socket.create_connection((host, port), timeout=seconds) as plain,
            context.wrap_socket(plain, server_hostname=host) as secured,
        ):
            return peer_of(secured)
    except (OSError, ValueError):
        return None
