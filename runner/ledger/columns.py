"""The columns' own types: how moments, JSON values and the texts of others are kept, the same in every database."""

import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import BigInteger, Dialect, Text, TypeDecorator
from sqlalchemy.types import TypeEngine

from transload.canonical.compact import compact_text
from transload.runner.ledger.encryption import Keyring

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def fitted(text: str, longest: int | None = None) -> str:
    """The form of ``text`` that every database takes, as `Words` says."""
    if not text.isascii():
        text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    if "\x00" in text:
        text = text.replace("\x00", "\u2400")
    if longest is not None and len(text) > longest:
        text = f"{text[: longest - 65]}#{sha256(text.encode()).hexdigest()}"
    return text


class Words(TypeDecorator[str]):
    """Text that partners may have written, in a form that every database takes.

    NUL becomes its picture (U+2400), half a surrogate pair is escaped.  With ``longest``, text of more characters ends
    in a hash of the whole: so it fits into an index, and the same text is still the same.
    """

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[str]:
        """On PostgreSQL without the order of any language: it sorts and compares as SQLite does, by characters."""
        return dialect.type_descriptor(Text(collation="C") if dialect.name == "postgresql" else Text())

    def __init__(self, longest: int | None = None) -> None:
        super().__init__()
        self.longest = longest

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Gives the text as it is stored, and as it is looked for."""
        return None if value is None else fitted(value, self.longest)


class Moment(TypeDecorator[datetime]):
    """An aware datetime, stored as microseconds since 1970 in UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Refuses naive datetimes."""
        return None if value is None else microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Gives the datetime in UTC."""
        return None if value is None else _EPOCH + timedelta(microseconds=value)


class Json(TypeDecorator[Any]):
    """JSON values as compact text with sorted keys."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Gives the text; None stays NULL."""
        return None if value is None else compact_json(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Gives the values back."""
        return None if value is None else json.loads(value)


class Private(Words):
    """Text of documents: under the key in use where the ledger has one (`carry`).

    ``about`` is the column, which the ciphertext is bound to.
    """

    cache_ok = True

    def __init__(self, about: str) -> None:
        super().__init__()
        self.about = about

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Gives the text as it is stored."""
        keys = keys_of(dialect)
        return None if value is None else keys.seal_text(fitted(value), self.about)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """Gives the text back.  Raises `KeyMissing`, `LedgerError`."""
        return None if value is None else keys_of(dialect).open_text(value, self.about)


class PrivateJson(Json):
    """JSON values in which data of documents may stand, as `Private` keeps them; an empty list or object in plain."""

    cache_ok = True

    def __init__(self, about: str) -> None:
        super().__init__()
        self.about = about

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Gives the text; None stays NULL."""
        if value is None:
            return None
        text = compact_json(value)
        return keys_of(dialect).seal_text(text, self.about) if value else text

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Gives the values back.  Raises `KeyMissing`, `LedgerError`."""
        return None if value is None else json.loads(keys_of(dialect).open_text(value, self.about))


def keys_of(dialect: Dialect) -> Keyring:
    """The keys that `carry` gave to a database's dialect."""
    found: Keyring = getattr(dialect, _CARRIED, _NONE)
    return found


def carry(dialect: Dialect, keys: Keyring) -> None:
    """Let what is written and read by ``dialect``, that of one engine, be under ``keys``."""
    setattr(dialect, _CARRIED, keys)


_CARRIED = "transload_keys"
_NONE = Keyring()


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970 in UTC.  Raises `ValueError` for a naive datetime."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return (moment - _EPOCH) // _MICROSECOND


def compact_json(value: Any) -> str:
    """The one text of a JSON value: sorted keys, no blanks; half a surrogate pair, which no database takes, escaped."""
    text = compact_text(value)
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")
