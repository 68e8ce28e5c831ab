"""The numbered steps of a pass, and the end of the process at one of them.

A step is an operation at the partner (of a file store, an HTTP request) or a commit of the ledger.  It is known by its
name and by which time it is done, such as ``("move out to out/done", 2)``, and has moments at which ``kill -9`` may
come: before it, after it, and for a file that is written half way through.
"""

import os
import signal
import smtplib
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from imapclient import IMAPClient

from transload.adapters.base.folders import FileStore
from transload.adapters.mail.submission import Submission as MailSubmission
from transload.runner.engine.doors import Doors
from transload.runner.ledger import database as ledger_database
from transload.runner.ledger.backup import restoring
from transload.runner.ledger.database import Database

MOMENTS = ("before", "half", "after")


@dataclass(frozen=True)
class Point:
    """A moment of a step: the ``time``-th doing of ``name``, counted from 1."""

    name: str
    time: int
    moment: str


class Steps:
    """Counts the steps of this process, writes each moment to ``record``, and ends the process at ``end``.

    ``stands``: the process is stopped there, so that it can be killed as it stands.
    """

    def __init__(self, record: Path, end: Point | None, *, stands: bool = False) -> None:
        self._record = os.open(record, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._end = end
        self._signal = signal.SIGSTOP if stands else signal.SIGKILL
        self._times: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._inside = False

    def install(self, *, inside: bool = False) -> None:
        """Count what every adapter and the ledger do from now on.

        ``inside``: commits have a moment at which all is written and nothing committed, and what is done to files of
        our own counts too.
        """
        self._inside = inside
        if inside:
            for name in ("fsync", "rename", "replace", "link", "unlink"):
                setattr(os, name, self._function(f"file: {name}", getattr(os, name)))
            restoring.run_program = self._function("restore: pg_restore", restoring.run_program)
            restoring._settled = self._function("restore: commit", restoring._settled)
            restoring.settle = self._function("restore: settle", restoring.settle)
        for kind in _concrete(FileStore):
            for name in ("list", "look", "has_folder", "remove", "make_folder"):
                _wrap(kind, name, self._of_folder(name))
            _wrap(kind, "move", self._moved)
            _wrap(kind, "write", self._written)
            _wrap(kind, "read", self._read)
        _wrap(requests.adapters.HTTPAdapter, "send", self._sent)
        for name in ("select_folder", "search", "fetch", "add_flags", "uid_expunge", "copy", "move", "create_folder"):
            _wrap(IMAPClient, name, self._named(f"IMAP {name}"))
        for name in ("connect", "mail", "rcpt", "docmd"):
            _wrap(smtplib.SMTP, name, self._named(f"SMTP {name}"))
        _wrap(MailSubmission, "_last_word", self._named("SMTP last line"))
        _wrap(Database, "write", self._committed)
        _wrap(Database, "_migrate", self._migrated)
        _wrap(Doors, "answer", self._answered)

    def begin(self, name: str, *moments: str) -> Callable[[str], None]:
        """Count the step ``name``; gives what is to be called at each of its moments."""
        with self._lock:
            self._times[name] += 1
            time = self._times[name]

        def at(moment: str) -> None:
            os.write(self._record, f"{name}\t{time}\t{moment}\n".encode())
            if self._end == Point(name, time, moment):
                os.kill(os.getpid(), self._signal)

        at("before")
        return at

    def whole(self, name: str, call: Callable[[], Any]) -> Any:
        """Do ``call`` as a step with a moment before and one after it."""
        at = self.begin(name)
        result = call()
        at("after")
        return result

    def _named(self, name: str) -> Callable[..., Any]:
        def counted(original: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
            return self.whole(name, lambda: original(*arguments, **named))

        return counted

    def _of_folder(self, operation: str) -> Callable[..., Any]:
        def counted(original: Callable[..., Any], store: Any, path: str, *rest: Any, **named: Any) -> Any:
            where = path if operation in ("list", "has_folder", "make_folder") else _folder(path)
            return self.whole(f"{operation} {where}", lambda: original(store, path, *rest, **named))

        return counted

    def _moved(self, original: Callable[..., Any], store: Any, old: str, new: str, **named: Any) -> Any:
        return self.whole(f"move {_folder(old)} to {_folder(new)}", lambda: original(store, old, new, **named))

    def _written(self, original: Callable[..., Any], store: Any, path: str, content: bytes, **how: Any) -> None:
        at = self.begin(f"write {_folder(path)}")
        original(store, path, content[: len(content) // 2], **how)
        at("half")
        original(store, path, content, **how)
        at("after")

    def _read(self, original: Callable[..., Any], store: Any, path: str, size: int, start: int = 0) -> Iterator[bytes]:
        at = self.begin(f"read {_folder(path)}")
        half = start + (size - start) // 2
        for piece in original(store, path, size, start):
            yield piece
            before, start = start, start + len(piece)
            if before < half <= start < size:
                at("half")
        at("after")

    def _sent(self, original: Callable[..., Any], adapter: Any, request: Any, *rest: Any, **named: Any) -> Any:
        name = f"{request.method} {urlsplit(request.url).path}"
        return self.whole(name, lambda: original(adapter, request, *rest, **named))

    def _answered(self, original: Callable[..., Any], doors: Any, request: Any) -> Any:
        return self.whole(f"answer {request.method} {request.path}", lambda: original(doors, request))

    def _committed(self, original: Callable[..., Any], database: Any, work: Callable[..., Any], **named: Any) -> Any:
        known = getattr(work, "func", work)  # what `partial` wraps
        name = known.__qualname__.partition(".<locals>")[0].removeprefix("_")
        at = self.begin(f"commit {name}")

        def within(connection: Any) -> Any:
            result = work(connection)
            at("half")
            return result

        result = original(database, within if self._inside else work, **named)
        at("after")
        return result

    def _migrated(self, original: Callable[..., Any], database: Any) -> None:
        at, migrate = self.begin("commit Database._migrate"), ledger_database.migrate

        def within(connection: Any) -> None:
            migrate(connection)
            at("half")

        ledger_database.migrate = within if self._inside else migrate
        original(database)
        at("after")

    def _function(self, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **named: Any) -> Any:
            return self.whole(name, lambda: original(*arguments, **named))

        return counted


def looked(record: Path) -> Path:
    """The file that is there when the service of a record has looked what is due."""
    return record.with_suffix(".looked")


def read_points(record: Path) -> list[Point]:
    """The moments that a process has written down, in their order."""
    rows = [line.split("\t") for line in record.read_text().splitlines()] if record.exists() else []
    return [Point(name, int(time), moment) for name, time, moment in rows]


def _wrap(kind: type, name: str, around: Callable[..., Any]) -> None:
    original = getattr(kind, name)

    def wrapped(self: Any, *arguments: Any, **named: Any) -> Any:
        return around(original, self, *arguments, **named)

    setattr(kind, name, wrapped)


def _concrete(kind: type) -> list[type]:
    """The classes of ``kind`` that are imported by now and can be made."""
    below = [each for child in kind.__subclasses__() for each in (child, *_concrete(child))]
    return [each for each in below if not getattr(each, "__abstractmethods__", None)]


def _folder(path: str) -> str:
    return path.rpartition("/")[0] or "."
