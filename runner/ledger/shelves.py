"""Where large payloads lie: a folder, or an object store.  Each by its SHA-256, as ``ab/cdef...``.

All shelves keep one law: what is put is durable before the ledger's commit speaks of it; the same payload lies there
once; what is got is what was put, or `LedgerError` says what to do.  So payloads may be copied from one to another.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Protocol

from transload.adapters.base.masking import masked
from transload.canonical.errors import ConfigurationError
from transload.runner.ledger.errors import LedgerError, translated

PRIVATE_FOLDER = 0o700
"""Business documents are for the user that transload runs as; who may see more is that user's to say (chmod)."""
_CHUNK = 1024 * 1024
_MEND = "restore it from a copy under that name, or let the partner send it again"


class Shelf(Protocol):
    """A place for large payloads."""

    name: str
    """What people call it."""

    def put(self, content: bytes | Path) -> tuple[str, int]:
        """Keep ``content``, or that of a file, which stays where it is; gives its SHA-256 and its size in bytes.

        It is written also where it lies there: it may have been damaged since.  Raises `LedgerError`.
        """
        ...

    def get(self, digest: str) -> bytes:
        """The payload.  Raises `LedgerError` when it is missing or damaged."""
        ...

    def raw(self, digest: str) -> Iterator[bytes]:
        """What lies there under that name, in pieces and not looked at.  Raises `LedgerError` when it is missing."""
        ...

    def lay(self, digest: str, file: Path) -> None:
        """Put back under that name what `raw` gave, as it is; durable as what is `put`.  Raises `LedgerError`."""
        ...


class FolderShelf:
    """Files in ``folder``, which several hosts may have mounted: each is written under another name, then renamed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = str(folder)

    def put(self, content: bytes | Path) -> tuple[str, int]:
        """Write the file and force it to disk."""
        checksum, size = sha256(), 0
        with translated(self.name):
            self.folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
            with NamedTemporaryFile(dir=self.folder, delete=False) as temporary:
                try:
                    for chunk in _chunks(content):
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
        return checksum.hexdigest(), size

    def get(self, digest: str) -> bytes:
        """Read the file."""
        path = self._path(digest)
        try:
            with translated(self.name):
                content = path.read_bytes()
        except LedgerError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                raise LedgerError(f"the payload {path} is missing", hint=_MEND) from error
            raise
        return _checked(content, digest, str(path))

    def lay(self, digest: str, file: Path) -> None:
        """Write the file and force it to disk."""
        target = self._path(digest)
        with translated(self.name):
            target.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
            with NamedTemporaryFile(dir=self.folder, delete=False) as temporary:
                try:
                    temporary.writelines(_chunks(file))
                    temporary.flush()
                    os.fsync(temporary.fileno())
                    Path(temporary.name).replace(target)
                except BaseException:
                    Path(temporary.name).unlink(missing_ok=True)
                    raise
            for folder in (target.parent, self.folder, self.folder.parent):
                descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)

    def raw(self, digest: str) -> Iterator[bytes]:
        """Read the file in pieces."""
        path = self._path(digest)
        with translated(self.name):
            try:
                yield from _chunks(path)
            except FileNotFoundError as error:
                raise LedgerError(f"the payload {path} is missing", hint=_MEND) from error

    def _path(self, digest: str) -> Path:
        return self.folder / digest[:2] / digest[2:]


class ObjectShelf:
    """Objects below ``address`` (``s3://bucket/prefix``) in a store that fsspec has a file system for.

    ``options`` gives what that takes, secrets among it, when it is first used.  The store must show an object whole or
    not at all and must have it durable when it says so, as S3, Google's and Azure's do.
    """

    def __init__(self, address: str, options: Callable[[], Mapping[str, Any]]) -> None:
        self.name = address
        self._options = options
        self._secrets: tuple[str, ...] = ()
        self._system: Any = None
        self._root = ""

    def put(self, content: bytes | Path) -> tuple[str, int]:
        """Upload it, and see that it lies there whole."""
        checksum, size = sha256(), 0
        with translated(self.name):
            for chunk in _chunks(content):
                checksum.update(chunk)
                size += len(chunk)
        digest = checksum.hexdigest()
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
        return digest, size

    def get(self, digest: str) -> bytes:
        """Download it."""
        path = f"{self.name}/{digest[:2]}/{digest[2:]}"
        try:
            with self._using(f"the payload {digest[:12]} cannot be had from") as system:
                content: bytes = system.cat_file(self._path(digest))
        except LedgerError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                raise LedgerError(f"the payload {path} is missing", hint=_MEND) from error
            raise
        return _checked(content, digest, path)

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
        """Download it in pieces."""
        with self._using(f"the payload {digest[:12]} cannot be had from") as system:
            try:
                with system.open(self._path(digest), "rb") as stream:
                    while chunk := stream.read(_CHUNK):
                        yield chunk
            except FileNotFoundError as error:
                path = f"{self.name}/{digest[:2]}/{digest[2:]}"
                raise LedgerError(f"the payload {path} is missing", hint=_MEND) from error

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


def _chunks(content: bytes | Path) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


def _checked(content: bytes, digest: str, where: str) -> bytes:
    if sha256(content).hexdigest() != digest:
        raise LedgerError(f"the payload {where} was changed", hint=_MEND)
    return content


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
