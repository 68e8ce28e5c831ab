"""Overlays: what one partner does differently, in a file beside the guide, which stays as it is.

``narrow`` asks for less than the guide allows, ``extend`` allows more, ``waive`` makes findings remarks until a
day.  An overlay lies in ``<folder>/overlays/<name>.yaml`` and names the guide that it changes.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path

from transload.adapters.base.positioned import Entries, Items, Node, Scalar
from transload.adapters.edi.guides.directory import Directory, parse_form
from transload.adapters.edi.guides.faults import FaultKind
from transload.adapters.edi.guides.files import GuideFile
from transload.adapters.edi.guides.model import UNLIMITED, Entry, Form, Rules, SegmentRule
from transload.adapters.edi.guides.narrowing import (
    Change,
    NarrowingError,
    change_rule,
    fewer_codes,
    more_codes,
    narrower_form,
    stricter_status,
)
from transload.adapters.edi.guides.paths import Index, PathError, Structure, edit, find
from transload.adapters.edi.guides.places import PlaceError, SegmentGuide
from transload.adapters.edi.guides.structure import parse_entry
from transload.adapters.edi.guides.waivers import Spot, Waiver
from transload.canonical.errors import ConfigurationError
from transload.canonical.findings import Severity

_KEYS = ("overlay", "guide", "source", "narrow", "waive", "extend", "segments", "composites", "elements", "codes")
_NARROW = ("at", "codes", "form", "status", "most")
_WAIVE = ("code", "at", "reason", "until")
_EXTEND = ("at", "codes", "after", "entry")
_GUIDE = re.compile(r"(edifact|x12)/[a-z0-9.-]+/[a-z0-9]+")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,60}")
_AT = re.compile(r"(?P<path>[A-Za-z0-9_./-]+)(?:\s+(?P<place>\S+))?")
_MOST = re.compile(r"[1-9]\d{0,8}")
_WAIVABLE = sorted({kind.code for kind in FaultKind if kind.severity is not Severity.REMARK})


@dataclass(frozen=True, kw_only=True, eq=False)
class Overlay:
    """A file of changes: ``guide`` is what it changes, ``edifact/d96a/orders``."""

    name: str
    guide: str
    file: GuideFile
    root: Entries

    def apply(self, rules: Rules) -> Rules:
        """The rules with the changes made.

        Raises `ConfigurationError` with a finding (``C-GUIDE``) for everything that does not fit the guide.
        """
        file = GuideFile(path=self.file.path, name=self.file.name)
        changed = _Applying(self, file, rules).run()
        _raise(file)
        return changed

    def refuse_guide(self, message: str) -> None:
        """Raise `ConfigurationError` for the guide that the overlay names."""
        file = GuideFile(path=self.file.path, name=self.file.name)
        file.refuse(self.root.get("guide") or self.root, message, "write it as edifact/d96a/orders")
        _raise(file)


def find_overlay(name: str, folders: Sequence[Path]) -> Path:
    """The file of an overlay in the first of ``folders`` that has it.

    Raises `ConfigurationError` when none has.
    """
    for folder in folders:
        path = folder / "overlays" / f"{name}.yaml"
        if _NAME.fullmatch(name) and path.is_file():
            return path
    looked = ", ".join(str(folder / "overlays") for folder in folders)
    hint = f"looked in {looked}" if looked else "overlays lie in guides/overlays of the workspace"
    raise ConfigurationError(f"there is no overlay {name!r}", hint=hint)


@lru_cache(maxsize=64)
def read_overlay(path: Path, changed: int) -> Overlay:
    """The overlay at ``path``, read again when its file has ``changed``.

    Raises `ConfigurationError` with a finding for every fault that shows without the guide.
    """
    file = GuideFile(path=path, name=str(path))
    root = file.read(_KEYS, "an overlay")
    name, guide = file.text(root, "overlay") or "", file.text(root, "guide") or ""
    if name and name != path.stem:
        file.refuse(root.get("overlay") or root, f"the overlay is called {name!r}, its file {path.name}", "rename one")
    if guide and not _GUIDE.fullmatch(guide):
        file.refuse(root.get("guide") or root, f"{guide!r} names no guide", "write it as edifact/d96a/orders")
    if not any(root.get(key) for key in ("narrow", "waive", "extend")):
        file.refuse(root, "the overlay changes nothing", "write narrow:, waive: or extend:")
    _raise(file)
    return Overlay(name=name, guide=guide, file=file, root=root)


def _raise(file: GuideFile) -> None:
    if file.faults:
        raise ConfigurationError(f"the overlay {file.name} has {len(file.faults)} faults", findings=file.faults)


class _Applying:
    """One overlay on its way into one guide's rules."""

    def __init__(self, overlay: Overlay, file: GuideFile, rules: Rules) -> None:
        self.overlay = overlay
        self.file = file
        self.rules = rules
        self.structure: Structure = rules.structure
        self.segments: dict[str, SegmentRule] = dict(rules.segments)
        self.made = 0

    def run(self) -> Rules:
        root = self.overlay.root
        directory = Directory(
            standard=self.rules.standard,
            elements=dict(self.rules.elements),
            composites=dict(self.rules.composites),
            segments=self.segments,
        )
        self._refuse_known(root)
        for take in (directory.take_elements, directory.take_composites, directory.take_segments):
            take(self.file, root)
        for item in self._items("extend", _EXTEND):
            self._extend(item)
        for item in self._items("narrow", _NARROW):
            self._narrow(item)
        waivers = [waiver for item in self._items("waive", _WAIVE) for waiver in self._waiver(item)]
        return replace(
            self.rules,
            structure=self.structure,
            segments=self.segments,
            elements=directory.elements,
            composites=directory.composites,
            waivers=(*self.rules.waivers, *waivers),
        )

    def _refuse_known(self, root: Entries) -> None:
        """What the guide declares already is changed where it is used."""
        for kind in ("elements", "composites", "segments", "codes"):
            node = root.get(kind)
            declared = getattr(self.rules, "elements" if kind == "codes" else kind)
            if not isinstance(node, Entries):
                continue
            for key, _ in node:
                if key.text in declared:
                    wrong = f"the guide declares {key.text} already"
                    self.file.refuse(key, wrong, "change it with narrow: or extend:, and at:")

    def _items(self, key: str, keys: Sequence[str]) -> Iterator[Entries]:
        node = self.overlay.root.get(key)
        if node is not None and not isinstance(node, Items):
            self.file.refuse(node, f"{key!r} must be a list", '- {at: "NAD 3035", codes: [BY, SU]}')
        for item in node if isinstance(node, Items) else ():
            if isinstance(item, Entries):
                self.file.refuse_others(item, keys, f"an entry of {key}")
                yield item
            else:
                self.file.refuse(item, f"an entry of {key} must be a mapping", '{at: "NAD 3035", codes: [BY, SU]}')

    # ---- narrow and extend

    def _narrow(self, item: Entries) -> None:
        at = self._at(item)
        if at is None:
            return
        codes, form, status, most = (item.get(key) for key in ("codes", "form", "status", "most"))
        if not any((codes, form, status, most)):
            self.file.refuse(item, "nothing is narrowed", f"write one of {', '.join(_NARROW[1:])}")
        node, path, place = at
        if place is None:
            for one in (one for one in (codes, form) if one is not None):
                self.file.refuse(one, f"{path} is a whole segment: it has no codes and no form", f"{path} 1001")
            self._narrow_entries(node, path, status, most)
            return
        if most is not None:
            self.file.refuse(most, "how often something may stand is narrowed for whole segments", f'at: "{path}"')
        changes: list[tuple[Node, Change]] = []
        if codes is not None:
            changes.append((codes, fewer_codes(self.file.codes(codes, "the codes"))))
        if form is not None:
            changes += [(form, narrower_form(parsed)) for parsed in self._form(form)]
        if status is not None:
            changes += [(status, stricter_status(text)) for text in self._status(status)]
        for where, change in changes:
            self._change(where, node, path, place, change)

    def _extend(self, item: Entries) -> None:
        after, entry = item.get("after"), item.get("entry")
        if after is not None or entry is not None:
            if isinstance(after, Scalar) and entry is not None and item.get("at") is None:
                self._insert(after, entry)
            else:
                self.file.refuse(item, "a new entry needs after: and entry:", '{after: SG2, entry: "ZZZ C 5"}')
            return
        at, codes = self._at(item), item.get("codes")
        if at is None:
            return
        node, path, place = at
        if place is None or codes is None:
            self.file.refuse(item, "codes are added to an element", '{at: "QTY 6411", codes: [PCE]}')
            return
        self._change(codes, node, path, place, more_codes(self.file.codes(codes, "the codes")))

    def _insert(self, after: Scalar, node: Node) -> None:
        entry = parse_entry(self.file, node, self.segments)
        rows = self._find(after, after.text)
        if entry is None or not rows:
            return
        rows = [row for row in rows if row[2] == after.text] or rows
        if len(rows) > 1:
            hint = f"write one of {', '.join(row[2] for row in rows)}"
            self.file.refuse(after, f"{after.text} could mean more than one place", hint)
            return
        self.structure = edit(self.structure, rows[0][0], lambda old: (old, entry))

    def _change(self, where: Node, node: Node, path: str, place: str, change: Change) -> None:
        """Change a place of all uses of a segment, or of the one that a path of several names leads to."""
        rows = [row for row in self._find(node, path) if not row[1].children]
        try:
            if "/" not in path:
                for key in dict.fromkeys(row[1].rule for row in rows):
                    self.segments[key] = change_rule(self.segments[key], self.rules.standard, place, change)
                return
            for index, entry, _ in rows:
                self.made += 1
                rule = change_rule(self.segments[entry.rule], self.rules.standard, place, change)
                variant = f"{entry.variant}~{self.overlay.name}~{self.made}"
                own = replace(entry, variant=variant)
                self.segments[own.rule] = replace(rule, variant=variant)
                self.structure = edit(self.structure, index, _instead(own))
        except PlaceError as error:
            self.file.refuse(node, error.message, error.hint)
        except NarrowingError as error:
            self.file.refuse(where, error.message, error.hint)

    def _narrow_entries(self, node: Node, path: str, status: Node | None, most: Node | None) -> None:
        indexes = {self._counted(index, entry) for index, entry, _ in self._find(node, path)}

        def narrowed(entry: Entry) -> tuple[Entry, ...]:
            if most is not None:
                entry = replace(entry, most=self._limit(most, entry))
            for text in self._status(status) if status is not None else ():
                if text == "M":
                    return (replace(entry, status="M"),)
                if not entry.mandatory:
                    return ()
                self.file.refuse(status or node, f"{entry.name} is mandatory, so it cannot be left out", "keep it")
            return (entry,)

        for index in sorted(indexes, reverse=True):  # from the end, so that what is left out moves no other
            self.structure = edit(self.structure, index, narrowed)

    def _limit(self, node: Node, entry: Entry) -> int:
        """The new highest number of times, which must be no more than the guide's."""
        if not isinstance(node, Scalar) or not _MOST.fullmatch(node.text):
            self.file.refuse(node, "most must be a number from 1", "most: 500")
        elif entry.most != UNLIMITED and int(node.text) > entry.most:
            wrong = f"{entry.name} may stand {entry.most} times, and {node.text} are more"
            self.file.refuse(node, wrong, "narrow it only")
        else:
            return int(node.text)
        return entry.most

    def _counted(self, index: Index, entry: Entry) -> Index:
        """The group, for the segment that opens it."""
        if entry.children or len(index) == 1 or index[-1]:
            return index
        return index[:-1]

    # ---- waive

    def _waiver(self, item: Entries) -> Iterator[Waiver]:
        code, reason = self.file.text(item, "code"), self.file.text(item, "reason")
        until = self.file.text(item, "until")
        day = _day(until) if until else None
        if until and day is None:
            self.file.refuse(item.get("until") or item, f"{until!r} is no day", "until: 2027-06-30")
        if code and code not in _WAIVABLE:
            close = get_close_matches(code, _WAIVABLE, n=1)
            hint = f"did you mean {close[0]}?" if close else f"codes are: {', '.join(_WAIVABLE)}"
            self.file.refuse(item.get("code") or item, f"a guide has no finding {code!r} to waive", hint)
        spots: list[Spot] = []
        if item.get("at") is not None:
            at = self._at(item)
            if at is None:
                return
            spots = list(self._spots(*at))
        if code and reason and day:
            yield Waiver(code=code, reason=reason, until=day, overlay=self.overlay.name, spots=tuple(spots))

    def _spots(self, node: Node, path: str, place: str | None) -> Iterator[Spot]:
        for _, entry, full in self._find(node, path):
            if entry.children and (place is not None or "/" not in path):
                continue
            opener = f"{full}/{entry.opener.rule}" if entry.children else full
            where = opener if "/" in path else None
            element, component = 0, None
            if place is not None:
                guide = SegmentGuide(standard=self.rules.standard, rule=self.segments[entry.rule])
                try:
                    found = guide.resolve(place)
                except PlaceError as error:
                    self.file.refuse(node, error.message, error.hint)
                    return
                element, component = found.element, found.component
            yield Spot(tag=entry.tag, path=where, element=element, component=component)

    # ---- what entries have in common

    def _at(self, item: Entries) -> tuple[Node, str, str | None] | None:
        """The node of ``at``, its path and its place."""
        text = self.file.text(item, "at")
        node = item.get("at")
        if text is None or node is None:
            return None
        found = _AT.fullmatch(text)
        if not found:
            self.file.refuse(node, f"{text!r} is no place in a message", 'write it as "SG2/NAD 3035"')
            return None
        return node, found["path"], found["place"]

    def _find(self, node: Node, path: str) -> list[tuple[Index, Entry, str]]:
        try:
            return find(self.structure, path)
        except PathError as error:
            self.file.refuse(node, error.message, error.hint)
            return []

    def _form(self, node: Node) -> list[Form]:
        parsed = parse_form(self.rules.standard, node.text.strip()) if isinstance(node, Scalar) else None
        if parsed is None:
            example = "an..15" if self.rules.standard == "edifact" else "AN 1/15"
            self.file.refuse(node, "this is no form", f"form: {example}")
            return []
        return [parsed]

    def _status(self, node: Node) -> list[str]:
        if isinstance(node, Scalar) and node.text in ("M", "N"):
            return [node.text]
        self.file.refuse(node, "a status is narrowed to M (mandatory) or N (not used)")
        return []


def _instead(entry: Entry) -> Callable[[Entry], tuple[Entry, ...]]:
    return lambda _: (entry,)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else None
    except ValueError:
        return None
