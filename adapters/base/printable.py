"""Texts that come from others, as they can be stored, shown and written into any format."""


def printable(text: str, *, longest: int | None = None) -> str:
    """The first ``longest`` signs of ``text``, all of them by default: control characters and the like as U+FFFD."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text[:longest])
