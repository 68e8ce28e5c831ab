"""Where large payloads lie: a folder, or an object store.  Each by its SHA-256, as ``ab/cdef...``.

All shelves keep one law: what is put is durable before the ledger's commit speaks of it; the same payload lies there
once; what is got is what was put, or `LedgerError` says what to do.  So payloads may be copied from one to another.
With a key in use they lie there encrypted; which is read from each itself, so that both may lie side by side.
"""

import os
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import sha256
from itertools import chain
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any, Protocol

from transload.adapters.base.masking import masked
from transload.canonical.errors import ConfigurationError
from transload.runner.ledger.encryption import KeyMissing, Keyring, streams
from transload.runner.ledger.errors import Damaged, LedgerError, translated

PRIVATE_FOLDER = 0o700
"""Business documents are for the user that transload runs as; who may see more is that user's to say (chmod)."""
HALF = ".half-"
"""How names begin of files that are being written."""
UNTOUCHED = 3600.0
"""Seconds after which nobody is writing a file any more that was not written to."""
_CHUNK = 1024 * 1024
_MEND = "restore it from a copy under that name, or let the partner send it again"


Content = bytes | Path | Callable[[], Iterator[bytes]]
"""A payload, its file, or what gives it in parts, each time that it is called."""


class Shelf(Protocol):
    """A place for large payloads."""

    name: str
    """What people call it."""

    def put(self, content: Content) -> tuple[str, int]:
        """Keep ``content``; a file stays where it is; gives its SHA-256 and its size in bytes.

        It is written also where it lies there: it may have been damaged since.  Raises `LedgerError`.
        """
        ...

    def get(self, digest: str) -> bytes:
        """The payload.  Raises `Damaged` when it is missing or was changed, `LedgerError` when nobody can tell."""
        ...

    def raw(self, digest: str) -> Iterator[bytes]:
        """What lies there under that name, in pieces and not looked at.  Raises `LedgerError` when it is missing."""
        ...

    def lay(self, digest: str, file: Path) -> None:
        """Put back under that name what `raw` gave, as it is; durable as what is `put`.  Raises `LedgerError`."""
        ...

    def read(self, digest: str) -> Iterator[bytes]:
        """The payload in parts, for who does not want it whole; what is damaged shows at its end.  Raises as `get`."""
        ...

    def key(self, digest: str) -> str | None:
        """The name of the key under which it lies there; None: in plain.  Raises as `get`."""
        ...

    def remove(self, digest: str) -> None:
        """Take it away; that it is not there is no fault.  Raises `LedgerError`."""
        ...

    def tidy(self) -> None:
        """Remove what processes that died have left half written.  Raises `LedgerError`."""
        ...


class FolderShelf:
    """Files in ``folder``, which several hosts may have mounted: each is written under another name, then renamed.

    Without ``parents`` the folder that it lies in must be there: one that is gone is not to be made anew.
    """

    def __init__(self, folder: Path, keys: Keyring | None = None, *, parents: bool = True) -> None:
        self.folder = folder
        self._parents = parents
        self.name = str(folder)
        self._keys = keys or Keyring()

    def put(self, content: Content) -> tuple[str, int]:
        """Write the file and force it to disk."""
        return self._kept(lambda half: _written(content, half, self._keys))

    def _kept(self, write: Callable[[IO[bytes]], tuple[str, int]]) -> tuple[str, int]:
        """A file gets its name once all of it is on disk; gives what ``write`` says: its digest and size."""
        with translated(self.name):
            self.folder.mkdir(mode=PRIVATE_FOLDER, parents=self._parents, exist_ok=True)
            with NamedTemporaryFile(dir=self.folder, prefix=HALF, delete=False) as half:
                try:
                    digest, size = write(half)
                    half.flush()
                    os.fsync(half.fileno())
                    target = self._path(digest)
                    target.parent.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
                    Path(half.name).replace(target)
                except BaseException:
                    Path(half.name).unlink(missing_ok=True)
                    raise
            # A new name is safe only when its folder is on disk too.
            for folder in (target.parent, self.folder, self.folder.parent):
                _force(folder)
        return digest, size

    def get(self, digest: str) -> bytes:
        """Read the file."""
        return b"".join(self.read(digest))

    def read(self, digest: str) -> Iterator[bytes]:
        """Read the file, part by part."""
        path = self._path(digest)
        return _payload(digest, self._keys, lambda: self._chunks(path), str(path))

    def key(self, digest: str) -> str | None:
        """Read the file's beginning."""
        return _key_of(self._chunks(self._path(digest)))

    def remove(self, digest: str) -> None:
        """Remove the file, for good."""
        path = self._path(digest)
        with translated(self.name):
            path.unlink(missing_ok=True)
            if path.parent.is_dir():  # also where it was gone: whoever removed it may have died before this
                _force(path.parent)

    def tidy(self) -> None:
        """Remove them once they lie there for a while: other processes may be writing theirs."""
        before = time.time() - UNTOUCHED
        with translated(self.name):
            for half in self.folder.glob(f"{HALF}*"):
                with suppress(FileNotFoundError):  # it has its name, or another process was faster
                    if half.stat().st_mtime < before:
                        half.unlink()

    def _chunks(self, path: Path) -> Iterator[bytes]:
        try:
            with translated(self.name), path.open("rb") as stream:
                while chunk := stream.read(_CHUNK):
                    yield chunk
        except LedgerError as error:
            if not isinstance(error.__cause__, FileNotFoundError):
                raise
            if not self._holds_any():
                raise LedgerError(
                    f"the folder for payloads {self.folder} is empty or gone, and the payload {path} should be in it",
                    hint="see that its disk is mounted; what needs a payload goes on by itself then",
                ) from error
            raise Damaged(f"the payload {path} is missing", hint=_MEND) from error

    def _holds_any(self) -> bool:
        """Whether there is any payload: where all are gone at once, it is the folder that is not there."""
        with translated(self.name):
            return self.folder.is_dir() and any(path.is_dir() and len(path.name) == 2 for path in self.folder.iterdir())

    def lay(self, digest: str, file: Path) -> None:
        """Write the file and force it to disk."""
        self._kept(lambda half: (digest, sum(map(half.write, _chunks(file)))))

    def raw(self, digest: str) -> Iterator[bytes]:
        """Read the file as it is, in pieces."""
        return self._chunks(self._path(digest))

    def _path(self, digest: str) -> Path:
        return self.folder / digest[:2] / digest[2:]


