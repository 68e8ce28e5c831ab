"""Payloads by their SHA-256: small ones in the database, larger ones on a shelf, where there is one."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, bindparam, literal_column, or_, select

from transload.adapters.base.covered import Covered
from transload.runner.ledger.dialects import reviving
from transload.runner.ledger.encryption import Keyring
from transload.runner.ledger.errors import Damaged, Erased, LedgerError, TooLarge
from transload.runner.ledger.schema import blobs
from transload.runner.ledger.shelves import Content, Shelf

SMALL = 64 * 1024
"""Payloads of up to so many bytes are kept in the database."""
LARGEST_IN_DATABASE = 128 * 1024 * 1024
"""So many bytes at most are kept in the database where there is no shelf: its server takes a row whole into memory."""
UNDER = ";aes="
"""What stands between an encoding and the name of the key under which the payload is."""
ERASED, ERASING = "erased", "erasing"
"""Encodings of payloads that were let go: whose bytes are gone, and whose file on the shelf is to be removed."""
erasing_only = blobs.c.encoding == literal_column("'erasing'")
_gone = or_(blobs.c.encoding == literal_column("'erased'"), erasing_only)
_locked = select(blobs.c.digest, blobs.c.encoding).order_by(blobs.c.digest).with_for_update()
_row = select(blobs.c.encoding, blobs.c.data).where(blobs.c.digest == bindparam("of"))


@cache
def _reviving(dialect: str) -> Any:
    return reviving(blobs, dialect, _gone)


@dataclass(frozen=True, kw_only=True)
class Blob:
    """A payload made ready for its row; one for the shelf lies there already, and is in ``content`` or its file."""

    digest: str
    size: int
    encoding: str
    data: bytes | None = field(repr=False)
    content: Content | None = field(default=None, repr=False)


class BlobStore:
    """Keeps payloads.

    ``shelf`` gives the place for large ones, or None where they lie in the database as well; ``keys`` those under which
    payloads in the database are encrypted.
    """

    def __init__(self, shelf: Callable[[], Shelf | None], keys: Callable[[], Keyring] = Keyring) -> None:
        self._shelf = shelf
        self._keys = keys

    def prepare(self, content: bytes | Path | Covered) -> Blob:
        """Hash, compress and encrypt ``content``; a large one is put on its shelf, durably, first.

        A path is read, and left where it is.  Raises `LedgerError` when the disk is full, `TooLarge` where there is no
        shelf for it.
        """
        size = _size(content)
        if size > SMALL:
            shelf = self._shelf()
            if shelf is not None:
                source = content.chunks if isinstance(content, Covered) else content
                digest, size = shelf.put(source)
                return Blob(digest=digest, size=size, encoding="file", data=None, content=source)
            if size > LARGEST_IN_DATABASE:
                raise TooLarge(
                    f"a payload has {size} bytes, and the ledger's database takes {LARGEST_IN_DATABASE} at most",
                    hint="name a folder or an object store for large ones, with blobs: in transload.yaml",
                )
        if not isinstance(content, bytes):
            content = content.read_bytes()
        digest = sha256(content).hexdigest()
        return self._packed(digest, content)

    def insert(self, connection: Connection, *prepared: Blob) -> None:
        """Store the rows; the same payload is stored once, and cannot be let go of until the commit.

        Where one for the shelf was let go of since it was put there, it is put there once more.  Raises `LedgerError`.
        """
        shelved = {blob.digest: blob.content for blob in prepared if blob.encoding == "file"}
        if shelved:
            for row in connection.execute(_locked.where(blobs.c.digest.in_(shelved))).all():
                content = shelved[row.digest]
                if row.encoding in (ERASED, ERASING) and content is not None:
                    self._shelved(row.digest).put(content)
        rows = [
            {"digest": blob.digest, "size": blob.size, "encoding": blob.encoding, "data": blob.data}
            for blob in sorted(prepared, key=lambda blob: blob.digest)  # two with the same payloads wait in one order
        ]
        if rows:
            connection.execute(_reviving(connection.dialect.name), rows)

    def load(self, connection: Connection, digest: str) -> bytes:
        """The payload.  Raises `Damaged` when it is gone or was changed, `LedgerError` when nobody can tell."""
        row = connection.execute(_row, {"of": digest}).one_or_none()
        if row is None:
            raise LedgerError(f"the ledger holds no payload {digest[:12]}")
        return self.unpack(digest, row.encoding, row.data)

    def unpack(self, digest: str, encoding: str, data: bytes | None) -> bytes:
        """The payload of a row selected with others.

        Raises as `load` does, and `Erased` when it was let go of.
        """
        if encoding in (ERASED, ERASING):
            raise Erased(
                f"the payload {digest[:12]} was erased",
                hint="`transload show` of what it belonged to tells when, by whom and why",
            )
        if encoding == "file":
            return self._shelved(digest).get(digest)
        return self._opened(digest, encoding, data)

    def check(self, digest: str, encoding: str, data: bytes | None) -> None:
        """Look whether the payload is what its digest says, however large it is.  Raises as `unpack` does."""
        if encoding == "file":
            for _ in self._shelved(digest).read(digest):
                pass
        else:
            self._opened(digest, encoding, data)

    def key(self, digest: str, encoding: str) -> str | None:
        """The name of the key under which a payload lies; None: in plain.  Raises `LedgerError`."""
        if encoding == "file":
            return self._shelved(digest).key(digest)
        if encoding in (ERASED, ERASING):
            return self._keys().use  # there is nothing to bring under another one
        return encoding.partition(UNDER)[2] or None

    def again(self, digest: str, encoding: str, data: bytes | None) -> Blob | None:
        """A payload as it is stored now, under the key in use; None where it is already.  Raises `LedgerError`."""
        if self.key(digest, encoding) == self._keys().use:
            return None
        if encoding != "file":
            return self._packed(digest, self._opened(digest, encoding, data))
        shelf = self._shelved(digest)
        _, size = shelf.put(lambda: shelf.read(digest))
        return Blob(digest=digest, size=size, encoding=encoding, data=None)

    def remove(self, digest: str) -> None:
        """Take a payload from its shelf.  Raises `LedgerError`."""
        self._shelved(digest).remove(digest)

    def tidy(self) -> None:
        """Remove halves of files that processes have left on the shelf that died.  Raises `LedgerError`."""
        shelf = self._shelf()
        if shelf is not None:
            shelf.tidy()

    def _packed(self, digest: str, content: bytes) -> Blob:
        packed = zlib.compress(content, 1)
        encoding, data = ("zlib", packed) if len(packed) < len(content) else ("plain", content)
        keys = self._keys()
        if keys.use is not None:
            encoding += UNDER + keys.use
            data = keys.seal(data, _about(digest, encoding))
        return Blob(digest=digest, size=len(content), encoding=encoding, data=data)

    def _shelved(self, digest: str) -> Shelf:
        shelf = self._shelf()
        if shelf is None:
            raise LedgerError(
                f"the payload {digest[:12]} lies outside of the ledger's database",
                hint="say in blobs: where large payloads were kept before",
            )
        return shelf

    def _opened(self, digest: str, encoding: str, data: bytes | None) -> bytes:
        assert data is not None  # rows without data have their payload on a shelf
        kind, _, key = encoding.partition(UNDER)
        content = bytes(data)
        if key:
            content = self._keys().unseal(content, key, _about(digest, encoding))
        try:
            content = zlib.decompress(content) if kind == "zlib" else content
        except zlib.error:
            content = b""
        if sha256(content).hexdigest() != digest:
            raise Damaged(
                f"the payload {digest[:12]} was changed in the ledger's database",
                hint="restore the database from its last copy, or let the partner send it again",
            )
        return content


def _size(content: bytes | Path | Covered) -> int:
    if isinstance(content, bytes):
        return len(content)
    return content.size if isinstance(content, Covered) else content.stat().st_size


def _about(digest: str, encoding: str) -> str:
    """What an encrypted payload in the database is bound to, and called."""
    return f"the payload {digest} ({encoding})"
