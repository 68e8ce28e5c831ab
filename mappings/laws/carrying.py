"""L1 carry, L3 stable and L4 total, on generated documents over the whole way to bytes and back."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from transload.canonical.documents import as_json
from transload.canonical.errors import Reject
from transload.canonical.findings import Finding, Severity, errors_of
from transload.canonical.model import Model
from transload.canonical.places import MappingPlace
from transload.mappings.language.terms import Slot
from transload.mappings.laws.charsets import leave_out_refused
from transload.mappings.laws.differences import Difference, differences, flat, general, own
from transload.mappings.laws.documents import Documents
from transload.mappings.laws.domains import Domain, Domains
from transload.mappings.laws.keys import Keys
from transload.mappings.laws.losses import derived_paths
from transload.mappings.laws.outcome import Counterexample, Effort, Outcome
from transload.mappings.laws.picks import Pick, names_of
from transload.mappings.laws.shapes import Carried, Shape, is_of, plain_name
from transload.mappings.laws.shrinking import shrink
from transload.mappings.laws.totality import check_totality
from transload.mappings.laws.wires import Wire, shown

_RETRIES = 40
_LIMIT = 12
"""So many counterexamples are enough for one mapping."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What is wrong with one document: the law, what differs, what was said, and whether the format refused it."""

    law: str
    differences: tuple[Difference, ...] = ()
    findings: tuple[Finding, ...] = ()
    message: str = ""

    @property
    def kind(self) -> tuple[str, str]:
        """Two faults of one kind are the same fault of the mapping."""
        if self.differences:
            return self.law, general(self.differences[0].path)
        first = self.findings[0] if self.findings else None
        return self.law, f"{first.code} {first.mapping} {general(first.field or '')}" if first else self.message


