"""Two versions of a mapping, compared by what they mean."""

from collections.abc import Iterator

from transload.mappings.language.layout import AnyNode, Segment
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.shapes import Range
from transload.mappings.language.terms import Slot
from transload.mappings.views.around import differing_heads
from transload.mappings.views.bound import Bound, inside
from transload.mappings.views.changes import Change, Effect, bounded, compared
from transload.mappings.views.keyed import Key, Keyed, keyed
from transload.mappings.views.ordering import reordered
from transload.mappings.views.words import condition_text, pipes_of, rule_of


def differences(before: Meaning, after: Meaning) -> list[Change]:
    """What differs; empty where both read and write the same."""
    old = keyed(before)
    new = keyed(after, old)
    moved = reordered(old, new, read=before.ordered and after.ordered)
    found = [*differing_heads(before, after), *_nodes(old, new), *moved, *_entries(old, new)]
    topics = list(dict.fromkeys(change.topic for change in found))
    return sorted(found, key=lambda change: topics.index(change.topic))


def _nodes(old: Keyed, new: Keyed) -> Iterator[Change]:
    for key, nodes in old.nodes.items():
        if key not in new.nodes and not _has_fields(key, old):
            yield Change(
                topic="node", what=inside(nodes), message="is not there any more", effect=Effect.OTHER,
                reading=nodes[-1].reads, writing=nodes[-1].writes, before=nodes[-1].at,
            )  # fmt: skip
    for key, nodes in new.nodes.items():
        if key not in old.nodes:
            if not _has_fields(key, new):
                yield Change(
                    topic="node", what=inside(nodes), message="is new", effect=Effect.OTHER,
                    reading=nodes[-1].reads, writing=nodes[-1].writes, after=nodes[-1].at,
                )  # fmt: skip
            continue
        yield from _node(old.nodes[key][-1], nodes[-1], inside(nodes))


def _has_fields(key: Key, known: Keyed) -> bool:
    """Whether the node, or one below it, holds more than literals: then its fields are told of."""
    size = len(key)
    return any(other[:size] == key and bound.slot.field is not None for other, bound in known.entries.items())


def _node(old: AnyNode, new: AnyNode, what: str) -> Iterator[Change]:
    def changed(message: str, effect: Effect, *, reading: bool = True, writing: bool = True) -> Change:
        return Change(
            topic="node", what=what, message=message, effect=effect, reading=reading, writing=writing, before=old.at,
            after=new.at,
        )  # fmt: skip

    if old.least != new.least:
        effect = bounded(old.least, new.least, upper=False)
        yield changed(f"min is {new.least}, and was {old.least}", effect, writing=False)
    repeats = old.items.text() if old.items else "", new.items.text() if new.items else ""
    if repeats[0] != repeats[1]:
        words = [f"is one for each of {name}" if name else "comes once" for name in repeats]
        yield changed(
            f"{words[1]}, and {words[0].replace('is', 'was', 1).replace('comes', 'came')} before", Effect.OTHER
        )
    elif old.most != new.most:
        effect = bounded(old.most or _usual(old), new.most or _usual(new), upper=True)
        yield changed(f"max is {new.most or 'not said'}, and was {old.most or 'not said'}", effect)
    if old.first is not new.first:
        words = ["the first counts" if node.first else "one more is refused" for node in (old, new)]
        yield changed(
            f"{words[1]}, and before {words[0].replace('is', 'was').replace('counts', 'counted')}",
            Effect.WIDER if new.first else Effect.NARROWER,
            writing=False,
        )
    plugins = ["py(" + node.use.name + ")" if isinstance(node, Segment) and node.use else "" for node in (old, new)]
    if plugins[0] != plugins[1]:
        words = [f"goes through  {name}" if name else "goes through no plug-in" for name in plugins]
        yield changed(f"{words[1]}, and {words[0].replace('goes', 'went')} before", Effect.OTHER)
    conditions = [" and ".join(f"{c.field.text()} is {c.value}" for c in node.when) for node in (old, new)]
    if conditions[0] != conditions[1]:
        yield changed(
            f"stands only where {conditions[1]}" if conditions[1] else "stands without a condition (when)",
            Effect.NARROWER if not conditions[0] else Effect.WIDER if not conditions[1] else Effect.OTHER,
        )
    tests = [condition_text(node.only_if) if node.only_if is not None else "" for node in (old, new)]
    if tests[0] != tests[1]:
        yield changed(
            f"is written only if {tests[1]}" if tests[1] else "is written without a condition (only_if)",
            Effect.NARROWER if not tests[0] else Effect.WIDER if not tests[1] else Effect.OTHER,
            reading=False,
        )


