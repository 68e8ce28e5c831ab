"""Transload moves business documents between systems that speak different languages."""

from typing import Any


def __getattr__(name: str) -> Any:
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import version  # here, since it takes longer than many a command

    return version("transload")
