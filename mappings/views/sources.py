"""The files that a mapping is made of: itself, those that it extends, tables, the mappings of faults, a copybook."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from transload.adapters.base.positioned import Entries, Scalar, load
from transload.canonical.errors import ConfigurationError
from transload.mappings.mapping import Mapping
from transload.mappings.source.nodes import Table, Text


def sources(mapping: Mapping) -> frozenset[Path]:
    """The files, all links followed; each was there when the mapping was loaded."""
    found = {path.resolve() for path in mapping.written.paths}
    found |= {path.resolve() for path in _tables(mapping)}
    found |= {path.resolve() for path in _copybooks(mapping)}
    return frozenset(found).union(*(sources(other) for other in mapping.faults))


def _tables(mapping: Mapping) -> Iterator[Path]:
    for shelf in ("xrefs", "codes"):
        entries = mapping.table.get(shelf)
        for _, entry in entries if isinstance(entries, Table) else ():
            reference = entry.get("file") if isinstance(entry, Table) else None
            if isinstance(reference, Text):
                yield mapping.written.folders.get(reference.at.file, mapping.file.parent) / reference.text


def _copybooks(mapping: Mapping) -> Iterator[Path]:
    """A copybook's text has taken the place of its name, so the files are looked at once more."""
    if mapping.format_type != "cobol":
        return
    for path in mapping.written.paths:
        with suppress(ConfigurationError):
            root = load(path)
            block = root.get("format") if isinstance(root, Entries) else None
            name = block.get("copybook") if isinstance(block, Entries) else None
            if isinstance(name, Scalar) and "\n" not in name.text:
                yield path.parent / name.text
