"""The files of an SFTP server as a file store (draft-ietf-secsh-filexfer-02, the version 3 that servers speak)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from stat import S_ISDIR, S_ISREG
from typing import Any

import paramiko

from transload.adapters.base import Retry
from transload.adapters.base.folders import Entry, Failed, FileStore, Missing, Taken
from transload.adapters.sftp.abilities import abilities
from transload.adapters.sftp.errors import translated
from transload.adapters.sftp.session import Session
from transload.canonical.findings import Finding

_BLOCK = 32 * 1024  # the most that every server answers in one read
_WINDOW = 32  # blocks asked for at a time: a megabyte is on its way while we wait
_SECOND = 1_000_000_000
_ASKING = "_prefetch_thread"
"""The library's method that asks for blocks, in a thread of its own; there is no public way to it."""


class RemoteStore(FileStore):
    """The files that an open session sees.  Paths are the server's; relative ones begin where the login does."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._client = session.client

    def list(self, folder: str) -> list[Entry]:
        """The regular files in ``folder``, as the server lists them."""
        with self._translated(folder):
            listed = self._client.listdir_attr(folder)
        found = []
        for facts in listed:
            path = facts.filename if folder in ("", ".") else f"{folder.rstrip('/')}/{facts.filename}"
            if facts.st_mode is None or facts.st_size is None or facts.st_mtime is None:
                entry = self.look(path)  # a server that lists names only
            else:
                entry = _entry(path, facts)
            if entry is not None:
                found.append(replace(entry, name=facts.filename) if "/" in facts.filename else entry)
        return found

    def look(self, path: str) -> Entry | None:
        """The regular file at ``path``, or None."""
        facts = self._facts(path)
        return _entry(path, facts) if facts else None

    def has_folder(self, path: str) -> bool:
        """Whether ``path`` is a folder, or a link to one."""
        try:
            with self._translated(path):
                facts = self._client.stat(_wire(path))
        except Missing:
            return False
        return facts.st_mode is None or S_ISDIR(facts.st_mode)

    def read(self, path: str, size: int, start: int = 0) -> Iterator[bytes]:
        """The file's bytes from ``start`` on, by windows of requests, then one for what may stand beyond ``size``.

        A window is small enough that a server which promised more bytes than it has
        leaves nothing waiting: the library's own prefetch of a whole file would.
        """
        with self._translated(path):
            file = self._client.open(_wire(path), "rb")
        _quiet(file)
        with _closed_after(file):
            if size - start <= _BLOCK:  # one request, and one that finds the end
                with self._translated(path):
                    file.seek(start)
                    yield file.read(size - start + 1)
                return
            given = start
            for begin in range(start, size, _BLOCK * _WINDOW):
                end = min(size, begin + _BLOCK * _WINDOW)
                blocks = [(at, min(_BLOCK, end - at)) for at in range(begin, end, _BLOCK)]
                with self._translated(path):
                    for piece in file.readv(blocks):
                        given += len(piece)
                        yield piece
                if given < end:
                    return
            with self._translated(path):
                file.seek(size)
                rest = file.read(1)
            if rest:
                yield rest

    def write(self, path: str, content: bytes, *, passing: bool = False) -> None:
        """Write the file; it is on the server's disk on return where the server can tell (fsync@openssh.com).

        The answer to the first block is waited for, since that is where a server says no;
        the library drops the answers to pipelined blocks, so whoever writes counts the bytes after.
        """
        with self._translated(path), self._client.open(_wire(path), "wb") as file:
            file.write(content[:_BLOCK])
            if len(content) > _BLOCK:
                file.set_pipelined(True)
                file.write(content[_BLOCK:])
            self._client.fsync(file)

    def move(self, old: str, new: str, *, replace: bool = False) -> None:
        """Rename; with ``replace`` by the extension posix-rename@openssh.com, or else by removing ``new`` first."""
        if replace:
            self._replace(old, new)
            return
        # Some servers overwrite at a plain rename, although the protocol forbids it: look first.
        if self._facts(new) is not None:
            raise Taken(new)
        try:
            with self._translated(old):
                self._client.rename(_wire(old), _wire(new))
        except Failed as fault:
            if self._facts(new) is not None:
                raise Taken(new, fault.reason) from fault
            raise

    def remove(self, path: str) -> None:
        """Remove the file."""
        with self._translated(path):
            self._client.remove(_wire(path))

    def make_folder(self, path: str) -> None:
        """Make the folder, if it is not there."""
        try:
            with self._translated(path):
                self._client.mkdir(_wire(path))
        except Failed:
            if not self.has_folder(path):
                raise

    def describe(self) -> str:
        """The login and the server."""
        return self._session.peer

    def abilities(self) -> Sequence[Finding]:
        """What the server tells of itself, what was agreed on, and its extensions."""
        transport = self._session.transport
        return list(abilities(self._client, transport)) if transport is not None else []

    def beside(self) -> "RemoteStore | None":
        """The same files over one more channel of the connection; None where the server allows no more."""
        session = self._session.beside()
        return RemoteStore(session) if session is not None else None

    def close(self) -> None:
        """Close the session, and the connection with the session that began it."""
        self._session.close()

    def _replace(self, old: str, new: str) -> None:
        try:
            with self._translated(old):
                self._client.posix_rename(_wire(old), _wire(new))
        except Failed:  # not supported, or refused: version 3 does not say which
            with suppress(Missing), self._translated(new):
                self._client.remove(_wire(new))
            with self._translated(old):
                self._client.rename(_wire(old), _wire(new))

    def _facts(self, path: str) -> paramiko.SFTPAttributes | None:
        """What is at ``path``, links not followed; None when nothing is."""
        try:
            with self._translated(path):
                return self._client.lstat(_wire(path))
        except Missing:
            return None

    @contextmanager
    def _translated(self, path: str) -> Iterator[None]:
        try:
            with translated(self._session.peer, self._session.transport, path):
                yield
        except Retry:
            self._session.doubt()
            raise


@contextmanager
def _closed_after(file: paramiko.SFTPFile) -> Iterator[None]:
    """Close ``file`` at the end, but for a connection that is gone: nobody would answer to that."""
    try:
        yield
    except Retry:
        raise
    except BaseException:
        with suppress(EOFError, OSError, paramiko.SSHException):  # the first error counts
            file.close()
        raise
    with suppress(EOFError, OSError, paramiko.SSHException):
        file.close()


def _quiet(file: paramiko.SFTPFile) -> None:
    """Let a broken connection end the thread that asks for blocks without a traceback: the reader is told of it."""
    ask = getattr(file, _ASKING)

    def asking(*arguments: Any) -> None:
        with suppress(EOFError, OSError, paramiko.SSHException):
            ask(*arguments)

    setattr(file, _ASKING, asking)


def _wire(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")


def _entry(path: str, facts: paramiko.SFTPAttributes) -> Entry | None:
    """The entry of a regular file; a server that tells no type is taken to mean one."""
    if facts.st_mode is not None and not S_ISREG(facts.st_mode):
        return None
    return Entry(
        path=path,
        name=path.rpartition("/")[2],
        size=facts.st_size or 0,
        changed=(facts.st_mtime or 0) * _SECOND,
    )
