"""From messages of segments to nodes."""

from collections.abc import Sequence
from pathlib import Path

from transload.adapters.base.format import Message, Records
from transload.adapters.edi.guides import find_guide
from transload.mappings.drafting.kinds import Kind
from transload.mappings.drafting.knowledge import Scope
from transload.mappings.drafting.nodes import Node
from transload.mappings.drafting.places import Places
from transload.mappings.drafting.records import Records as Drafting
from transload.mappings.drafting.shapes import merged
from transload.mappings.drafting.structure import QUALIFIERS, aligned, pieces_of
from transload.mappings.drafting.sums import Sums
from transload.mappings.drafting.values import Codes


def nodes_of_segments(
    kind: Kind, messages: Sequence[Message], scope: Scope, codes: Codes, guides: Sequence[Path]
) -> list[Node]:
    """The nodes of a layout that reads ``messages``."""
    guide = find_guide(kind.format_type, kind.name, kind.version, tuple(guides))
    trees = [
        pieces_of(message.body, kind.format_type, guide) for message in messages if isinstance(message.body, Records)
    ]
    places = Places(kind.format_type, guide)
    aligned([piece for pieces in trees for piece in pieces], places.composite)
    shapes = merged(trees, QUALIFIERS[kind.format_type])
    drafting = Drafting(kind.format_type, places, QUALIFIERS[kind.format_type], codes, Sums(trees))
    return drafting.level(shapes, scope, set(), top=True)
