"""``inspect --json``: the one object that `transload.adapters.edi.view.inspect` gives, written while the file is read.

Messages are written one by one.  Their findings stand behind all of them in the
object, so those wait in a temporary file where they are many.
"""

from collections.abc import Iterable, Iterator
from tempfile import SpooledTemporaryFile
from typing import Any

from transload.adapters.edi.interchange import Interchange
from transload.adapters.edi.reading.messages import EdiReading
from transload.adapters.edi.view import content, head, tail
from transload.canonical.findings import Finding
from transload.runner.cli.screen import json_text

_IN_MEMORY = 1 << 20
_BLOCK = 1 << 16


class Streamed:
    """The text of the object in pieces; ``errors`` is complete when they have been taken."""

    def __init__(self, reading: EdiReading) -> None:
        self.reading = reading
        self.errors = 0

    def pieces(self) -> Iterator[str]:
        """The whole text, with the line end after it."""
        yield '{\n  "interchanges": '
        yield from _list((self._interchange(each) for each in self.reading.interchanges), 1)
        yield ',\n  "findings": '
        yield from _list(([self._finding(each, 2)] for each in self.reading.scan.findings), 1)
        yield "\n}\n"

    def _interchange(self, interchange: Interchange) -> Iterator[str]:
        with SpooledTemporaryFile(_IN_MEMORY, "w+", encoding="utf-8") as findings:
            count = 0
            yield "{"
            for name, value in head(interchange).items():
                yield f'\n      "{name}": {_at(value, 3)},'
            yield '\n      "messages": '

            def keep(found: Iterable[Finding]) -> None:
                nonlocal count
                for finding in found:
                    findings.write((",\n        " if count else "\n        ") + self._finding(finding, 4))
                    count += 1

            def messages() -> Iterator[Iterable[str]]:
                for frame in interchange.frames:
                    message = self.reading.message(interchange, frame)
                    keep(message.findings)
                    yield [_at(content(message), 4)]

            keep(interchange.findings)
            yield from _list(messages(), 3)
            yield ',\n      "findings": ['
            findings.seek(0)
            while block := findings.read(_BLOCK):
                yield block
            yield "\n      ]" if count else "]"
            for name, value in tail(interchange).items():
                yield f',\n      "{name}": {_at(value, 3)}'
            yield "\n    }"

    def _finding(self, finding: Finding, depth: int) -> str:
        self.errors += finding.is_error
        return _at(finding.as_dict(), depth)


def _list(items: Iterable[Iterable[str]], depth: int) -> Iterator[str]:
    """A JSON list of items that come in pieces."""
    indent = "  " * (depth + 1)
    empty = True
    yield "["
    for pieces in items:
        yield f"\n{indent}" if empty else f",\n{indent}"
        yield from pieces
        empty = False
    yield "]" if empty else f"\n{'  ' * depth}]"


def _at(value: Any, depth: int) -> str:
    """``value`` as JSON whose further lines stand ``depth`` steps in."""
    return json_text(value).replace("\n", "\n" + "  " * depth)
