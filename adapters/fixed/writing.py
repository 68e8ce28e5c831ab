"""Writing fixed width: lines of one length or trimmed, and what stands around the documents."""

from collections.abc import Sequence
from typing import Any

from transload.adapters.base.format import Encoded, Writing
from transload.adapters.base.rows.documents import FileValue, counted
from transload.adapters.base.rows.text import NEWLINES, Unwritable, encoded
from transload.adapters.fixed.envelope import FixedEnvelope, FixedPayload
from transload.adapters.fixed.options import FixedOptions, bounds
from transload.adapters.fixed.width import Width
from transload.canonical.errors import Reject
from transload.canonical.findings import Finding


class FixedWriting(Writing):
    """One payload, document by document."""

    def __init__(self, options: FixedOptions, envelope: Any) -> None:
        self._options = options
        self._width = Width(options.charset, options.unit)
        first = envelope if isinstance(envelope, FixedEnvelope) else None
        self._payload: FixedPayload | None = first.interchange if first is not None else None
        self._first = first
        source = self._payload.source if self._payload is not None else None
        self._newline = NEWLINES[options.newline]
        if source is not None and options.newline != "none" and source.newline in source.text:
            self._newline = source.newline_written
        self._charset = options.charset
        self._mark = bool(source.mark) if source is not None else False
        self._documents = self._records = 0
        self._open = False

    def add(self, message: Encoded, envelope: Any = None) -> bytes:
        """See `Writing.add`."""
        given = envelope if isinstance(envelope, FixedEnvelope) else None
        if self._first is not None:
            given, self._first = given or self._first, None
        lines: Sequence[str] = message.body
        text = "" if self._open else self._preface()
        if given is None:
            text += self._text(lines)
        else:
            parts = [given.line(index, line) or self._text([line]) for index, line in enumerate(lines)]
            if self._newline:  # a last line without a line end that is the last no more
                parts[:-1] = [part if part[-1:] in "\r\n" else part + self._newline for part in parts[:-1]]
            text += "".join(parts)
        content = self._bytes(text, first=not self._open)
        self._open = True
        self._documents += 1
        self._records += len(lines)
        return content

    def close(self) -> bytes:
        """See `Writing.close`."""
        text = "" if self._open else self._preface()
        tail = self._frame(self._options.file.trailer)
        payload = self._payload
        if payload is not None and _same(payload.trailing, tail):
            tail = payload.trailing
        return self._bytes(text + tail, first=not self._open)

    def _preface(self) -> str:
        if self._payload is not None:
            return self._payload.preface
        return self._newline * self._options.skip + self._frame(self._options.file.header)

    def _text(self, lines: Sequence[str]) -> str:
        if self._options.tails == "trimmed":
            lines = [line.rstrip() for line in lines]
        newline = self._newline
        return newline.join(lines) + newline if lines else ""

    def _frame(self, rows: Sequence[dict[str, FileValue]]) -> str:
        counts = {"documents": self._documents, "records": self._records}
        file = self._options.file
        counts["lines"] = self._records + len(file.header) + len(file.trailer)
        lines = []
        for row in rows:
            ends = [bounds(place)[1] for place in row]
            line = [" "] * (self._options.length or max(ends, default=0))
            for place, value in row.items():
                first, last = bounds(place)
                text = counted(value, counts)
                if len(text) > last - first:
                    self._refuse(f"{text!r} does not fit into the range {place} of the file's own records")
                line[first : first + len(text)] = text
            lines.append("".join(line))
        return self._text(lines)

    def _bytes(self, text: str, *, first: bool) -> bytes:
        if first and self._mark:
            text = "\ufeff" + text
        try:
            return encoded(text, self._charset)
        except Unwritable as error:
            raise Reject(str(error), findings=[error.finding]) from error

    def _refuse(self, message: str) -> None:
        raise Reject(message, findings=[Finding(code="E-DOMAIN", message=message)])


def _same(there: str, made: str) -> bool:
    """Whether two pieces hold the same lines, blanks at their ends aside."""
    return [line.rstrip() for line in there.splitlines()] == [line.rstrip() for line in made.splitlines()]
