"""By which element pyx12 tells the uses of a segment apart, and where a guide has to.

pyx12 looks at one element of a segment: the first when it is a required ID with codes, ENT02, HL03, or
the first component of a first composite (``segment_if._resolve_unique_key_field`` of its map_if).  It does so
everywhere; a guide only where two uses of the same tag can follow from the same place, since
elsewhere a wrong code is better reported as a wrong code than as an unknown segment.
"""

from dataclasses import dataclass

from transload.adapters.edi.guides.importing.pyx12_maps.records import (
    MapComposite,
    MapElement,
    MapLoop,
    MapSegment,
    Shared,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """The element (``01``, ``01.1``) that tells a segment's uses apart, and the codes of this use."""

    place: str
    codes: tuple[str, ...]


def key_of(segment: MapSegment, shared: Shared) -> Key | None:
    """What pyx12 knows this use by; None when it knows it by its tag alone."""
    parts = segment.parts
    first = parts[0] if parts else None
    if isinstance(first, MapElement) and first.usage == "R" and first.codes and _is(shared, first, "ID"):
        return Key(place="01", codes=first.codes)
    if segment.tag == "ENT" and (second := _coded(parts, 2)) and _is(shared, second, "ID"):
        return Key(place="02", codes=second.codes)
    if isinstance(first, MapComposite) and first.parts and first.parts[0].codes:
        kinds = ("ID", "AN") if segment.tag == "CTX" else ("ID",)
        if _is(shared, first.parts[0], *kinds):
            return Key(place="01.1", codes=first.parts[0].codes)
    if segment.tag == "HL" and (third := _coded(parts, 3)):
        return Key(place="03", codes=third.codes)
    return None


def _coded(parts: tuple[MapElement | MapComposite, ...], seq: int) -> MapElement | None:
    part = parts[seq - 1] if len(parts) >= seq else None
    return part if isinstance(part, MapElement) and part.codes else None


def _is(shared: Shared, element: MapElement, *kinds: str) -> bool:
    known = shared.elements.get(element.number)
    return known is not None and known.kind in kinds


def contested(body: tuple[MapLoop | MapSegment, ...], shared: Shared) -> set[int]:
    """The ids (`id`) of the segments that need their key: others of their tag can follow from the same place."""
    found: set[int] = set()
    _look(list(body), [], shared, found)
    return found


def _look(
    children: list[MapLoop | MapSegment],
    around: list[list[MapSegment]],
    shared: Shared,
    found: set[int],
) -> None:
    """Look from every place of one level; ``around`` are the segments that can follow after each level above it."""
    for index, child in enumerate(children):
        # All of the same position may still come, those written before this one too.
        here = [
            segment
            for later, other in enumerate(children)
            if (segment := _start(other)) is not None and (later >= index or other.position == child.position)
        ]
        _compare([*here, *(segment for level in around for segment in level)], shared, found)
        if isinstance(child, MapLoop):
            _look(list(child.children[1:]), [*around, here], shared, found)
            inside = [segment for held in child.children[1:] if (segment := _start(held)) is not None]
            _compare([*inside, *here, *(segment for level in around for segment in level)], shared, found)


def _start(child: MapLoop | MapSegment) -> MapSegment | None:
    return child.opener if isinstance(child, MapLoop) else child


def _compare(reachable: list[MapSegment], shared: Shared, found: set[int]) -> None:
    by_tag: dict[str, list[MapSegment]] = {}
    for segment in reachable:
        by_tag.setdefault(segment.tag, []).append(segment)
    for rivals in by_tag.values():
        keys = {key for segment in rivals if (key := key_of(segment, shared))}
        if len(keys) > 1 or (keys and any(key_of(segment, shared) is None for segment in rivals)):
            found.update(id(segment) for segment in rivals)
