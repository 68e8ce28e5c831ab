"""What has changed between two descriptions of a service, and whether it can matter to a partner's route."""

from collections.abc import Iterator
from dataclasses import dataclass

from transload.adapters.soap.bundles.surface import Facts, Surface
from transload.canonical.findings import Finding, Severity

_MOST = 200
"""Changes that are told one by one."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One difference: ``what`` it concerns, what happened to it, and whether calls may fail for it."""

    what: str
    how: str
    breaking: bool

    def finding(self) -> Finding:
        """The change as a finding."""
        hint = "try it with the partner's test system, then fetch the WSDL anew: transload soap bundle"
        return Finding(
            code="S-DRIFT",
            severity=Severity.WARNING if self.breaking else Severity.REMARK,
            message=f"{self.what} {self.how}",
            hint=hint if self.breaking else None,
        )


def changes(ours: Surface, theirs: Surface) -> list[Change]:
    """What the partner serves now (``theirs``) that is not in our bundle, and the other way round."""
    found = [*_removed(ours, theirs), *_added(ours, theirs), *_changed(ours, theirs), *_reordered(ours, theirs)]
    if len(found) > _MOST:
        rest = len(found) - _MOST
        more = Change(
            what=f"{rest} more pieces", how="are different", breaking=any(one.breaking for one in found[_MOST:])
        )
        found = [*found[:_MOST], more]
    return found


def _removed(ours: Surface, theirs: Surface) -> Iterator[Change]:
    gone = [name for name in ours.pieces if name not in theirs.pieces]
    for name in _outermost(gone):
        yield Change(what=name, how="is gone", breaking=True)


def _added(ours: Surface, theirs: Surface) -> Iterator[Change]:
    new = [name for name in theirs.pieces if name not in ours.pieces]
    for name in _outermost(new):
        facts = theirs.pieces[name]
        inner = ": " in name
        needed = inner and not _may_be_missing(name, facts)
        told = f" ({_told(facts)})" if facts else ""
        yield Change(what=name, how=f"is new{', and needed' if needed else ''}{told}", breaking=needed)


def _may_be_missing(name: str, facts: Facts) -> bool:
    """Whether a new piece changes nothing for those who do not know it."""
    if " the value " in name or "anything" in name:
        return True
    if "/@" in name or ": @" in name:
        return facts.get("use") != "required"
    return (
        facts.get("minOccurs") == "0" or "choice" in facts.get("within", "") or "minOccurs 0" in facts.get("within", "")
    )


def _outermost(names: list[str]) -> Iterator[str]:
    """``names`` without those that lie in another one of them."""
    known = set(names)
    for name in names:
        holders = [name[:position] for position, sign in enumerate(name) if sign in ":/ "]
        if not any(holder in known for holder in holders):
            yield name


def _changed(ours: Surface, theirs: Surface) -> Iterator[Change]:
    for name, facts in ours.pieces.items():
        other = theirs.pieces.get(name)
        if other is None or other == facts:
            continue
        for key in sorted(facts.keys() | other.keys()):
            before, after = _value(key, facts), _value(key, other)
            if before != after:
                breaking = not (key == "location" or _looser(key, before, after))
                yield Change(what=name, how=f"has another {key}: {after}, and had {before}", breaking=breaking)


def _value(key: str, facts: Facts) -> str:
    return facts.get(key, {"minOccurs": "1", "maxOccurs": "1"}.get(key, "none"))


def _looser(key: str, before: str, after: str) -> bool:
    """Whether a change lets all be as it was."""
    if key == "minOccurs":
        return before.isdecimal() and after.isdecimal() and int(after) < int(before)
    if key == "maxOccurs":
        return after == "unbounded" or (before.isdecimal() and after.isdecimal() and int(after) > int(before))
    return key == "use" and before == "required"


def _reordered(ours: Surface, theirs: Surface) -> Iterator[Change]:
    for name, order in ours.orders.items():
        other = theirs.orders.get(name, [])
        common = [step for step in order if step in other]
        if common != [step for step in other if step in order]:
            yield Change(what=name.rstrip(":"), how="has its elements in another order", breaking=True)


def _told(facts: Facts) -> str:
    return ", ".join(f"{key} {value}" for key, value in sorted(facts.items()) if value)
