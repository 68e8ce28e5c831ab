"""Writing CSV: header, rows, and what stands around the documents."""

from collections.abc import Sequence
from typing import Any

from transload.adapters.base.format import ELEMENT, Encoded, Writing
from transload.adapters.base.rows.documents import FileValue, counted
from transload.adapters.base.rows.sheet import Sheet
from transload.adapters.base.rows.text import NEWLINES, Unwritable, encoded
from transload.adapters.csv.envelope import CsvEnvelope, CsvPayload
from transload.adapters.csv.options import CsvOptions
from transload.canonical.errors import Reject
from transload.canonical.findings import Finding


class CsvWriting(Writing):
    """One payload, document by document."""

    def __init__(self, options: CsvOptions, envelope: Any) -> None:
        self._options = options
        first = envelope if isinstance(envelope, CsvEnvelope) else None
        self._payload: CsvPayload | None = first.interchange if first is not None else None
        self._first: CsvEnvelope | None = first
        source = self._payload.source if self._payload is not None else None
        self._charset = source.charset if source is not None else options.charset
        self._newline = source.newline_written if source is not None else NEWLINES[options.newline]
        self._mark = bool(source.mark) if source is not None else options.bom
        self._columns: tuple[str, ...] | None = None
        self._documents = self._rows = 0
        self._open = False

    def add(self, message: Encoded, envelope: Any = None) -> bytes:
        """See `Writing.add`."""
        given = envelope if isinstance(envelope, CsvEnvelope) else None
        if self._first is not None:
            given, self._first = given or self._first, None
        sheet = message.body
        if not isinstance(sheet, Sheet):
            raise TypeError(f"a sheet is expected, not {type(sheet).__name__}")
        text = ""
        if not self._open:
            text = self._preface(sheet)
        elif self._columns != tuple(sheet.columns):
            self._refuse("two mappings with different columns cannot write into one file")
        text += self._text(sheet, given)
        content = self._bytes(text, first=not self._open)
        self._columns = tuple(sheet.columns)
        self._open = True
        self._documents += 1
        self._rows += len(sheet.rows)
        return content

    def close(self) -> bytes:
        """See `Writing.close`."""
        if not self._open:
            self._refuse("a CSV file without a document has no columns")
        text = self._frame(self._options.file.trailer)
        payload = self._payload
        if payload is not None and payload.trailing and payload.trailing.rstrip("\r\n") == text.rstrip("\r\n"):
            text = payload.trailing
        return self._bytes(text, first=False)

    def _preface(self, sheet: Sheet) -> str:
        options = self._options
        if self._payload is not None and self._payload.preface:
            return self._payload.preface
        text = self._newline * options.skip + self._frame(options.file.header)
        return text + self._row(list(sheet.columns)) if options.header else text

    def _frame(self, rows: Sequence[dict[str, FileValue]]) -> str:
        options = self._options
        counts = {"documents": self._documents, "records": self._rows}
        counts["lines"] = self._rows + len(options.file.header) + len(options.file.trailer) + options.header
        text = ""
        for row in rows:
            cells = [""] * max(map(int, row), default=0)
            for place, value in row.items():
                cells[int(place) - 1] = counted(value, counts)
            text += self._row(cells)
        return text

    def _text(self, sheet: Sheet, given: CsvEnvelope | None) -> str:
        """All rows of a document."""
        if given is None and self._payload is None and not self._slow(sheet):
            return self._fast(sheet)
        header = self._payload.header if self._payload is not None else ()
        order = self._order(sheet.columns, header) if header else None
        parts = []
        for index, row in enumerate(sheet.rows):
            cells = row.split(ELEMENT)
            cells += [""] * (len(sheet.columns) - len(cells))
            if order is not None:
                cells = [cells[n] if n is not None else "" for n in order]
            for cell in cells:
                self._check(cell)
            kept = given.row(index, cells) if given is not None else None
            parts.append(kept if kept is not None else self._row(cells))
        for position, part in enumerate(parts[:-1]):
            if not part.endswith(("\n", "\r")):  # a last row without a line end that is the last no more
                parts[position] = part + self._newline
        return "".join(parts)

    def _slow(self, sheet: Sheet) -> bool:
        """Whether some cell needs to be looked at by itself."""
        options = self._options
        if options.quoting == "always" or options.escape or options.trim or len(sheet.columns) == 1:
            return True
        text = "\n".join(sheet.rows)
        count = len(sheet.rows) - 1
        return (
            options.delimiter in text or (options.quote and options.quote in text) or text.count("\n") != count
            or "\r" in text
        )  # fmt: skip

    def _fast(self, sheet: Sheet) -> str:
        delimiter, newline, most = self._options.delimiter, self._newline, len(sheet.columns) - 1
        return "".join(
            [row.replace(ELEMENT, delimiter) + delimiter * (most - row.count(ELEMENT)) + newline for row in sheet.rows]
        )

    def _order(self, columns: Sequence[str], header: Sequence[str]) -> list[int | None]:
        known = {name: position for position, name in enumerate(columns)}
        missing = [name for name in columns if name not in header and name not in self._options.optional]
        if missing:
            self._refuse(f"the file that is written into has no column {missing[0]!r}")
        return [known.get(name) for name in header]

    def _row(self, cells: Sequence[str]) -> str:
        options = self._options
        alone = len(cells) == 1
        return options.delimiter.join([self._cell(cell, alone=alone) for cell in cells]) + self._newline

    def _cell(self, cell: str, *, alone: bool) -> str:
        options = self._options
        quote, escape = options.quote, options.escape
        special = any(mark in cell for mark in (options.delimiter, "\n", "\r")) or (quote and quote in cell)
        if not special and not (alone and not cell) and options.quoting == "needed":
            return cell
        if not quote:
            if special:
                self._refuse(f"{cell!r} holds a delimiter or a line end, and there are no quotes to put it in")
            return cell
        if escape:
            return quote + cell.replace(escape, escape * 2).replace(quote, escape + quote) + quote
        return quote + cell.replace(quote, quote * 2) + quote

    def _check(self, cell: str) -> None:
        if self._options.trim and cell != cell.strip():
            self._refuse(f"{cell!r} has blanks around it, which are taken off when it is read (trim: true)")

    def _bytes(self, text: str, *, first: bool) -> bytes:
        if first and self._mark and not text.startswith("\ufeff"):
            text = "\ufeff" + text
        charset = self._charset
        if charset == "utf-16":
            charset = "utf-16-le"
            text = "\ufeff" + text if first and not text.startswith("\ufeff") else text
        try:
            return encoded(text, charset)
        except Unwritable as error:
            raise Reject(str(error), findings=[error.finding]) from error

    def _refuse(self, message: str) -> None:
        raise Reject(message, findings=[Finding(code="E-DOMAIN", message=message)])
