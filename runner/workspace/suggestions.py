"""Help for a name that does not exist."""

from collections.abc import Iterable
from difflib import get_close_matches

from transload.adapters.base.positioned import Entries


def misspelt(name: str, block: Entries) -> str | None:
    """A hint when a key of ``block`` looks like ``name``, which is missing there."""
    close = get_close_matches(name, [key.text for key, _ in block.pairs], n=1, cutoff=0.75)
    return f"is it what {close[0]!r} was meant to be?" if close else None


def suggestion(name: str, known: Iterable[str], lead: str) -> str:
    """What to try instead of ``name``: the closest of ``known``, or all of them after ``lead`` ("routes are")."""
    names = sorted(known)
    close = get_close_matches(name, names, n=1, cutoff=0.6) or get_close_matches(
        name.casefold(), names, n=1, cutoff=0.5
    )
    if close:
        return f"did you mean {close[0]!r}?"
    return f"{lead}: {', '.join(names)}" if names else "there are none"
