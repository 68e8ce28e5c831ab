"""Certificates of both sides: which is used for what at which time, while an old one and a new one overlap.

Each side may have several.  What comes is checked with any of the partner's and decrypted with any of ours; what goes
is signed with the one of ours, and encrypted for the one of the partner's, that is in use now.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from transload.canonical.errors import Stop

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True, kw_only=True)
class Theirs:
    """A certificate of the partner's, used for what goes to him from ``since`` on; ``name`` is what people call it."""

    name: str
    certificate: x509.Certificate = field(repr=False)
    since: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Own:
    """A certificate of ours with its key, used for signing from ``since`` on."""

    name: str
    certificate: x509.Certificate = field(repr=False)
    key: PrivateKey = field(repr=False)
    since: datetime | None = None


def valid(certificate: x509.Certificate, now: datetime) -> bool:
    """Whether ``now`` lies within the certificate's own dates."""
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def in_use(known: Sequence[Own] | Sequence[Theirs], now: datetime, whose: str) -> Own | Theirs:
    """The one for what goes now: of the valid ones whose ``since`` has come, that with the latest; else the first.

    Raises `Stop` where none is valid.
    """
    usable = [item for item in known if valid(item.certificate, now) and (item.since is None or item.since <= now)]
    if not usable:
        dates = ", ".join(f"{item.name}: {_dates(item)}" for item in known)
        message = f"{whose} certificate is not valid now ({dates})"
        raise Stop(message, hint="add the new one beside the old one, with since: where it is to be used later only")
    dated = [item for item in usable if item.since is not None]
    return max(dated, key=lambda item: item.since or now) if dated else usable[0]


def _dates(item: Own | Theirs) -> str:
    certificate = item.certificate
    text = f"{certificate.not_valid_before_utc:%Y-%m-%d} to {certificate.not_valid_after_utc:%Y-%m-%d}"
    return f"{text}, used from {item.since:%Y-%m-%d %H:%M}" if item.since else text


def read_certificate(text: bytes, name: str) -> x509.Certificate:
    """The first certificate of a PEM text, or one in DER.  Raises `Stop`."""
    try:
        if b"-----BEGIN" in text:
            return x509.load_pem_x509_certificates(text)[0]
        return x509.load_der_x509_certificate(text)
    except ValueError:
        message = f"the certificate {name} cannot be read"
        raise Stop(message, hint="it is in PEM form (-----BEGIN CERTIFICATE-----) or DER") from None


def read_own(certificate: str, key: str, password: str | None, name: str, since: datetime | None) -> Own:
    """Our certificate and its key from their PEM texts.  Raises `Stop`; nothing of the key is shown."""
    mine = read_certificate(certificate.encode(), name)
    try:
        private = serialization.load_pem_private_key(key.encode(), password.encode() if password else None)
    except (ValueError, TypeError):  # their words may show parts of it
        hint = "key: is its text in PEM form; an encrypted one needs password:, any other none"
        raise Stop(f"the private key of {name} cannot be read", hint=hint) from None
    if not isinstance(private, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise Stop(f"the private key of {name} is neither RSA nor EC", hint="AS2 partners use RSA")
    if private.public_key() != mine.public_key():
        raise Stop(f"the private key does not belong to the certificate {name}", hint="see own: of the connection")
    return Own(name=name, certificate=mine, key=private, since=since)
