"""Adapters by name: names first, imported on use, found by entry points in ``transload.adapters``."""

from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from transload.adapters.base.endpoint import Endpoint
from transload.adapters.base.filter import Filter
from transload.adapters.base.format import Format
from transload.adapters.base.settings import Settings
from transload.adapters.base.transport import Source, Target
from transload.canonical.errors import ConfigurationError

GROUP = "transload.adapters"
ABILITIES = ("source", "target", "endpoint", "format", "filter")


@dataclass(frozen=True, kw_only=True)
class Adapter:
    """What an adapter's entry point names: a one-line ``summary``, its connection settings and its abilities.

    Raises `ConfigurationError` for a source beside an endpoint: ``from:`` would not say which of them is meant.
    """

    summary: str
    connection: type[Settings] = Settings
    source: type[Source[Any, Any]] | None = None
    target: type[Target[Any, Any]] | None = None
    endpoint: type[Endpoint[Any, Any]] | None = None
    format: type[Format[Any]] | None = None
    filter: type[Filter[Any]] | None = None

    def __post_init__(self) -> None:
        if self.source is not None and self.endpoint is not None:
            raise ConfigurationError(
                f"the adapter {self.summary!r} has a source and an endpoint, and 'from' of a route can mean one only",
                hint="make two adapters of it, each with an entry point; one package may have both",
            )

    @property
    def abilities(self) -> tuple[str, ...]:
        """Which of source, target, endpoint, format and filter this adapter has."""
        return tuple(name for name in ABILITIES if getattr(self, name) is not None)


@cache
def _entries() -> dict[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        other = found.setdefault(entry.name, entry)
        if other.value != entry.value:
            raise ConfigurationError(
                f"two installed packages provide an adapter named {entry.name!r}: {other.value} and {entry.value}",
                hint="uninstall one of them, or rename the plug-in's entry point",
            )
    return found


def adapter_names() -> tuple[str, ...]:
    """The names of all installed adapters, sorted; nothing is imported for it."""
    return tuple(_entries())


def origin(name: str) -> str:
    """The distribution that provides the adapter, with its version, as ``transload 0.1.0``."""
    found = _entries()[name].dist
    return f"{found.name} {found.version}" if found else "unknown"


def adapter(name: str) -> Adapter:
    """The adapter of that name, imported at first use.

    Raises `ConfigurationError` when no such adapter is installed, or it cannot be imported.
    """
    entry = _entries().get(name)
    if entry is None:
        close = get_close_matches(name, _entries(), n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"installed adapters: {', '.join(_entries())}"
        raise ConfigurationError(f"there is no adapter named {name!r}", hint=hint)
    try:
        found = entry.load()
    except ConfigurationError:
        raise
    except Exception as error:  # whatever a plug-in's module does when it is imported
        missing = isinstance(error, ImportError)
        raise ConfigurationError(
            f"the adapter {name!r} cannot be loaded: {error if missing else f'{type(error).__name__}: {error}'}",
            hint=f"install what it needs, for example: pip install 'transload[{name}]'"
            if missing
            else f"this is a fault in its package ({origin(name)}): ask who made it, or uninstall it",
        ) from error
    if not isinstance(found, Adapter):
        raise ConfigurationError(
            f"the entry point {entry.value!r} of adapter {name!r} is no Adapter but {type(found).__name__}",
            hint="let it name an object of class transload.adapters.base.Adapter",
        )
    return found
