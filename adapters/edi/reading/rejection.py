"""What one wrong message rejects besides itself: nothing, its group, or its interchange (the option ``reject``).

Reading asks `neighbours` which of the other messages it must hold back; acknowledging asks for the
reason by which a group or an interchange is refused.  Both follow from the same few lines, so that
what is refused and what is said to be refused are the same.
"""

from collections.abc import Mapping
from typing import Literal

from transload.canonical.findings import Finding
from transload.canonical.places import Place

Scope = Literal["message", "group", "interchange"]


def neighbours(scope: Scope, wrong: Mapping[int | None, int], group: int | None, message: int) -> Finding | None:
    """Why message number ``message`` of ``group``, right by itself, is rejected because of others; None if it is not.

    ``wrong`` holds the number of the first message with an error for each group of the same interchange that has
    one; numbers count from 1 in the interchange, and messages outside of groups have the group None, which is no
    group: they share nothing but the interchange.
    """
    if scope == "interchange" and wrong:
        return because(min(wrong.values()), "interchange", Place(group=group, message=message))
    if scope == "group" and group is not None and group in wrong:
        return because(wrong[group], "group", Place(group=group, message=message))
    return None


def because(first: int, scope: Scope, place: Place | None = None) -> Finding:
    """The finding that a whole ``scope`` is rejected with message number ``first``."""
    return Finding(
        code="E-REJECTED-WITH",
        message=f"the whole {scope} is rejected because message {first} of the interchange is wrong",
        hint=f"this partner wants it so (reject: {scope} under format); the message itself may be right",
        place=place,
    )