class Carrying:
    """Tries documents on one mapping."""

    def __init__(self, wire: Wire, shape: Shape, domains: Domains, documents: Documents, effort: Effort) -> None:
        self.wire = wire
        self.mapping = wire.mapping
        self.shape = shape
        self.domains = domains
        self.documents = documents
        self.effort = effort
        self.keys = Keys(wire.mapping.meaning)

    def run(self, outcome: Outcome, seed: str) -> None:
        """All laws of generated documents."""
        check_totality(self.wire, self.documents, self.domains, outcome)
        leave_out_refused(self.wire, self.documents, self.domains)
        seen: set[tuple[str, str]] = set()
        refusal: Finding | None = None
        for pick in self.documents.picks(self.effort.documents, seed):
            if outcome.documents >= self.effort.documents:
                break
            document, fault = self._tried(pick)
            if document is None:
                continue
            if fault is not None and fault.law == "refused":
                outcome.refused += 1
                refusal = fault.findings[0]
                fault = self._nameless(fault)
            else:
                outcome.documents += 1
            if fault is not None and fault.kind not in seen and len(seen) < _LIMIT:
                seen.add(fault.kind)
                outcome.add(self._counterexample(document, fault))
        if refusal is not None and not outcome.documents:
            outcome.findings.append(self._nothing(refusal))

    def valid(self, pick: Pick) -> Model | None:
        """A document of a pick that is written and read again as it was; None where there is none."""
        document, fault = self._tried(pick)
        return document if fault is None else None

    def _nothing(self, refusal: Finding) -> Finding:
        """No document can be written at all, so nothing is known of the laws."""
        return Finding(
            code="L-TOTAL",
            severity=Severity.WARNING,
            message=f"none of the documents that were made for this mapping can be written: {refusal.message}",
            hint=refusal.hint,
            value=refusal.value,
            mapping=refusal.mapping or self._start,
            field=refusal.field,
        )

    def _tried(self, pick: Pick) -> tuple[Model | None, Fault | None]:
        """A document of a pick and what is wrong with it; values that are refused by name are not taken again."""
        document = self.documents.make(pick)
        for _ in range(_RETRIES):
            fault = self.fault(document) if document is not None else None
            if document is None or fault is None or fault.law != "refused" or not self._learn(document, fault):
                return document, fault
            document = self.documents.make(pick)
        return document, self.fault(document) if document is not None else None

    def _learn(self, document: Model, fault: Fault) -> bool:
        """Take refused values out of the domains: a row may have no room for what its converters take."""
        values = self.keys.named(flat(document))
        learned = False
        for finding in fault.findings:
            field = own(finding.field or "")
            value = values.get(field)
            domain = self._domain_of(general(field))
            if domain is not None and value in domain.inside and len(domain.inside) > 1:
                domain.inside.remove(value)
                domain.outside.append(value)
                learned = True
        return learned

    def _domain_of(self, path: str) -> Domain | None:
        exact = (domain for domain in self.domains.all if domain.carried.field.text().rstrip(".") == path)
        return next(exact, None) or next((d for d in self.domains.all if is_of(path, d.carried)), None)

    @cached_property
    def _carried(self) -> frozenset[str]:
        return frozenset(self.shape.paths() | derived_paths(self.mapping.meaning, self.shape))

    def fault(self, document: Model) -> Fault | None:
        """What is wrong with the way of a document, or None."""
        try:
            payload = self.wire.write(document)
        except Reject as error:
            return self._refusal(error)
        back = self.wire.read(payload)
        wrong = errors_of(back.findings)
        if wrong or len(back.documents) != 1:
            count = len(back.documents)
            message = "it cannot be read back" if wrong or not count else f"{count} documents are read from it"
            return Fault(law="L1", findings=tuple(wrong), message=message)
        again = back.documents[0]
        differing = self.differing(document, again)
        if differing:
            return Fault(law="L1", differences=tuple(differing))
        try:
            second = self.wire.write(again)
        except Reject as error:
            return Fault(law="L3", findings=tuple(error.findings), message="what was read cannot be written again")
        if second != payload:
            before, after = shown(payload), shown(second)
            return Fault(law="L3", differences=(_first_change(before, after),))
        return None

    def differing(self, document: Model, again: Model) -> list[Difference]:
        """What the way has changed in the carried fields, defaults filled in as the mapping says."""
        if document == again:
            return []
        expected = self._filled(flat(document))
        found = flat(again)
        return [one for one in differences(expected, found) if self._is_carried(one.path)]

    def _is_carried(self, path: str) -> bool:
        return general(path) in self._carried

    def _filled(self, values: dict[str, Any]) -> dict[str, Any]:
        """The values with what ``default`` fills and ``elide`` leaves out."""
        for shape in self.shape.all():
            for carried in shape.fields.values():
                slots = [binding.slot for binding in carried.bindings]
                if any(slot.default is not None or slot.elide is not None for slot in slots):
                    _fill(values, carried, slots, self.domains.default(carried))
        return values

    def _refusal(self, error: Reject) -> Fault:
        """A refusal is right where each finding is E-DOMAIN and says where."""
        bad = [f for f in error.findings if f.code != "E-DOMAIN" or (f.mapping is None and f.place is None)]
        if bad or not error.findings:
            return Fault(law="L4", findings=tuple(bad), message=error.message)
        return Fault(law="refused", findings=tuple(error.findings))

    def _nameless(self, fault: Fault) -> Fault | None:
        """A refusal that names a place of the mapping and no field, where it is not about a value of several fields."""
        slots = self.mapping.meaning.slots
        computed = {slot.at for slot in slots if slot.computed is not None or slot.parts is not None}
        unnamed = [finding for finding in fault.findings if finding.mapping is not None and finding.field is None]
        nameless = [finding for finding in unnamed if finding.mapping not in computed]
        return Fault(law="L4", findings=tuple(nameless)) if nameless else None

    def _judged(self, document: Model | None) -> Fault | None:
        """What is wrong with a document, a rightful refusal not counted."""
        fault = self.fault(document) if document is not None else None
        return self._nameless(fault) if fault is not None and fault.law == "refused" else fault

    def _counterexample(self, document: Model, fault: Fault) -> Counterexample:
        def same(other: Model) -> bool:
            found = self._judged(self.documents.completed(other))
            return found is not None and found.kind == fault.kind

        small = shrink(document, same, self.effort.steps, self._plain)
        small = self.documents.completed(small) or document
        found = self._judged(small) or fault
        try:
            wire = shown(self.wire.write(small))
        except Reject:
            wire = ""
        return Counterexample(
            law={"L1": "L1 carry", "L3": "L3 stable", "L4": "L4 total"}[found.law],
            finding=self._finding(found),
            document=as_json(small),
            wire=wire,
            differences=found.differences,
        )

    def _plain(self, names: tuple[str, ...]) -> list[Any]:
        for domain in self.domains.all:
            if names_of(domain.carried) == names:
                return domain.inside
        return []

    def _finding(self, fault: Fault) -> Finding:
        code = {"L1": "L-CARRY", "L3": "L-STABLE", "L4": "L-TOTAL"}[fault.law]
        if fault.differences:
            first = fault.differences[0]
            more = f", and {len(fault.differences) - 1} more" if len(fault.differences) > 1 else ""
            if fault.law == "L3":
                message = "what is written is read and written again, and is not the same"
                return Finding(code=code, message=message, mapping=self._start, value=str(first.before))
            path = general(first.path)
            return Finding(
                code=code,
                message=f"a document is written and read, and is not the same: {first}{more}",
                hint=_advice(first),
                mapping=self._entry(path),
                field=path,
            )
        at = next((finding.mapping for finding in fault.findings if finding.mapping), None) or self._start
        first_finding = fault.findings[0] if fault.findings else None
        what = fault.message or "a document is refused, and the finding does not say where"
        message = f"a document within the domain is written, and {what}" if fault.law == "L1" else what
        return Finding(
            code=code,
            message=message + (f": {first_finding.code} {first_finding.message}" if first_finding else ""),
            hint=first_finding.hint if first_finding else None,
            mapping=at,
            field=general(first_finding.field) if first_finding and first_finding.field else None,
        )

    @property
    def _start(self) -> MappingPlace:
        return start(self.wire)

    def _entry(self, path: str) -> MappingPlace:
        for shape in self.shape.all():
            for carried in shape.fields.values():
                if is_of(path, carried):
                    return carried.bindings[0].slot.at
        return self._start