def _usual(node: AnyNode) -> int | None:
    return None if node.items is not None else 1


def _entries(old: Keyed, new: Keyed) -> Iterator[Change]:
    gone = {key: bound for key, bound in old.entries.items() if key not in new.entries}
    come = {key: bound for key, bound in new.entries.items() if key not in old.entries}
    for key, bound in new.entries.items():
        if key in old.entries:
            other = old.entries[key]
            if _content(other.slot) == _content(bound.slot):
                yield from _entry(other, bound)
            else:
                yield from _rebound(other, bound)
    yield from _moved(gone, come)
    for bound in gone.values():
        yield from _lone(bound, new, is_new=False)
    for bound in come.values():
        yield from _lone(bound, old, is_new=True)


def _content(slot: Slot) -> str:
    """What kind of thing an entry is, and of which field."""
    if slot.field is not None:
        return f"field {slot.field.text()}"
    for kind, value in (("computed", slot.computed), ("given", slot.given), ("numbering", slot.numbering)):
        if value is not None:
            return kind
    return "parts" if slot.parts is not None else "literal"


def _moved(gone: dict[Key, Bound], come: dict[Key, Bound]) -> Iterator[Change]:
    """Fields that stand at another place; taken out of both."""
    for key, bound in [*come.items()]:
        slot = bound.slot
        if slot.field is None or slot.computed is not None:
            continue
        found = next((k for k, other in gone.items() if _content(other.slot) == _content(slot)), None)
        if found is None:
            continue
        other = gone.pop(found)
        del come[key]
        reading, writing = other.slot.reads or slot.reads, other.slot.writes or slot.writes
        yield Change(
            topic="field", what=slot.field.text().rstrip("."), message=f"stands at {bound.where}, and stood at "
            f"{other.where}", reading=reading, writing=writing, before=other.slot.at, after=slot.at,
        )  # fmt: skip
        yield from _entry(other, bound)


def _lone(bound: Bound, others: Keyed, *, is_new: bool) -> Iterator[Change]:
    slot = bound.slot
    at = slot.at
    before, after = (None, at) if is_new else (at, None)
    effect = Effect.WIDER if is_new else Effect.NARROWER
    how = "is new" if is_new else "is not there any more"
    if slot.field is not None:
        name = slot.field.text().rstrip(".")
        at_all = any(
            o.slot.field is not None and o.slot.field.text().rstrip(".") == name for o in others.entries.values()
        )
        one = "has a further place" if is_new else "has lost one of its places"
        message = f"{one}, {bound.where}" if at_all else f"{how}, at {bound.where}"
        yield Change(
            topic="field", what=name, message=message, reading=slot.reads, writing=slot.writes, effect=effect,
            before=before, after=after,
        )  # fmt: skip
    elif slot.literals and not any(inside(nodes) == bound.inside for nodes in others.nodes.values()):
        return  # told of with its node
    elif slot.literals:
        effect = Effect.NARROWER if is_new else Effect.WIDER
        text = ", ".join(slot.literals)
        yield Change(
            topic="literal", what=bound.where, message=f"{text} {how}", reading=slot.reads, writing=slot.writes,
            effect=effect, before=before, after=after,
        )  # fmt: skip
    else:
        yield Change(
            topic="value", what=bound.where, message=f"{rule_of(slot)} {how}", reading=slot.reads, writing=slot.writes,
            before=before, after=after,
        )  # fmt: skip


