"""Help for a name that does not exist."""

from collections.abc import Iterable
from difflib import get_close_matches


def suggestion(name: str, known: Iterable[str], lead: str) -> str:
    """What to try instead of ``name``: the closest of ``known``, or all of them after ``lead`` ("routes are")."""
    names = sorted(known)
    close = get_close_matches(name, names, n=1, cutoff=0.6) or get_close_matches(
        name.casefold(), names, n=1, cutoff=0.5
    )
    if close:
        return f"did you mean {close[0]!r}?"
    return f"{lead}: {', '.join(names)}" if names else "there are none"
