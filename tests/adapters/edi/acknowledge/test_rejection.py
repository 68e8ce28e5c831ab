"""What one wrong message rejects besides itself: for those who read, and for those who answer."""

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transload.adapters.edi.acknowledge import Subject, SubjectGroup, SubjectMessage, condemned
from transload.adapters.edi.reading.rejection import neighbours
from transload.canonical.findings import Finding, errors_of

Scope = Literal["message", "group", "interchange"]
WRONG: dict[int | None, int] = {1: 2, 3: 5}


@pytest.mark.parametrize(
    ("scope", "held"),
    [
        ("message", []),
        ("group", [(1, 1), (1, 3)]),
        ("interchange", [(1, 1), (1, 3), (2, 4), (None, 6)]),
    ],
)
def test_neighbours(scope: Scope, held: list[tuple[int | None, int]]) -> None:
    places = [(1, 1), (1, 3), (2, 4), (None, 6)]
    assert [place for place in places if neighbours(scope, WRONG, *place)] == held


def test_what_is_said_of_a_neighbour() -> None:
    found = neighbours("group", WRONG, 1, 3)
    assert str(found) == (
        "error E-REJECTED-WITH the whole group is rejected because message 2 of the interchange is wrong\n"
        "    source   group 1, message 3\n"
        "    hint     this partner wants it so (reject: group under format); the message itself may be right"
    )


@given(st.lists(st.lists(st.booleans(), max_size=4), max_size=4), st.sampled_from(["message", "group", "interchange"]))
def test_readers_and_answers_agree(groups: list[list[bool]], scope: Scope) -> None:
    """A message is refused by the reader exactly when the answer rejects it, or what it stands in."""
    number = 0
    made: list[SubjectGroup] = []
    wrong: dict[int | None, int] = {}
    bad: set[int] = set()
    for position, verdicts in enumerate(groups, 1):
        messages = []
        for good in verdicts:
            number += 1
            findings = () if good else (Finding(code="E-X", message="wrong"),)
            messages.append(SubjectMessage(kind="850", reference=str(number), number=number, findings=findings))
            if not good:
                wrong.setdefault(position, number)
                bad.add(number)
        made.append(SubjectGroup(kind="PO", reference=str(position), messages=tuple(messages)))
    said = condemned(Subject(reference="1", sender=("A",), receiver=("B",), groups=tuple(made)), scope)
    for position, group in enumerate(said.groups, 1):
        for message in group.messages:
            rejected = bool(errors_of(said.findings) or errors_of(group.findings)) or not message.accepted
            refused = message.number in bad or neighbours(scope, wrong, position, message.number)
            assert rejected is bool(refused)
