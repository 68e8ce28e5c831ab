"""What one wrong message rejects besides itself: nothing, its group, or its interchange (the option ``reject``).

The reading side asks `neighbours` which of the other messages it must hold back; the acknowledging side asks
`condemned` for the subject of its report.  Both follow from the same few lines, so that
what is refused and what is said to be refused are the same.
"""

from collections.abc import Collection
from dataclasses import replace
from typing import Literal

from transload.adapters.edi.acknowledge.subject import Subject, SubjectGroup, SubjectMessage
from transload.canonical.findings import Finding, errors_of
from transload.canonical.places import Place

Scope = Literal["message", "group", "interchange"]


def neighbours(
    scope: Scope, wrong: Collection[tuple[int | None, int]], group: int | None, message: int
) -> Finding | None:
    """Why message number ``message`` of ``group`` is rejected because of others; None where it is not.

    ``wrong`` holds group and number of each message of the same interchange that has an
    error; numbers count from 1 in the interchange, and messages outside of groups have the group None, which is no
    group: they share nothing but the interchange.  A message that is itself wrong gets no such finding.
    """
    if scope == "message" or not wrong or (group, message) in wrong:
        return None
    if scope == "interchange":
        first = min(number for _, number in wrong)
        return _because(first, "interchange", Place(group=group, message=message))
    if group is None:
        return None
    mine = [number for where, number in wrong if where == group]
    return _because(min(mine), "group", Place(group=group, message=message)) if mine else None


def _because(first: int, scope: str, place: Place | None = None) -> Finding:
    return Finding(
        code="E-REJECTED-WITH",
        message=f"the whole {scope} is rejected because message {first} of the interchange is wrong",
        hint=f"this partner wants it so (reject: {scope} under format); the message itself may be right",
        place=place,
    )


def condemned(subject: Subject, scope: Scope) -> Subject:
    """``subject`` with an error at each group, or at the interchange, that a wrong message rejects."""
    if scope == "message":
        return subject
    groups = tuple(_condemned(group) for group in subject.groups)
    if scope == "group":
        return replace(subject, groups=groups)
    first = next((message.number for message in subject.held if _is_wrong(message)), None)
    if first is None:
        return subject
    return replace(subject, findings=(*subject.findings, _because(first, "interchange")))


def _condemned(group: SubjectGroup) -> SubjectGroup:
    first = next((message.number for message in group.messages if _is_wrong(message)), None)
    if first is None:
        return group
    return replace(group, findings=(*group.findings, _because(first, "group")))


def _is_wrong(message: SubjectMessage) -> bool:
    return bool(errors_of(message.findings)) and not message.is_acknowledgement
