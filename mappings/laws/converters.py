"""L7: what a chain of converters writes, it reads back as the same; and what it reads, it writes in one form."""

from collections.abc import Iterator
from typing import Any

from transload.canonical.findings import Finding
from transload.mappings.compiler.families import family
from transload.mappings.compiler.handling import Handling
from transload.mappings.language.converters.base import DomainError
from transload.mappings.language.converters.plugged import tried
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.terms import Slot
from transload.mappings.laws.candidates import texts
from transload.mappings.laws.differences import Difference
from transload.mappings.laws.domains import REFUSALS, Domains, is_unfinished
from transload.mappings.laws.outcome import Counterexample, Outcome

_NOTATIONS = (
    "12.50", "012.5", "+5", "-0", ".5", "5.", "12,50", "1.234,5", "000000", "000120", "0", "-1", "1250", "20260105",
    "260105", "05.01.2026", "2026-01-05", "0705", "07:05", "202601050705", "Y", "N", "X", "true",
)  # fmt: skip


def check_converters(domains: Domains, outcome: Outcome) -> None:
    """Both sides of each chain of the mapping, the same chain once; and plug-ins with their own samples."""
    for law in (*_plugged(domains), *_handled(domains)):
        outcome.add(law)
    seen: set[tuple[str, Any]] = set()
    for domain in domains.all:
        for binding in domain.carried.bindings:
            slot = binding.slot
            key = slot.rule.partition("|")[2], domain.carried.field.type
            if slot.chain is None or not slot.chain.steps or key in seen or slot.many or len(slot.places) > 1:
                continue
            seen.add(key)
            for law in _normal(slot, domains.meaning):
                outcome.add(law)
        for slot, value, back in domain.broken[:1]:
            finding = Finding(
                code="L-CONVERTER",
                message=f"{slot.rule} writes {_shown(value)}, and reads it back as {_shown(back)}",
                hint="the converters of an entry must undo each other for each value that they take",
                mapping=slot.at,
                field=domain.carried.field.text(),
            )
            change = Difference(path=domain.carried.field.text(), before=value, after=back)
            outcome.add(Counterexample(law="L7 converters", finding=finding, differences=(change,)))


def _plugged(domains: Domains) -> Iterator[Counterexample]:
    """Converters of plug-ins take the values that they name themselves."""
    for domain in domains.all:
        for binding in domain.carried.bindings:
            slot = binding.slot
            first = slot.chain.steps[0] if slot.chain is not None and slot.chain.steps else None
            if first is None or first.name != "py" or first.samples is None:
                continue
            try:
                for value in first.samples():
                    first.write(value)
            except DomainError as error:
                yield _refused(slot, error)


def _handled(domains: Domains) -> Iterator[Counterexample]:
    """The same for plug-ins that make a whole segment."""
    clean = family(domains.meaning).clean
    for shape in domains.shape.all():
        for node in shape.handled:
            assert node.use is not None
            code, handling = node.use.code, Handling(node, clean)
            try:
                for sample in tried(node.use.name, code.samples):
                    handling.write(tuple(sample.get(name) for name in code.fields))
            except DomainError as error:
                yield _refused(node.use.slots[0], error)


def _refused(slot: Slot, error: DomainError) -> Counterexample:
    finding = Finding(
        code="L-CONVERTER",
        message=f"a plug-in does not take a value that is among its samples: {error}",
        mapping=slot.at,
        field=slot.field.text() if slot.field is not None else None,
    )
    return Counterexample(law="L7 converters", finding=finding)


def _normal(slot: Slot, meaning: Meaning) -> Iterator[Counterexample]:
    """Texts of the wire: once read and written they stay as they are."""
    assert slot.chain is not None
    for text in (*_NOTATIONS, *texts()[:40], *_codes(slot)):
        try:
            value = slot.chain.read(text)
            once = slot.chain.write(value)
        except REFUSALS:
            continue
        if is_unfinished(meaning, once):
            continue
        try:
            back = slot.chain.read(once)
            twice = slot.chain.write(back)
        except REFUSALS as error:
            back, twice = error, None
        if back != value or twice != once:
            finding = Finding(
                code="L-CONVERTER",
                message=f"{slot.rule} reads {text!r} as {_shown(value)}, writes that as {once!r}, and reads "
                f"{_shown(back)}",
                mapping=slot.at,
                field=slot.field.text() if slot.field is not None else None,
            )
            yield Counterexample(law="L7 converters", finding=finding)
            return


def _codes(slot: Slot) -> list[str]:
    steps = slot.chain.steps if slot.chain is not None else ()
    return [code for step in steps if step.read_table is not None for code in step.read_table]


def _shown(value: Any) -> str:
    return repr(value) if isinstance(value, str) else str(value)
