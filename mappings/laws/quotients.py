"""L2 normal form: a sample that is written again is the same but for named equivalences, which are listed."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from transload.adapters.base.format import Message, Records, Tree
from transload.canonical.documents import as_json
from transload.canonical.errors import Reject
from transload.canonical.findings import Finding, Severity, errors_of
from transload.mappings.language.fields import Kind
from transload.mappings.language.terms import Slot
from transload.mappings.laws.bodies import large, loose
from transload.mappings.laws.carrying import Carrying
from transload.mappings.laws.differences import Difference
from transload.mappings.laws.outcome import Counterexample, Outcome
from transload.mappings.laws.samples import Sample
from transload.mappings.laws.wires import Back, shown
from transload.mappings.mapping import Trace

NAMES = {
    "Q1": "empty elements at an end are left out",
    "Q2": "segments and elements without a value are left out",
    "Q3": "of several codes or literals with one meaning the first is written",
    "Q4": "numbers are written in one notation",
    "Q5": "dates are written in one form",
    "Q6": "what may stand in any order is written in the order of the file",
    "Q7": "texts of a list are filled up from the first place on",
    "Q8": "what the mapping does not take is not written",
    "Q9": "envelope, counters and computed values are made anew",
    "Q10": "white space, prefixes of XML and the order of JSON members are not kept",
    "Q11": "an empty text is no value",
    "Q12": "defaults are filled in or left out",
    "Q13": "what is read from several places is written to one",
}
_NUMBERS = ("dec", "comma", "number", "implied", "zeros", "scale")
_DATES = ("date", "time", "datetime", "dtm")
_TEXTS = ("trim", "pad", "upper", "digits")


class NormalForm:
    """Writes what a sample says, and compares."""

    def __init__(self, carrying: Carrying) -> None:
        self.carrying = carrying
        self.wire = carrying.wire
        self.mapping = carrying.mapping

    def run(self, message: Message, sample: Sample, outcome: Outcome) -> None:
        """The law on one message of a sample that is read without a fault."""
        body = self.wire.body(message)
        if large(body):
            self._large(replace(message, body=body), sample, outcome)
            return
        first = loose(body)
        before = self.mapping.trace(replace(message, body=first.body))
        if errors_of(before.findings) or not before.documents:
            return
        _tell_miscomputed(before.findings, sample, outcome)
        for document in before.documents:
            payload = self._payload(document, sample, outcome)
            if payload is None:
                return
            again = self.wire.messages(payload)
            if len(before.documents) != 1 or len(again) != 1:
                continue
            second = loose(self.wire.body(again[0]))
            after = self.mapping.trace(replace(again[0], body=second.body))
            if not self._is_same(document, payload, after, sample, outcome):
                return
            if message.envelope is not None:
                outcome.quotients.setdefault(f"Q9 {NAMES['Q9']}", "the envelope is written from its options")
            for name, example in (
                *self._of_values(before, after),
                *_of_bodies(first.original, second.original, before),
            ):
                outcome.quotients.setdefault(f"{name} {NAMES[name]}", example)

    def _large(self, message: Message, sample: Sample, outcome: Outcome) -> None:
        """The law itself; by which equivalences the two differ is asked of smaller samples."""
        before = self.mapping.decode(message)
        _tell_miscomputed(before.findings, sample, outcome)
        for document in before.documents:
            payload = self._payload(document, sample, outcome)
            if payload is None or not self._is_same(document, payload, self.wire.read(payload), sample, outcome):
                return

    def _payload(self, document: Any, sample: Sample, outcome: Outcome) -> bytes | None:
        """The document written again; None, with a counterexample, where that is refused."""
        try:
            return self.wire.write(document)
        except Reject as error:
            outcome.add(self._unwritable(document, error, sample))
            return None

    def _is_same(self, document: Any, payload: bytes, after: Trace | Back, sample: Sample, outcome: Outcome) -> bool:
        """Whether ``payload``, read as ``after``, is the document that it was made of; else with a counterexample."""
        if errors_of(after.findings) or not after.documents:
            outcome.add(self._unreadable(document, after.findings, payload, sample))
            return False
        changed = self.carrying.differing(document, after.documents[0])
        if changed:
            outcome.add(_another(document, payload, changed, sample))
        return not changed

    def _of_values(self, before: Trace, after: Trace) -> Iterator[tuple[str, str]]:
        """The equivalences that show in single values."""
        slots = {(slot.at, slot.rule): slot for slot in self.mapping.meaning.slots}
        rows, others = _by_field(before), _by_field(after)
        for field, found in rows.items():
            other = others.get(field)
            slot = slots.get((found[0].mapping, found[0].rule))
            if other is None:
                if slot is not None and (slot.elide is not None or slot.default is not None):
                    yield "Q12", f"{field} {found[0].value}"
                continue
            values, written = [row.value for row in found], [row.value for row in other]
            if values != written:
                yield _why(slot, found[0].mapping == other[0].mapping), f"{field}: {values[0]} becomes {written[0]}"
            elif [row.mapping for row in found] != [row.mapping for row in other]:
                yield "Q13", field
            elif _is_list(slot) and [row.places for row in found] != [row.places for row in other]:
                yield "Q7", field
        for field in others:
            if field not in rows:
                yield "Q12", field

    def _unwritable(self, document: Any, error: Reject, sample: Sample) -> Counterexample:
        first = error.findings[0] if error.findings else None
        finding = Finding(
            code="L-NORMAL",
            message=f"{sample.name} is read, and cannot be written again: {error.message}",
            hint=first.hint if first else None,
            mapping=first.mapping if first and first.mapping else sample.at,
            field=first.field if first else None,
        )
        return Counterexample(law="L2 normal form", finding=finding, document=as_json(document))

    def _unreadable(
        self, document: Any, said_of_it: Sequence[Finding], payload: bytes, sample: Sample
    ) -> Counterexample:
        first = next(iter(errors_of(said_of_it)), None)
        said = f": {first.code} {first.message}" if first else ""
        finding = Finding(
            code="L-NORMAL",
            message=f"{sample.name} is read and written again, and that cannot be read{said}",
            mapping=first.mapping if first and first.mapping else sample.at,
            field=first.field if first else None,
        )
        return Counterexample(law="L2 normal form", finding=finding, document=as_json(document), wire=shown(payload))


def _another(document: Any, payload: bytes, changed: Sequence[Difference], sample: Sample) -> Counterexample:
    finding = Finding(
        code="L-NORMAL",
        message=f"what is read from {sample.name} is written and read as another document: {changed[0]}",
        mapping=sample.at,
        field=changed[0].path,
    )
    return Counterexample(
        law="L2 normal form",
        finding=finding,
        document=as_json(document),
        wire=shown(payload),
        differences=tuple(changed),
    )


def _tell_miscomputed(findings: Sequence[Finding], sample: Sample, outcome: Outcome) -> None:
    for finding in findings:
        if finding.code in ("W-SUM", "W-COUNT") and finding.severity is Severity.WARNING:
            outcome.add(_miscomputed(finding, sample))


def _miscomputed(finding: Finding, sample: Sample) -> Counterexample:
    """The partner's own sample states another value than the mapping computes."""
    stated = Finding(
        code="L-NORMAL",
        severity=Severity.WARNING,
        message=f"{sample.name} states another value than the mapping would write: {finding.message}",
        hint="either the sample is wrong, or what is computed is not what the partner means",
        value=finding.value,
        mapping=finding.mapping,
    )
    return Counterexample(law="L2 normal form", finding=stated)


