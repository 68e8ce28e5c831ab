"""The domain of each carried field: which values the mapping takes, found by trying them on its converters."""

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from pydantic import BaseModel

from transload.adapters.edi.guides.model import Element, Form
from transload.mappings.compiler.families import family
from transload.mappings.language.converters.base import DomainError
from transload.mappings.language.converters.plugged import tried
from transload.mappings.language.fields import Kind, field_type
from transload.mappings.language.layout import Segment
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.terms import Slot
from transload.mappings.laws.candidates import allowed, candidates
from transload.mappings.laws.conditions import around, borders
from transload.mappings.laws.shapes import Binding, Carried, Shape

_TABLE = re.compile(r"\bcode\(\s*([^\s)]+)")
REFUSALS = (ValueError, ArithmeticError, TypeError, AttributeError, LookupError)
"""What a converter raises for a value that it does not take."""


@dataclass(kw_only=True)
class Domain:
    """The values of one field.

    ``inside`` is carried, the plainest first and never the model's default where there is another; ``outside`` is
    refused by a converter; ``broken`` is taken and not given back, with what came back.  For a list of texts
    they are its texts, and ``most`` is how many fit.
    """

    carried: Carried
    inside: list[Any] = field(default_factory=list)
    outside: list[Any] = field(default_factory=list)
    broken: list[tuple[Slot, Any, Any]] = field(default_factory=list)
    vanishing: list[Any] = field(default_factory=list)
    most: int | None = None
    checked: int = 0

    @property
    def listed(self) -> bool:
        """Whether the field is a list of texts."""
        return self.carried.field.type.kind is Kind.TEXTS


class Domains:
    """The domains of all fields of a mapping, each found out when it is asked for."""

    def __init__(self, meaning: Meaning, shape: Shape) -> None:
        self.meaning = meaning
        self.shape = shape
        self._clean: Callable[[str], str] = family(meaning).clean
        self._borders = borders(meaning)
        self._parts = {
            id(part): (slot.parts.pattern, number, len(slot.parts.slots))
            for node in meaning.nodes()
            for slot in node.own()
            if slot.parts is not None
            for number, part in enumerate(slot.parts.slots)
        }
        self._found: dict[int, Domain] = {}
        self._alike: dict[Any, Domain] = {}

    def of(self, carried: Carried) -> Domain:
        """The domain of one field."""
        found = self._found.get(id(carried))
        if found is None:
            found = self._found[id(carried)] = self._domain(carried)
        return found

    @cached_property
    def all(self) -> list[Domain]:
        """Those of all fields, in the order of the file."""
        return [self.of(carried) for shape in self.shape.all() for carried in shape.fields.values()]

    def likeness(self, carried: Carried) -> Any:
        """Fields of one likeness have the same domain: the same part of a model, the same converters, the same room."""
        bindings = tuple(
            (b.slot.rule.partition("|")[2], b.slot.many, len(b.slot.places), b.node.most, self.form(b),
             tuple(c.value for c in b.asked.when if c.field.key == carried.field.key))
            for b in carried.bindings
        )  # fmt: skip
        kind = carried.field.type
        limit = self.meaning.limits.get(carried.field.plain())
        return (
            holder(carried),
            carried.field.path[-1:],
            kind,
            bindings,
            limit,
            tuple(self._borders.get(carried.field.key, ())),
        )

    def _domain(self, carried: Carried) -> Domain:
        """Found out once for all fields of one likeness: six parties of an order are alike."""
        key = self.likeness(carried)
        known = self._alike.get(key)
        if known is None:
            known = self._alike[key] = self._tried(carried)
        return replace(known, carried=carried, inside=list(known.inside), broken=list(known.broken))

    def _tried(self, carried: Carried) -> Domain:
        forms = [form for binding in carried.bindings if (form := self.form(binding)) is not None]
        limit = min((form.most for form in forms), default=None)
        domain = Domain(carried=carried, most=_room(carried))
        target = carried.field
        default = self.default(carried)
        for value in self._candidates(carried, limit):
            domain.checked += 1
            whole = (value,) if domain.listed else value
            if not allowed(target.scope.model, target.path, whole):
                continue
            verdict = self._verdict(carried, whole, forms, domain)
            if verdict == "inside":
                domain.inside.append(value)
            elif verdict == "outside":
                domain.outside.append(value)
            elif verdict == "vanishing":
                domain.vanishing.append(value)
        domain.inside.sort(key=lambda value: value == default)  # a default would hide a place that is missing
        return domain

    def _candidates(self, carried: Carried, limit: int | None) -> list[Any]:
        found: list[Any] = []
        for binding in carried.bindings:
            for name in _TABLE.findall(binding.slot.rule):
                found += list(self.meaning.codes[name].write) if name in self.meaning.codes else []
            found += _samples(binding)
            found += [c.value for c in binding.asked.when if c.field.key == carried.field.key]
        found += self._borders.get(carried.field.key, ())
        known = self.meaning.limits.get(carried.field.plain())
        if known is not None:
            limit = known.length if limit is None else min(limit, known.length or limit)
            found += [*known.values, *around(known.least), *around(known.most)]
        found += candidates(carried.field.type, limit)
        found = [value for value in found if value is not None]
        return list(dict.fromkeys(found))

    def default(self, carried: Carried) -> Any:
        """The value that the model gives the field by itself; None for none."""
        model = holder(carried)
        return model.model_fields[carried.field.path[-1]].default if model is not None and carried.field.path else None

    def _verdict(self, carried: Carried, value: Any, forms: Sequence[Form], domain: Domain) -> str:
        """What becomes of a value at all of its places."""
        verdict = "inside"
        for binding in carried.bindings:
            slot = binding.slot
            if slot.chain is None:
                continue
            try:
                written = slot.chain.write(list(value) if domain.listed else value)
                for text in _texts(written):
                    self._clean(text)
                if slot.many and _fits(binding) < len(written):
                    return "outside"
                self._divide(slot, written)
            except REFUSALS:
                return "outside"
            if not any(_texts(written)) and not _is_data(written):
                verdict = "vanishing"
                continue
            if _beyond(written, forms):
                return "beyond"
            if is_unfinished(self.meaning, written):
                continue
            try:
                back = slot.chain.read(list(written) if slot.many else written)
            except REFUSALS as error:
                back = f"{type(error).__name__}: {error}"
            if (tuple(back) if domain.listed and isinstance(back, list | tuple) else back) != value:
                domain.broken.append((slot, value, back))
                return "broken"
        return verdict

    def _divide(self, slot: Slot, written: Any) -> None:
        """Raises `DomainError` where a part of a text could not be taken out of it again."""
        known = self._parts.get(id(slot))
        if known is not None and isinstance(written, str):
            pattern, number, count = known
            pattern.join(["" if other != number else written for other in range(count)])

    def form(self, binding: Binding) -> Form | None:
        """The form that the guide gives for a place; None where it says nothing, or two places go together."""
        node, slot = binding.node, binding.slot
        if not isinstance(node, Segment) or self.meaning.guide is None or len(slot.places) > 1:
            return None
        places = slot.places or next(
            ((pairs.first[1],) for pairs in node.pairs if any(s is slot for _, s in pairs.choices)), ()
        )
        known = self.meaning.guide.segment(node.tag)
        element = known.element(places[0]) if known is not None and places else None
        return element.form if isinstance(element, Element) else None


