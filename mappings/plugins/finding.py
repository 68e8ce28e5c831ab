"""Which plug-ins there are, and which may run.

A mapping only names a plug-in.  What may run is decided outside of every workspace: packages that are
installed (entry points in the group ``transload.plugins``), and files that the trust file
names together with their SHA-256, so that a file that was changed does not run until somebody looked at it.
"""

import os
import stat
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from transload.adapters.base import positioned
from transload.canonical.errors import ConfigurationError
from transload.canonical.findings import Finding
from transload.canonical.places import MappingPlace
from transload.mappings.plugins.contract import NodePlugin, ValuePlugin

GROUP = "transload.plugins"
"""The group of entry points."""
VARIABLE = "TRANSLOAD_TRUST"
"""The environment variable that names another trust file."""
_WORKSPACE = "transload.yaml"


class PluginError(Exception):
    """A plug-in that cannot be had; ``hint`` says what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, kw_only=True)
class Trusted:
    """A file that may run as long as its content has this SHA-256."""

    file: Path
    digest: str


@dataclass(frozen=True, kw_only=True)
class Plugin:
    """A plug-in that is loaded; ``version`` says which one: of the package, or the file's SHA-256."""

    name: str
    version: str
    code: ValuePlugin | NodePlugin


@dataclass(frozen=True, kw_only=True, eq=False)
class Plugins:
    """The plug-ins that may run: installed ones, and ``files`` by name."""

    files: Mapping[str, Trusted] = field(default_factory=dict)
    source: str = ""

    def find(self, name: str) -> Plugin:
        """The plug-in called ``name``, loaded.  Raises `PluginError`."""
        trusted = self.files.get(name)
        if trusted is not None:
            return self._from_file(name, trusted)
        installed = tuple(entry_points(group=GROUP, name=name))
        if installed:
            return _from_package(name, installed[0])
        where = self.source or trust_file()
        hint = f"install the package that brings it, or name its file in {where}; see docs/mapping-plug-ins.md"
        raise PluginError(f"the plug-in {name!r} is not installed, and no trust file names it", hint)

    def _from_file(self, name: str, trusted: Trusted) -> Plugin:
        try:
            content = trusted.file.read_bytes()
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise PluginError(f"the plug-in {name!r} cannot be read: {reason}", f"its file is {trusted.file}") from None
        digest = sha256(content).hexdigest()
        if digest != trusted.digest:
            hint = f"look at it, then write  sha256: {digest}  in {self.source or 'the trust file'}"
            raise PluginError(f"the file of the plug-in {name!r} is not the one that is trusted", hint)
        module = _module(f"transload_plugin_{digest[:16]}", str(trusted.file), content, name)
        offered = getattr(module, "PLUGINS", None)
        if not isinstance(offered, Mapping) or name not in offered:
            hint = f"the file ends with  PLUGINS = {{{name!r}: YourClass()}}"
            raise PluginError(f"{trusted.file} has no plug-in {name!r}", hint)
        return _checked(name, digest, offered[name])


def _module(label: str, file: str, content: bytes, name: str) -> ModuleType:
    """The module of these very bytes, run once."""
    known = sys.modules.get(label)
    if known is not None:
        return known
    module = ModuleType(label)
    module.__file__ = file
    sys.modules[label] = module  # dataclasses look for their module there
    try:
        exec(compile(content, file, "exec"), module.__dict__)  # noqa: S102 - trusted by its digest
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the plug-in's fault
        del sys.modules[label]
        message = f"the plug-in {name!r} cannot be loaded: {type(error).__name__}: {error}"
        raise PluginError(message, f"its file is {file}") from None
    return module


def _from_package(name: str, entry: EntryPoint) -> Plugin:
    package = f"{entry.dist.name} {entry.dist.version}" if entry.dist else entry.value
    try:
        found = entry.load()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the plug-in's fault
        message = f"the plug-in {name!r} cannot be loaded: {type(error).__name__}: {error}"
        raise PluginError(message, f"it is in {package}") from None
    return _checked(name, package, found)


def _checked(name: str, version: str, found: Any) -> Plugin:
    if isinstance(found, type) and issubclass(found, ValuePlugin | NodePlugin):
        try:
            found = found()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the plug-in's fault
            message = f"the plug-in {name!r} cannot be made: {type(error).__name__}: {error}"
            raise PluginError(message, "its constructor takes no arguments") from None
    if not isinstance(found, ValuePlugin | NodePlugin):
        hint = "derive its class from transload.mappings.plugins.ValuePlugin or NodePlugin"
        raise PluginError(f"{name!r} is no plug-in for mappings", hint)
    return Plugin(name=name, version=version, code=found)


def trust_file() -> Path:
    """The trust file: what ``TRANSLOAD_TRUST`` names, else ``transload/trust.yaml`` in the user's configuration."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named)
    home = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(os.path.expanduser(home)) / "transload" / "trust.yaml"  # noqa: PTH111 - may raise where there is no home


def trusted_plugins(file: Path | None = None) -> Plugins:
    """The plug-ins that the trust file allows besides installed ones; without the file only those.

    Raises `ConfigurationError` (C-TRUST) when the file is wrong, stands in a workspace, or others may write it.
    """
    path = file or trust_file()
    if not path.is_file():
        return Plugins(source=str(path))
    node = positioned.load(path)
    _refuse_place(path)
    files: dict[str, Trusted] = {}
    block = node.get("plugins") if isinstance(node, positioned.Entries) else None
    if not isinstance(block, positioned.Entries):
        raise _wrong(path, node, "a trust file has the block plugins:", "plugins: {NAME: {file: PATH, sha256: DIGEST}}")
    for name, entry in block:
        place = entry.get("file") if isinstance(entry, positioned.Entries) else None
        digest = entry.get("sha256") if isinstance(entry, positioned.Entries) else None
        if not isinstance(place, positioned.Scalar) or not isinstance(digest, positioned.Scalar):
            raise _wrong(path, entry, f"{name.text} needs file: and sha256:", "sha256sum FILE tells the digest")
        found = Path(place.text)
        if not found.is_absolute():
            raise _wrong(path, place, f"{place.text!r} is no absolute path", "write the path from /")
        files[name.text] = Trusted(file=found, digest=digest.text.lower())
    return Plugins(files=files, source=str(path))


def _refuse_place(path: Path) -> None:
    at = positioned.Scalar("", 1, 1)
    for folder in path.resolve().parents:
        if (folder / _WORKSPACE).is_file():
            message = f"the trust file stands in the workspace {folder}, which could then trust itself"
            raise _wrong(path, at, message, f"move it out of the workspace, and name it in {VARIABLE}")
    if path.stat().st_mode & stat.S_IWOTH:
        raise _wrong(path, at, "everybody may write the trust file", f"chmod o-w {path}")


def _wrong(path: Path, node: positioned.Node, message: str, hint: str) -> ConfigurationError:
    at = MappingPlace(file=str(path), line=node.line, column=node.column)
    return ConfigurationError(
        message, hint=hint, findings=[Finding(code="C-TRUST", message=message, hint=hint, mapping=at)]
    )
