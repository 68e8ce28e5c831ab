"""From rows to nodes: CSV by the names of its columns, fixed width by the borders that blanks draw."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from transload.mappings.drafting.knowledge import Field, Scope
from transload.mappings.drafting.naming import fields_of, party_and_rest, words
from transload.mappings.drafting.nodes import OPEN, Entry, Node, data_entry, quoted
from transload.mappings.drafting.values import Codes, date_pattern, pipes
from transload.mappings.language.fields import Kind
from transload.mappings.testing.masks import check_digit

_DELIMITERS = ";,\t|"
_MOST_KINDS = 8
_DOCUMENT_WORDS = frozenset(("order", "invoice", "po", "document", "bestellung", "despatch", "delivery"))


@dataclass(frozen=True, kw_only=True)
class Rows:
    """The rows of a sample.

    ``columns`` are the names of a CSV file's columns (numbers without a header), ``delimiter`` is "" for fixed width.
    """

    columns: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]
    delimiter: str = ""
    header: bool = False


def rows_of(payload: bytes) -> Rows | None:
    """What a text of lines is: CSV, else fixed width; None where it is neither."""
    text = _text(payload)
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines or any(not line.replace("\t", " ").isprintable() for line in lines):
        return None
    for delimiter in _DELIMITERS:
        cells = [tuple(row) for row in csv.reader(io.StringIO(text), delimiter=delimiter) if row]
        if len(cells) > 1 and len(cells[0]) > 1 and len({len(row) for row in cells}) == 1:
            header = all(re.search(r"[A-Za-z]", cell) and not re.search(r"\d{3}", cell) for cell in cells[0])
            header = header and len(set(cells[0])) == len(cells[0])
            columns = cells[0] if header else tuple(str(number) for number in range(1, len(cells[0]) + 1))
            found = tuple(cells[1:] if header else cells)
            return Rows(columns=columns, cells=found, delimiter=delimiter, header=header)
    if len(lines) > 1 and max(map(len, lines)) > 8:
        return Rows(columns=(), cells=tuple((line,) for line in lines))
    return None


def _text(payload: bytes) -> str:
    try:
        return payload.decode("utf-8-sig")
    except UnicodeDecodeError:
        return payload.decode("windows-1252", errors="replace")


class CsvRows:
    """Makes the one node of a CSV file, ``documents:`` of which tells one document from the next by a column."""

    def __init__(self, rows: Rows, scope: Scope, codes: Codes, word: str) -> None:
        self.rows = rows
        self.scope = scope
        self.codes = codes
        self.word = word
        self.by = self._by()

    @property
    def header(self) -> tuple[str, ...]:
        """The lines of the mapping that say how documents are told apart."""
        return (f"documents: {{by: [{quoted(self.by)}]}}",) if self.by is not None else ()

    def nodes(self) -> list[Node]:
        """The nodes of the layout."""
        lines = self.scope.lists.get("lines")
        used: dict[str, set[str]] = {}
        entries = [self._entry(name, lines, used) for name in self.rows.columns]
        modifiers = [("each", "lines")] if lines is not None else []
        return [Node(name="row", entries=entries, modifiers=modifiers)]

    def _by(self) -> str | None:
        """The column that holds the document's own number: named so, with equal values one below the other."""
        for name in self.rows.columns:
            told = set(words(name))
            named = any(field.text == "number" for field in fields_of((name,), self.scope, set()))
            if not named or not (told & _DOCUMENT_WORDS):
                continue
            values = self._values(name)
            if all(values) and len([value for value, _ in groupby(values)]) == len(set(values)):
                return name
        return None

    def _values(self, name: str) -> list[str]:
        index = self.rows.columns.index(name)
        return [row[index] for row in self.rows.cells]

    def _entry(self, name: str, lines: Scope | None, used: dict[str, set[str]]) -> Entry:
        values = [value for value in self._values(name) if value]
        if not values:
            return Entry(key=name, gone=True, remark=f"{OPEN} which field? the column is empty in the sample")
        shared = self._is_shared(name)
        if shared or lines is None:
            prefix = f"{self.word}." if lines is not None else ""
            of_party = party_and_rest(name, self.scope)
            if of_party is not None:
                party, rest = of_party
                found = self._bound(name, rest or "id", self.scope.party(party), used, f"{prefix}{party}.", values)
                if found is not None:
                    return found
            found = self._bound(name, name, self.scope, used, prefix, values)
            if found is not None:
                return found
        if lines is not None:
            found = self._bound(name, name, lines, used, "", values)
            if found is not None:
                return found
        return _plain(name, values)

    def _bound(
        self, key: str, name: str, scope: Scope, used: dict[str, set[str]], prefix: str, values: Sequence[str]
    ) -> Entry | None:
        taken = used.setdefault(prefix, set())
        for field in fields_of((name,), scope, taken):
            found = None if field.form.kind is Kind.TEXTS else pipes(field, values, "csv", self.codes)
            if found is not None:
                taken.add(field.text)
                return Entry(key=key, expression=f"{prefix}{field.text}{found}", sample=values[0])
        return None

    def _is_shared(self, name: str) -> bool:
        """Whether all rows of a document have the same value in a column."""
        if self.by is None:
            return len(set(self._values(name))) == 1
        seen: dict[str, str] = {}
        pairs = zip(self._values(self.by), self._values(name), strict=True)
        return all(seen.setdefault(document, value) == value for document, value in pairs)


