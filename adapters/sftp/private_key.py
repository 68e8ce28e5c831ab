"""The private key of a connection, from its text in any of the usual forms."""

import base64
import io
from datetime import UTC, datetime

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    SSHCertificate,
    SSHCertificateType,
    load_pem_private_key,
    load_ssh_private_key,
    load_ssh_public_identity,
)

from transload.adapters.base import Stop
from transload.adapters.sftp.legacy import LegacyRsaKey
from transload.adapters.sftp.settings import Account

_Key = RSAPrivateKey | EllipticCurvePrivateKey | Ed25519PrivateKey
_CLASSES: dict[type[_Key], type[paramiko.PKey]] = {
    RSAPrivateKey: paramiko.RSAKey,
    EllipticCurvePrivateKey: paramiko.ECDSAKey,
    Ed25519PrivateKey: paramiko.Ed25519Key,
}
_HINT = "give the whole text of an OpenSSH or PEM private key (Ed25519, ECDSA or RSA), and its passphrase"


def private_key(settings: Account) -> paramiko.PKey | None:
    """The key to log in with, decrypted; None when the connection has none.

    OpenSSH, PKCS #1, SEC 1 and PKCS #8 texts are understood; a passphrase that a key does not
    need is ignored, as OpenSSH does.  Raises `Stop` for a text that is none, a missing or
    wrong passphrase, and other kinds of key.  The text is never part of an error.
    """
    if settings.key is None:
        return None
    text = settings.key.get_secret_value().strip().replace("\r\n", "\n") + "\n"
    passphrase = settings.passphrase.get_secret_value() if settings.passphrase else None
    try:
        loaded = _loaded(text.encode(), passphrase.encode() if passphrase else None)
    except (ValueError, UnsupportedAlgorithm):
        # The library's own words may speak of the key's content, so they go no further.
        raise Stop("the private key cannot be read", hint=_HINT) from None
    legacy: dict[type[_Key], type[paramiko.PKey]] = {RSAPrivateKey: LegacyRsaKey} if settings.legacy else {}
    classes = _CLASSES | legacy
    for kind, wanted in classes.items():
        if isinstance(loaded, kind):
            plain = loaded.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
            return _certified(wanted.from_private_key(io.StringIO(plain.decode())), loaded, settings.certificate)
    raise Stop("the private key is of a kind that is not supported", hint=_HINT)


def _certified(key: paramiko.PKey, loaded: _Key, certificate: str | None) -> paramiko.PKey:
    """The key with its certificate, which must be a user's, signed for it, and in force (OpenSSH PROTOCOL.certkeys)."""
    if certificate is None:
        return key
    text = " ".join(certificate.split())
    try:
        found = load_ssh_public_identity(text.encode())
        if not isinstance(found, SSHCertificate):
            raise Stop("the certificate is a plain public key", hint="give the text of the -cert.pub file")
        signed = found.public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise Stop("the certificate cannot be read", hint="give the whole line of the -cert.pub file") from None
    if found.type is not SSHCertificateType.USER:
        raise Stop("the certificate is one of a host", hint="ask the partner for a user certificate")
    if _public(signed) != _public(loaded.public_key()):
        raise Stop("the certificate was signed for another key", hint="give the key and the certificate of one login")
    end = found.valid_before
    if end < datetime.now(UTC).timestamp():
        day = datetime.fromtimestamp(end, UTC)
        raise Stop(f"the certificate was valid until {day:%Y-%m-%d %H:%M} UTC", hint="ask the partner for a new one")
    blob = base64.b64decode(text.split()[1])
    key.load_certificate(paramiko.Message(blob))
    return key


def _public(key: object) -> bytes:
    assert isinstance(key, RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey)
    return key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)


def _loaded(text: bytes, passphrase: bytes | None) -> object:
    load = load_ssh_private_key if b"BEGIN OPENSSH" in text else load_pem_private_key
    try:
        return load(text, passphrase)
    except TypeError:  # how the library says that a passphrase is missing, or was given without need
        if passphrase is None:
            raise Stop("the private key has a passphrase", hint="give it as passphrase") from None
        return load(text, None)
