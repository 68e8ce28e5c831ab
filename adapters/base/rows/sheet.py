"""Rows of columns, as a mapping writes them and a format takes them."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """The body of an `Encoded` for a format of columns.

    ``columns`` are their names, in the order of the mapping, or their numbers where there is no header.  Each of
    ``rows`` is a text: its cells in that order, `ELEMENT` between them, empty ones at the end left out.
    """

    columns: Sequence[str]
    rows: Sequence[str]
