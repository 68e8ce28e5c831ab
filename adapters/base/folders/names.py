"""File names: which ones are taken, which ones are safe, and how they are written down.

Names that a server lists are data: nothing local is ever named after them.
"""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

LONGEST_NAME = 255  # bytes; the limit of the usual file systems


def joined(folder: str, name: str) -> str:
    """The path of ``name`` in ``folder``; "" and "." are the folder where the login begins."""
    if folder in ("", "."):
        return name
    return folder + name if folder.endswith("/") else f"{folder}/{name}"


def parent(path: str) -> str:
    """The folder that ``path`` is in; "." is where the login begins."""
    above, slash, _ = path.rstrip("/").rpartition("/")
    return above or slash or "."


def fault_of(name: str) -> str | None:
    """Why ``name`` cannot be the name of a file inside a folder, or None."""
    if name in ("", ".", ".."):
        return "it is empty" if not name else "it names a folder"
    if "/" in name or "\\" in name:
        return "it has a slash"
    if not name.isprintable() and any(ord(sign) < 32 or ord(sign) == 127 for sign in name):
        return "it has a control character"
    if len(name.encode("utf-8", "surrogateescape")) > LONGEST_NAME:
        return f"it is longer than {LONGEST_NAME} bytes"
    return None


def wanted(name: str, patterns: Sequence[str], ignored: Sequence[str]) -> bool:
    """Whether ``name`` matches one of ``patterns`` and none of ``ignored``: shell patterns, case counts."""
    return any(fnmatchcase(name, one) for one in patterns) and not any(fnmatchcase(name, one) for one in ignored)


def shown(text: str) -> str:
    r"""``text`` as it can be stored and printed: what is not printable, and ``\``, is escaped, so no two become one."""
    if text.isprintable() and "\\" not in text:  # as nearly all are
        return text
    return "".join(
        sign if sign.isprintable() and sign != "\\" else sign.encode("unicode_escape").decode() for sign in text
    )


def split(name: str) -> tuple[str, str]:
    """Stem and extension with its dot; a leading dot begins no extension."""
    stem, dot, extension = name.rpartition(".")
    return (stem, dot + extension) if stem else (name, "")


def numbered(name: str) -> Iterator[str]:
    """The name itself, then ``stem-2.ext``, ``stem-3.ext`` and so on."""
    stem, extension = split(name)
    yield name
    for number in range(2, 1000):
        yield f"{stem}-{number}{extension}"


def archived(name: str, digest: str) -> Iterator[str]:
    """Names for a file in an archive: its own, then one with the beginning of its ``digest``, then numbered ones."""
    stem, extension = split(name)
    yield name
    yield from numbered(f"{stem}~{digest[:8]}{extension}")
