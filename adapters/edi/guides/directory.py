"""The directory of a guide: its elements, composites and segments, as files write them.

Elements: ``CODE: form and a few words``.  Parts: ``CODE STATUS``, then ``x5`` (so many of them at successive
positions), ``r5`` (may repeat in its place), ``{A|B}`` (only these codes here) and ``[an..15]`` (another form here).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from transload.adapters.base.positioned import Entries, Items, Node, Scalar
from transload.adapters.edi.guides.codes import NO_CODES, Codes
from transload.adapters.edi.guides.files import GuideFile
from transload.adapters.edi.guides.model import Composite, Condition, Element, Form, Part, SegmentRule

STATUSES = {"edifact": "MCN", "x12": "MOXN"}
"""What a part's status may be."""

_EDIFACT_FORM = re.compile(r"(?P<kind>an|a|n)(?P<range>\.\.)?(?P<most>[1-9]\d{0,4})")
_X12_FORM = re.compile(r"(?P<kind>AN|ID|N\d|R|DT|TM|B)\s+(?P<least>[1-9]\d{0,4})/(?P<most>[1-9]\d{0,4})")
_ELEMENT = {"edifact": "an..35 document number", "x12": "AN 1/22 order number"}
_NUMBER = re.compile(r"[A-Z]?\d{1,4}")
_PART = re.compile(
    r"(?P<code>[A-Z]?\d{1,4})\s+(?P<status>[A-Z])"
    r"(?:\s+x(?P<times>[1-9]\d?))?(?:\s+r(?P<repetitions>[1-9]\d{0,4}))?"
    r"(?:\s*\[(?P<form>[^]]*)\])?(?:\s*\{(?P<codes>[^}]*)\})?"
)
_SEGMENT = re.compile(r"[A-Z][A-Z0-9]{1,2}(?:\.(?P<variant>[A-Za-z0-9_-]{1,40}))?")
_X12_CONDITION = re.compile(r"(?P<kind>[PRECL])(?P<positions>(?:\d\d){2,})")
_EDIFACT_CONDITION = re.compile(r"(?P<kind>D[1-7])\((?P<positions>\d{1,2}(?:,\s*\d{1,2})+)\)")
_CONDITION_HINT = {
    "edifact": "write D1 to D7 and positions: D5(03,02)",
    "x12": "write P, R, E, C or L and positions: P0304",
}


def parse_form(standard: str, text: str) -> Form | None:
    """The form that a text names in the way of its standard (``an..35``; ``AN 1/22``), or None."""
    if standard == "edifact":
        found = _EDIFACT_FORM.fullmatch(text)
        if not found:
            return None
        most = int(found["most"])
        return Form(kind=found["kind"], least=1 if found["range"] else most, most=most)
    found = _X12_FORM.fullmatch(text)
    if not found or int(found["least"]) > int(found["most"]):
        return None
    return Form(kind=found["kind"], least=int(found["least"]), most=int(found["most"]))


def parse_condition(standard: str, text: str) -> Condition | None:
    """The condition that a text names in the way of its standard (``D5(03,02)``; ``P0304``), or None."""
    found = (_EDIFACT_CONDITION if standard == "edifact" else _X12_CONDITION).fullmatch(text)
    if not found:
        return None
    positions = tuple(int(number) for number in re.findall(r"\d\d?", found["positions"]))
    distinct = len(set(positions)) == len(positions) and 0 not in positions
    return Condition(kind=found["kind"], positions=positions) if distinct else None


