"""A harness that shows the cases nothing is refused too, so that no case passes without having looked."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest
from pydantic import BaseModel, Field
from tests.contract.mutants.harnesses import InShelf, OutShelf
from tests.contract.mutants.lines import LineFormat, LineHarness
from tests.contract.mutants.parcels import ParcelFilter, ParcelHarness
from tests.contract.mutants.shelf import ShelfSource, ShelfTarget

from transload.adapters.base import Encoded, Message, Place
from transload.adapters.contract import (
    Breach,
    FilterContract,
    FormatContract,
    NotPossible,
    SourceContract,
    TargetContract,
)
from transload.adapters.contract.common import picked
from transload.adapters.contract.described import mute_settings
from transload.adapters.contract.judging import see_no_secret
from transload.adapters.faulty import Cut


class Sampleless(LineHarness):
    def samples(self) -> Mapping[str, bytes]:
        return {}


class Placeless(LineHarness):
    def places(self, message: Message) -> Iterator[tuple[Place, bytes]]:
        return iter(())


class CarriesAll(LineHarness):
    def uncarried(self) -> Iterable[Encoded]:
        return ()


SAMPLES = [name for name in vars(FormatContract) if name.startswith("test_")]
SAMPLES = [name for name in SAMPLES if not re.search("no_payload|uncarried|cannot_be_carried|options", name)]


@pytest.mark.parametrize("case", SAMPLES)
def test_without_samples_no_case_passes(case: str) -> None:
    with pytest.raises(Breach, match="no sample"):
        getattr(FormatContract(), case)(Sampleless(LineFormat))


def test_without_places_or_refusals_their_cases_do_not_pass() -> None:
    with pytest.raises(Breach, match="no place in any sample"):
        FormatContract().test_places_lead_to_the_bytes(Placeless(LineFormat))
    with pytest.raises(Breach, match=re.escape("no message in uncarried()")):
        FormatContract().test_what_cannot_be_carried_is_refused(CarriesAll(LineFormat))


NOTHING = {
    "contents": "test_what_was_wrapped_unwraps_the_same",
    "samples": "test_what_partners_pack_is_unwrapped",
    "bombs": "test_a_bomb_is_refused_in_time",
    "unwrappable": "test_what_cannot_be_wrapped_is_refused",
    "strangers": "test_a_wrong_key_stops_the_connection",
}


@pytest.mark.parametrize("method", NOTHING)
def test_a_filter_that_is_given_nothing_to_work_on_does_not_pass(method: str) -> None:
    harness = ParcelHarness(ParcelFilter)
    setattr(harness, method, lambda *_: {})
    with pytest.raises(Breach, match=rf"the harness has (no|nothing).* in {method}\(\)|no content"):
        getattr(FilterContract(), NOTHING[method])(harness)
    harness.close()


@pytest.mark.parametrize("strange", [False, True], ids=["no names", "no strange names"])
def test_names_that_cannot_be_packed_are_no_pass(strange: bool) -> None:
    harness = ParcelHarness(ParcelFilter)
    usual = harness.packed

    def packed(entries: Any) -> bytes:
        if not strange or any(name not in ("a.dat", "other.dat") for name, _ in entries):
            raise NotPossible("no name of that kind")
        return usual(entries)

    harness.packed = packed  # type: ignore[method-assign]
    with pytest.raises(Breach if strange else NotPossible, match=r"no (strange )?name"):
        FilterContract().test_names_in_a_payload_are_data(harness)
    harness.close()


@pytest.mark.parametrize(
    ("cut", "said"),
    [(lambda step: Cut(), "no exchange was seen"), (lambda step: Cut(steps=3), "3 cuts were planned, and none came")],
    ids=["counts nothing", "cuts nothing"],
)
def test_a_wire_that_nobody_uses_is_no_pass(cut: Any, said: str) -> None:
    def cutting(step: int) -> AbstractContextManager[Cut]:
        return nullcontext(cut(step))

    out, into = OutShelf(ShelfSource), InShelf(ShelfTarget)
    out.cutting = into.cutting = cutting  # type: ignore[method-assign]
    with pytest.raises(Breach, match=said):
        SourceContract().test_a_cut_anywhere_loses_nothing_and_doubles_nothing(out)
    with pytest.raises(Breach, match=said):
        TargetContract().test_a_cut_anywhere_has_a_true_outcome(into)


def test_places_to_cut_are_spread_evenly() -> None:
    assert [picked(3, 5), picked(9, 3), picked(9, 2), picked(9, 1)] == [[1, 2, 3], [1, 5, 9], [1, 9], [1]]


def test_a_secret_is_seen_as_it_stands_in_an_address_and_not_shown_again() -> None:
    harness = OutShelf(ShelfSource)
    harness.secrets = ("a b/c", "first")
    with pytest.raises(Breach, match="shows a secret") as caught:
        see_no_secret("first GET /?key=a%20b%2Fc", harness, "it")
    assert not re.search("first|a%20b", str(caught.value))


class Inner(BaseModel):
    outer: "Outer | None" = Field(default=None, description="What holds it")
    name: str = Field(description="Name")


class Outer(BaseModel):
    inner: Inner = Field(description="What it holds")


def test_settings_that_hold_each_other_are_looked_at_once() -> None:
    assert list(mute_settings(Outer)) == ["inner.name must be given and has no example"]
