"""Where the service segments of an interchange stand: one expression that goes from each to the next."""

import re
from functools import lru_cache
from re import Pattern

from transload.adapters.edi.separators import Separators


@lru_cache(maxsize=64)
def events(tags: tuple[str, ...], separators: Separators) -> Pattern[bytes]:
    """Finds, after a terminator and blanks, one of the tags; and where its segment ends, if that is plain to see."""
    first = re.escape((separators.tag or separators.element).encode("latin-1"))
    end = re.escape(separators.terminator.encode("latin-1"))
    own_start = b"|UNA(?=.{6})" if "UNB" in tags else b""
    after = rb"(?:(?<=UNA)|(?=" + first + rb"|" + end + rb"))"
    plain = rb"([^" + end + re.escape(separators.release.encode("latin-1")) + rb"]{0,200}+" + end + rb")?"
    return re.compile(end + rb"\s*+(" + _alternatives(tags) + own_start + rb")" + after + plain, re.DOTALL)


def _alternatives(tags: tuple[str, ...]) -> bytes:
    """The tags as a regular expression that shares their first letters, which is tried much faster."""
    first: dict[str, list[str]] = {}
    for tag in sorted(set(tags)):
        first.setdefault(tag[0], []).append(tag[1:])
    return b"(?:" + "|".join(f"{head}(?:{'|'.join(rests)})" for head, rests in sorted(first.items())).encode() + b")"
