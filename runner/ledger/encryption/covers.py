"""Pieces of what sources have received half, under the key in use."""

from transload.runner.ledger.encryption.keys import Keyring
from transload.runner.ledger.errors import LedgerError


class KeyCover:
    """Seals under the key in use of ``keys``; the name of the key stands before each piece, so that keys may change.

    length of the key's name (1 byte) | name | what `Keyring.seal` gives
    """

    def __init__(self, keys: Keyring) -> None:
        self._keys = keys

    def seal(self, piece: bytes, about: str) -> bytes:
        """Seal it; call it only where a key is in use."""
        assert self._keys.use is not None
        name = self._keys.use.encode()
        return bytes([len(name)]) + name + self._keys.seal(piece, about)

    def unseal(self, sealed: bytes, about: str) -> bytes:
        """Open it.  Raises `ValueError` where it is another's, was changed, or its key is not there any more."""
        length = sealed[0] + 1 if sealed else 1
        name = sealed[1:length].decode("utf-8", "replace")
        try:
            return self._keys.unseal(sealed[length:], name, about)
        except LedgerError as error:
            raise ValueError(error.message) from error


def cover_of(keys: Keyring) -> KeyCover | None:
    """What seals scratch files; None where payloads lie in plain as well."""
    return KeyCover(keys) if keys.use is not None else None