class FixedRows:
    """Makes the nodes of a fixed-width file: one for each kind of record."""

    def __init__(self, rows: Rows, scope: Scope) -> None:
        self.lines = [row[0] for row in rows.cells]
        self.scope = scope
        self.width = self._kind_width()
        self.guessed: set[str] = set()
        self.kinds: dict[str, list[str]] = {}
        for line in self.lines:
            self.kinds.setdefault(line[: self.width], []).append(line)

    @property
    def header(self) -> tuple[str, ...]:
        """The lines of the mapping that say where a document begins."""
        first = self.lines[0][: self.width]
        return (f"documents: {{start: {quoted(first)}}}",) if self.width and len(self.kinds) > 1 else ()

    def nodes(self) -> list[Node]:
        """The nodes of the layout; the lines of a document are the kind of record that comes most often."""
        most = max(self.kinds, key=lambda kind: len(self.kinds[kind])) if self.lines else ""
        nodes = []
        for kind, lines in self.kinds.items():
            listed = "lines" in self.scope.lists and kind == most
            node = Node(name="record", modifiers=[("each", "lines")] if listed else [])
            scope = self.scope.lists["lines"] if listed else self.scope
            node.entries = self._entries(kind, lines, scope)
            nodes.append(node)
        return nodes

    def _kind_width(self) -> int:
        """How many characters at the beginning of a record say of what kind it is; 0 for none."""
        for width in (3, 2, 1, 4):
            kinds = [line[:width] for line in self.lines]
            few = 1 < len(set(kinds)) <= min(_MOST_KINDS, len(self.lines) - 1)
            if few and all(kind.isalnum() and kind.upper() == kind for kind in kinds):
                return width
        return 0

    def _entries(self, kind: str, lines: Sequence[str], scope: Scope) -> list[Entry]:
        entries = [Entry(key=_range(0, self.width), literals=(kind,), sample=kind)] if self.width else []
        used: set[str] = set()
        for start, end in [part for column in borders(lines, self.width) for part in _parts(lines, *column)]:
            values = [value for line in lines if (value := line[start:end].strip())]
            key = _range(start, end)
            field = _by_value(values, scope, used)
            if field is not None:
                used.add(field[0].text)
                entries.append(Entry(key=key, expression=f"{field[0].text}{field[1]}", sample=values[0]))
            elif values:
                entries.append(_plain(key, values))
        return self._guessed(entries, scope, used)

    def _guessed(self, entries: list[Entry], scope: Scope, used: set[str]) -> list[Entry]:
        """With the likeliest places of what a document or a line cannot do without, to be looked at by a person."""
        data = [entry for entry in entries if entry.expression.startswith("'")]
        if "quantity" in scope.fields and "quantity" not in used:
            found = next((entry for entry in reversed(data) if entry.sample.isdigit()), None)
            zeros = f" | zeros({len(found.sample)})" if found is not None and found.sample.startswith("0") else ""
            self._guess(found, f"quantity{zeros}", "the quantity")
        elif "number" in scope.fields and "lines" in scope.lists:
            self._guess(next(iter(data), None), "number", "the document's number")
        return entries

    def _guess(self, entry: Entry | None, expression: str, words: str) -> None:
        field = expression.partition(" ")[0]
        if entry is not None and field not in self.guessed:
            self.guessed.add(field)
            entry.expression, entry.remark = expression, f"{OPEN} is this {words}? it was guessed from the form alone"