def start(wire: Wire) -> MappingPlace:
    """The beginning of the mapping's file."""
    return MappingPlace(file=str(wire.mapping.files[0]), line=1, column=1)


def _fill(values: dict[str, Any], carried: Carried, slots: list[Slot], default: Any) -> None:
    """Apply ``elide`` and ``default`` of a field to every object that holds or could hold it."""
    holder, _, name = plain_name(carried.field).rpartition(".")
    holders = {path.rpartition(".")[0] for path in values if general(path).rpartition(".")[0] == holder}
    key = carried.field.scope.key if len(carried.field.path) == 1 else None
    for one in holders:
        if key is not None and values.get(f"{one}.{key[0]}") != key[1]:
            continue
        path = f"{one}.{name}" if one else name
        found = values.get(path)
        for slot in slots:
            back = slot.default is not None or (slot.elide is not None and slot.elide.value == default)
            if slot.elide is not None and back and found is not None and found == _constant(slot.elide, values):
                found = default if slot.default is None else None
            if slot.default is not None and found is None:
                found = _constant(slot.default, values)
        if found is None:
            values.pop(path, None)
        else:
            values[path] = found


def _constant(fill: Any, values: dict[str, Any]) -> Any:
    return fill.value if fill.field is None else values.get(".".join(fill.field.path))


def _first_change(before: str, after: str) -> Difference:
    """The first line, or piece, in which two texts differ."""
    at = next((i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), min(len(before), len(after)))
    begin = max(at - 30, 0)
    return Difference(path=f"byte {at}", before=before[begin : at + 40], after=after[begin : at + 40])


def _advice(difference: Difference) -> str | None:
    if difference.after is None:
        return "it is not read from where it is written, or not written at all"
    if difference.before is None:
        return "it is read from a place where something else is written"
    return None
