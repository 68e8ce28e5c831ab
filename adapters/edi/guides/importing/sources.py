"""What guides can be imported from, told apart by what is there: the UN's releases, pyx12's maps, XML Schemas."""

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Protocol

from transload.adapters.edi.guides.importing.pyx12 import import_maps, installed_maps, is_map_folder
from transload.adapters.edi.guides.importing.uncefact import read_releases
from transload.adapters.edi.guides.importing.writing import ListedMessage, Release
from transload.adapters.edi.guides.importing.xsd import import_schema
from transload.canonical.errors import TransloadError
from transload.canonical.findings import Finding

_INSTALLED = "pyx12"


class Found(Protocol):
    """What a source holds: the files to write, and what to say of it."""

    @property
    def release(self) -> Release:
        """What `write_release` takes."""

    @property
    def version(self) -> str:
        """The version, as people name it."""

    @property
    def counts(self) -> dict[str, int]:
        """How much there is of each kind."""

    @property
    def listed(self) -> list[ListedMessage]:
        """The messages."""


def read_source(
    source: Path,
    *,
    wanted: Collection[str] = (),
    version: str = "",
    element: str = "",
    held: Callable[[str], Collection[str] | None] = lambda folder: None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[Sequence[Found], list[Finding]]:
    """All that ``source`` holds, and what is wrong with it.

    ``source`` is a UN release (`read_releases`, which takes ``held`` and ``progress``), a folder of pyx12's maps or one
    of them, ``pyx12`` for those of the installed pyx12 and ``pyx12/FILE`` for one of these, or an XML Schema
    (``.xsd``), of which ``version`` and ``element`` say what it does not.  ``wanted`` are the messages to take.

    Raises `TransloadError` when the source cannot be read.
    """
    if not source.exists() and source.parts[0] == _INSTALLED and len(source.parts) <= 2:
        folder = installed_maps()
        if folder is None:
            message = "pyx12 is not installed, so there are no maps of it"
            hint = "install it beside transload, or name a folder of maps"
            finding = Finding(code="E-FILE", message=message, hint=hint)
            raise TransloadError(message, hint=hint, findings=[finding])
        return import_maps(folder, messages=wanted, files=source.parts[1:])
    if source.is_dir() and is_map_folder(source):
        return import_maps(source, messages=wanted)
    if source.suffix == ".xml" and source.is_file() and is_map_folder(source.parent):
        return import_maps(source.parent, messages=wanted, files=[source.name])
    if source.suffix.lower() == ".xsd" and source.is_file():
        read = [
            import_schema(source, message=message, version=version, root=element) for message in sorted(wanted) or [""]
        ]
        said = {finding.line(): finding for _, findings in read for finding in findings}
        return [one for made, _ in read for one in made], list(said.values())
    return read_releases(source, wanted=wanted, held=held, progress=progress)
