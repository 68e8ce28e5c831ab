"""The ledger's failures: the one place where the database's exceptions become ours."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from transload.canonical.errors import TransloadError


class LedgerError(TransloadError):
    """The ledger cannot be read or written.  Nothing was done at a partner on the strength of what is not stored."""

    code = "E-LEDGER"


class LedgerBusy(LedgerError):
    """Another process works with this ledger, or holds its database locked."""

    code = "E-LEDGER-BUSY"


class Fenced(LedgerError):
    """Another worker has taken over the lane: what this one would have recorded is rolled back."""

    code = "E-FENCED"


_HINTS = (
    (("disk is full", "disk quota"), "free some space; nothing was acknowledged or deleted at a partner meanwhile"),
    (("readonly", "read-only"), "let the user that transload runs as write the database file and its folder"),
    (("unable to open",), "see that the folder of the store exists and can be written"),
    (("not a database", "malformed", "corrupt"), "the file is damaged or no ledger; restore it from its last copy"),
    (("i/o error",), "look at the disk; nothing was acknowledged or deleted at a partner meanwhile"),
)


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Turn what the database raises inside into `LedgerError` or `LedgerBusy`; ``where`` names the ledger."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise ledger_error(error, where) from error
    except OSError as error:
        message = f"the ledger {where} cannot be written: {error.strerror or error}"
        raise LedgerError(message, hint=_hint(str(error.strerror))) from error


def ledger_error(error: Exception, where: str) -> LedgerError:
    """Our error for one of the database."""
    original = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    text = str(original).splitlines()[0] if str(original) else type(original).__name__
    if "locked" in text or "busy" in text:
        return LedgerBusy(
            f"the ledger {where} is locked by another process",
            hint="wait until it has finished; nothing was acknowledged or deleted at a partner meanwhile",
        )
    return LedgerError(f"the ledger {where} failed: {text}", hint=_hint(text))


def _hint(text: str) -> str | None:
    lowered = text.lower()
    return next((hint for words, hint in _HINTS if any(word in lowered for word in words)), None)
