"""Loading mappings: read, understood, and kept while the resolved file stays the same."""

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

from transload.canonical.errors import ConfigurationError
from transload.mappings.language.front import understand
from transload.mappings.language.shelves import Files, Shelves
from transload.mappings.mapping import Mapping
from transload.mappings.source.reading import read
from transload.mappings.surroundings import Surroundings
from transload.mappings.tables.files import Kept

_ALONE = Surroundings()
_KEPT = 512
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
    written = read(reference, base)
    around = surroundings or _ALONE
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
            return found
    mapping = Mapping(written, understand(written, guides, Shelves(written, around, files, _tables)), guides)
    with _lock:
        _kept[key] = mapping
        while len(_kept) > _KEPT:
            _kept.popitem(last=False)
    return mapping
