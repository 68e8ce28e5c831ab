"""Names of a package that are imported when they are first asked for.

A command that reads one file needs neither pydantic's settings classes nor the transports, and most of
its time would go into importing them.
"""

import sys
from collections.abc import Callable, Collection, Mapping
from importlib import import_module
from typing import Any


def deferred(package: str, modules: Mapping[str, Collection[str]]) -> Callable[[str], Any]:
    """The ``__getattr__`` (PEP 562) of ``package``: ``modules`` has the names that each of its modules declares."""
    homes = {name: module for module, names in modules.items() for name in names}

    def find(name: str) -> Any:
        home = homes.get(name)
        if home is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        found = getattr(import_module(f"{package}.{home}"), name)
        setattr(sys.modules[package], name, found)
        return found

    return find
