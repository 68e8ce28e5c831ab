"""All laws of one mapping, in order."""

from collections.abc import Sequence
from pathlib import Path

from transload.canonical.findings import Finding
from transload.mappings.laws.carrying import Carrying, start
from transload.mappings.laws.converters import check_converters
from transload.mappings.laws.documents import Documents
from transload.mappings.laws.domains import Domains, narrowed
from transload.mappings.laws.hints import check_hints
from transload.mappings.laws.losses import check_losses, lost
from transload.mappings.laws.mutations import Mutations
from transload.mappings.laws.outcome import FAST, Effort, Outcome
from transload.mappings.laws.overriding import base_of, check_override
from transload.mappings.laws.quotients import NormalForm
from transload.mappings.laws.samples import messages_of, samples_of
from transload.mappings.laws.shapes import shape_of
from transload.mappings.laws.wires import Wire
from transload.mappings.mapping import Mapping


def check_laws(mapping: Mapping, effort: Effort = FAST, *, guides: Sequence[Path] = ()) -> Outcome:
    """Check the laws of ``mapping``; what breaks one is a finding, with a counterexample where there is one.

    ``guides`` are the workspace's folders of message guides.  The same mapping and seed give the same documents.
    """
    outcome = Outcome()
    meaning = mapping.meaning
    wire = Wire(mapping, guides)
    shape = shape_of(meaning)
    domains = Domains(meaning, shape)
    documents = Documents(meaning, shape, domains)
    carrying = Carrying(wire, shape, domains, documents, effort)
    seed = mapping.digest if effort.seed is None else str(effort.seed)
    base = base_of(mapping, guides)
    both_ways = bool(shape.paths())
    if both_ways:
        check_converters(domains, outcome)
        carrying.run(outcome, seed)
        outcome.lost = lost(meaning, shape)
        inherited = base.meaning if base is not None and base.meaning.model is meaning.model else None
        outcome.findings += check_losses(meaning, outcome.lost, shape, start(wire), inherited)
        outcome.narrowed = narrowed(domains)
    outcome.findings += check_hints(meaning)
    _samples(wire, carrying, outcome, effort, both_ways=both_ways)
    if base is not None and both_ways:
        check_override(mapping, base, outcome, seed, guides)
    return outcome


def _samples(wire: Wire, carrying: Carrying, outcome: Outcome, effort: Effort, *, both_ways: bool) -> None:
    """The laws on samples; a mapping that reads needs one whose document is known."""
    mapping = wire.mapping
    samples = samples_of(mapping)
    reads = any(slot.reads and slot.field is not None for slot in mapping.meaning.slots)
    if reads and not any(sample.expected for sample in samples):
        outcome.findings.append(
            Finding(
                code="L-SAMPLE",
                message="no test has a sample message together with the document that it must give",
                hint="add one under tests: {name: ..., wire: SAMPLE, canonical: EXPECTED.json}; what is wrong the same "
                "way in both directions shows only there",
                mapping=start(wire),
            )
        )
    normal = NormalForm(carrying)
    for sample in samples:
        for message in messages_of(sample, wire)[:3]:
            if both_ways:
                normal.run(message, sample, outcome)
            Mutations(wire, message, sample).run(outcome, effort.mutations)
