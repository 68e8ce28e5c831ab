"""The shelves of a mapping that bring something from outside: ``xrefs:``, ``uses:``, code tables in files."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from transload.canonical.places import MappingPlace
from transload.mappings.language.converters.base import CodeError, CodeTable, Xref
from transload.mappings.plugins.finding import Plugin, PluginError
from transload.mappings.source.nodes import Rows as Items
from transload.mappings.source.nodes import Table, Text
from transload.mappings.source.problems import Problems, suggest
from transload.mappings.source.reading import Written
from transload.mappings.surroundings import Surroundings
from transload.mappings.tables.databases import LiveTable, Wanted
from transload.mappings.tables.files import Kept, TableFile, open_table, rows_of
from transload.mappings.tables.rows import Row, Rows

KEYS = ("file", "database", "table", "query", "wire", "canonical", "partner", "refresh", "note")
_COLUMNS = ("wire", "canonical")
REFRESH = 300.0
"""Seconds for which a table of a database is taken as it is, where the mapping says nothing."""
_SPAN = re.compile(r"(\d{1,6})(s|m|h)")
_SECONDS = {"s": 1, "m": 60, "h": 3600}
_NAME = re.compile(r"[A-Za-z_][\w$ -]*(?:\.[A-Za-z_][\w$ -]*)?")


class Files:
    """The table files that a mapping names, read once for each load."""

    def __init__(self, written: Written) -> None:
        self._written = written
        self.opened: dict[tuple[str, str], TableFile] = {}
        for shelf, code in (("xrefs", "M-XREF"), ("codes", "M-CODE")):
            entries = written.table.get(shelf)
            for name, entry in entries if isinstance(entries, Table) else ():
                if not isinstance(entry, Table) or (shelf == "codes" and not is_file(entry)):
                    continue
                reference = entry.get("file")
                if isinstance(reference, Text) and reference.text:
                    folder = written.folders.get(reference.at.file, written.file.parent)
                    found = open_table(reference.text, folder, reference.at, written.problems, code)
                    if found is not None:
                        self.opened[shelf, name.text] = found

    @property
    def digests(self) -> tuple[tuple[str, str, str], ...]:
        """Shelf, name and SHA-256 of each file."""
        return tuple((*key, file.digest) for key, file in self.opened.items())


def is_file(entry: Table) -> bool:
    """Whether a code table names a file, ``{file: NAME.csv}``, perhaps beside codes of its own."""
    reference = entry.get("file")
    return isinstance(reference, Text) and reference.text.endswith(".csv")


class Shelves:
    """Reads the shelves of one mapping, noting in its problems what is wrong with them.

    ``broken`` are the cross-references and plug-ins that have findings, so that their uses need no more.
    """

    def __init__(self, written: Written, surroundings: Surroundings, files: Files, kept: Kept) -> None:
        self._table = written.table
        self._problems = written.problems
        self._surroundings = surroundings
        self._files = files
        self._kept = kept
        self.broken: set[str] = set()

    @property
    def partner(self) -> Mapping[str, str]:
        """What is known of the partner."""
        return self._surroundings.partner

    def xrefs(self) -> dict[str, Xref]:
        """The cross-references by name."""
        found: dict[str, Xref] = {}
        for name, entry in self._entries("xrefs"):
            if not isinstance(entry, Table):
                hint = "{file: items.csv, wire: COLUMN, canonical: COLUMN}"
                self._problems.add("M-VALUE", entry.at, f"the cross-reference {name.text} is a table", hint=hint)
                continue
            made = self._xref(name.text, entry)
            if made is not None:
                found[name.text] = made
            else:
                self.broken.add(name.text)
        return found

    def codes(self) -> dict[str, CodeTable]:
        """The code tables that stand in files."""
        found: dict[str, CodeTable] = {}
        for name, entry in self._entries("codes"):
            file = self._files.opened.get(("codes", name.text))
            if isinstance(entry, Table) and file is not None:
                found[name.text] = self._code_table(name.text, entry, file)
        return found

    def plugins(self) -> dict[str, Plugin]:
        """The plug-ins that ``uses:`` names, loaded."""
        value = self._table.get("uses")
        if value is None:
            return {}
        if not isinstance(value, Items) or not all(isinstance(item, Text) and item.text for item in value):
            self._problems.add("M-VALUE", value.at, "uses: is a list of plug-ins", hint="uses: [tidy]")
            return {}
        found: dict[str, Plugin] = {}
        for item in value:
            assert isinstance(item, Text)
            try:
                found[item.text] = self._surroundings.plugins.find(item.text)
            except PluginError as error:
                self._problems.add("M-PLUGIN", item.at, str(error), hint=error.hint)
                self.broken.add(item.text)
        return found

    def _entries(self, key: str) -> Iterable[tuple[Text, Any]]:
        value = self._table.get(key)
        if value is None:
            return ()
        if not isinstance(value, Table):
            if key == "xrefs":
                self._problems.add("M-VALUE", value.at, f"{key}: is a table")
            return ()
        return value

    def _xref(self, name: str, entry: Table) -> Xref | None:
        texts: dict[str, Text] = {}
        for key, value in entry:
            if key.text not in KEYS:
                hint = suggest(key.text, KEYS, f"it takes {', '.join(KEYS)}")
                self._problems.add("M-KEY", key.at, f"a cross-reference has no key {key.text!r}", hint=hint)
                return None
            if not isinstance(value, Text) or not value.text:
                self._problems.add("M-VALUE", value.at, f"{key.text}: takes a text")
                return None
            texts[key.text] = value
        wrong = self._combination(name, texts)
        if wrong is not None:
            self._problems.add("M-XREF", entry.at, *wrong[:1], hint=wrong[1])
            return None
        if "file" in texts:
            return self._from_file(name, texts)
        return self._from_database(name, texts)

    def _combination(self, name: str, texts: Mapping[str, Text]) -> tuple[str, str] | None:
        if ("file" in texts) == ("database" in texts):
            return f"{name} needs file: or database:, and only one of them", "{file: items.csv, wire: A, canonical: B}"
        if "wire" not in texts or "canonical" not in texts:
            return f"{name} names two columns", "wire: the partner's column, canonical: ours"
        if "file" in texts and any(key in texts for key in ("table", "query", "refresh")):
            return f"{name}: table:, query: and refresh: go with database:", "leave them out"
        if "database" in texts and ("table" in texts) == ("query" in texts):
            return f"{name} needs table: or query:, and only one of them", "query: names one of the workspace's queries"
        return None

    def _from_file(self, name: str, texts: Mapping[str, Text]) -> Xref | None:
        file = self._files.opened.get(("xrefs", name))
        if file is None:
            return None
        columns = [texts[key].text for key in ("wire", "canonical", "partner") if key in texts]
        at = texts["file"].at
        key = (file.digest, file.name, tuple(columns))
        sides, problems = self._kept.get(key, lambda: _by_partner(file, columns, at))
        for finding in problems:
            self._problems.add(finding.code, finding.mapping or at, finding.message, hint=finding.hint)
        if "partner" not in texts:
            rows = sides.get("", Rows(()))
            return Xref(name=name, rows=lambda: rows, live=False, known=lambda: rows)
        scope = self._scope()
        if not scope:
            return Xref(name=name, rows=_unscoped(name), live=False)
        mine = [sides[value] for value in scope if value in sides]
        rows = mine[0] if len(mine) == 1 else Rows(_joined(mine))
        for clash in rows.clashes if len(mine) > 1 else ():
            self._problems.add("M-XREF", at, f"{name}: {clash.text()}, under two names of the partner")
        return Xref(name=name, rows=lambda: rows, live=False, known=lambda: rows)

    def _scope(self) -> tuple[str, ...]:
        """The partner by its name in the workspace and its identities, each once; titles are free, and tell nobody."""
        names = self._surroundings.partner.items()
        return tuple(dict.fromkeys(value for key, value in names if value and key != "name"))

    def _from_database(self, name: str, texts: Mapping[str, Text]) -> Xref | None:
        database = self._surroundings.databases.get(texts["database"].text)
        seconds = self._refresh(texts.get("refresh"))
        for key in ("wire", "canonical", "partner", "table"):
            if key in texts and not _NAME.fullmatch(texts[key].text):
                self._problems.add("M-XREF", texts[key].at, f"{texts[key].text!r} is no name of a table or column")
                return None
        if database is None:
            if not self._surroundings.partner:  # looked at by itself, outside of a workspace
                return Xref(name=name, rows=_unreachable(name, texts["database"].text), live=True)
            known = self._surroundings.databases
            hint = suggest(texts["database"].text, known, "name it under databases: in transload.yaml or partner.yaml")
            message = f"there is no database {texts['database'].text!r} here"
            self._problems.add("M-XREF", texts["database"].at, message, hint=hint)
            return None
        query = texts["query"].text if "query" in texts else None
        if query is not None and query not in database.queries:
            hint = suggest(query, database.queries, f"it has {', '.join(database.queries) or 'none'}")
            self._problems.add("M-XREF", texts["query"].at, f"{database.name} has no query {query!r}", hint=hint)
            return None
        scoped = texts["partner"].text if "partner" in texts else None
        if scoped is not None and not self._scope():
            return Xref(name=name, rows=_unscoped(name), live=True)
        wanted = Wanted(
            theirs=texts["wire"].text,
            ours=texts["canonical"].text,
            table=texts["table"].text if "table" in texts else None,
            query=query,
            partner=scoped,
            scope=self._scope() if scoped else (),
        )
        live = LiveTable(name, database, wanted, seconds)
        return Xref(name=name, rows=live.rows, live=True, known=lambda: live.known)

    def _refresh(self, value: Text | None) -> float:
        if value is None:
            return REFRESH
        found = _SPAN.fullmatch(value.text)
        if found is None or not int(found[1]):
            self._problems.add("M-VALUE", value.at, f"{value.text!r} is no span of time", hint="such as  30s, 5m or 1h")
            return REFRESH
        return float(int(found[1]) * _SECONDS[found[2]])

    def _code_table(self, name: str, entry: Table, file: TableFile) -> CodeTable:
        """The codes of a file; those that stand beside ``file:`` win, and go first where they stand before it."""
        columns = [value.text for key in _COLUMNS if isinstance(value := entry.get(key), Text)]
        own = {key.text for key, _ in entry}
        read: dict[str, str] = {}
        write: dict[str, str] = {}
        at: dict[str, MappingPlace] = {}

        def add(wire: str, canonical: str, place: MappingPlace) -> None:
            read[wire] = canonical
            write.setdefault(canonical, wire)
            at[wire] = place

        if len(columns) == 1:
            self._problems.add("M-CODE", entry.at, f"{name} names both columns or none", hint="wire: A, canonical: B")
            columns = []
        for key, value in entry:
            if key.text == "file":
                for wire, canonical, place in self._file_codes(name, file, columns, entry.at):
                    if wire not in own:
                        add(wire, canonical, place)
            elif key.text not in _COLUMNS:
                if isinstance(value, Text) and value.text and key.text:
                    add(key.text, value.text, value.at)
                else:
                    self._problems.add("M-VALUE", value.at, "a code table maps one text to one text")
        return CodeTable(name=name, read=read, write=write, at=at, digest=file.digest)

    def _file_codes(
        self, name: str, file: TableFile, columns: list[str], at: MappingPlace
    ) -> Iterator[tuple[str, str, MappingPlace]]:
        known: dict[str, tuple[str, int]] = {}
        for values, line in rows_of(file, columns, at, self._problems, "M-CODE"):
            place = MappingPlace(file=file.name, line=line, column=1)
            if not values or not values[0] or not values[1]:
                self._problems.add("M-CODE", place, f"a row of {name} needs a code and its meaning")
                continue
            meaning, first = known.setdefault(values[0], (values[1], line))
            if meaning != values[1]:
                message = f"the code {values[0]!r} stands in line {first} with another meaning"
                self._problems.add("M-CODE", place, message, hint="a code has one meaning; take one of the two out")
            elif first == line:
                yield values[0], values[1], place


def _by_partner(file: TableFile, columns: list[str], at: MappingPlace) -> tuple[dict[str, Rows], list[Any]]:
    """The rows of each partner (of all under "", where the table is not scoped), and what is wrong with them."""
    problems = Problems()
    sides: dict[str, list[Row]] = {}
    scoped = len(columns) == 3
    for values, line in rows_of(file, columns, at, problems, "M-XREF"):
        if not values or not values[0] or not values[1] or (scoped and not values[2]):
            place = MappingPlace(file=file.name, line=line, column=1)
            problems.add("M-XREF", place, f"a row needs a value in {' and '.join(columns)}")
            continue
        sides.setdefault(values[2] if scoped else "", []).append((values[0], values[1], line))
    made = {name: Rows(rows) for name, rows in sides.items()}
    for name, rows in made.items():
        for clash in rows.clashes:
            place = MappingPlace(file=file.name, line=clash.second, column=1)
            whose = f" of {name}" if name else ""
            message = f"{clash.text()}{whose}: in line {clash.first} and here"
            hint = "a cross-reference is one to one; take one of the two lines out"
            problems.add("M-XREF", place, message, hint=hint)
    return made, problems.findings


def _joined(sides: list[Rows]) -> Iterable[Row]:
    return [(theirs, ours, number) for number, rows in enumerate(sides) for theirs, ours in rows.read.items()]


def _unscoped(name: str) -> Callable[[], Rows]:
    def rows() -> Rows:
        message = f"the table {name!r} is scoped by partner, and no partner is known here"
        raise CodeError(message, hint="use the mapping from its partner's folder in a workspace")

    return rows


def _unreachable(name: str, database: str) -> Callable[[], Rows]:
    def rows() -> Rows:
        message = f"the table {name!r} is in the database {database!r}, which is not known here"
        raise CodeError(message, hint="use the mapping in a workspace that names the database")

    return rows
