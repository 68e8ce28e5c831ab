"""L5 lineage and L6 nothing silent: each value of a sample is changed, and what happens is compared."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from transload.adapters.base.format import Message, Records
from transload.canonical.documents import as_json
from transload.canonical.findings import Finding, Severity, errors_of
from transload.mappings.language.layout import Element, Segment
from transload.mappings.language.terms import Slot
from transload.mappings.laws.bodies import Atom, Loose, Spot, loose, variants
from transload.mappings.laws.differences import Difference, differences, flat, general, own
from transload.mappings.laws.keys import Keys
from transload.mappings.laws.losses import every_operand
from transload.mappings.laws.outcome import Counterexample, Outcome
from transload.mappings.laws.samples import Sample
from transload.mappings.laws.shapes import plain_name
from transload.mappings.laws.wires import Wire
from transload.mappings.mapping import Mapping, Trace
from transload.mappings.source.reading import Written

_KEYED = re.compile(r"\[[^]]+\]")
_TRIES = 4
_USUAL = 400
"""Values in a sample of usual size.  Reading takes as long as a sample is large: of a larger one fewer are changed."""
Sources = list[tuple[str, Slot | None]]
"""The fields that lineage names for a spot, with the entry that reads each."""


@dataclass(frozen=True, kw_only=True)
class Aside:
    """What is left aside: a record by its index, a place in all records of a tag, or a path in a tree."""

    record: int | str = ""
    element: int | None = None
    component: int | None = None
    path: str = ""


class Mutations:
    """Changes one value at a time in one message of a sample."""

    def __init__(self, wire: Wire, message: Message, sample: Sample) -> None:
        self.mapping = wire.mapping
        self.sample = sample
        self.keys = Keys(self.mapping.meaning)
        body = wire.body(message)
        self.loose: Loose = loose(body)
        self.loose.shorten(self.mapping.meaning)
        self.message = replace(message, body=self.loose.body)
        self.before = self.mapping.trace(self.message)
        if self.loose.left and errors_of(self.before.findings):  # what is left cannot stand alone
            self.loose = loose(body)
            self.message = replace(message, body=self.loose.body)
            self.before = self.mapping.trace(self.message)
        self._values = self._all(self.before)
        self._said = _said(self.before)

    @cached_property
    def _sources(self) -> dict[Spot, Sources]:
        """The fields that lineage names for each spot, with the entry that reads it."""
        slots = {(slot.at, slot.rule): slot for slot in self.mapping.meaning.slots}
        found: dict[Spot, Sources] = {}
        for row in self.before.lineage:
            slot = slots.get((row.mapping, row.rule))
            if row.slot is None and row.raw == "":  # derived: it stands nowhere
                continue
            for place in row.places:
                spots = [self.loose.spot(place)]
                if slot is not None and isinstance(self.loose.body, Records) and len(slot.places) > 1:
                    spots += [(place.segment, where.element, where.component or 1) for where in slot.places]
                for spot in dict.fromkeys(spots):
                    found.setdefault(spot, []).append((row.field, slot))
        return found

    @cached_property
    def _handled(self) -> dict[Any, Sources]:
        """The fields that a plug-in makes of a segment, by the segment: which value gives which is not known."""
        found: dict[Any, Sources] = {}
        for row in self.before.lineage:
            if row.slot is not None and row.slot.number in self._numbers:
                for place in row.places:
                    found.setdefault(place.segment, []).append((row.field, row.slot))
        return found

    @cached_property
    def _numbers(self) -> set[int]:
        nodes = [node for node in self.mapping.meaning.nodes() if isinstance(node, Segment) and node.use is not None]
        return {slot.number for node in nodes if node.use is not None for slot in node.use.slots}

    @cached_property
    def _quiet(self) -> list[Aside]:
        """What the mapping leaves aside because it says so: what is reported when it ignores nothing."""
        meaning = self.mapping.meaning
        if not meaning.ignores:
            return []
        blunt = Mapping(_written(self.mapping), replace(meaning, ignores=()))
        return list(self._asides(blunt.trace(self.message, lineage=False).findings))

    @cached_property
    def _told(self) -> list[Aside]:
        """What the mapping reports that nothing takes it."""
        return list(self._asides(self.before.findings))

    def _asides(self, findings: Iterable[Finding]) -> Iterator[Aside]:
        """A value at a place that no entry names is reported once for all of its like; so it speaks of each of them."""
        body = self.loose.body
        for finding in findings:
            place = finding.place
            if finding.code != "E-UNMAPPED" or place is None:
                continue
            if isinstance(body, Records) and place.segment is not None:
                record = place.segment if place.element is None else body.segments[place.segment][0]
                yield Aside(record=record, element=place.element, component=place.component)
            else:
                yield Aside(path=_unnumbered(place.path or ""))

    def _is_aside(self, atom: Atom) -> bool:
        body = self.loose.body
        if not isinstance(body, Records):
            path = _unnumbered(str(atom.spot[0]))
            return any(path == one.path or path.startswith(f"{one.path}\x00") for one in (*self._told, *self._quiet))
        index, element, component = atom.spot
        return any(
            one.record in (index, body.segments[index][0])
            and one.element in (None, element)
            and one.component in (None, component)
            for one in (*self._told, *self._quiet)
        )

    def run(self, outcome: Outcome, most: int) -> None:
        """Both laws, on at most ``most`` values: one of each place first, the others spread evenly."""
        if errors_of(self.before.findings):
            return
        if self.loose.left:
            outcome.left[self.sample.name] = outcome.left.get(self.sample.name, 0) + self.loose.left
        silent: set[str] = set()
        for atom in self._chosen(list(self.loose.atoms()), most):
            outcome.mutations += 1
            for counterexample in self._atom(atom, silent):
                outcome.add(counterexample)

    def _chosen(self, atoms: list[Atom], most: int) -> list[Atom]:
        places: dict[str, Atom] = {}
        for atom in atoms:
            places.setdefault(self._general(atom), atom)
        most = min(most, max(most * _USUAL // max(len(atoms), 1), len(places)))
        if len(atoms) <= most:
            return atoms
        first = list(places.values())
        first = first[:: -(-len(first) // most)]
        taken = {id(atom) for atom in first}
        others = [atom for atom in atoms if id(atom) not in taken]
        room = most - len(first)
        return [*first, *(others[:: -(-len(others) // room)] if room else [])]

    def _atom(self, atom: Atom, silent: set[str]) -> Iterator[Counterexample]:
        sources = self._sources.get(atom.spot)
        if sources is None and not self._is_silent(atom):
            sources = self._handled.get(atom.spot[0])
            if sources is None:
                return
        if sources is None:
            name = self._general(atom)
            if name not in silent:
                silent.add(name)
                yield self._unread(atom)
            return
        for value in self._others(atom, sources):
            after = self._with([atom], value)
            if not after.documents:
                after = self._with(self._same(atom, sources), value)
            if not after.documents:
                continue
            changed = differences(self._values, self._all(after))
            wrong = [one for one in changed if not self._named(one.path, sources)]
            if wrong:
                yield self._strayed(atom, value, sources, wrong)
            return

    def _with(self, atoms: Sequence[Atom], value: Any) -> Trace:
        for atom in atoms:
            atom.put(value)
        try:
            return self.mapping.trace(self.message, lineage=False)
        finally:
            for atom in atoms:
                atom.put(atom.value)

    def _same(self, atom: Atom, sources: Sources) -> list[Atom]:
        """All atoms of a value that stands at several places, such as the order's number in each row."""
        fields = _fields(sources)
        return [atom] if not fields else self._by_fields.get(fields, [atom])

    @cached_property
    def _by_fields(self) -> dict[frozenset[str], list[Atom]]:
        found: dict[frozenset[str], list[Atom]] = {}
        for atom in self.loose.atoms():
            found.setdefault(_fields(self._sources.get(atom.spot, ())), []).append(atom)
        return found

    def _others(self, atom: Atom, sources: Sources) -> list[Any]:
        """Other values, those from code tables first."""
        found: list[Any] = []
        for _, slot in sources:
            for step in slot.chain.steps if slot is not None and slot.chain is not None else ():
                if step.read_table is not None and isinstance(atom.value, str):
                    meant = step.read_table.get(atom.value)
                    found += [code for code, meaning in step.read_table.items() if meaning != meant][:2]
        return [*found, *variants(atom.value)][:_TRIES]

    def _named(self, path: str, sources: Sources) -> bool:
        """Whether lineage names the field, or a field that takes it as its default."""
        fields = {field for field, _ in sources}
        shared = own(path)  # a value outside of each: documents is in all of them
        if general(shared) in self._following({general(own(field)) for field in fields}):
            return True
        if any(
            one in fields or any(one.startswith((f"{field}[", f"{field}.")) for field in fields)
            for one in (path, shared)
        ):
            return True
        return any(
            slot.field.text() == general(shared) and slot.default.field.text() in fields
            for slot in self.mapping.meaning.slots
            if slot.default is not None and slot.default.field is not None and slot.field is not None
        )

    def _following(self, fields: set[str]) -> set[str]:
        """What is derived from fields, and from what is derived from them."""
        found = {_KEYED.sub("[]", field) for field in fields}
        for derived in self.mapping.meaning.derived:
            if any(plain_name(operand) in found for operand in every_operand(derived.value)):
                found.add(plain_name(derived.field))
        return found - fields

    def _is_silent(self, atom: Atom) -> bool:
        """Whether a value may be anything without anybody noticing, and nothing in the mapping says so."""
        if self._is_aside(atom) or self._declared(atom):
            return False
        for value in variants(atom.value)[:2]:
            after = self._with([atom], value)
            if self._all(after) != self._values or _said(after) != self._said:
                return False
        return True

    def _declared(self, atom: Atom) -> bool:
        """Whether an entry of the mapping names the place: it accepts anything there, and that is its choice."""
        body = self.loose.body
        for node in self.mapping.meaning.nodes():
            for slot in node.own():
                if isinstance(node, Segment) and isinstance(body, Records):
                    if node.tag == body.segments[atom.spot[0]][0] and any(
                        where.element == atom.spot[1] and (where.component or 1) == atom.spot[2]
                        for where in slot.places
                    ):
                        return True
                elif isinstance(node, Element) and not slot.reads and _stands_at(node, slot, str(atom.spot[0])):
                    return True
        return False

    def _general(self, atom: Atom) -> str:
        return atom.name if isinstance(self.loose.body, Records) else _unnumbered(str(atom.spot[0]))

    def _unread(self, atom: Atom) -> Counterexample:
        finding = Finding(
            code="L-SILENT",
            severity=Severity.ERROR if self.mapping.meaning.strict else Severity.WARNING,
            message=f"{atom.name} is {str(atom.value)!r} in {self.sample.name}, and nothing reads, checks or "
            "reports it",
            hint="bind the place, give it a literal, or list it under ignores:",
            value=str(atom.value),
            place=self.loose.place(atom),
            mapping=self.sample.at,
        )
        return Counterexample(law="L6 nothing silent", finding=finding)

    def _strayed(self, atom: Atom, value: Any, sources: Sources, wrong: list[Difference]) -> Counterexample:
        names = ", ".join(dict.fromkeys(field for field, _ in sources))
        slot = next((slot for _, slot in sources if slot is not None), None)
        finding = Finding(
            code="L-LINEAGE",
            message=f"{atom.name} was {str(atom.value)!r} and is changed to {str(value)!r}: it is said to be {names}, "
            f"and it changes {wrong[0].path}",
            place=self.loose.place(atom),
            mapping=slot.at if slot is not None else self.sample.at,
            field=general(wrong[0].path),
        )
        documents = [as_json(document) for document in self.before.documents]
        return Counterexample(law="L5 lineage", finding=finding, document=documents, differences=tuple(wrong))

    def _all(self, trace: Trace) -> dict[str, Any]:
        """The values of all documents of a message, under the names that lineage has for them."""
        documents = trace.documents
        values = [self.keys.named(flat(document)) for document in documents]
        if len(values) == 1 and self.mapping.meaning.several is None:
            return values[0]
        return {f"documents[{number}].{path}": v for number, one in enumerate(values) for path, v in one.items()}


def _fields(sources: Sequence[tuple[str, Slot | None]]) -> frozenset[str]:
    return frozenset(field for field, _ in sources)


def _said(trace: Trace) -> list[str]:
    return [finding.line() for finding in trace.findings]


def _unnumbered(path: str) -> str:
    """A path without the numbers of items."""
    return "\x00".join(step for step in path.split("\x00") if not step.isdigit())


def _stands_at(node: Element, slot: Slot, path: str) -> bool:
    """Whether a path ends where a slot of the element has its value."""
    names = [step for step in path.split("\x00") if not step.isdigit()]
    attribute = next((f"@{name}" for name, other in node.attributes if other is slot), None)
    wanted = [node.tag] if attribute is None else [node.tag, attribute]
    return names[-len(wanted) :] == wanted


def _written(mapping: Mapping) -> Written:
    return mapping._written  # noqa: SLF001 - the same file with another meaning