def _rebound(old: Bound, new: Bound) -> Iterator[Change]:
    """A place that holds something else now."""
    yield Change(
        topic="place", what=new.where, message=f"holds {_shown(new.slot)}, and held {_shown(old.slot)}",
        reading=old.slot.reads or new.slot.reads, writing=old.slot.writes or new.slot.writes, before=old.slot.at,
        after=new.slot.at,
    )  # fmt: skip


def _shown(slot: Slot) -> str:
    if slot.literals:
        return "the text " + " or ".join(slot.literals)
    return slot.field.text().rstrip(".") if slot.field is not None else rule_of(slot)


def _entry(old: Bound, new: Bound) -> Iterator[Change]:
    one, other = old.slot, new.slot
    what = other.field.text().rstrip(".") if other.field is not None else new.where
    topic = "literal" if other.literals else "field" if other.field is not None else "value"

    def changed(message: str, effect: Effect, *, reading: bool = True, writing: bool = True) -> Change:
        at = f" ({new.where})" if what != new.where else ""
        return Change(
            topic=topic, what=what, message=f"{message}{at}", effect=effect, before=one.at, after=other.at,
            reading=reading and (one.reads or other.reads), writing=writing and (one.writes or other.writes),
        )  # fmt: skip

    if one.literals != other.literals:
        first = one.literals[0] != other.literals[0]
        effect = compared(one.literals, other.literals)
        accepted, was = " or ".join(other.literals), " or ".join(one.literals)
        more = f"; {other.literals[0]} is written" if first else ""
        reading = set(one.literals) != set(other.literals)
        yield changed(f"accepts {accepted}, and accepted {was}{more}", effect, reading=reading, writing=first)
    if (one.reads, one.writes) != (other.reads, other.writes):
        for name, did, does in (("read", one.reads, other.reads), ("written", one.writes, other.writes)):
            if did != does:
                words = f"is {name} now" if does else f"is not {name} any more"
                yield Change(
                    topic=topic, what=what, message=words,
                    effect=Effect.WIDER if does else Effect.NARROWER, reading=name == "read", writing=name == "written",
                    before=one.at, after=other.at,
                )  # fmt: skip
    if pipes_of(one) != pipes_of(other):
        pipes = [text or "as it is" for text in (pipes_of(one), pipes_of(other))]
        yield changed(f"goes through  {pipes[1]}, and went through  {pipes[0]}", Effect.OTHER)
    elif not other.literals and _rule(one) != _rule(other) and other.field is None:
        yield changed(f"is {_rule(other)}, and was {_rule(one)}", Effect.OTHER)
    if one.required != other.required:
        effect = Effect.NARROWER if other.required else Effect.WIDER
        yield changed("is required" if other.required else "is not required any more", effect)
    if one.most != other.most:
        was, now = (f"{most} characters" if most else "any number" for most in (one.most, other.most))
        yield changed(f"may have {now}, and could have {was}", bounded(one.most, other.most, upper=True))
    fills = [_filling(slot) for slot in (one, other)]
    if fills[0] != fills[1]:
        yield changed(f"is {fills[1]}, and was {fills[0]}", Effect.OTHER)
    if one.attached != other.attached:
        words = "counts only where its composite holds a value" if other.attached else "counts always"
        yield changed(words, Effect.OTHER)


def _filling(slot: Slot) -> str:
    """How a range is filled up; nothing where an entry has none."""
    spot = slot.spots[0] if slot.spots else None
    if not isinstance(spot, Range):
        return ""
    return f"filled up with {spot.pad!r} on the {'left' if spot.right else 'right'}"


def _rule(slot: Slot) -> str:
    return " ".join(rule_of(slot).split())