class ObjectShelf:
    """Objects below ``address`` (``s3://bucket/prefix``) in a store that fsspec has a file system for.

    ``options`` gives what that takes, secrets among it, when it is first used.  The store must show an object whole or
    not at all and must have it durable when it says so, as S3, Google's and Azure's do.
    """

    def __init__(self, address: str, options: Callable[[], Mapping[str, Any]], keys: Keyring | None = None) -> None:
        self.name = address
        self._keys = keys or Keyring()
        self._options = options
        self._secrets: tuple[str, ...] = ()
        self._system: Any = None
        self._root = ""

    def put(self, content: Content) -> tuple[str, int]:
        """Upload it, and see that it lies there whole."""
        if self._keys.use is None and isinstance(content, bytes | Path):
            with translated(self.name):
                digest, size = _measured(content)
            self._upload(digest, content, size)
            return digest, size
        with translated(self.name), NamedTemporaryFile() as temporary:
            digest, size = _written(content, temporary, self._keys)
            temporary.flush()
            self._upload(digest, Path(temporary.name), temporary.tell())
        return digest, size

    def _upload(self, digest: str, content: bytes | Path, size: int) -> None:
        with self._using(f"the payload {digest[:12]} cannot be kept in") as system:
            path = self._path(digest)
            try:
                _upload(system, content, path)
            except FileNotFoundError:
                # the store has folders; but where there is no bucket it is not for us to make one
                if not system.exists(self._root.partition("/")[0] or "/"):
                    raise
                system.makedirs(path.rpartition("/")[0], exist_ok=True)
                _upload(system, content, path)
            system.invalidate_cache()
            found = system.info(path)["size"]
        if found != size:
            raise LedgerError(
                f"the payload {digest[:12]} has {found} of {size} bytes in {self.name}",
                hint="the object store lost some; nothing was acknowledged or deleted at a partner",
            )

    def get(self, digest: str) -> bytes:
        """Download it."""
        return b"".join(self.read(digest))

    def read(self, digest: str) -> Iterator[bytes]:
        """Download it, part by part."""
        return _payload(digest, self._keys, lambda: self._chunks(digest), self._called(digest))

    def key(self, digest: str) -> str | None:
        """Download its beginning."""
        return _key_of(self._chunks(digest))

    def remove(self, digest: str) -> None:
        """Delete the object; a store that keeps old versions of one still has it."""
        with self._using(f"the payload {digest[:12]} cannot be removed from") as system:
            system.invalidate_cache()
            if system.exists(self._path(digest)):
                system.rm_file(self._path(digest))

    def tidy(self) -> None:
        """Nothing: an object is there whole or not at all."""

    def _chunks(self, digest: str) -> Iterator[bytes]:
        try:
            with (
                self._using(f"the payload {digest[:12]} cannot be had from") as system,
                system.open(self._path(digest), "rb") as stream,
            ):
                while chunk := stream.read(_CHUNK):
                    yield chunk
        except LedgerError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                raise Damaged(f"the payload {self._called(digest)} is missing", hint=_MEND) from error
            raise

    def _called(self, digest: str) -> str:
        return f"{self.name}/{digest[:2]}/{digest[2:]}"

    def lay(self, digest: str, file: Path) -> None:
        """Upload it, and see that it lies there whole."""
        with self._using(f"the payload {digest[:12]} cannot be kept in") as system:
            path = self._path(digest)
            system.makedirs(path.rpartition("/")[0], exist_ok=True)
            _upload(system, file, path)
            system.invalidate_cache()
            found, size = system.info(path)["size"], file.stat().st_size
        if found != size:
            raise LedgerError(f"the payload {digest[:12]} has {found} of {size} bytes in {self.name}", hint=_MEND)

    def raw(self, digest: str) -> Iterator[bytes]:
        """Download it as it is, in pieces."""
        return self._chunks(digest)

    def _path(self, digest: str) -> str:
        return f"{self._root}/{digest[:2]}/{digest[2:]}"

    @contextmanager
    def _using(self, failed: str) -> Iterator[Any]:
        """The file system; whatever it raises becomes `LedgerError`, since each has exceptions of its own."""
        try:
            if self._system is None:
                self._open()
            yield self._system
        except (ConfigurationError, LedgerError):
            raise
        except Exception as error:
            lines = str(error).strip().splitlines()
            text = masked(lines[0] if lines else type(error).__name__, *self._secrets)
            raise LedgerError(
                f"{failed} {self.name}: {text}",
                hint="see blobs: and that the store can be reached; nothing was acknowledged or deleted at a partner",
            ) from error

    def _open(self) -> None:
        try:
            from fsspec.core import url_to_fs
        except ImportError:
            raise ConfigurationError(
                f"keeping payloads in {self.name} needs fsspec, which is not installed",
                hint='install it with: pip install "transload[object-store]", and the plug-in for your store: s3fs,'
                " gcsfs, adlfs",
            ) from None
        options = dict(self._options())
        self._secrets = tuple(_texts(options))
        try:
            # the cache of instances would keep our secrets, that of listings what was there before
            system, root = url_to_fs(self.name, skip_instance_cache=True, use_listings_cache=False, **options)
        except (ImportError, ValueError) as error:
            raise ConfigurationError(
                f"fsspec has no file system for {self.name}: {masked(str(error), *self._secrets)}",
                hint="install the plug-in for it: s3fs for s3://, gcsfs for gs://, adlfs for abfs://",
            ) from None
        self._root, self._system = root.rstrip("/"), system


