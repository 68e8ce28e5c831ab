"""The laws of the shipped mappings on whole payloads: L1 carries, L3 is stable, and guides and other readers agree."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from transload.canonical.documents import as_json

NAMES = ["edifact/orders-d96a", "edifact/ordrsp-d96a", "x12/850-004010", "x12/855-004010", "ubl/order-2.1"]
LAW = settings(
    max_examples=30,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a seed is not made smaller by shrinking
)
SEEDS = st.integers(0, 2**32)


@pytest.mark.parametrize("name", NAMES)
@given(seed=SEEDS)
@LAW
def test_what_is_written_is_valid_reads_as_the_same_document_and_is_written_the_same_again(
    desk: Callable[..., Any], document: Any, carried: Any, name: str, seed: int
) -> None:
    ours = desk(name)
    made = document(seed, ours.mapping)
    payload = ours.encode(made)
    found = ours.decode(payload)
    assert as_json(found) == as_json(carried(ours.mapping, made))
    assert ours.encode(found) == payload


@pytest.mark.parametrize("name", ["edifact/orders-d96a", "edifact/ordrsp-d96a"])
@pytest.mark.filterwarnings("ignore::pydifact.exceptions.MissingImplementationWarning")
@pytest.mark.filterwarnings("ignore:Segment LIN is empty:SyntaxWarning")  # a line that has no number
@given(seed=SEEDS)
@LAW
def test_pydifact_reads_the_same_values(desk: Callable[..., Any], document: Any, name: str, seed: int) -> None:
    from pydifact.segmentcollection import Interchange

    ours = desk(name)
    payload = ours.encode(document(seed, ours.mapping))
    (peer,) = Interchange.from_str(payload.decode("latin-1")).get_messages()
    ((message,), _) = ours.read(payload)
    separator = message.body.component
    expected = [
        [tag, *(value.split(separator) if separator in value else value for value in values)]
        for tag, *values in message.body.segments
    ]
    assert [[s.tag, *(e if isinstance(e, str) else list(e) for e in s.elements)] for s in peer.segments] == expected


@pytest.mark.parametrize(("one", "other"), [(NAMES[0], NAMES[2]), (NAMES[0], NAMES[4]), (NAMES[1], NAMES[3])])
@given(seed=SEEDS)
@LAW
def test_a_document_goes_from_one_format_to_another_with_what_both_carry(
    desk: Callable[..., Any], document: Any, carried: Any, one: str, other: str, seed: int
) -> None:
    first, second = desk(one), desk(other)
    made = carried(first.mapping, document(seed, first.mapping, second.mapping))
    found = first.decode(first.encode(made))
    assert as_json(found) == as_json(made)
    again = second.decode(second.encode(found))
    assert as_json(again) == as_json(carried(second.mapping, made))
