"""Loading mappings: read, understood, and kept while the resolved file stays the same."""

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

from transload.canonical.errors import ConfigurationError
from transload.canonical.findings import Finding
from transload.mappings.language.front import understand
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.shelves import Files, Shelves
from transload.mappings.mapping import Mapping
from transload.mappings.source.bounds import beside
from transload.mappings.source.nodes import Text
from transload.mappings.source.reading import PREFIX, Written, read
from transload.mappings.surroundings import Surroundings
from transload.mappings.tables.files import Kept

_ALONE = Surroundings()
_KEPT = 512
_NESTED = "a mapping of faults names no faults: of its own"
_tables = Kept(64)
_kept: OrderedDict[tuple[object, ...], Mapping] = OrderedDict()
_lock = Lock()


def asks_outside(reference: str | Path, base: Path | None = None) -> bool:
    """Whether a mapping file, or one that it extends, has cross-references or plug-ins."""
    try:
        table = read(reference, base).table
    except ConfigurationError:
        return False
    return table.get("xrefs") is not None or table.get("uses") is not None


def load_mapping(
    reference: str | Path,
    *,
    base: Path | None = None,
    guides: Sequence[Path] = (),
    surroundings: Surroundings | None = None,
) -> Mapping:
    """Load a mapping file with all that it extends.

    ``reference`` is a path, from ``base`` when it is relative, or the name of a library
    mapping such as ``library:edifact/orders-d96a``.  ``guides`` are folders whose guides win
    over the shipped ones; ``surroundings`` is what the mapping may use besides its files.  The files are
    read each time, those of tables as well; what is compiled is kept by their resolved content,
    so loading again costs little.

    Raises `ConfigurationError` carrying every static finding, with file, line and column.
    """
    return _load(reference, base, guides, surroundings or _ALONE, of_faults=False)


def _load(
    reference: str | Path, base: Path | None, guides: Sequence[Path], around: Surroundings, *, of_faults: bool
) -> Mapping:
    """The mapping; one that is itself ``of_faults`` may not name others."""
    written = read(reference, base)
    files = Files(written)
    alone = written.table.get("xrefs") is None and written.table.get("uses") is None
    key = (
        written.digest,
        written.name,
        str(written.file),
        tuple(str(folder) for folder in guides),
        files.digests,
        None if alone else around,
    )
    with _lock:
        found = _kept.get(key)
        if found is not None:
            _kept.move_to_end(key)
    if found is not None:
        if of_faults and found.meaning.faults:
            raise _refused(found.meaning.faults[0], _NESTED)
        faults = _faults(found.meaning, written, guides, around)  # their files may have changed
        return found if faults == found.faults else Mapping(written, found.meaning, guides, faults)
    meaning = understand(written, guides, Shelves(written, around, files, _tables))
    if of_faults and meaning.faults:
        raise _refused(meaning.faults[0], _NESTED)
    mapping = Mapping(written, meaning, guides, _faults(meaning, written, guides, around))
    with _lock:
        _kept[key] = mapping
        while len(_kept) > _KEPT:
            _kept.popitem(last=False)
    return mapping


def _faults(meaning: Meaning, written: Written, guides: Sequence[Path], around: Surroundings) -> tuple[Mapping, ...]:
    """The mappings that read faults; they are of SOAP, and have none of their own."""
    found = []
    for name in meaning.faults:
        try:
            if not name.text.startswith(PREFIX):
                beside(name.text, written.file.parent)
            mapping = _load(name.text, written.file.parent, guides, around, of_faults=True)
        except ConfigurationError as error:
            raise _refused(name, f"the mapping of faults, {name.text}: {error.message}", error.findings) from error
        except OSError as error:
            raise _refused(name, f"the mapping of faults, {name.text!r}: {error.strerror}") from error
        if mapping.format_type != "soap":
            raise _refused(name, f"the mapping of faults, {name.text}, is of the format {mapping.format_type}")
        found.append(mapping)
    return tuple(found)


def _refused(name: Text, message: str, findings: Sequence[Finding] = ()) -> ConfigurationError:
    finding = Finding(code="M-EXTENDS", message=message, hint="see faults: under format:", mapping=name.at)
    return ConfigurationError(message, findings=[finding, *findings])