@dataclass(kw_only=True)
class Directory:
    """What a guide's files declare.  What is taken later wins, so the files are taken from the general to the special.

    ``late`` gives codes that no file read so far has: those of a ``codes.yaml``, which is read when they are
    asked for.
    """

    standard: str
    late: Callable[[str], Codes] | None = None
    elements: dict[str, Element] = field(default_factory=dict)
    composites: dict[str, Composite] = field(default_factory=dict)
    segments: dict[str, SegmentRule] = field(default_factory=dict)

    def take_elements(self, file: GuideFile, root: Entries) -> None:
        """Take ``elements`` and ``codes``."""
        codes = {
            key.text: (key, Codes(file.codes(node, f"the codes of {key.text}")))
            for key, node in file.entries(root, "codes")
        }
        for key, node in file.entries(root, "elements"):
            form, title = self._element(file, key, node)
            if form is None:
                continue
            known = self.elements.get(key.text)
            here = codes.pop(key.text, None)
            listed = here[1] if here else known.codes if known else self.late(key.text) if self.late else NO_CODES
            self.elements[key.text] = Element(code=key.text, title=title, form=form, codes=listed)
        for code, (key, listed) in codes.items():
            known = self.elements.get(code)
            if known is None:
                file.refuse(key, f"codes are given for {code}, which is no element", "add it to elements")
            else:
                self.elements[code] = replace(known, codes=listed)

    def take_composites(self, file: GuideFile, root: Entries) -> None:
        """Take ``composites``."""
        for key, node in file.entries(root, "composites"):
            if not _NUMBER.fullmatch(key.text):
                file.refuse(key, f"{key.text!r} is no composite's number", "write it as the directory does: C507")
            title, parts, conditions = self._body(file, key, node, within_composite=True)
            self.composites[key.text] = Composite(code=key.text, title=title, parts=parts, conditions=conditions)

    def take_segments(self, file: GuideFile, root: Entries) -> None:
        """Take ``segments``, those of one use (``NAD.buyer``) among them."""
        for key, node in file.entries(root, "segments"):
            found = _SEGMENT.fullmatch(key.text)
            if not found:
                file.refuse(key, f"{key.text!r} is no segment", "write a tag, or a tag and a use: NAD, NAD.buyer")
                continue
            title, parts, conditions = self._body(file, key, node, within_composite=False)
            self.segments[key.text] = SegmentRule(
                tag=key.text.partition(".")[0],
                title=title,
                parts=parts,
                conditions=conditions,
                open=_is_open(node),
                variant=found["variant"] or "",
            )
        for key, _ in file.entries(root, "segments"):
            tag, _, variant = key.text.partition(".")
            if variant and tag not in self.segments:
                file.refuse(key, f"there is {key.text}, but no segment {tag}", f"declare {tag} beside it")

    def _element(self, file: GuideFile, key: Scalar, node: Node) -> tuple[Form | None, str]:
        text = node.text if isinstance(node, Scalar) else ""
        words = text.split(maxsplit=1 if self.standard == "edifact" else 2)
        count = 1 if self.standard == "edifact" else 2
        form = parse_form(self.standard, " ".join(words[:count]))
        if form is None:
            hint = f"write a form and a title, such as {_ELEMENT[self.standard]!r}"
            file.refuse(node, f"{text!r} is no form of element {key.text}", hint)
        elif not _NUMBER.fullmatch(key.text):
            file.refuse(key, f"{key.text!r} is no element's number", "write it as the directory does: 1004")
        return form, " ".join(words[count:])

    def _body(
        self, file: GuideFile, key: Scalar, node: Node, *, within_composite: bool
    ) -> tuple[str, tuple[Part, ...], tuple[Condition, ...]]:
        if not isinstance(node, Entries):
            file.refuse(node, f"{key.text} must hold title and parts", "{title: reference, parts: [1153 M, 1154 C]}")
            return "", (), ()
        file.refuse_others(node, ("title", "parts", "conditions"), key.text)
        parts: list[Part] = []
        listed = file.texts(node.get("parts"), f"the parts of {key.text}")
        for item in listed[:-1] if _is_open(node) and not within_composite else listed:
            parts += self._parts(file, item, within_composite=within_composite)
        conditions = []
        for item in file.texts(node.get("conditions"), f"the conditions of {key.text}"):
            condition = parse_condition(self.standard, item.text)
            if condition is None:
                file.refuse(item, f"{item.text!r} is no condition of {key.text}", _CONDITION_HINT[self.standard])
            elif max(condition.positions) > len(parts):
                file.refuse(item, f"{item.text!r} is no condition of {key.text}, which has {len(parts)} parts")
            else:
                conditions.append(condition)
        return file.text(node, "title", required=False) or "", tuple(parts), tuple(conditions)

    def _parts(self, file: GuideFile, item: Scalar, *, within_composite: bool) -> list[Part]:
        found = _PART.fullmatch(item.text)
        statuses = STATUSES[self.standard]
        if not found or found["status"] not in statuses:
            names = f"{', '.join(statuses[:-1])} or {statuses[-1]}"
            file.refuse(item, f"{item.text!r} is no part", f"write a code and {names}, such as '1154 {statuses[1]}'")
            return []
        what: Element | Composite | None = self.elements.get(found["code"])
        if what is None and not within_composite:
            what = self.composites.get(found["code"])
        if what is None:
            file.refuse(item, f"the guide declares no {found['code']}", "add it to elements or composites")
            return []
        if found["form"] is not None or found["codes"] is not None:
            what = self._narrowed(file, item, what, found["form"], found["codes"])
        part = Part(element=what, status=found["status"], repetitions=int(found["repetitions"] or 1))
        return [part] * int(found["times"] or 1)

    def _narrowed(
        self, file: GuideFile, item: Scalar, what: Element | Composite, form: str | None, codes: str | None
    ) -> Element | Composite:
        """The element as this one use has it."""
        if isinstance(what, Composite):
            file.refuse(item, f"{what.code} is a composite: it has no form and no codes", "narrow its components")
            return what
        if form is not None:
            narrow = parse_form(self.standard, form.strip())
            if narrow is None:
                file.refuse(
                    item,
                    f"{form!r} is no form of element {what.code}",
                    f"write a form, such as [{_ELEMENT[self.standard].rsplit(' ', 2)[0]}]",
                )
            else:
                what = replace(what, form=narrow)
        if codes is not None:
            listed = [code.strip() for code in codes.split("|")]
            if not all(listed):
                file.refuse(item, f"a code is missing in {item.text!r}", "write them as {BY|SU}")
            what = replace(what, codes=Codes(listed))
        return what


def _is_open(node: Node) -> bool:
    """Whether the parts end with ``...``: more elements may follow that the guide does not declare."""
    parts = node.get("parts") if isinstance(node, Entries) else None
    last = parts.values[-1] if isinstance(parts, Items) and parts.values else None
    return isinstance(last, Scalar) and last.text == "..."
