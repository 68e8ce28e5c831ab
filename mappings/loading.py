"""Loading mappings: read, understood, and kept while the resolved file stays the same."""

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

from transload.mappings.language.front import understand
from transload.mappings.mapping import Mapping
from transload.mappings.source.reading import read

_KEPT = 512
_kept: OrderedDict[tuple[object, ...], Mapping] = OrderedDict()
_lock = Lock()


def load_mapping(reference: str | Path, *, base: Path | None = None, guides: Sequence[Path] = ()) -> Mapping:
    """Load a mapping file with all that it extends.

    ``reference`` is a path, from ``base`` when it is relative, or the name of a library
    mapping such as ``library:edifact/orders-d96a``.  ``guides`` are folders whose guides win
    over the shipped ones.  The files are read each time; what is compiled is kept by
    their resolved content, so loading again costs little.

    Raises `ConfigurationError` carrying every static finding, with file, line and column.
    """
    written = read(reference, base)
    key = (written.digest, written.name, str(written.file), tuple(str(folder) for folder in guides))
    with _lock:
        found = _kept.get(key)
        if found is not None:
            _kept.move_to_end(key)
            return found
    mapping = Mapping(written, understand(written, guides), guides)
    with _lock:
        _kept[key] = mapping
        while len(_kept) > _KEPT:
            _kept.popitem(last=False)
    return mapping