def _samples(binding: Binding) -> list[Any]:
    """Values that only a plug-in or a cross-reference can tell."""
    node, slot = binding.node, binding.slot
    first = slot.chain.steps[0] if slot.chain is not None and slot.chain.steps else None
    found: list[Any] = []
    with suppress(DomainError):  # a plug-in that fails: L7 tells of it
        if first is not None and first.samples is not None:
            found += first.samples()
        if isinstance(node, Segment) and node.use is not None and slot in node.use.slots:
            name = node.use.code.fields[node.use.slots.index(slot)]
            samples = tried(node.use.name, node.use.code.samples)
            found += [sample[name] for sample in samples if sample.get(name) is not None]
    return found


def holder(carried: Carried) -> type[BaseModel] | None:
    """The part of the document that holds the field."""
    model = carried.field.scope.model
    for name in carried.field.path[:-1]:
        kind = field_type(model, name) if model is not None else None
        model = kind.model if kind is not None else None
    return model


def _texts(written: Any) -> list[str]:
    if isinstance(written, list | tuple):
        return [text for part in written for text in _texts(part)]
    return [written] if isinstance(written, str) else []


def _is_data(written: Any) -> bool:
    """Whether what is written is a number or truth value of JSON."""
    return written is not None and not isinstance(written, str | list | tuple)


def is_unfinished(meaning: Meaning, written: Any) -> bool:
    """Whether a chain gives a number, whose form is the format's affair (COBOL): then only the whole way tells."""
    return meaning.format_type != "json" and _is_data(written)


def _beyond(written: Any, forms: Sequence[Form]) -> bool:
    """Whether the guide has no room for what is written: too long, too short, or no number."""
    for form in forms:
        for text in _texts(written):
            counted = sum(sign not in "-+.," for sign in text) if form.numeric else len(text)
            if counted > form.most or counted < form.least or (form.numeric and not text.lstrip("-+")[:1].isdigit()):
                return True
            if form.kind == "a" and any(sign.isdigit() for sign in text):
                return True
    return False


def _room(carried: Carried) -> int | None:
    """How many texts of a list fit at all of its places."""
    rooms = [_fits(binding) for binding in carried.bindings if binding.slot.many]
    return min((room for room in rooms if room < _NO_END), default=None)


_NO_END = 1 << 30


def _fits(binding: Binding) -> int:
    node, slot = binding.node, binding.slot
    if isinstance(node, Segment):
        return slot.places[0].repeats * (node.most or 1)
    return node.most or _NO_END


def narrowed(domains: Domains) -> dict[str, str]:
    """Fields that carry less than their type allows, each with what they take or refuse; control characters aside."""
    found: dict[str, str] = {}
    for domain in domains.all:
        refused = [value for value in domain.outside if not isinstance(value, str) or value.isprintable()]
        name = domain.carried.field.text().rstrip(".")
        coded = any(
            "code" in [step.name for step in b.slot.chain.steps] for b in domain.carried.bindings if b.slot.chain
        )
        if refused and coded and len(domain.inside) <= _LISTED:
            found[name] = f"takes {', '.join(str(value) for value in domain.inside)}"
        elif refused and not coded:
            found[name] = f"refuses {', '.join(_short(value) for value in refused[:3])}"
        elif domain.vanishing:
            found[name] = f"writes nothing for {', '.join(_short(value) for value in domain.vanishing[:3])}"
    return found


_LISTED = 12


def _short(value: Any) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
