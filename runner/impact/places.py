"""Places of values: fields of documents, segments and elements, paths in XML, pointers in JSON."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import SequenceMatcher
from typing import Any

from transload.adapters.base.format import Format, Message, Records, Tree
from transload.runner.impact.trees import Step, Steps, differences

_MOST = 4_000_000
"""So many pairs of segments are compared to find what was added and what left out."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """One value that differs: ``name`` is the same for all items of a list, ``exact`` says which item it is."""

    name: str
    exact: str
    old: str | None
    new: str | None


def fields(old: Any, new: Any) -> Iterator[Place]:
    """The fields in which two documents, as JSON values, differ."""
    return _told(differences(old, new), _field)


def wires(old: bytes, old_format: Format[Any], new: bytes, new_format: Format[Any]) -> list[Place]:
    """The places in which two payloads differ; bytes alone where both say the same.

    Both are what their formats wrote; what no format reads is told as a whole.
    """
    if old == new:
        return []
    before, after = list(old_format.read(old)), list(new_format.read(new))
    found: list[Place] = []
    if len(before) != len(after):
        found.append(_whole("messages", str(len(before)), str(len(after))))
    for number, (one, other) in enumerate(zip(before, after, strict=False), 1):
        inside = f" in message {number}" if len(after) > 1 else ""
        found += [
            place if not inside else Place(name=place.name, exact=place.exact + inside, old=place.old, new=place.new)
            for place in _messages(one, other)
        ]
    return found or [_whole("(bytes)", f"{len(old)} bytes", f"{len(new)} bytes")]


def texts(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Place]:
    """The filled templates that differ: names of files, paths, headers."""
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            yield Place(name=name, exact=name, old=old.get(name), new=new.get(name))


def _messages(old: Message, new: Message) -> Iterator[Place]:
    for name in ("kind", "version", "sender", "receiver", "test"):
        one, other = getattr(old, name), getattr(new, name)
        if one != other:
            yield _whole(f"({name})", _party(one), _party(other))
    if isinstance(old.body, Records) and isinstance(new.body, Records):
        yield from _segments(_texts(old.body), _texts(new.body))
    elif isinstance(old.body, Tree) and isinstance(new.body, Tree):
        one, other = old.body.root, new.body.root
        if hasattr(one, "tag") and hasattr(other, "tag"):
            yield from _told(differences({one.tag: [_element(one)]}, {other.tag: [_element(other)]}), _path)
        else:
            yield from _told(differences(_plain(one), _plain(other)), _pointer)
    else:
        yield _whole("(form)", type(old.body).__name__, type(new.body).__name__)


def _whole(name: str, old: str | None, new: str | None) -> Place:
    return Place(name=name, exact=name, old=old, new=new)


def _party(value: Any) -> str | None:
    if value is None or isinstance(value, str | bool):
        return None if value is None else str(value)
    return f"{value.id}:{value.qualifier}" if value.qualifier else str(value.id)


def _told(found: Iterator[tuple[Steps, Any, Any]], name: Callable[[Steps, bool], str]) -> Iterator[Place]:
    for steps, old, new in found:
        yield Place(name=name(steps, False), exact=name(steps, True), old=_value(old), new=_value(new))


def _value(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value).lower() if isinstance(value, bool) else str(value)


def _field(steps: Steps, exact: bool) -> str:
    text = ""
    for step in steps:
        text += f"[{step if exact else ''}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def _pointer(steps: Steps, exact: bool) -> str:
    return "".join(f"/{_escaped(step) if exact or isinstance(step, str) else '*'}" for step in steps) or "/"


def _escaped(step: Step) -> str:
    return str(step).replace("~", "~0").replace("/", "~1")


def _path(steps: Steps, exact: bool) -> str:
    """An XPath of local names; children always stand in a list, which counts from 1."""
    text = ""
    for step in steps:
        if isinstance(step, int):
            text += f"[{step + 1}]" if exact and step else ""
        elif step.startswith("@"):
            text += f"/@{_local(step[1:])}"
        elif step:
            text += f"/{_local(step)}"
    return text


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _element(element: Any) -> dict[str, Any]:
    """An element as an object: attributes with ``@``, its text under an empty name, children as lists by name."""
    found: dict[str, Any] = {f"@{name}": value for name, value in element.attrib.items()}
    text = (element.text or "").strip()
    if text:
        found[""] = text
    for child in element:
        if isinstance(child.tag, str):
            found.setdefault(child.tag, []).append(_element(child))
    return found


def _plain(value: Any) -> Any:
    """A JSON value in which equal numbers are equal texts."""
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return _value(value)


def _texts(body: Records) -> list[tuple[tuple[str, ...], ...]]:
    """Segments as tuples of their elements, each a tuple of its components; tag first."""
    return [
        tuple(
            tuple(part for one in _split(text, body.repetition) for part in _split(one, body.component))
            for text in segment
        )
        for segment in body.segments
    ]


def _split(text: str, separator: str) -> list[str]:
    return text.split(separator) if separator else [text]


def _segments(old: list[Any], new: list[Any]) -> Iterator[Place]:
    """The elements and segments that differ; segments belong together by tag and first value, in their order."""
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    one, other = old[start : len(old) - end], new[start : len(new) - end]
    for i, j in _matched(one, other):
        number = start + (j if j is not None else i or 0) + 1
        if i is None or j is None:
            segment = one[i] if i is not None else other[j]  # type: ignore[index]
            said = "+".join(":".join(element) for element in segment)
            tag = segment[0][0]
            yield Place(
                name=tag,
                exact=f"{tag}, segment {number}",
                old=said if i is not None else None,
                new=said if j is not None else None,
            )
        else:
            yield from _elements(one[i], other[j], number)


def _matched(old: list[Any], new: list[Any]) -> Iterator[tuple[int | None, int | None]]:
    if len(old) * len(new) > _MOST:
        for number in range(max(len(old), len(new))):
            yield number if number < len(old) else None, number if number < len(new) else None
        return
    keys = [_key(segment) for segment in old], [_key(segment) for segment in new]
    for what, i, j, k, m in SequenceMatcher(a=keys[0], b=keys[1], autojunk=False).get_opcodes():
        if what == "equal":
            yield from ((i + step, k + step) for step in range(j - i))
            continue
        pairs = dict(_same_tags(old, new, range(i, j), range(k, m)))
        yield from ((one, pairs.get(one)) for one in range(i, j))
        taken = set(pairs.values())
        yield from ((None, other) for other in range(k, m) if other not in taken)


def _same_tags(old: list[Any], new: list[Any], here: range, there: range) -> Iterator[tuple[int, int]]:
    """Each segment with the next one of its tag, so that their order is kept."""
    at = there.start
    for one in here:
        found = next((other for other in range(at, there.stop) if new[other][0] == old[one][0]), None)
        if found is not None:
            yield one, found
            at = found + 1


def _key(segment: Any) -> tuple[str, str]:
    return segment[0][0], segment[1][0] if len(segment) > 1 else ""


def _elements(old: Any, new: Any, number: int) -> Iterator[Place]:
    tag = new[0][0]
    for element in range(1, max(len(old), len(new))):
        one = old[element] if element < len(old) else ()
        other = new[element] if element < len(new) else ()
        parts = max(len(one), len(other))
        for part in range(parts):
            before = one[part] if part < len(one) else ""
            after = other[part] if part < len(other) else ""
            if before != after:
                name = f"{tag} {element:02}{f'.{part + 1}' if parts > 1 else ''}"
                yield Place(name=name, exact=f"{name}, segment {number}", old=before or None, new=after or None)
