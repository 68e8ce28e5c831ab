"""Files that a command is given: read whole, with what can go wrong told in one sentence."""

import os
import sys
from pathlib import Path

from transload.canonical.errors import TransloadError
from transload.canonical.findings import Finding

STANDARD_INPUT = Path("-")


def read_bytes(path: Path) -> bytes:
    """The bytes of the file, or of standard input for ``-``.

    Raises `TransloadError` with a finding ``E-FILE`` when it cannot be read.
    """
    try:
        return sys.stdin.buffer.read() if path == STANDARD_INPUT else path.read_bytes()
    except IsADirectoryError:
        raise _unreadable(f"{path} is a folder", "name a file in it") from None
    except FileNotFoundError:
        raise _unreadable(f"there is no file {path}", None) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise _unreadable(f"{path} cannot be read: {reason}", None) from None


def named(path: Path) -> str:
    """What places call the file; bytes of its name that are no UTF-8 are spelled out."""
    return "standard input" if path == STANDARD_INPUT else os.fsencode(path).decode(errors="backslashreplace")


def _unreadable(message: str, hint: str | None) -> TransloadError:
    return TransloadError(message, hint=hint, findings=[Finding(code="E-FILE", message=message, hint=hint)])
