"""Static checks of hierarchies: levels that are numbered, and say which level they stand below (HL, CPS)."""

from collections.abc import Sequence

from transload.mappings.language.layout import Segment
from transload.mappings.source.problems import Problems


def check_hierarchies(nodes: Sequence[Segment], problems: Problems) -> None:
    """Note numbering functions that stand where they have no sense."""
    counted: Segment | None = None
    for node in _all(nodes):
        counted = _check_node(node, counted, problems)


def _all(nodes: Sequence[Segment]) -> list[Segment]:
    return [found for node in nodes for found in (node, *_all(node.then))]


def _check_node(node: Segment, counted: Segment | None, problems: Problems) -> Segment | None:
    """``counted`` is the node before this one that says how many levels there are."""
    words = [slot.numbering.word for slot in node.slots if slot.numbering is not None]
    for slot in node.slots:
        if slot.numbering is None:
            continue
        word = slot.numbering.word
        if slot is not node.numbered(word):
            problems.add("M-NODE", slot.at, f"{word}() stands twice in one {node.tag}")
        elif word in ("parent", "children") and "level" not in words:
            hint = f"such as  {node.tag}: {{01: =level(), 02: =parent()}}"
            problems.add("M-NODE", slot.at, f"{word}() goes with level() in one segment", hint=hint)
        elif word == "level" and node.items is None and any(slot.many for slot in node.slots) and node.most:
            problems.add("M-NODE", slot.at, f"a level has one {node.tag}, and this one may need several")
        elif word == "level" and counted is not None:
            problems.add(
                "M-ORDER", slot.at, f"{counted.name} has counted the levels before this one", hint="move levels() below"
            )
    return node if "levels" in words else counted
