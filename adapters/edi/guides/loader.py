"""Guide files: compact YAML that people read and write, checked with the line and column of every fault.

A version's folder holds ``segments.yaml`` (its directory: ``elements``, ``composites``,
``segments``, short ``codes``), beside it ``codes.yaml`` where the code lists are long, and one
file a message with its ``structure``.  A message's file may hold the directory's keys too; what
it says wins.  ``dictionary: d96a`` takes the directory of another version's folder.
"""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from transload.adapters.base.positioned import Entries
from transload.adapters.edi.guides.codes import CodeBook
from transload.adapters.edi.guides.directory import Directory
from transload.adapters.edi.guides.files import GuideFile
from transload.adapters.edi.guides.model import Rules
from transload.adapters.edi.guides.structure import parse_structure
from transload.canonical.errors import ConfigurationError
from transload.canonical.findings import Finding

STANDARDS = ("edifact", "x12")
_DIRECTORY = ("elements", "composites", "segments", "codes")
_KEYS = ("standard", "message", "version", "source", "coverage", "dictionary", "structure", *_DIRECTORY)
_SHARED_KEYS = ("source", *_DIRECTORY)


def load_rules(path: Path, dictionary: Callable[[str], Path | None], *, name: str | None = None) -> Rules:
    """Read the guide at ``path``; ``dictionary`` finds the ``segments.yaml`` of a version's folder.

    Raises `ConfigurationError` with a finding (``C-GUIDE``) for every fault at its line and column.  A
    ``codes.yaml`` is read when its codes are asked for, so what is wrong with it is said by `Rules.read_codes`.
    """
    faults: list[Finding] = []
    message = GuideFile(path=path, name=name or str(path), faults=faults)
    root = message.read(_KEYS)
    wanted = message.text(root, "dictionary", required=False)
    beside = dictionary(wanted or path.parent.name)
    if wanted and beside is None:
        message.refuse(
            root.key("dictionary") or root,
            f"there is no dictionary {wanted!r}",
            "name a folder that has a segments.yaml",
        )
    standard = message.text(root, "standard") or path.parent.parent.name
    if standard not in STANDARDS:
        message.refuse(root.get("standard") or root, f"there is no standard {standard!r}", "write edifact or x12")
        standard = "edifact"
    files = [(message, root)]
    book = None
    if beside is not None:
        shared = GuideFile(path=beside, name=str(beside), faults=faults)
        files.insert(0, (shared, _shared(shared)))
        listed = beside.with_name("codes.yaml")
        if listed.is_file():
            book = CodeBook(path=listed)
    directory = Directory(standard=standard, late=book.late if book else None)
    # What a message's file says of an element must hold inside the shared composites and segments too.
    for take in (directory.take_elements, directory.take_composites, directory.take_segments):
        for file, entries in files:
            take(file, entries)
    if book is not None:
        book.elements = directory.elements.keys()
    rules = Rules(
        standard=standard,
        message=message.text(root, "message") or "",
        version=message.text(root, "version") or "",
        source=message.text(root, "source") or "",
        file=message.name,
        subset=message.text(root, "coverage", required=False) == "subset",
        structure=parse_structure(message, root.get("structure") or root, directory.segments),
        segments=dict(directory.segments),
        elements=dict(directory.elements),
        composites=dict(directory.composites),
        code_book=book,
    )
    if faults:
        raise ConfigurationError(f"the guide {message.name} has {len(faults)} faults", findings=faults)
    return rules


def _shared(file: GuideFile) -> Entries:
    """The keys of a version's directory, parsed once for all messages of the version."""
    root = _parsed(file.path, file.path.stat().st_mtime_ns)
    return root if root is not None else file.read(_SHARED_KEYS, "a directory")


@lru_cache(maxsize=4)
def _parsed(path: Path, changed: int) -> Entries | None:
    """The keys of the file at ``path``, read again when it has ``changed``; None when something is wrong with them."""
    file = GuideFile(path=path, name=str(path))
    root = file.read(_SHARED_KEYS, "a directory")
    return None if file.faults else root
