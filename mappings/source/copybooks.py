"""The copybook of a mapping file: its text takes the place of the file's name, so that it is part of the mapping.

What was processed with a mapping can then be processed again as it was, whatever became of the file.
"""

import errno
import os
from pathlib import Path, PurePosixPath

from transload.adapters.base.regular import read_regular
from transload.canonical.errors import ConfigurationError
from transload.canonical.findings import Finding
from transload.mappings.source.nodes import Table, Text

LARGEST = 1_000_000
"""Bytes that a copybook may have."""


def with_copybook(table: Table, folder: Path) -> Table:
    """``table`` with the text of the copybook that ``format: copybook:`` names; one with line breaks is a text already.

    It lies in the mapping's ``folder`` or below it: mappings of others read nothing else.  Raises
    `ConfigurationError` when it cannot be read.
    """
    written = table.get("format")
    key = table.key("format")
    value = written.get("copybook") if isinstance(written, Table) else None
    if not isinstance(written, Table) or key is None or not isinstance(value, Text) or not value.text:
        return table
    name = written.key("copybook")
    assert name is not None
    if "\n" in value.text:
        return table.with_pair(key, written.with_pair(name, Text(_plain(value.text), value.at, value.plain)))
    text = _read(value, folder)
    return table.with_pair(key, written.with_pair(name, Text(text, value.at, plain=False)))


def _read(value: Text, folder: Path) -> str:
    path = PurePosixPath(value.text)
    try:
        root = os.path.realpath(folder)
        found = os.path.realpath(folder / path)
        if path.is_absolute() or os.path.commonpath([root, found]) != root:
            raise _refusal(value, f"the copybook {value.text} lies outside of the mapping's folder", "copy it there")
        content = read_regular(Path(found), LARGEST)
    except (OSError, ValueError) as error:
        large = isinstance(error, OSError) and error.errno == errno.EFBIG
        reason = getattr(error, "strerror", None) or "no file has such a name"
        said = f"has more than {LARGEST} bytes" if large else f"cannot be read: {reason}"
        raise _refusal(value, f"the copybook {value.text!r} {said}") from error
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:  # only comments and literals can be beyond ASCII
        text = content.decode("latin-1")
    return _plain(text)


def _plain(text: str) -> str:
    """Lines with one kind of end, and without the control characters that editors of old left."""
    lines = text.replace("\x1a", "").expandtabs(8).splitlines()
    return "\n".join("".join(max(c, " ") for c in line) for line in lines) + "\n"


def _refusal(value: Text, message: str, hint: str | None = None) -> ConfigurationError:
    finding = Finding(code="M-VALUE", message=message, hint=hint, mapping=value.at)
    return ConfigurationError(message, hint=hint, findings=[finding])
