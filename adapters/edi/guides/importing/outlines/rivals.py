"""Which uses of a segment need their key: where others of the same tag can follow from the same place.

Elsewhere a guide goes without: a wrong code is then reported as a wrong code, and not as an unknown segment.
"""

from transload.adapters.edi.guides.importing.outlines.records import Loop, SegmentUse

Children = tuple[Loop | SegmentUse, ...]


def rivals(body: Children) -> set[int]:
    """The ids (`id`) of the segments that need their key."""
    found: set[int] = set()
    _look(body, [], found)
    return found


def _look(children: Children, around: list[list[SegmentUse]], found: set[int]) -> None:
    """Look from every place of one level; ``around`` are the segments that can follow after each level above it."""
    outside = [segment for level in around for segment in level]
    for index, child in enumerate(children):
        # All of the same position may still come, those written before this one too.
        here = [
            segment
            for later, other in enumerate(children)
            if (segment := _start(other)) is not None and (later >= index or other.position == child.position)
        ]
        _compare([*here, *outside], found)
        if isinstance(child, Loop):
            inside = child.children[1:]
            _look(inside, [*around, here], found)
            starts = [segment for held in inside if (segment := _start(held)) is not None]
            _compare([*starts, *here, *outside], found)


def _start(child: Loop | SegmentUse) -> SegmentUse | None:
    return child.opener if isinstance(child, Loop) else child


def _compare(reachable: list[SegmentUse], found: set[int]) -> None:
    by_tag: dict[str, list[SegmentUse]] = {}
    for segment in reachable:
        by_tag.setdefault(segment.tag, []).append(segment)
    for same in by_tag.values():
        if len({segment.key for segment in same}) > 1:
            found.update(id(segment) for segment in same)
