"""How two versions of a mapping differ in meaning, and what that does to reading and to writing."""

from collections.abc import Iterator
from collections.abc import Mapping as Mapped
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from transload.canonical.places import MappingPlace
from transload.mappings.language.converters.base import CodeTable
from transload.mappings.mapping import Mapping
from transload.mappings.views.entries import Entry, Inventory, Place, inventory


class Effect(StrEnum):
    """What a change does to one direction; `NONE` where it stays as it was."""

    NONE = ""
    WIDENED = "widened"
    NARROWED = "narrowed"
    CHANGED = "changed"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One difference.  ``what`` is what differs (field, literal, converter, code, repeats, condition, header).

    ``where`` is its place or name, ``old`` and ``new`` how it was and is, empty for what was not, or is no more, there.
    """

    what: str
    where: str
    old: str
    new: str
    reading: Effect
    writing: Effect
    at: MappingPlace | None = None

    @property
    def kind(self) -> str:
        """``added``, ``removed`` or ``changed``."""
        return "added" if not self.old else "removed" if not self.new else "changed"

    def as_dict(self) -> dict[str, Any]:
        """The shape in JSON."""
        found: dict[str, Any] = {"kind": self.kind, "what": self.what, "where": self.where}
        found |= {"old": self.old or None, "new": self.new or None}
        found |= {"reading": str(self.reading) or None, "writing": str(self.writing) or None}
        return {**found, "mapping": self.at.as_dict()} if self.at is not None else found


def changes(old: Mapping, new: Mapping) -> list[Change]:
    """All differences in meaning; notes, the order of keys and how a file is split over others make none."""
    before, after = inventory(old.meaning), inventory(new.meaning)
    return [
        *_headers(old, new),
        *_entries(before, after),
        *_nodes(before, after),
        *_codes(old.meaning.codes, new.meaning.codes),
    ]


def _headers(old: Mapping, new: Mapping) -> Iterator[Change]:
    one, two = old.meaning, new.meaning
    both = {
        "document": (one.document, two.document, True),
        "format": (one.format_type, two.format_type, True),
        "message": (f"{one.kind} {one.message_version}".strip(), f"{two.kind} {two.message_version}".strip(), True),
        "valid": (str(one.valid or ""), str(two.valid or ""), True),
        "derive": (_derived(old), _derived(new), False),
        "strict": (str(one.strict), str(two.strict), False),
        "keep": (str(one.keep), str(two.keep), True),
    }
    for name, (was, now, writes) in both.items():
        if was != now:
            effect = Effect.CHANGED
            if name == "strict":
                effect = Effect.NARROWED if two.strict else Effect.WIDENED
            written = Effect.CHANGED if writes else Effect.NONE
            yield Change(what="header", where=name, old=was, new=now, reading=effect, writing=written)
    yield from _tables("format", _texts(one.format_options), _texts(two.format_options))
    yield from _tables("limits", _texts(one.limits), _texts(two.limits))
    for name in dict.fromkeys((*one.match, *two.match)):
        asked, asks = one.match.get(name), two.match.get(name)
        if asked != asks:
            yield Change(
                what="match",
                where=name,
                old=", ".join(asked or ()),
                new=", ".join(asks or ()),
                reading=_sets(asked, asks),
                writing=Effect.NONE,
            )
    for lost in (*one.loses, *two.loses):
        if (lost in one.loses) is not (lost in two.loses):
            was, now = (lost, "") if lost in one.loses else ("", lost)
            yield Change(what="loses", where=lost, old=was, new=now, reading=Effect.NONE, writing=Effect.CHANGED)
    ignored, ignores = {repr(item): item for item in one.ignores}, {repr(item): item for item in two.ignores}
    for text in (*ignored, *ignores):
        if (text in ignored) is not (text in ignores):
            item = ignored.get(text) or ignores[text]
            name = " / ".join([*item.above, " ".join(filter(None, (item.tag, item.qualifier, item.part)))])
            was, now = (name, "") if text in ignored else ("", name)
            effect = Effect.NARROWED if was else Effect.WIDENED
            yield Change(what="ignores", where=name, old=was, new=now, reading=effect, writing=Effect.NONE)


def _derived(mapping: Mapping) -> str:
    return "; ".join(f"{one.field.text()} {one.rule}" for one in mapping.meaning.derived)


def _texts(table: Mapped[str, Any]) -> dict[str, str]:
    return {name: _limit(value) for name, value in table.items()}


def _limit(value: Any) -> str:
    """A value without the place in the file that it comes from."""
    shown = {key: item for key, item in vars(value).items() if key != "at"} if hasattr(value, "at") else value
    return str(shown)


def _tables(what: str, old: dict[str, str], new: dict[str, str]) -> Iterator[Change]:
    for name in dict.fromkeys((*old, *new)):
        was, now = old.get(name, ""), new.get(name, "")
        if was != now:
            yield Change(what=what, where=name, old=was, new=now, reading=Effect.CHANGED, writing=Effect.CHANGED)


def _sets(was: tuple[str, ...] | None, now: tuple[str, ...] | None) -> Effect:
    """None asks for nothing, so it is the widest."""
    if was is None or now is None:
        return Effect.NARROWED if was is None else Effect.WIDENED
    return _compared(set(was), set(now))


def _compared(was: set[str], now: set[str]) -> Effect:
    if was == now:
        return Effect.NONE
    return Effect.WIDENED if was < now else Effect.NARROWED if now < was else Effect.CHANGED


def _entries(before: Inventory, after: Inventory) -> Iterator[Change]:
    gone = {name: entry for name, entry in before.entries.items() if name not in after.entries}
    come = {name: entry for name, entry in after.entries.items() if name not in before.entries}
    for name, entry in before.entries.items():
        if name in after.entries:
            yield from _entry(entry, after.entries[name])
    for name, entry in list(gone.items()):
        moved = next((o for o in come.values() if entry.field and o.field == entry.field), None)
        if moved is not None:
            del gone[name], come[moved.where]
            yield _both("place", entry.field, name, moved.where, moved, Effect.CHANGED)
            yield from _entry(entry, moved)
    for entry in gone.values():
        yield _both(_word(entry), entry.where, entry.content, "", entry, Effect.NARROWED)
    for entry in come.values():
        yield _both(_word(entry), entry.where, "", entry.content, entry, Effect.WIDENED)


def _word(entry: Entry) -> str:
    return "field" if entry.field else "literal" if entry.literals else "value"


def _both(what: str, where: str, old: str, new: str, entry: Entry, effect: Effect) -> Change:
    """A change in the directions that the entry goes; a literal that comes narrows what is read."""
    reading = effect
    if entry.literals and what == "literal":
        reading = Effect.NARROWED if effect is Effect.WIDENED else Effect.WIDENED
    return Change(
        what=what,
        where=where,
        old=old,
        new=new,
        reading=reading if entry.reads else Effect.NONE,
        writing=effect if entry.writes else Effect.NONE,
        at=entry.at,
    )


def _entry(was: Entry, now: Entry) -> Iterator[Change]:
    """How one entry differs from the one that stood at the same place, or held the same field."""
    if was.literals and now.literals:
        if was.literals != now.literals:
            written = Effect.CHANGED if was.literals[0] != now.literals[0] and now.writes else Effect.NONE
            yield Change(
                what="literal",
                where=now.where,
                old=was.content,
                new=now.content,
                reading=_compared(set(was.literals), set(now.literals)) if now.reads else Effect.NONE,
                writing=written,
                at=now.at,
            )
    elif was.field != now.field or not was.field:
        if was.content != now.content:
            yield _both("field", now.where, was.content, now.content, now, Effect.CHANGED)
    elif was.converters != now.converters:
        yield _both("converter", now.where, was.content, now.content, now, Effect.CHANGED)
    if (was.reads, was.writes) != (now.reads, now.writes):
        yield Change(
            what="direction",
            where=now.where,
            old=_ways(reads=was.reads, writes=was.writes),
            new=_ways(reads=now.reads, writes=now.writes),
            reading=_way(was=was.reads, now=now.reads),
            writing=_way(was=was.writes, now=now.writes),
            at=now.at,
        )
    if was.required is not now.required:
        old, new = ("needed", "optional") if was.required else ("optional", "needed")
        effect = Effect.NARROWED if now.required else Effect.WIDENED
        yield Change(what="required", where=now.where, old=old, new=new, reading=effect, writing=Effect.NONE, at=now.at)


def _way(*, was: bool, now: bool) -> Effect:
    return Effect.NONE if was is now else Effect.WIDENED if now else Effect.NARROWED


def _ways(*, reads: bool, writes: bool) -> str:
    return "both ways" if reads and writes else "read only" if reads else "written only" if writes else "neither way"


def _nodes(before: Inventory, after: Inventory) -> Iterator[Change]:
    for name, was in before.nodes.items():
        now = after.nodes.get(name)
        if now is None:
            continue
        yield from _repeats(was, now)
        for what, old, new in (
            ("when", ", ".join(was.when), ", ".join(now.when)),
            ("only_if", was.only_if, now.only_if),
            ("each", was.items, now.items),
        ):
            if old != new:
                reading = Effect.NONE if what == "only_if" else Effect.CHANGED
                yield Change(
                    what=what, where=name, old=old, new=new, reading=reading, writing=Effect.CHANGED, at=now.at
                )
        if was.first is not now.first:
            old, new = ("the first counts" if one.first else "one more is refused" for one in (was, now))
            reading = Effect.WIDENED if now.first else Effect.NARROWED
            yield Change(what="first", where=name, old=old, new=new, reading=reading, writing=Effect.NONE, at=now.at)
    common = [name for name in before.nodes if name in after.nodes]
    order = [name for name in after.nodes if name in before.nodes]
    if common != order:
        first = next(new for old, new in zip(common, order, strict=True) if old != new)
        yield Change(
            what="order",
            where=first,
            old="as before",
            new="elsewhere",
            reading=Effect.CHANGED,
            writing=Effect.CHANGED,
            at=after.nodes[first].at,
        )


def _repeats(was: Place, now: Place) -> Iterator[Change]:
    if (was.least, was.most) == (now.least, now.most):
        return
    old, new = ((p.least, _most(p)) for p in (was, now))
    lower, higher = new[0] <= old[0] and new[1] >= old[1], new[0] >= old[0] and new[1] <= old[1]
    reading = Effect.WIDENED if lower else Effect.NARROWED if higher else Effect.CHANGED
    writing = Effect.NONE if old[1] == new[1] else Effect.WIDENED if new[1] > old[1] else Effect.NARROWED
    yield Change(
        what="repeats", where=now.where, old=_often(was), new=_often(now), reading=reading, writing=writing, at=now.at
    )


def _most(place: Place) -> float:
    return place.most if place.most is not None else float("inf") if place.items else 1


def _often(place: Place) -> str:
    most = _most(place)
    return f"{place.least} to {'any' if most == float('inf') else int(most)}"


def _codes(old: Mapped[str, CodeTable], new: Mapped[str, CodeTable]) -> Iterator[Change]:
    for name in dict.fromkeys((*old, *new)):
        was, now = old.get(name), new.get(name)
        read = (was.read if was else {}, now.read if now else {})
        written = (was.write if was else {}, now.write if now else {})
        for wire in dict.fromkeys((*read[0], *read[1])):
            before, after = read[0].get(wire, ""), read[1].get(wire, "")
            if before != after:
                effect = Effect.WIDENED if not before else Effect.NARROWED if not after else Effect.CHANGED
                at = now.at.get(wire) if now is not None else None
                yield Change(
                    what="code",
                    where=f"{name} {wire}",
                    old=before,
                    new=after,
                    reading=effect,
                    writing=Effect.NONE,
                    at=at,
                )
        for ours in dict.fromkeys((*written[0], *written[1])):
            before, after = written[0].get(ours, ""), written[1].get(ours, "")
            if before != after:
                effect = Effect.WIDENED if not before else Effect.NARROWED if not after else Effect.CHANGED
                yield Change(
                    what="code written",
                    where=f"{name} {ours}",
                    old=before,
                    new=after,
                    reading=Effect.NONE,
                    writing=effect,
                )
