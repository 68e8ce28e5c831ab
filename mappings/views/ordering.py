"""What stands in another order: nodes beside each other, and the choices of pairs."""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from transload.mappings.language.layout import Segment
from transload.mappings.views.bound import inside
from transload.mappings.views.changes import Change, Effect
from transload.mappings.views.keyed import Key, Keyed


def reordered(old: Keyed, new: Keyed, *, read: bool) -> Iterator[Change]:
    """The nodes and choices that moved among those that both have; ``read`` says whether reading asks for an order."""
    for above in dict.fromkeys(key[:-1] for key in new.nodes):
        before, after = ([key for key in known.nodes if key[:-1] == above] for known in (old, new))
        for key, behind in _moved(before, after):
            first, second = old.nodes[key], new.nodes[key]
            message = f"stands behind {inside(new.nodes[behind])} now" if behind else "stands first now"
            yield Change(
                topic="node", what=inside(second), message=message, effect=Effect.OTHER,
                reading=read and second[-1].reads, writing=second[-1].writes, before=first[-1].at, after=second[-1].at,
            )  # fmt: skip
    for key in new.nodes:
        yield from _choices(key, old, new)


def _moved(before: Sequence[Key], after: Sequence[Key]) -> Iterator[tuple[Key, Key | None]]:
    """Each key that moved, with the one that it stands behind now."""
    both = set(before) & set(after)
    one, other = [key for key in before if key in both], [key for key in after if key in both]
    stays: set[Key] = set()
    for block in SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks():
        stays.update(one[block.a : block.a + block.size])
    for number, key in enumerate(other):
        if key not in stays:
            yield key, other[number - 1] if number else None


def _choices(key: Key, old: Keyed, new: Keyed) -> Iterator[Change]:
    if key not in old.nodes:
        return
    was, now = old.nodes[key][-1], new.nodes[key][-1]
    if not isinstance(was, Segment) or not isinstance(now, Segment):
        return
    for first, second in zip(was.pairs, now.pairs, strict=False):
        if first.repeating != second.repeating:
            message = "its pairs repeat to the end now" if second.repeating else "its pairs come once now"
            effect = Effect.WIDER if second.repeating else Effect.NARROWER
            yield Change(
                topic="node", what=inside(new.nodes[key]), message=message, effect=effect, before=was.at, after=now.at
            )
        one, other = ([qualifier for qualifier, _ in pairs.choices] for pairs in (first, second))
        if one != other and sorted(one) == sorted(other):
            text = ", ".join(qualifier or "no qualifier" for qualifier in other)
            yield Change(
                topic="node", what=inside(new.nodes[key]), message=f"its pairs are written in the order {text}",
                effect=Effect.OTHER, reading=False, before=was.at, after=now.at,
            )  # fmt: skip
