"""Files that a command is given, with what can go wrong told in one sentence."""

import os
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from transload.adapters.base.content import Content, File
from transload.canonical.errors import TransloadError
from transload.canonical.findings import Finding

STANDARD_INPUT = Path("-")
_IN_MEMORY = 1 << 24
"""What is no larger is read whole."""


def read_bytes(path: Path) -> bytes:
    """The bytes of the file, or of standard input for ``-``.

    Raises `TransloadError` with a finding ``E-FILE`` when it cannot be read.
    """
    try:
        return sys.stdin.buffer.read() if path == STANDARD_INPUT else path.read_bytes()
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None


@contextmanager
def opened(path: Path) -> Iterator[Content]:
    """The content of the file, or of standard input for ``-``, of any size.

    What is no file that can be read at any place (a pipe, a device) is copied to a temporary file first,
    where it is large.

    Raises `TransloadError` with a finding ``E-FILE`` when it cannot be read.
    """
    with ExitStack() as closing:
        try:
            content = _content(path, closing)
        except (OSError, ValueError) as error:
            raise _unreadable(path, error) from None
        yield content


def _content(path: Path, closing: ExitStack) -> Content:
    stream = sys.stdin.buffer if path == STANDARD_INPUT else closing.enter_context(path.open("rb"))
    if (_regular_size(stream) or 0) > _IN_MEMORY:
        return File(stream.fileno())
    head = stream.read(_IN_MEMORY + 1)
    if len(head) <= _IN_MEMORY:
        return Content.of(head)
    from tempfile import TemporaryFile  # here, since it brings much with it, and most files are small

    spool = closing.enter_context(TemporaryFile())  # noqa: SIM115 - closed with what it was made for
    spool.write(head)
    shutil.copyfileobj(stream, spool, 1 << 20)
    spool.flush()
    return File(spool.fileno())


def _regular_size(stream: BinaryIO) -> int | None:
    """The size of a file that can be read at any place and of which nothing was read yet; None for anything else."""
    try:
        descriptor = stream.fileno()
        state = os.fstat(descriptor)
        return state.st_size if stat.S_ISREG(state.st_mode) and os.lseek(descriptor, 0, os.SEEK_CUR) == 0 else None
    except (OSError, ValueError):
        return None


def named(path: Path) -> str:
    """What places call the file; bytes of its name that are no UTF-8 are spelled out."""
    return "standard input" if path == STANDARD_INPUT else os.fsencode(path).decode(errors="backslashreplace")


def write_text(path: Path, text: str) -> None:
    """Write a file; what stood there is replaced.

    Raises `TransloadError` with a finding ``E-FILE`` when it cannot be written.
    """
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror}"
        raise TransloadError(message, findings=[Finding(code="E-FILE", message=message)]) from None


def _unreadable(path: Path, error: OSError | ValueError) -> TransloadError:
    hint = None
    if isinstance(error, IsADirectoryError):
        message, hint = f"{path} is a folder", "name a file in it"
    elif isinstance(error, FileNotFoundError):
        message = f"there is no file {path}"
    else:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        message = f"{path} cannot be read: {reason}"
    return TransloadError(message, hint=hint, findings=[Finding(code="E-FILE", message=message, hint=hint)])
