"""The structure of a guide file: segments and groups in their order.

A segment is written ``DTM C 35``, a group ``SG1 C 10: [RFF M 1, DTM C 5]``.  A segment may name its use, whose rules
are in ``segments`` (``NM1.billing M 1``), and the codes by which it is known to be meant, its selectors:
``NM1.billing(01=85) M 1``, ``RFF(01.1=ON|VN) C 1``.
"""

import re
from collections.abc import Iterator, Mapping

from transload.adapters.base.positioned import Entries, Items, Node, Scalar
from transload.adapters.edi.guides.files import GuideFile
from transload.adapters.edi.guides.model import UNLIMITED, Composite, Entry, SegmentRule, Selector

_DEEPEST = 20
_ENTRY = re.compile(
    r"(?P<name>[A-Za-z0-9]{1,10})(?:\.(?P<variant>[A-Za-z0-9_-]{1,40}))?(?:\((?P<selectors>[^()]+)\))?"
    r"\s+(?P<status>[MCO])\s+(?P<most>[1-9]\d{0,8}|>1)"
)
_TAG = re.compile(r"[A-Z][A-Z0-9]{1,2}")
_SELECTOR = re.compile(
    r"\s*(?P<element>\d\d)(?:\.(?P<component>\d{1,2}))?\s*=\s*(?P<codes>[^\s|=,]+(?:\|[^\s|=,]+)*)\s*"
)
_ENTRY_HINT = "write name, status and highest number of times: DTM C 35"
_SELECTOR_HINT = "write element, = and codes: (01=BY|SU), or (01.1=ON) for a component"


def parse_structure(file: GuideFile, node: Node, segments: Mapping[str, SegmentRule]) -> tuple[Entry, ...]:
    """The entries of a list; ``segments`` are the declared ones.  Faults are refused, their entries left out."""
    return tuple(_entries(file, node, segments, deep=0))


def parse_entry(file: GuideFile, item: Node, segments: Mapping[str, SegmentRule], *, deep: int = 0) -> Entry | None:
    """One entry, a segment or a group, or None where it is wrong."""
    children: tuple[Entry, ...] = ()
    text: Node = item
    group = isinstance(item, Entries) and len(item.pairs) == 1
    if isinstance(item, Entries) and group:
        text, below = item.pairs[0]
        children = tuple(_entries(file, below, segments, deep=deep + 1))
        if not children or children[0].children or children[0].most != 1:
            file.refuse(
                below,
                f"the group {text.text!r} must begin with the one segment that opens it",
                "- SG1 C 10: [RFF M 1, DTM C 5]",
            )
            return None
    found = _ENTRY.fullmatch(text.text) if isinstance(text, Scalar) else None
    if not found or not (group or _TAG.fullmatch(found["name"])):
        file.refuse(item, "this is neither a segment nor a group", _ENTRY_HINT)
        return None
    if group and (found["variant"] or found["selectors"]):
        file.refuse(text, f"the group {found['name']} has no use of its own", "write it at the segment that opens it")
    entry = Entry(
        name=found["name"],
        status=found["status"],
        most=UNLIMITED if found["most"] == ">1" else int(found["most"]),
        children=children,
        variant="" if group else found["variant"] or "",
    )
    if group:
        return entry
    rule = segments.get(entry.rule)
    if rule is None or entry.name not in segments:
        missing = entry.rule if entry.name in segments else entry.name
        file.refuse(item, f"the guide declares no segment {missing}", "add it to segments")
        return entry
    selectors = _selectors(file, item, found["selectors"], rule) if found["selectors"] else ()
    return Entry(
        name=entry.name, status=entry.status, most=entry.most, variant=entry.variant, selectors=tuple(selectors)
    )


def _entries(file: GuideFile, node: Node, segments: Mapping[str, SegmentRule], *, deep: int) -> Iterator[Entry]:
    if not isinstance(node, Items) or deep > _DEEPEST:
        file.refuse(node, "the structure must be a list of segments and groups", "- BGM M 1")
        return
    for item in node:
        entry = parse_entry(file, item, segments, deep=deep)
        if entry is not None:
            yield entry


def _selectors(file: GuideFile, item: Node, text: str, rule: SegmentRule) -> Iterator[Selector]:
    for one in text.split(","):
        found = _SELECTOR.fullmatch(one)
        if not found:
            file.refuse(item, f"{one.strip()!r} selects nothing", _SELECTOR_HINT)
            continue
        selector = Selector(
            element=int(found["element"]),
            component=int(found["component"]) if found["component"] else None,
            codes=tuple(found["codes"].split("|")),
        )
        wrong = _unselectable(selector, rule)
        if wrong:
            file.refuse(item, f"{one.strip()!r} selects nothing: {wrong}", _SELECTOR_HINT)
        yield selector


def _unselectable(selector: Selector, rule: SegmentRule) -> str | None:
    """Why a segment of this rule has no such value."""
    number, component = selector.element, selector.component
    if not 1 <= number <= len(rule.parts):
        return None if rule.open and number else f"{rule.tag} has no element {number:02}"
    element = rule.parts[number - 1].element
    if isinstance(element, Composite):
        if component is None:
            return f"element {number:02} of {rule.tag} is a composite"
        if not 1 <= component <= len(element.parts):
            return f"element {number:02} of {rule.tag} has no component {component}"
    elif component is not None:
        return f"element {number:02} of {rule.tag} has no components"
    return None
