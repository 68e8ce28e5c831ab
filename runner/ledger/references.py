"""How people name what the ledger holds: ``r12`` a receipt, ``d12`` a document, ``s12`` a delivery (what is sent)."""

import re
from dataclasses import dataclass
from typing import Literal

from transload.canonical.errors import ConfigurationError

Kind = Literal["receipt", "document", "delivery"]
_LETTERS: dict[str, Kind] = {"r": "receipt", "d": "document", "s": "delivery"}
_FORM = re.compile(r"([rds])(\d{1,18})", re.IGNORECASE)


@dataclass(frozen=True, order=True)
class Ref:
    """A row of the ledger."""

    kind: Kind
    id: int

    def __str__(self) -> str:
        letter = next(letter for letter, kind in _LETTERS.items() if kind == self.kind)
        return f"{letter}{self.id}"


def parse_ref(text: str) -> Ref | None:
    """The reference that ``text`` is; None when it has another form (a document's own number, say)."""
    match = _FORM.fullmatch(text.strip())
    return Ref(_LETTERS[match[1].lower()], int(match[2])) if match else None


class NotFound(ConfigurationError):
    """The ledger holds nothing by that name."""

    code = "E-NOT-FOUND"
