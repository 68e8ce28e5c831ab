"""What differs between two versions of a mapping around their layouts: format, codes, limits, match, what is lost."""

from collections.abc import Iterator, Mapping
from typing import Any

from transload.mappings.language.converters.base import CodeTable
from transload.mappings.language.limits import Limit
from transload.mappings.language.meaning import Ignored, Meaning
from transload.mappings.views.changes import Change, Effect, bounded, compared

_HEADS = {
    "document": "the document",
    "format_type": "the format",
    "kind": "the message's type",
    "message_version": "the message's version",
}


def differing_heads(before: Meaning, after: Meaning) -> Iterator[Change]:
    """The differences outside of the layouts."""
    for name, words in _HEADS.items():
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            yield Change(topic="mapping", what=words, message=f"is {new or 'not said'}, and was {old or 'not said'}")
    yield from _options(before, after)
    yield from _match(before, after)
    yield from _switches(before, after)
    for name in dict.fromkeys([*before.codes, *after.codes]):
        yield from _codes(name, before.codes.get(name), after.codes.get(name))
    for name in dict.fromkeys([*before.limits, *after.limits]):
        yield from _limit(name, before.limits.get(name), after.limits.get(name))
    yield from _derived(before, after)
    yield from _listed("loses", before.loses, after.loses)
    yield from _ignores(before.ignores, after.ignores)
    yield from _outside("cross-reference", before.xrefs, after.xrefs)
    old_plugins = {name: plugin.version for name, plugin in before.plugins.items()}
    new_plugins = {name: plugin.version for name, plugin in after.plugins.items()}
    yield from _outside("plug-in", old_plugins, new_plugins)


def _options(before: Meaning, after: Meaning) -> Iterator[Change]:
    old, new = before.format_options, after.format_options
    for name in dict.fromkeys([*old, *new]):
        if _shown(old.get(name)) != _shown(new.get(name)):
            yield Change(
                topic="format", what=name, message=f"is {_shown(new.get(name))}, and was {_shown(old.get(name))}"
            )
    if dict(before.namespaces) != dict(after.namespaces):
        yield Change(topic="format", what="namespaces", message="are others", effect=Effect.OTHER)


def _shown(value: Any) -> str:
    return "not said" if value is None else str(value)


def _match(before: Meaning, after: Meaning) -> Iterator[Change]:
    for name in dict.fromkeys([*before.match, *after.match]):
        old, new = before.match.get(name), after.match.get(name)
        if old == new:
            continue
        was, now = before.match_at.get(name), after.match_at.get(name)
        if old is None or new is None:
            effect = Effect.NARROWER if old is None else Effect.WIDER
            message = f"asks for {' or '.join(new)}" if new is not None else "is not asked for any more"
        else:
            effect = compared(old, new)
            message = f"asks for {' or '.join(new)}, and asked for {' or '.join(old)}"
        yield Change(topic="match", what=name, message=message, writing=False, effect=effect, before=was, after=now)


def _switches(before: Meaning, after: Meaning) -> Iterator[Change]:
    for name, words in (
        ("strict", "what nothing takes is an error"),
        ("ordered", "the order of the file is asked for"),
    ):
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            yield Change(
                topic="mapping", what="strict", message=words if new else f"not any more: {words}", writing=False,
                effect=Effect.NARROWER if new else Effect.WIDER,
            )  # fmt: skip
    if before.keep != after.keep:
        message = "what nothing takes is kept" if after.keep else "what nothing takes is not kept any more"
        yield Change(topic="mapping", what="keep", message=message)
    if str(before.valid) != str(after.valid):
        valid = [str(one.valid) if one.valid is not None else "always" for one in (before, after)]
        yield Change(
            topic="mapping", what="valid", message=f"is in force {valid[1]}, and was {valid[0]}",
            before=before.valid.at if before.valid else None, after=after.valid.at if after.valid else None,
        )  # fmt: skip


