"""PICTURE strings: what a field of them holds, and in how many bytes."""

import re
from dataclasses import dataclass

LONGEST = 1_000_000
"""Characters that a picture may stand for."""
_REPEATED = re.compile(r"(.)\((\d{1,9})\)")
_NUMBER = re.compile(r"S?(?P<front>P*)(?P<whole>9*)(?P<point>[V.]?)(?P<part>9*)(?P<back>P*)")
_EDITED = re.compile(r"[AX9ZBVP0/,.*+\-$CRDES]+")


class PictureError(ValueError):
    """A picture that is none, or one that is not understood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What a picture says.

    ``numeric`` is False for text and for edited pictures, whose characters are taken as they stand.  ``digits``
    counts the digits that are stored, ``scale`` how far the decimal point stands to the left of the last one
    (negative where a P at the right makes the number larger); ``point`` is True where a point is stored as well.
    ``size`` is the number of characters in display form, without a separate sign.  ``national`` is UTF-16.
    """

    text: str
    size: int
    numeric: bool = False
    digits: int = 0
    scale: int = 0
    signed: bool = False
    point: bool = False
    national: bool = False


def picture(text: str) -> Picture:
    """Read a PICTURE string.  Raises `PictureError`."""
    plain = text.upper()
    total = sum(int(count) for _, count in _REPEATED.findall(plain)) + len(plain)
    if total > LONGEST:
        raise PictureError(f"PIC {text} stands for more than {LONGEST} characters")
    expanded = _REPEATED.sub(lambda found: found[1] * int(found[2]), plain)
    if not expanded or set(expanded) & set("()"):
        raise PictureError(f"PIC {text} is no picture")
    if set(expanded) <= set("N"):
        return Picture(text=text, size=2 * len(expanded), national=True)
    if set(expanded) <= set("AX9") and set(expanded) & set("AX"):
        return Picture(text=text, size=len(expanded))
    found = _NUMBER.fullmatch(expanded)
    digits = len(found["whole"]) + len(found["part"]) if found else 0
    if found and digits and not (found["front"] and found["back"]):
        front, back = len(found["front"]), len(found["back"])
        scale = front + digits if front else len(found["part"]) - back
        if digits > 38:
            raise PictureError(f"PIC {text} has {digits} digits, and 38 are the most")
        point = found["point"] == "."
        return Picture(
            text=text,
            size=digits + point,
            numeric=True,
            digits=digits,
            scale=scale,
            signed=expanded.startswith("S"),
            point=point,
        )
    if not _EDITED.fullmatch(expanded) or "S" in expanded:
        raise PictureError(f"PIC {text} is no picture")
    return Picture(text=text, size=sum(character not in "VP" for character in expanded))
