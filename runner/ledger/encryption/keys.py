"""The keys of a ledger, and what is sealed whole under one."""

import base64
import binascii
import os
import zlib
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from transload.canonical.errors import ConfigurationError
from transload.runner.ledger.errors import Damaged, LedgerError

KEY_BYTES = 32
_NONCE = 12
"""Bytes: of random ones 2^32 under one key are safe, NIST SP 800-38D section 8.3."""
TEXT = "sealed:"
"""How a sealed text begins; JSON never does."""
_LONGEST_NAME = 100
_WORTH = 200
"""Bytes from which on a text is compressed first."""


class KeyMissing(LedgerError):
    """A payload is encrypted under a key that the workspace does not name, or names another secret for."""

    code = "E-KEY"


class Keyring:
    """The keys by their names; ``use`` is that of what is written now, None: in plain.

    ``secrets`` are the keys as people write them: 32 bytes as 64 hexadecimal digits or in base64.
    Raises `ConfigurationError` where one is none.
    """

    def __init__(self, secrets: Mapping[str, str] | None = None, *, use: str | None = None) -> None:
        self.use = use
        for name in secrets or {}:
            if len(name.encode()) > _LONGEST_NAME:
                raise ConfigurationError(f"the name of a key is longer than {_LONGEST_NAME} bytes")
        self._keys = {name: _key(name, secret) for name, secret in (secrets or {}).items()}
        self._ciphers = {name: AESGCM(key) for name, key in self._keys.items()}

    @property
    def names(self) -> frozenset[str]:
        """The names of the keys that there are."""
        return frozenset(self._keys)

    def key(self, name: str) -> bytes:
        """A key.  Raises `KeyMissing`."""
        if name not in self._keys:
            raise KeyMissing(
                f"what is encrypted under the key {name!r} cannot be read: encryption: names no such key",
                hint="name it below encryption: keys: in transload.yaml, with the secret that it had",
            )
        return self._keys[name]

    def seal(self, content: bytes, about: str) -> bytes:
        """``content`` under the key in use, bound to ``about``; call it only where there is one."""
        assert self.use is not None
        self.key(self.use)
        nonce = os.urandom(_NONCE)
        return nonce + self._ciphers[self.use].encrypt(nonce, content, _bound(self.use, about))

    def unseal(self, sealed: bytes, name: str, about: str) -> bytes:
        """What was sealed under the key called ``name``.  Raises `KeyMissing`; `Damaged` where it was changed."""
        self.key(name)
        try:
            return self._ciphers[name].decrypt(sealed[:_NONCE], sealed[_NONCE:], _bound(name, about))
        except (InvalidTag, ValueError):
            raise Damaged(
                f"{about} was changed in the ledger's database, or is not under the key {name!r} of now",
                hint="see that the key has the secret that it had; else restore the database from its last copy",
            ) from None

    def seal_text(self, text: str, about: str) -> str:
        """A text as it is stored: in plain where no key is in use."""
        if self.use is None:
            return text
        content = text.encode()
        packed = zlib.compress(content, 1) if len(content) > _WORTH else b""
        packed = b"z" + packed if packed and len(packed) < len(content) else b"p" + content
        return f"{TEXT}{self.use}:{base64.b64encode(self.seal(packed, about)).decode()}"

    def open_text(self, stored: str, about: str) -> str:
        """The text.  Raises `KeyMissing`, `LedgerError`."""
        name = key_of_text(stored)
        if name is None:
            return stored
        try:
            sealed = base64.b64decode(stored.rpartition(":")[2], validate=True)
        except (binascii.Error, ValueError):
            sealed = b""
        packed = self.unseal(sealed, name, about)
        return (zlib.decompress(packed[1:]) if packed[:1] == b"z" else packed[1:]).decode()


def key_of_text(stored: str) -> str | None:
    """The name of the key under which a text is; None where it is in plain."""
    if not stored.startswith(TEXT):
        return None
    return stored.removeprefix(TEXT).rpartition(":")[0]


def _bound(name: str, about: str) -> bytes:
    return f"transload\n{name}\n{about}".encode()


def _key(name: str, secret: str) -> bytes:
    text = secret.strip()
    try:
        key = bytes.fromhex(text) if len(text) == 2 * KEY_BYTES else base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        key = b""
    if len(key) != KEY_BYTES:
        raise ConfigurationError(
            f"the key {name!r} of encryption: is none: it takes 32 bytes, in base64 or as 64 hexadecimal digits",
            hint="make one with: openssl rand -base64 32",
        )
    return key
