"""Names with a star, which stands for another name: ``*.done``, ``.*.part``."""

from typing import Annotated

from pydantic import AfterValidator

from transload.adapters.base.folders.names import fault_of


def _with_star(value: str) -> str:
    if value.count("*") != 1:
        raise ValueError(f"{value!r} needs exactly one * in it")
    if fault := fault_of(value.replace("*", "x")):
        raise ValueError(f"{value!r} cannot be used for a file name: {fault}")
    return value


Starred = Annotated[str, AfterValidator(_with_star)]
"""A name with one ``*`` in it."""
