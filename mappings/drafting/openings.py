"""What is still open in a mapping: the comments ``# open: ...`` in its file, in their order."""

import re
from collections.abc import Iterator
from pathlib import Path

from transload.canonical.findings import Finding, Severity
from transload.canonical.places import MappingPlace
from transload.mappings.drafting.nodes import OPEN

_COMMENT = re.compile(rf"(?:^|\s)(?P<mark>#) {OPEN} (?P<text>.*\S)\s*$")
_LEFT = re.compile(r"\s*(?:- )?(?P<left>[^#]*?)\s*$")


def open_points(file: Path, name: str | None = None) -> Iterator[Finding]:
    """A warning ``M-OPEN`` for each open point that a comment of the file speaks of; ``name`` is what findings call it.

    Nothing where the file cannot be read.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return
    for number, line in enumerate(text.splitlines(), 1):
        found = _COMMENT.search(line)
        if found is None:
            continue
        before = _LEFT.fullmatch(line[: found.start("mark")])
        left = before["left"] if before else ""
        column = len(line) - len(line.lstrip()) + 1
        yield Finding(
            code="M-OPEN",
            severity=Severity.WARNING,
            message=f"open: {found['text']}" + (f"  [{left}]" if left else ""),
            hint=None,
            mapping=MappingPlace(file=name or str(file), line=number, column=column),
        )
