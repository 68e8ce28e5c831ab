"""The ciphers of messages: AES and triple DES in CBC, whose garbling nobody notices, and AES in GCM, which notices it.

GCM is as RFC 5084 has it: a nonce of 12 bytes, and a tag that is checked before any of the content is given out.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, CipherAlgorithm, algorithms, modes

CIPHERS = {
    "aes128": "aes128_cbc",
    "aes192": "aes192_cbc",
    "aes256": "aes256_cbc",
    "aes128-gcm": "aes128_gcm",
    "aes192-gcm": "aes192_gcm",
    "aes256-gcm": "aes256_gcm",
    "3des": "tripledes_3key",
}
"""The names that CMS has for them, by those that a partner file has."""
KEY_BYTES = {name: 24 if name == "tripledes_3key" else int(name[3:6]) // 8 for name in CIPHERS.values()}
TAG_BYTES = 16
NONCE_BYTES = 12
_SHORTEST_TAG = 12
_PIECE = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Encrypted:
    """What was encrypted, in pieces, with the key and the vector (or nonce) of this message alone; ``tag`` of GCM."""

    key: bytes = field(repr=False)
    vector: bytes
    pieces: list[bytes] = field(repr=False)
    tag: bytes = b""


def proves_itself(name: str) -> bool:
    """Whether a cipher notices what was changed."""
    return name.endswith("_gcm")


def encrypted(content: bytes, name: str) -> Encrypted:
    """``content`` encrypted with a new key."""
    key = secrets.token_bytes(KEY_BYTES[name])
    if proves_itself(name):
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealing: Any = Cipher(algorithms.AES(key), modes.GCM(nonce)).encryptor()
        pieces = [*map(sealing.update, _pieces(content)), sealing.finalize()]
        return Encrypted(key=key, vector=nonce, pieces=pieces, tag=sealing.tag)
    algorithm = _algorithm(name, key)
    vector = secrets.token_bytes(_block(name))
    padder = padding.PKCS7(len(vector) * 8).padder()
    encryptor = Cipher(algorithm, modes.CBC(vector)).encryptor()
    pieces = [encryptor.update(padder.update(piece)) for piece in _pieces(content)]
    pieces += [encryptor.update(padder.finalize()), encryptor.finalize()]
    return Encrypted(key=key, vector=vector, pieces=pieces)


def decrypted(content: bytes, name: str, key: bytes, vector: bytes, *, tag: bytes = b"", beside: bytes = b"") -> bytes:
    """``content`` decrypted; raises ValueError where it does not decrypt, or is not what was encrypted.

    ``beside`` is what GCM proves together with it.
    """
    if proves_itself(name):
        if len(vector) != NONCE_BYTES or not _SHORTEST_TAG <= len(tag) <= TAG_BYTES:
            raise ValueError("the nonce or the tag has a length that is not taken")
        opening = Cipher(algorithms.AES(key), modes.GCM(vector, tag, min_tag_length=_SHORTEST_TAG)).decryptor()
        opening.authenticate_additional_data(beside)
        pieces = [*map(opening.update, _pieces(content))]
        try:
            return b"".join([*pieces, opening.finalize()])
        except InvalidTag:
            raise ValueError("it was changed") from None
    if len(vector) != _block(name):
        raise ValueError("the vector has another length than a block")
    decryptor = Cipher(_algorithm(name, key), modes.CBC(vector)).decryptor()
    unpadder = padding.PKCS7(len(vector) * 8).unpadder()
    plain = [unpadder.update(decryptor.update(piece)) for piece in _pieces(content)]
    return b"".join([*plain, unpadder.update(decryptor.finalize()), unpadder.finalize()])


def _block(name: str) -> int:
    return 8 if name == "tripledes_3key" else 16


def _pieces(content: bytes) -> Iterator[bytes]:
    """``content`` bit by bit, so that no step holds a copy of all of it."""
    return (content[at : at + _PIECE] for at in range(0, len(content), _PIECE))


def _algorithm(name: str, key: bytes) -> CipherAlgorithm:
    if name != "tripledes_3key":
        return algorithms.AES(key)
    try:
        from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
    except ImportError:  # before 43 it stood with the others
        from cryptography.hazmat.primitives.ciphers.algorithms import TripleDES
    return TripleDES(key)
