"""All laws of one mapping, in order."""

from collections.abc import Sequence
from pathlib import Path

from transload.mappings.laws.carrying import Carrying
from transload.mappings.laws.documents import Documents
from transload.mappings.laws.domains import Domains
from transload.mappings.laws.outcome import FAST, Effort, Outcome
from transload.mappings.laws.shapes import shape_of
from transload.mappings.laws.wires import Wire
from transload.mappings.mapping import Mapping


def check_laws(mapping: Mapping, effort: Effort = FAST, *, guides: Sequence[Path] = ()) -> Outcome:
    """Check the laws of ``mapping``; what breaks one is a finding, with a counterexample where there is one.

    ``guides`` are the workspace's folders of message guides.  The same mapping and seed give the same documents.
    """
    outcome = Outcome()
    wire = Wire(mapping, guides)
    shape = shape_of(mapping.meaning)
    domains = Domains(mapping.meaning, shape)
    documents = Documents(mapping.meaning, shape, domains)
    seed = mapping.digest if effort.seed is None else str(effort.seed)
    if shape.paths():
        Carrying(wire, shape, domains, documents, effort).run(outcome, seed)
    return outcome