def borders(lines: Sequence[str], first: int = 0) -> list[tuple[int, int]]:
    """Where columns begin and end: a column begins where some line has a sign and all have a blank before it."""
    longest = max(map(len, lines))
    padded = [line.ljust(longest) for line in lines]
    starts = [
        at
        for at in range(first, longest)
        if at == first or (all(line[at - 1] == " " for line in padded) and any(line[at] != " " for line in padded))
    ]
    return [pair for pair in pairwise([*starts, longest]) if pair[0] < pair[1]]


def _parts(lines: Sequence[str], start: int, end: int) -> list[tuple[int, int]]:
    """A column in parts, where a date begins it or an item's number ends it in every line."""
    values = [line[start:end].rstrip() for line in lines if line[start:end].strip()]
    if (
        values
        and all(len(value) > 8 for value in values)
        and date_pattern([value[:8] for value in values]) == "yyyyMMdd"
    ):
        return [(start, start + 8), *_parts(lines, start + 8, end)]
    length = len(values[0]) if values else 0
    for size in (14, 13):
        same = all(len(value) == length > size for value in values)
        if values and same and all(_is_gtin(value[-size:]) for value in values):
            return [(start, start + length - size), (start + length - size, end)]
    return [(start, end)]


def _range(start: int, end: int) -> str:
    return str(end) if end - start == 1 else f"{start + 1}-{end}"


def _by_value(values: Sequence[str], scope: Scope, used: set[str]) -> tuple[Field, str] | None:
    """The field that values belong to by their form alone: a GTIN, a GLN of nobody, the first date of a document."""
    fields = scope.fields
    if "gtin" in fields and "gtin" not in used and values and all(_is_gtin(value) for value in values):
        return fields["gtin"], ""
    pattern = date_pattern(values)
    if pattern in ("yyyyMMdd", "iso", "dd.MM.yyyy") and "issued_on" in fields and "issued_on" not in used:
        return fields["issued_on"], f" | date({pattern})"
    return None


def _is_gtin(value: str) -> bool:
    return (
        value.isascii() and value.isdigit() and len(value) in (8, 12, 13, 14) and check_digit(value[:-1]) == value[-1]
    )


def _plain(key: str, values: Sequence[str]) -> Entry:
    different = list(dict.fromkeys(values))
    others = f", also {', '.join(repr(value) for value in different[1:3])}" if len(different) > 1 else ""
    return data_entry(key, different, f"{OPEN} which field?{others}")


def options_of(rows: Rows) -> Mapping[str, str]:
    """What stands under ``format:`` for the rows, beside ``type``."""
    if not rows.delimiter:
        return {}
    found = {} if rows.delimiter == "," else {"delimiter": rows.delimiter}
    return found if rows.header else {**found, "header": "false"}
