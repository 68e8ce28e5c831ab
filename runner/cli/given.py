"""The paths that a user names: which workspaces and mapping files they stand for."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from transload.adapters.base.positioned import Entries, load
from transload.canonical.errors import ConfigurationError
from transload.canonical.findings import Finding
from transload.mappings import Mapping, load_mapping
from transload.mappings.loading import asks_outside
from transload.mappings.plugins import trusted_plugins
from transload.mappings.surroundings import Surroundings
from transload.runner.filenames import FILE, PARTNER_FILE

_SUFFIXES = (".yaml", ".yml")


@dataclass(kw_only=True)
class Given:
    """Workspace folders and mapping files, each once and in order; ``findings`` tells what could not be read."""

    workspaces: list[Path] = field(default_factory=list)
    mappings: list[Path] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @classmethod
    def of(cls, paths: Sequence[Path]) -> "Given":
        """What ``paths`` stand for.

        A folder: the workspace in it, if there is one, and all mapping files below it.
        transload.yaml or a partner.yaml: its workspace and that workspace's mappings.
        A mapping file: itself.

        Raises `ConfigurationError` for a path that is not there or stands for nothing.
        """
        given = cls()
        for path in paths:
            if path.is_dir():
                given._take_folder(path)
            elif path.name == FILE:
                given._take_folder(path.parent)
            elif path.name == PARTNER_FILE and (home := workspace_of(path)):
                given._take_folder(home)
            else:
                given._take_file(path)
        return given

    def _take_folder(self, folder: Path) -> None:
        is_workspace = (folder / FILE).is_file()
        if is_workspace:
            _append(self.workspaces, folder)
        files = _yaml_files(folder)
        found = False
        for file in files:
            if file.name in (FILE, PARTNER_FILE):
                continue
            try:
                root = load(file)
            except ConfigurationError as error:
                # In a workspace every YAML file below mappings/ is ours; elsewhere it may be anybody's.
                if is_workspace and "mappings" in file.relative_to(folder).parts[:-1]:
                    self.findings += error.findings
                    found = True
                continue
            if isinstance(root, Entries) and root.key("mapping"):
                _append(self.mappings, file)
                found = True
        if not found and not is_workspace:
            raise ConfigurationError(
                f"there is nothing of ours in {folder}: neither {FILE} nor a mapping file",
                hint="name a workspace's folder or a mapping file, or make a workspace with: transload init FOLDER",
            )

    def _take_file(self, file: Path) -> None:
        root = load(file)
        if not isinstance(root, Entries) or not root.key("mapping"):
            raise ConfigurationError(
                f"{file} is no mapping file: it has no key 'mapping'",
                hint=f"name a mapping file, {FILE}, {PARTNER_FILE}, or a folder",
            )
        _append(self.mappings, file)


def workspace_of(path: Path) -> Path | None:
    """The workspace's folder that ``path`` lies in, written as ``path`` is where that leads there; or None."""
    written = () if ".." in path.parts else path.parents
    return next((folder for folder in (*written, *path.absolute().parents) if (folder / FILE).is_file()), None)


def guides_for(file: Path) -> tuple[Path, ...]:
    """The folder of guides of the workspace that ``file`` lies in."""
    home = workspace_of(file)
    return (home / "guides",) if home and (home / "guides").is_dir() else ()


def loaded(file: Path) -> Mapping:
    """The mapping in ``file``, with the guides, the partner, the databases and the plug-ins that it has here.

    Raises `ConfigurationError` as `load_mapping` does, and where the trust file is wrong.
    """
    around = surroundings_for(file) if asks_outside(file) else None
    return load_mapping(file, guides=guides_for(file), surroundings=around)


def surroundings_for(file: Path) -> Surroundings:
    """What the partner's mappings may use in whose folder ``file`` lies; elsewhere trusted plug-ins only."""
    home = workspace_of(file)
    if home is not None:
        from transload.runner.workspace import load_workspace  # a tenth of a second, for mappings in workspaces only

        with suppress(ConfigurationError):  # what is wrong with the workspace is not this file's
            partners = load_workspace(home).partners.values()
            owner = next(
                (partner for partner in partners if file.resolve().is_relative_to(partner.folder.resolve())), None
            )
            if owner is not None:
                return owner.surroundings
    return Surroundings(plugins=trusted_plugins())


def _yaml_files(folder: Path) -> Iterable[Path]:
    """All YAML files below ``folder``, sorted, hidden folders left out."""
    files = sorted(folder.rglob("*.y*ml"))
    return [
        file
        for file in files
        if file.suffix in _SUFFIXES
        and file.is_file()
        and not any(part.startswith(".") for part in file.relative_to(folder).parts)
    ]


def _append(items: list[Path], item: Path) -> None:
    if item.resolve() not in [known.resolve() for known in items]:
        items.append(item)
