"""Large payloads under a key, in pieces, so that no more than a piece is in memory.

The construction is STREAM (Hoang, Reyhanitabar, Rogaway, Vizar, CRYPTO 2015), with a key for each payload as Google's
Tink derives it (AES-GCM-HKDF streaming): the nonce of a piece is a random beginning, its number, and whether it is the
last one.  So no piece can be left out, doubled, moved, or cut off, and none be taken from another payload.

    transload-aes-1 LF | length of the key's name | name | salt (32) | beginning of nonces (7) | pieces

A piece is 65,536 bytes, the last one at most so many, with a tag of 16 more.  What is in them is compressed (zlib).
"""

import os
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from transload.runner.ledger.encryption.keys import KEY_BYTES, Keyring

MAGIC = b"transload-aes-1\n"
_SALT, _PREFIX, _TAG = 32, 7, 16
PIECE = 64 * 1024
_MOST_PIECES = 2**32
LONGEST_HEAD = len(MAGIC) + 1 + 255 + _SALT + _PREFIX


class Altered(ValueError):
    """The ciphertext is not what was written under this key for this payload."""


def sealed(keys: Keyring, digest: str, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """``chunks`` of the payload with that ``digest``, compressed and under the key in use."""
    assert keys.use is not None
    name, salt, prefix = keys.use.encode(), os.urandom(_SALT), os.urandom(_PREFIX)
    yield MAGIC + bytes([len(name)]) + name + salt + prefix
    cipher = _cipher(keys, keys.use, salt, digest)
    waiting, number = bytearray(), 0
    for part in _packed(chunks):
        waiting += part
        while len(waiting) > PIECE:  # the last piece is known only at the end
            yield cipher.encrypt(_nonce(prefix, number, last=False), bytes(waiting[:PIECE]), None)
            del waiting[:PIECE]
            number += 1
    yield cipher.encrypt(_nonce(prefix, number, last=True), bytes(waiting), None)


def unsealed(keys: Keyring, digest: str, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The payload again, in parts of any size.  Raises `Altered`, and `KeyMissing` before any part."""
    source = iter(chunks)
    waiting = bytearray()

    def fill(wanted: int) -> bool:
        while len(waiting) < wanted:
            part = next(source, None)
            if part is None:
                return False
            waiting.extend(part)
        return True

    fill(LONGEST_HEAD)
    head = _Head.of(bytes(waiting[:LONGEST_HEAD]))
    del waiting[: head.length]
    cipher = _cipher(keys, head.key, head.salt, digest)
    unpack, number, more = zlib.decompressobj(), 0, True
    while more:
        more = fill(PIECE + _TAG + 1)
        piece = bytes(waiting[: PIECE + _TAG])
        del waiting[: PIECE + _TAG]
        try:
            packed = cipher.decrypt(_nonce(head.prefix, number, last=not more), piece, None)
        except (InvalidTag, ValueError):
            raise Altered from None
        yield from _opened(unpack, packed)
        number += 1
    if not unpack.eof:
        raise Altered


def key_name(beginning: bytes) -> str | None:
    """The name of the key of what begins so; None where it is not encrypted."""
    try:
        return _Head.of(beginning[:LONGEST_HEAD]).key
    except Altered:
        return None


@dataclass(frozen=True, kw_only=True)
class _Head:
    key: str
    salt: bytes
    prefix: bytes
    length: int

    @classmethod
    def of(cls, beginning: bytes) -> Self:
        """The head that a ciphertext begins with.  Raises `Altered`."""
        begin = len(MAGIC) + 1
        if not beginning.startswith(MAGIC) or len(beginning) < begin:
            raise Altered
        end = begin + beginning[len(MAGIC)]
        length = end + _SALT + _PREFIX
        if len(beginning) < length:
            raise Altered
        return cls(
            key=beginning[begin:end].decode("utf-8", "replace"),
            salt=beginning[end : end + _SALT],
            prefix=beginning[end + _SALT : length],
            length=length,
        )


def _packed(chunks: Iterable[bytes]) -> Iterator[bytes]:
    pack = zlib.compressobj(1)
    for chunk in chunks:
        yield pack.compress(chunk)
    yield pack.flush()


def _opened(unpack: "zlib._Decompress", packed: bytes) -> Iterator[bytes]:
    """What ``packed`` holds, a piece of it at a time: a small one may be very much."""
    while packed:
        part = unpack.decompress(packed, 16 * PIECE)
        packed = unpack.unconsumed_tail
        if part:
            yield part
        elif not packed:
            return


def _cipher(keys: Keyring, name: str, salt: bytes, digest: str) -> AESGCM:
    info = f"transload payload\n{name}\n{digest}".encode()
    return AESGCM(HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=salt, info=info).derive(keys.key(name)))


def _nonce(prefix: bytes, number: int, *, last: bool) -> bytes:
    if number >= _MOST_PIECES:
        raise ValueError("a payload of more than 256 TiB cannot be encrypted")
    return prefix + number.to_bytes(4, "big") + bytes([last])
