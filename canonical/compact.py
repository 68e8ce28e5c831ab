"""The one text of a JSON value: sorted keys, no blanks, no escapes but those that JSON demands."""

import json
from typing import Any

import orjson

_STRICT = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


def compact_text(value: Any) -> str:
    """The text of ``value``, which is made of dicts, lists, texts, integers, booleans and None.

    Binary fractions (``float``) have a text too, but one that other versions of the writer may write otherwise: nothing
    that is hashed may hold any.  Half a surrogate pair is kept as it is; it has no UTF-8.  Raises `TypeError` for what
    is no JSON value.
    """
    try:
        return orjson.dumps(value, option=_STRICT).decode()
    except TypeError:  # half a surrogate pair, an integer of more than 64 bits, or a key that is no plain text
        return _encode(value)


def compact_bytes(value: Any) -> bytes:
    """The UTF-8 of `compact_text`; half a surrogate pair has none: raises `UnicodeEncodeError`."""
    try:
        return orjson.dumps(value, option=_STRICT)
    except TypeError:
        return _encode(value).encode()
