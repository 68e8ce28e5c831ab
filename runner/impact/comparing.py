"""What differs between what was made of a message and what would be made of it."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from transload.runner.impact.made import Made, Noted, Outcome, Way
from transload.runner.impact.numbers import LEVELS, NAMED, NumbersOfThen
from transload.runner.impact.places import Place, fields, texts, wires


class What(StrEnum):
    """The kinds of differences, in the order in which they are told."""

    QUARANTINED = "would be quarantined"
    PASSES = "would pass"
    TREATED = "treated otherwise"
    MAPPING = "read by another mapping"
    MORE = "document more"
    LESS = "document less"
    FIELD = "field"
    TARGET = "target more"
    NO_TARGET = "target less"
    UNWRITABLE = "could not be written"
    WRITABLE = "could be written"
    PLACE = "place"
    NAME = "name"
    COMES = "finding comes"
    GOES = "finding goes"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One difference of one document: ``name`` is what it is counted under, ``exact`` where it stands.

    ``target`` is the send route that it is about; empty for what is read.
    """

    what: What
    name: str = ""
    exact: str = ""
    target: str = ""
    old: str | None = None
    new: str | None = None


@dataclass(frozen=True, kw_only=True)
class Changed:
    """The differences of one document, or of a message that gives none; ``id`` is its number in the ledger, if any."""

    id: int | None
    differences: tuple[Difference, ...]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Compares the two sides of a message.

    ``again`` makes the new side as at another moment, with which a delivery was made.  Of targets outside of ``only``
    it is known that nothing but the document can change what they get.  ``told`` are the keys of what was compared
    already: the messages of a payload that is passed on have it together.
    """

    again: Callable[[str, Made], Made]
    told: set[str]
    only: frozenset[str] | None = None

    def changes(self, old: Sequence[Made], new: Sequence[Made]) -> Iterator[Changed]:
        """What differs, document by document; nothing for those that are as they were."""
        before, after = {one.ordinal: one for one in old}, {one.ordinal: one for one in new}
        if before.keys() != after.keys() and 0 in before.keys() | after.keys():
            found = _treated(_main(old), _main(new))
            yield Changed(id=_main(old).id, differences=tuple(found))
            return
        for ordinal in sorted(before.keys() | after.keys()):
            one, other = before.get(ordinal), after.get(ordinal)
            differences = tuple(self._of(one, other))
            if differences:
                yield Changed(id=one.id if one else None, differences=differences)

    def _of(self, old: Made | None, new: Made | None) -> Iterator[Difference]:
        if old is None or new is None:
            there = old or new
            assert there is not None
            what = What.MORE if old is None else What.LESS
            yield Difference(what=what, name=there.document or "", exact=there.number or "")
            return
        if old.outcome is not new.outcome:
            yield from _treated(old, new)
        if old.mapping != new.mapping and old.mapping and new.mapping:
            yield Difference(what=What.MAPPING, old=old.mapping, new=new.mapping)
        same = old.canonical == new.canonical
        if not same and old.canonical is not None and new.canonical is not None:
            for place in fields(json.loads(old.canonical), json.loads(new.canonical)):
                yield _placed(What.FIELD, place)
        if old.outcome is new.outcome:
            yield from _noted(old.findings, new.findings)
        yield from self._ways(old, new, same=same)

    def _ways(self, old: Made, new: Made, *, same: bool) -> Iterator[Difference]:
        for target in sorted(new.ways.keys() - old.ways.keys()):
            yield Difference(what=What.TARGET, name=target, target=target)
        for target in sorted(old.ways.keys() - new.ways.keys()):
            yield Difference(what=What.NO_TARGET, name=target, target=target)
        for target in sorted(old.ways.keys() & new.ways.keys()):
            if same and self.only is not None and target not in self.only:
                continue
            yield from self._way(old.ways[target](NumbersOfThen({})), target, new)

    def _way(self, old: Way, target: str, new: Made) -> Iterator[Difference]:
        numbers = NumbersOfThen(_known(old))
        other = self.again(target, new).ways[target](numbers)
        if other.key in self.told:
            return
        if other.format is None:
            self.told.add(other.key)
        if old.body is None or other.body is None:
            if old.body is not None:
                yield Difference(what=What.UNWRITABLE, target=target, new=other.reason)
            elif other.body is not None:
                yield Difference(what=What.WRITABLE, target=target, old=old.reason)
            else:
                yield from _noted(old.findings, other.findings, target)
            return
        yield from _noted(old.findings, other.findings, target)
        yield from (_placed(What.NAME, place, target) for place in _names(old, other))
        reads, writes = old.format or other.format, other.format
        if reads is None or writes is None:  # it is passed on as it is
            if old.body() != other.body():
                yield Difference(what=What.PLACE, name="(bytes)", exact="(bytes)", target=target)
            return
        places = wires(old.body(), reads, other.body(), writes)
        if places and numbers.guessed and other.draft is not None:
            twin = other.draft.freeze(NumbersOfThen(_known(old), otherwise=2)).content
            moving = {place.exact for place in wires(other.body(), writes, twin, writes)}
            places = [place for place in places if place.exact not in moving and place.name != "(bytes)"]
        yield from (_placed(What.PLACE, place, target) for place in places)


def _main(made: Sequence[Made]) -> Made:
    """What stands for a message as a whole."""
    return made[0]


def _treated(old: Made, new: Made) -> Iterator[Difference]:
    """Another fate: refused or not, or neither document nor refused."""
    if new.outcome is Outcome.REFUSED:
        yield Difference(what=What.QUARANTINED, name=_code(new.reason), new=new.reason, old=old.outcome.value)
    elif old.outcome is Outcome.REFUSED:
        yield Difference(what=What.PASSES, name=_code(old.reason), old=old.reason, new=new.outcome.value)
    else:
        yield Difference(what=What.TREATED, old=old.outcome.value, new=new.outcome.value)


def _code(reason: str) -> str:
    return reason.partition(" ")[0]


def _noted(old: frozenset[Noted] | None, new: frozenset[Noted] | None, target: str = "") -> Iterator[Difference]:
    if old is None or new is None:
        return
    for what, found in ((What.COMES, new - old), (What.GOES, old - new)):
        for one in sorted(found):
            text = " ".join(part for part in (one.severity, one.code, one.where) if part)
            yield Difference(what=what, name=text, target=target)


def _placed(what: What, place: Place, target: str = "") -> Difference:
    return Difference(what=what, name=place.name, exact=place.exact, old=place.old, new=place.new, target=target)


def _known(way: Way) -> dict[str, int]:
    """The control numbers in what was sent, by level: with them most bytes are the same at once."""
    if way.body is None or way.format is None or way.draft is not None:
        return {}
    references = way.format.references(way.body())
    return {
        level: int(found.number)
        for level in LEVELS
        for found in references
        if found.level == level and found.number.isdecimal()
    }


def _names(old: Way, new: Way) -> Iterator[Place]:
    """The filled templates that differ, whatever number the delivery had."""
    said = {name: _same(old.metadata.get(name), text, old.key, new.key) for name, text in new.metadata.items()}
    return texts(old.metadata, said)


def _same(old: str | None, new: str, old_key: str, new_key: str) -> str:
    """``new``, or ``old`` where only the number of the delivery or its key makes the difference."""
    if new_key:
        new = new.replace(new_key, old_key)
    parts = [re.escape(part) for part in new.split(str(NAMED))]
    return old if old is not None and re.fullmatch(r"\d+".join(parts), old) else new
