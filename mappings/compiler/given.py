"""What comes from outside a document when it is written: the clock and a number of its own."""

from dataclasses import dataclass
from datetime import datetime

from transload.canonical.context import Context
from transload.mappings.language.meaning import Meaning


@dataclass(frozen=True, kw_only=True)
class Outside:
    """``now`` is the context's clock, ``number`` the control number of this document, 0 where nothing asks for one."""

    now: datetime
    number: int = 0


def outside(meaning: Meaning, context: Context) -> Outside:
    """What the mapping's entries ask for; a number is used up only where one of them writes it.

    Numbers are counted in a series for each mapping.
    """
    numbered = any(slot.given is not None and slot.given.word == "control_number" for slot in meaning.slots)
    number = context.numbers.next(f"mapping:{meaning.name}") if numbered else 0
    return Outside(now=context.now, number=number)