def _codes(name: str, old: CodeTable | None, new: CodeTable | None) -> Iterator[Change]:
    if old is None or new is None:
        table = new or old
        assert table is not None
        message = "is a new table" if old is None else "is not there any more"
        if table.read:
            yield Change(topic="code", what=name, message=message, reading=False, writing=False, effect=Effect.NONE)
        return
    for wire in dict.fromkeys([*old.read, *new.read]):
        was, now = old.read.get(wire), new.read.get(wire)
        first, second = old.at.get(wire), new.at.get(wire)
        what = f"{name} {wire}"
        if was is None:
            assert now is not None
            writing = now not in old.write
            yield Change(
                topic="code",
                what=what,
                message=f"is read as {now}",
                writing=writing,
                effect=Effect.WIDER,
                before=first,
                after=second,
            )
        elif now is None:
            writing = was not in new.write
            message = f"is not read any more, as {was}"
            yield Change(
                topic="code",
                what=what,
                message=message,
                writing=writing,
                effect=Effect.NARROWER,
                before=first,
                after=second,
            )
        elif was != now:
            yield Change(
                topic="code",
                what=what,
                message=f"is read as {now}, and was {was}",
                writing=False,
                before=first,
                after=second,
            )
    for canonical in old.write.keys() & new.write.keys():
        was, now = old.write[canonical], new.write[canonical]
        if was != now:
            yield Change(
                topic="code", what=f"{name} {canonical}", message=f"is written {now}, and was {was}", reading=False,
                before=old.at.get(was), after=new.at.get(now),
            )  # fmt: skip


def _limit(name: str, old: Limit | None, new: Limit | None) -> Iterator[Change]:
    first, second = (one.at if one is not None else None for one in (old, new))
    for key, words, upper in (
        ("length", "characters at most", True),
        ("items", "items at most", True),
        ("decimals", "decimals at most", True),
        ("most", "at most", True),
        ("least", "at least", False),
    ):
        was, now = (getattr(one, key) if one is not None else None for one in (old, new))
        if was != now:
            message = f"{words}: {_shown(now)}, and was {_shown(was)}"
            yield Change(
                topic="limit",
                what=name,
                message=message,
                effect=bounded(was, now, upper=upper),
                before=first,
                after=second,
            )
    were, are = (one.values if one is not None else () for one in (old, new))
    if set(were) != set(are):
        effect = compared(were, are) if were and are else Effect.NARROWER if are else Effect.WIDER
        message = f"values: {', '.join(map(str, are)) or 'any'}, and were {', '.join(map(str, were)) or 'any'}"
        yield Change(topic="limit", what=name, message=message, effect=effect, before=first, after=second)


def _derived(before: Meaning, after: Meaning) -> Iterator[Change]:
    old = {derived.field.text(): derived for derived in before.derived}
    new = {derived.field.text(): derived for derived in after.derived}
    for name in dict.fromkeys([*old, *new]):
        was, now = old.get(name), new.get(name)
        if (was.rule if was else "") == (now.rule if now else ""):
            continue
        yield Change(
            topic="derive", what=name, writing=False,
            message=f"is derived as {now.rule}" if now else "is not derived any more",
            effect=Effect.WIDER if not was else Effect.NARROWER if not now else Effect.OTHER,
            before=was.at if was else None, after=now.at if now else None,
        )  # fmt: skip


def _listed(topic: str, old: tuple[str, ...], new: tuple[str, ...]) -> Iterator[Change]:
    for name in dict.fromkeys([*old, *new]):
        if (name in old) != (name in new):
            message = "is listed" if name in new else "is not listed any more"
            yield Change(topic=topic, what=name, message=message, reading=False, effect=Effect.NONE)


def _ignores(old: tuple[Ignored, ...], new: tuple[Ignored, ...]) -> Iterator[Change]:
    for one in dict.fromkeys([*old, *new]):
        if (one in old) != (one in new):
            parts = [*one.above, " ".join(part for part in (one.tag, one.qualifier) if part)]
            places = "".join(f"/{place}" for place in one.places) + (f"/{one.part}" if one.part else "")
            what = " / ".join(parts) + places + ("/**" if one.deep else "")
            message = "is left aside quietly" if one in new else "is not left aside quietly any more"
            effect = Effect.WIDER if one in new else Effect.NARROWER
            yield Change(topic="ignores", what=what, message=message, writing=False, effect=effect)


def _outside(words: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for name in dict.fromkeys([*old, *new]):
        if (name in old) != (name in new):
            message = "is new" if name in new else "is not there any more"
            yield Change(topic=words, what=name, message=message, reading=False, writing=False, effect=Effect.NONE)
        elif isinstance(old[name], str) and old[name] != new[name]:
            yield Change(topic=words, what=name, message=f"is version {new[name]}, and was {old[name]}")
