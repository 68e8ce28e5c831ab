"""The ledger's failures: the one place where the databases' exceptions become ours."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DataError, DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from transload.adapters.base.masking import masked
from transload.canonical.errors import Reject, TransloadError


class LedgerError(TransloadError):
    """The ledger cannot be read or written.  Nothing was done at a partner on the strength of what is not stored."""

    code = "E-LEDGER"


class NoLedger(LedgerError):
    """There is no ledger yet where the workspace keeps it."""


class LedgerBusy(LedgerError):
    """Another process works with this ledger, or holds its database locked."""

    code = "E-LEDGER-BUSY"


class NoConnection(LedgerBusy):
    """All connections of this process to the database are in use: what keeps them is in this process."""


class LockLost(LedgerBusy):
    """Another process works with this ledger now: our right to was lost together with a connection to the database."""


class Fenced(LedgerError):
    """Another worker has taken over the lane: what this one would have recorded is rolled back."""

    code = "E-FENCED"


class Erased(LedgerError):
    """What is asked for was let go of: its route kept it no longer, or somebody asked for it."""

    code = "E-ERASED"


class Damaged(LedgerError):
    """One payload is not what was stored, or not there any more; what else the ledger holds may be well."""

    code = "E-DAMAGED"


class TooLarge(Reject):
    """A payload is larger than this ledger can keep."""

    code = "E-TOO-LARGE"


class CannotHold(ValueError):
    """A value is none that the database can hold: it is the fault of what is written, not of the ledger."""


_MEANWHILE = "nothing was acknowledged or deleted at a partner meanwhile"
_HINTS = (
    (("disk is full", "disk quota", "no space left"), f"free some space; {_MEANWHILE}"),
    (("readonly", "read-only"), "let the user that transload runs as write the database file and its folder"),
    (("unable to open",), "see that the folder of the store exists and can be written"),
    (("not a database", "malformed", "corrupt"), "the file is damaged or no ledger; restore it from its last copy"),
    (("i/o error",), f"look at the disk; {_MEANWHILE}"),
)
_READS = ("25006", "0A000")  # the second is what a standby says to whoever begins a transaction that writes
_POSTGRESQL = (
    ("28", "see the user and the password of store:, and what the server's pg_hba.conf lets in"),
    ("3D", "make it first, with: createdb DATABASE"),
    ("42501", "let the owner of the database grant it; a schema of one's own is made with: CREATE SCHEMA"),
    *((state, "this server only reads (a standby, perhaps): let store: name the one that writes") for state in _READS),
    ("53100", f"free some space on the database's disk; {_MEANWHILE}"),
    ("53300", "lower pool: below store:, or raise max_connections of the server"),
    ("53", f"look at the server's memory and disk; {_MEANWHILE}"),
    ("57014", f"see what keeps the server busy, or raise statement_timeout: below store:; {_MEANWHILE}"),
    ("57P", f"the service goes on when the database is back; {_MEANWHILE}"),
    ("08", f"the service goes on when the database is back; {_MEANWHILE}"),
    ("58", f"look at the server's disk and log; {_MEANWHILE}"),
    ("XX", "the server's log says more; a damaged database is restored from its last copy"),
)
"""What to do by SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html."""
_AGAIN = ("40001", "40P01")
_LOCKED = ("55P03", *_AGAIN)


@contextmanager
def translated(where: str, *secrets: str) -> Iterator[None]:
    """Turn what the database raises inside into `LedgerError`, `LedgerBusy` or `CannotHold`.

    ``where`` names the ledger; ``secrets`` are shown to nobody.
    """
    try:
        yield
    except DataError as error:
        raise CannotHold(masked(_text(error.orig or error), *secrets)) from error
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise ledger_error(error, where, *secrets) from error
    except OSError as error:
        message = f"the ledger {where} cannot be written: {error.strerror or error}"
        raise LedgerError(message, hint=_hint(str(error.strerror))) from error


def ledger_error(error: Exception, where: str, *secrets: str) -> LedgerError:
    """Our error for one of the database."""
    original = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    text = masked(_text(original), *secrets)
    if isinstance(error, PoolTimeoutError):
        return NoConnection(
            f"all connections of this process to the ledger {where} are in use",
            hint="raise pool: below store:, or let fewer workers work",
        )
    if hasattr(original, "sqlstate"):
        return _of_postgresql(original, text, where)
    if "locked" in text or "busy" in text:
        return _locked(where)
    return LedgerError(f"the ledger {where} failed: {text}", hint=_hint(text))


def passes(error: BaseException) -> bool:
    """Whether a transaction failed since others were at the same rows, so that it is done again at once."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in _AGAIN


def _of_postgresql(original: object, text: str, where: str) -> LedgerError:
    state = getattr(original, "sqlstate", None)
    if state in _LOCKED:
        return _locked(where)
    if state is None:  # no answer of the server: it was not reached, refused us, or went away
        lowered = text.lower()
        hint = "see that PostgreSQL runs, and that the host and port of store: are right"
        if "authentication" in lowered or "password" in lowered or "pg_hba" in lowered:
            hint = _advice("28")
        elif "does not exist" in lowered:
            hint = _advice("3D")
        return LedgerError(f"the ledger {where} cannot be reached: {text}", hint=hint)
    return LedgerError(f"the ledger {where} failed: {text}", hint=_advice(state))


def _advice(state: str) -> str:
    return next((hint for begin, hint in _POSTGRESQL if state.startswith(begin)), "the server's log says more")


def _locked(where: str) -> LedgerBusy:
    return LedgerBusy(
        f"the ledger {where} is locked by another process",
        hint=f"wait until it has finished; {_MEANWHILE}",
    )


def _text(error: object) -> str:
    """The first line: what comes after it may hold values of the row."""
    primary = getattr(getattr(error, "diag", None), "message_primary", None)
    lines = str(primary or error).strip().splitlines()
    return lines[0].strip() if lines else type(error).__name__


def _hint(text: str) -> str | None:
    lowered = text.lower()
    return next((hint for words, hint in _HINTS if any(word in lowered for word in words)), None)
