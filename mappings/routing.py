"""Which of several mappings reads a message: the narrower first; and what is wrong with them together."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import combinations, pairwise

from transload.canonical.findings import Finding, Severity
from transload.canonical.places import MappingPlace
from transload.mappings.language.meaning import Meaning
from transload.mappings.mapping import Mapping as CompiledMapping

Wanted = Mapping[str, frozenset[str]]
"""What a message must have, by the entries of ``match:``; ``type`` is its kind, ``release`` the version it is of."""


def narrowest_first(mappings: Sequence[CompiledMapping]) -> tuple[CompiledMapping, ...]:
    """The mappings in the order in which they are asked: none stands behind one that takes all of its messages."""
    ordered: list[CompiledMapping] = []
    for mapping in mappings:
        place = next((n for n, other in enumerate(ordered) if narrower(mapping.meaning, other.meaning)), len(ordered))
        ordered.insert(place, mapping)
    return tuple(ordered)


def narrower(one: Meaning, other: Meaning) -> bool:
    """Whether ``one`` is for a part of the messages that ``other`` is for, by what both of them name."""
    mine, theirs = _wanted(one), _wanted(other)
    return mine != theirs and all(name in mine and mine[name] <= values for name, values in theirs.items())


def findings_of(mappings: Sequence[CompiledMapping]) -> Iterator[Finding]:
    """What is wrong with the mappings of one route together.

    M-MATCH where two can read the same message on the same day and neither is narrower; M-VALID (a warning) where
    versions of one mapping leave days without any.
    """
    for one, other in combinations(mappings, 2):
        if one is not other and _meet(one.meaning, other.meaning):
            yield _conflict(one, other)
    versions: dict[str, list[CompiledMapping]] = {}
    for mapping in mappings:
        if mapping.valid is not None:
            versions.setdefault(mapping.name, []).append(mapping)
    for same in versions.values():
        yield from _gaps(sorted(same, key=lambda mapping: _starts(mapping)))


def _starts(mapping: CompiledMapping) -> str:
    assert mapping.valid is not None
    return mapping.valid.first.isoformat() if mapping.valid.first else ""


def _wanted(meaning: Meaning) -> Wanted:
    found = {name: frozenset(values) for name, values in meaning.match.items() if name not in ("message", "version")}
    kinds = meaning.match.get("message", (meaning.kind,) if meaning.kind else ())
    if kinds:
        found["type"] = frozenset(kinds)
    if "version" in meaning.match:
        found["version"] = frozenset(meaning.match["version"])
        found["release"] = frozenset(_release(meaning, text) for text in meaning.match["version"])
    elif meaning.message_version or meaning.format_type == "xml":
        found["release"] = frozenset((_release(meaning, meaning.message_version),))
    return found


def _release(meaning: Meaning, version: str) -> str:
    """The part of a version that decides where ``match:`` names none."""
    if meaning.format_type == "edifact":
        return ":".join(version.split(":")[:3])
    return version[:6] if meaning.format_type == "x12" else version


def _meet(one: Meaning, other: Meaning) -> bool:
    if one.format_type != other.format_type or (one.valid and other.valid and not one.valid.meets(other.valid)):
        return False
    mine, theirs = _wanted(one), _wanted(other)
    if any(not mine[name] & theirs[name] for name in mine.keys() & theirs.keys()):
        return False
    return not narrower(one, other) and not narrower(other, one)


def _conflict(one: CompiledMapping, other: CompiledMapping) -> Finding:
    before, at = _place(one), _place(other)
    what = " ".join(part for part in (other.kind, other.message_version) if part) or "such a"
    if one.name == other.name and one.valid is not None and other.valid is not None:
        message = f"{other.name} is in force twice from {max(_starts(one), _starts(other))}: here and in {before}"
        return Finding(code="M-MATCH", message=message, hint="let valid: of the earlier one end before", mapping=at)
    message = f"{one.name} ({before}) and {other.name} can read the same message {what}"
    hint = "name under match: of one of them what tells the two apart, such as sender"
    return Finding(code="M-MATCH", message=message, hint=hint, mapping=at)


def _place(mapping: CompiledMapping) -> MappingPlace:
    """Where a mapping says what it is for."""
    first = next(iter(mapping.meaning.match_at.values()), None)
    if mapping.valid is not None:
        first = mapping.valid.at
    return first or MappingPlace(file=str(mapping.files[0]), line=1, column=1)


def _gaps(versions: Sequence[CompiledMapping]) -> Iterator[Finding]:
    for one, other in pairwise(versions):
        assert one.valid is not None
        assert other.valid is not None
        if one.valid.last is None or other.valid.first is None:
            continue
        first = one.valid.last + timedelta(days=1)
        if first < other.valid.first:
            last = other.valid.first - timedelta(days=1)
            yield Finding(
                code="M-VALID",
                severity=Severity.WARNING,
                message=f"from {first} to {last} no version of {other.name} is in force",
                hint=f"the one before ends in {one.valid.at}",
                mapping=other.valid.at,
            )