def _by_field(trace: Trace) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for row in trace.lineage:
        found.setdefault(row.field, []).append(row)
    return found


def _is_list(slot: Slot | None) -> bool:
    return slot is not None and slot.field is not None and slot.field.type.kind is Kind.TEXTS


def _why(slot: Slot | None, same_entry: bool) -> str:
    """The equivalence by which the values of a field may differ."""
    names = [step.name for step in slot.chain.steps] if slot is not None and slot.chain is not None else []
    if not same_entry:
        return "Q13"
    if any(name in _DATES for name in names):
        return "Q5"
    if "code" in names:
        return "Q3"
    if any(name in _NUMBERS for name in names):
        return "Q4"
    if _is_list(slot) or "wrap" in names:
        return "Q7"
    return "Q10" if any(name in _TEXTS for name in names) else "Q12"


def _of_bodies(one: Records | Tree, other: Records | Tree, before: Trace) -> Iterator[tuple[str, str]]:
    """The equivalences that show in the message as a whole."""
    for finding in before.findings:
        if finding.code == "E-UNMAPPED":
            yield "Q8", finding.message
    if isinstance(one, Records) and isinstance(other, Records):
        yield from _of_records(one, other)
    elif isinstance(one, Tree) and isinstance(other, Tree):
        yield from _of_trees(one.root, other.root)


def _of_trees(one: Any, other: Any) -> Iterator[tuple[str, str]]:
    if isinstance(one, dict):
        if list(one) != list(other):
            yield "Q10", "the order of members"
    elif not isinstance(one, list):
        if any(element.tail and element.tail.isspace() for element in one.iter()):
            yield "Q10", "blanks between elements"
        if one.nsmap != other.nsmap:
            yield "Q10", "prefixes"
        if any(not element.text and not len(element) and not element.attrib for element in one.iter()):
            yield "Q11", next(e.tag for e in one.iter() if not e.text and not len(e) and not e.attrib)


def _of_records(one: Records, other: Records) -> Iterator[tuple[str, str]]:
    tail = next((s for s in one.segments if s[-1] == "" or (one.component and s[-1].endswith(one.component))), None)
    if tail is not None:
        yield "Q1", tail[0]
    empty = next((s for s in one.segments if not any(s[1:])), None)
    if empty is not None:
        yield "Q2", empty[0]
    before = [_normal(segment, one) for segment in one.segments]
    after = [_normal(segment, other) for segment in other.segments]
    kept = [segment for segment in before if segment in after]
    if kept != [segment for segment in after if segment in before]:
        yield "Q6", next(a[0] for a, b in zip(kept, [s for s in after if s in before], strict=False) if a != b)


def _normal(segment: list[str], body: Records) -> tuple[str, ...]:
    texts = [text.replace(body.component, "\x1f") if body.component else text for text in segment]
    while texts and not texts[-1].strip("\x1f"):
        texts.pop()
    return tuple(text.rstrip("\x1f") for text in texts)