def _upload(system: Any, content: bytes | Path, path: str) -> None:
    if isinstance(content, bytes):
        system.pipe_file(path, content)
    else:
        system.put_file(str(content), path)


def _chunks(content: Content) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    if not isinstance(content, Path):
        yield from content()
        return
    with content.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


def _measured(content: Content) -> tuple[str, int]:
    """The SHA-256 and the size of a payload."""
    checksum, size = sha256(), 0
    for chunk in _chunks(content):
        checksum.update(chunk)
        size += len(chunk)
    return checksum.hexdigest(), size


def _written(content: Content, stream: IO[bytes], keys: Keyring) -> tuple[str, int]:
    """Write a payload as it is to lie on a shelf; gives its SHA-256 and its size."""
    checksum, size = sha256(), 0

    def counted() -> Iterator[bytes]:
        nonlocal size
        for chunk in _chunks(content):
            checksum.update(chunk)
            size += len(chunk)
            yield chunk

    if keys.use is None:
        stream.writelines(counted())
        return checksum.hexdigest(), size
    digest, _ = _measured(content)  # to which the ciphertext is bound
    stream.writelines(streams.sealed(keys, digest, counted()))
    if checksum.hexdigest() != digest:
        raise LedgerError("a payload was changed while it was being stored", hint="let it be fetched again")
    return digest, size


def _payload(digest: str, keys: Keyring, chunks: Callable[[], Iterator[bytes]], where: str) -> Iterator[bytes]:
    """The payload in parts, out of what lies on a shelf; one in plain may begin as an encrypted one does."""
    source = chunks()
    first = next(source, b"")
    parts: Iterator[bytes] = chain([first], source)
    if first.startswith(streams.MAGIC):
        parts = streams.unsealed(keys, digest, parts)
        try:
            first = next(parts, b"")
        except (streams.Altered, zlib.error, KeyMissing) as error:
            if _sum(chunks()) != digest:
                raise (error if isinstance(error, KeyMissing) else _altered(where)) from None
            yield from chunks()
            return
        parts = chain([first], parts)
    checksum = sha256()
    try:
        for part in parts:
            checksum.update(part)
            yield part
    except (streams.Altered, zlib.error):
        raise _altered(where) from None
    if checksum.hexdigest() != digest:
        raise _altered(where)


def _altered(where: str) -> Damaged:
    return Damaged(f"the payload {where} was changed", hint=_MEND)


def _sum(chunks: Iterator[bytes]) -> str:
    checksum = sha256()
    for chunk in chunks:
        checksum.update(chunk)
    return checksum.hexdigest()


def _key_of(chunks: Iterator[bytes]) -> str | None:
    first = next(chunks, b"")
    return streams.key_name(first) if first.startswith(streams.MAGIC) else None


def _force(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _texts(value: Any) -> Iterator[str]:
    """All texts of some length within options: any may be a secret."""
    if isinstance(value, str):
        if len(value) >= _SECRET_LENGTH:
            yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)


_SECRET_LENGTH = 6
"""Shorter texts are words such as `us`, whose masking would make messages unreadable."""
