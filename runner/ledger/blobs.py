"""Payloads by their SHA-256: small ones in the database, larger ones as files beside it."""

import os
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile

from sqlalchemy import Connection, bindparam, select

from transload.runner.ledger.database import insert_missing
from transload.runner.ledger.errors import LedgerError, translated
from transload.runner.ledger.schema import blobs

SMALL = 64 * 1024
"""Payloads of up to so many bytes are kept in the database."""
PRIVATE_FOLDER = 0o700
"""Business documents are for the user that transload runs as; who may see more is that user's to say (chmod)."""
_CHUNK = 1024 * 1024
_row = select(blobs.c.encoding, blobs.c.data).where(blobs.c.digest == bindparam("of"))


@dataclass(frozen=True, kw_only=True)
class Blob:
    """A payload made ready for its row; a large one is already on disk."""

    digest: str
    size: int
    encoding: str
    data: bytes | None


class BlobStore:
    """Keeps payloads; ``folder`` takes the large ones, each once, as ``ab/cdef...``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def prepare(self, content: bytes | Path) -> Blob:
        """Hash and compress ``content``; a large one is written to its file and forced to disk first.

        A path is read, and left where it is.  Raises `LedgerError` when the disk is full.
        """
        if isinstance(content, Path):
            if content.stat().st_size > SMALL:
                with content.open("rb") as stream:
                    return self._to_file(iter(lambda: stream.read(_CHUNK), b""))
            content = content.read_bytes()
        digest = sha256(content).hexdigest()
        if len(content) <= SMALL:
            packed = zlib.compress(content, 1)
            if len(packed) < len(content):
                return Blob(digest=digest, size=len(content), encoding="zlib", data=packed)
            return Blob(digest=digest, size=len(content), encoding="plain", data=content)
        return self._to_file([content])  # also where the file is there: it may have been damaged since

    def insert(self, connection: Connection, *prepared: Blob) -> None:
        """Store the rows; the same payload is stored once."""
        rows = [{"digest": b.digest, "size": b.size, "encoding": b.encoding, "data": b.data} for b in prepared]
        insert_missing(connection, blobs, rows)

    def load(self, connection: Connection, digest: str) -> bytes:
        """The payload.  Raises `LedgerError` when it is gone or damaged."""
        row = connection.execute(_row, {"of": digest}).one_or_none()
        if row is None:
            raise LedgerError(f"the ledger holds no payload {digest[:12]}")
        return self.unpack(digest, row.encoding, row.data)

    def unpack(self, digest: str, encoding: str, data: bytes | None) -> bytes:
        """The payload of a row selected with others.  Raises `LedgerError` when its file is gone or damaged."""
        if encoding == "file":
            with translated(str(self.folder)):
                content = self._path(digest).read_bytes()
            if sha256(content).hexdigest() != digest:
                raise LedgerError(f"the payload in {self._path(digest)} was changed", hint="restore it from a copy")
            return content
        assert data is not None  # rows without data have a file
        return zlib.decompress(data) if encoding == "zlib" else data

    def _path(self, digest: str) -> Path:
        return self.folder / digest[:2] / digest[2:]

    def _to_file(self, chunks: Iterable[bytes]) -> Blob:
        checksum, size = sha256(), 0
        with translated(str(self.folder)):
            self.folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
            with NamedTemporaryFile(dir=self.folder, delete=False) as temporary:
                try:
                    for chunk in chunks:
                        checksum.update(chunk)
                        size += len(chunk)
                        temporary.write(chunk)
                    temporary.flush()
                    os.fsync(temporary.fileno())
                    target = self._path(checksum.hexdigest())
                    target.parent.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
                    Path(temporary.name).replace(target)
                except BaseException:
                    Path(temporary.name).unlink(missing_ok=True)
                    raise
            # A new name is safe only when its folder is on disk too.
            for folder in (target.parent, self.folder, self.folder.parent):
                descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
        return Blob(digest=checksum.hexdigest(), size=size, encoding="file", data=None)
