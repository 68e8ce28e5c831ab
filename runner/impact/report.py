"""What is told of an impact: differences counted by partner, route, target and place, with samples and values."""

from array import array
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from transload.runner.impact.comparing import Changed, Difference, What
from transload.runner.impact.versions import Version
from transload.runner.ledger.references import Ref

Hide = Callable[[str, str, What, str, str | None], str | None]
"""Gives a value as anybody may see it: of route, target, kind of difference and place."""
GROUPS = 1000
"""So many kinds of differences are told apart; further ones are counted together."""
VALUES = 20
"""So many pairs of old and new values of one place are counted apart."""
VALUED = (What.FIELD, What.PLACE, What.NAME)
"""The kinds of differences that have an old and a new value."""
_REST = "(more)"


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One of the differences that were counted; ``document`` is None where there was none."""

    receipt: int
    message: int
    document: int | None
    exact: str
    old: str | None
    new: str | None

    def as_dict(self, hide: Callable[[str | None], str | None], exact: str) -> dict[str, Any]:
        """The shape in JSON, with ``exact`` as it may be seen."""
        return {
            "receipt": str(Ref("receipt", self.receipt)),
            "message": self.message,
            "document": str(Ref("document", self.document)) if self.document else None,
            "exact": exact,
            "old": hide(self.old),
            "new": hide(self.new),
        }


@dataclass(kw_only=True)
class Group:
    """All differences of one kind at one place: in how many ``documents``, and how many there are."""

    partner: str
    route: str
    target: str
    what: What
    name: str
    documents: int = 0
    places: int = 0
    values: Counter[tuple[str | None, str | None]] = field(default_factory=Counter)
    others: int = 0
    """Differences between other values than those counted."""
    samples: list[Sample] = field(default_factory=list)

    def as_dict(self, hide: Hide) -> dict[str, Any]:
        """The shape in JSON."""

        def shown(value: str | None) -> str | None:
            return hide(self.route, self.target, self.what, self.name, value)

        values = [
            {"old": shown(old), "new": shown(new), "count": count} for (old, new), count in self.values.most_common()
        ]
        return {
            "partner": self.partner,
            "route": self.route,
            "target": self.target or None,
            "what": self.what.value,
            "name": self.name,
            "documents": self.documents,
            "places": self.places,
            "values": values,
            "other_values": self.others,
            "samples": [
                sample.as_dict(shown, sample.exact if self.what in VALUED else shown(sample.exact) or "")
                for sample in self.samples
            ],
        }


class Impact:
    """The result.  ``samples`` are kept of each kind of difference; ``wanted`` names the only places that are told.

    ``hide`` is applied where it is told, to what is kept of it.
    """

    def __init__(self, *, samples: int, wanted: Iterable[str] = (), hide: Hide = lambda *place: place[-1]) -> None:
        self._samples = samples
        self.hide = hide
        self._wanted = tuple(wanted)
        self._groups: dict[tuple[str, str, str, What, str], Group] = {}
        self.routes: list[str] = []
        self.versions: list[Version] = []
        self.receipts = 0
        self.messages = 0
        self.rebuilt = 0
        """Messages whose old side was made again, as they were read before with another version."""
        self.duplicates = 0
        self.apart: Counter[str] = Counter()
        """Messages that could not be compared, by the reason."""
        self.changed = array("q")
        """The documents in the ledger that would come out differently."""
        self.unnumbered = 0
        """Messages that would come out differently and are no document in the ledger."""

    @property
    def differs(self) -> int:
        """How many documents would come out differently."""
        return len(self.changed) + self.unnumbered

    @property
    def groups(self) -> list[Group]:
        """The differences, by route and kind, the most frequent first."""
        order = list(What)

        def place(one: Group) -> tuple[Any, ...]:
            return one.route, one.target, order.index(one.what), -one.documents, one.name

        return sorted(self._groups.values(), key=place)

    def add(self, partner: str, route: str, receipt: int, message: int, changed: Changed) -> None:
        """Count what differs in one document."""
        wanted = [one for one in changed.differences if self._is_wanted(one)]
        if not wanted:
            return
        if changed.id is None:
            self.unnumbered += 1
        else:
            self.changed.append(changed.id)
        seen: set[int] = set()
        for difference in wanted:
            group = self._group(partner, route, difference)
            group.places += 1
            if difference.what in VALUED:
                _count(group, (difference.old, difference.new))
            if id(group) not in seen:  # one sample of a document is enough
                seen.add(id(group))
                group.documents += 1
                if len(group.samples) < self._samples:
                    group.samples.append(_sample(receipt, message, changed.id, difference))

    def _is_wanted(self, difference: Difference) -> bool:
        if not self._wanted or difference.what not in VALUED:
            return True
        return any(_begins(difference.name, name) for name in self._wanted)

    def _group(self, partner: str, route: str, difference: Difference) -> Group:
        name = difference.name
        key = (partner, route, difference.target, difference.what, name)
        if key not in self._groups and len(self._groups) >= GROUPS:
            name = _REST
            key = (partner, route, difference.target, difference.what, name)
        if key not in self._groups:
            self._groups[key] = Group(
                partner=partner, route=route, target=difference.target, what=difference.what, name=name
            )
        return self._groups[key]

    def as_dict(self) -> dict[str, Any]:
        """The shape in JSON; ``changed`` names all documents that would come out differently."""
        return {
            "routes": self.routes,
            "versions": [version.as_dict() for version in self.versions],
            "receipts": self.receipts,
            "messages": self.messages,
            "made_again": self.rebuilt,
            "duplicates": self.duplicates,
            "not_compared": dict(self.apart),
            "differs": self.differs,
            "changed": [str(Ref("document", number)) for number in self.changed],
            "differences": [group.as_dict(self.hide) for group in self.groups],
        }


def _count(group: Group, pair: tuple[str | None, str | None]) -> None:
    if pair in group.values or len(group.values) < VALUES:
        group.values[pair] += 1
    else:
        group.others += 1


def _sample(receipt: int, message: int, document: int | None, difference: Difference) -> Sample:
    return Sample(
        receipt=receipt,
        message=message,
        document=document,
        exact=difference.exact,
        old=difference.old,
        new=difference.new,
    )


def _begins(name: str, wanted: str) -> bool:
    """Whether a place is ``wanted`` or in it: ``lines`` and ``lines[]`` hold ``lines[].quantity``."""
    if not name.startswith(wanted):
        return False
    rest = name[len(wanted) :]
    return not rest or not wanted[-1:].isalnum() or not rest[0].isalnum()
