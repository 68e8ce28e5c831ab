"""Which routes a file concerns, and on which side."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from transload.canonical.errors import ConfigurationError
from transload.mappings import Mapping as CompiledMapping
from transload.mappings.source.reading import PREFIX, locate
from transload.mappings.views.sources import sources
from transload.runner.filenames import FILE
from transload.runner.lines.lines import Line

_GUIDES = "guides"
_STANDARDS = ("edifact", "x12")
_PARTS = ("segments", "codes")
"""Files beside guides that all guides of a version share."""


@dataclass(frozen=True, kw_only=True)
class Concern:
    """How files concern a route.

    ``targets`` are those that may get something else of the same document.  ``kinds`` are the types of
    messages that alone are concerned, empty for all.  ``unrecorded`` tells that which version of a file was in use is
    not known: guides, transload.yaml.
    """

    targets: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    unrecorded: bool = False

    def with_other(self, other: "Concern") -> "Concern":
        """Both together."""
        narrow = self.kinds and other.kinds
        return Concern(
            targets=self.targets | other.targets,
            kinds=self.kinds | other.kinds if narrow else frozenset(),
            unrecorded=self.unrecorded or other.unrecorded,
        )


def concerned(lines: Sequence[Line], folder: Path, files: Sequence[str]) -> dict[str, Concern]:
    """The routes that ``files`` concern: mappings, tables, guides, partner files, as paths or ``library:NAME``.

    ``folder`` is the workspace's.  Raises `ConfigurationError` for a file that is not there, and for one that concerns
    none of ``lines``.
    """
    found: dict[str, Concern] = {}
    for file in files:
        path = path_of(file, folder)
        used = False
        for line in lines:
            concern = _of(line, path, folder)
            if concern is not None:
                used = True
                known = found.get(line.route.ref)
                found[line.route.ref] = known.with_other(concern) if known else concern
        if not used:
            hint = "name a mapping, a table, a guide or a partner file that a route of the workspace uses"
            raise ConfigurationError(f"no route chosen here uses {file}", hint=hint)
    return found


def path_of(file: str, folder: Path) -> Path:
    """The file that was named, all links followed; ``folder`` is the workspace's.

    Raises `ConfigurationError` where it is not there.
    """
    if file.startswith(PREFIX):
        return locate(file, None)[0].resolve()
    here = Path(file)
    path = here if here.exists() or here.is_absolute() else folder / file
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "is not there"
        raise ConfigurationError(f"{file} {what}", hint="name a file; without one all routes are looked at")
    return path.resolve()


def _of(line: Line, path: Path, folder: Path) -> Concern | None:
    """How a file concerns a line; None where it does not."""
    writers = line.writers
    every = frozenset(outlet.target for outlet in line.outlets)
    if path == (folder / FILE).resolve():
        return Concern(targets=every, unrecorded=True)
    if path == line.partner.file.resolve():
        return Concern(targets=every)
    sent = {writer.outlet.target for writer in writers if path == writer.route.partner.file.resolve()}
    sent |= {passer.outlet.target for passer in line.passers if path == passer.route.partner.file.resolve()}
    guides = (folder / _GUIDES).resolve()
    if path.is_relative_to(guides):
        return _guide(line, path.relative_to(guides))
    read = any(path in sources(mapping) for mapping in line.route.mappings)
    sent |= {writer.outlet.target for writer in writers if path in sources(writer.mapping)}
    return Concern(targets=frozenset(sent)) if read or sent else None


def _guide(line: Line, path: Path) -> Concern | None:
    """How a guide concerns a line: by the standard and the type of message in its path; an overlay by neither."""
    standard = path.parts[0] if path.parts[0] in _STANDARDS else None
    kind = path.stem.upper() if standard and path.stem not in _PARTS else None

    def fits(mapping: CompiledMapping) -> bool:
        if standard is None:
            return mapping.format_type in _STANDARDS
        return mapping.format_type == standard and (kind is None or mapping.kind == kind)

    reads = line.format_type == standard if standard else line.format_type in _STANDARDS
    sent = frozenset(writer.outlet.target for writer in line.writers if fits(writer.mapping))
    if not reads and not sent:
        return None
    kinds = frozenset((kind,)) if kind and reads and not sent else frozenset()
    return Concern(targets=sent, kinds=kinds, unrecorded=True)
