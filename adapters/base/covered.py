"""What a source has received half, or keeps on disk until the runner has it, where it must not lie there in plain.

The file is a sequence of records, each a piece of the content that was sealed by itself:

    length of what follows (4 bytes, big-endian) | the sealed piece

A piece is bound to the name of the whole and to its number, so none can be put elsewhere.  How many of them count is
said by who wrote them: what stands behind may be left of a process that ended in the midst.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from transload.canonical.errors import Retry

_LENGTH = 4
_LONGEST = 64 * 1024 * 1024
"""Bytes of a record at most: what claims to be longer was not written by us."""


class Cover(Protocol):
    """Seals what lies on disk; ``about`` is what a piece is bound to, and must be the same when it is opened."""

    def seal(self, piece: bytes, about: str) -> bytes:
        """The piece as nobody can read it."""
        ...

    def unseal(self, sealed: bytes, about: str) -> bytes:
        """The piece again.  Raises `ValueError` where it is not what was sealed, or its key is not there any more."""
        ...


@dataclass(frozen=True, kw_only=True)
class Covered:
    """A whole content of ``size`` bytes in the file at ``path``, sealed under ``cover`` as ``name``."""

    path: Path
    size: int
    name: str
    cover: Cover

    def chunks(self) -> Iterator[bytes]:
        """The content, piece by piece.  Raises `Retry` where the file is not what was written, and `OSError`."""
        left = self.size
        try:
            with self.path.open("rb") as stream:
                for piece in opened(stream, self.cover, self.name):
                    yield piece
                    left -= len(piece)
                    if left <= 0:
                        break
        except ValueError as error:
            raise Retry(f"what was kept in {self.path} cannot be read again; it is fetched anew") from error
        if left:
            raise Retry(f"what was kept in {self.path} is not whole; it is fetched anew")

    def read_bytes(self) -> bytes:
        """The content as a whole.  Raises as `chunks` does."""
        return b"".join(self.chunks())

    def unlink(self, *, missing_ok: bool = False) -> None:
        """Remove the file."""
        self.path.unlink(missing_ok=missing_ok)


def opened(stream: IO[bytes], cover: Cover, name: str) -> Iterator[bytes]:
    """The pieces from the beginning on, each once ``stream`` stands behind it; a torn record ends them.

    Raises `ValueError` where one is not what was sealed.
    """
    number = 0
    while len(head := stream.read(_LENGTH)) == _LENGTH:
        length = int.from_bytes(head, "big")
        sealed = stream.read(length) if length <= _LONGEST else b""
        if len(sealed) < length or not length:
            return
        yield cover.unseal(sealed, about(name, number))
        number += 1


def record(piece: bytes, cover: Cover, name: str, number: int) -> bytes:
    """The record of the piece with that number, from 0."""
    sealed = cover.seal(piece, about(name, number))
    return len(sealed).to_bytes(_LENGTH, "big") + sealed


def about(name: str, number: int) -> str:
    """What a piece is bound to."""
    return f"piece {number} of {name}"
