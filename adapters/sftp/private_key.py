"""The private key of a connection, from its text in any of the usual forms."""

import io

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    load_ssh_private_key,
)

from transload.adapters.base import Stop
from transload.adapters.sftp.settings import SftpConnection

_Key = RSAPrivateKey | EllipticCurvePrivateKey | Ed25519PrivateKey
_CLASSES: dict[type[_Key], type[paramiko.PKey]] = {
    RSAPrivateKey: paramiko.RSAKey,
    EllipticCurvePrivateKey: paramiko.ECDSAKey,
    Ed25519PrivateKey: paramiko.Ed25519Key,
}
_HINT = "give the whole text of an OpenSSH or PEM private key (Ed25519, ECDSA or RSA), and its passphrase"


def private_key(settings: SftpConnection) -> paramiko.PKey | None:
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
    for kind, wanted in _CLASSES.items():
        if isinstance(loaded, kind):
            plain = loaded.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
            return wanted.from_private_key(io.StringIO(plain.decode()))
    raise Stop("the private key is of a kind that is not supported", hint=_HINT)


def _loaded(text: bytes, passphrase: bytes | None) -> object:
    load = load_ssh_private_key if b"BEGIN OPENSSH" in text else load_pem_private_key
    try:
        return load(text, passphrase)
    except TypeError:  # how the library says that a passphrase is missing, or was given without need
        if passphrase is None:
            raise Stop("the private key has a passphrase", hint="give it as passphrase") from None
        return load(text, None)
