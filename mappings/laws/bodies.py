"""Bodies whose values can be changed one by one, with places that cost nothing."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from transload.adapters.base.format import Records, Tree
from transload.canonical.places import Place
from transload.mappings.compiler.cutting import Cut
from transload.mappings.language.meaning import Meaning
from transload.mappings.laws.shortening import count_of, is_large, kept_records, shorten_json, shorten_xml
from transload.mappings.reports.xml_parts import XmlPaths

Spot = tuple[Any, ...]
"""Where an atom stands, as lineage names it: segment, element, component; or a path."""


@dataclass(frozen=True, kw_only=True)
class Atom:
    """One value on the wire: ``put`` sets another in its place; ``name`` for people, ``path`` leads to it in a tree.

    ``holder`` is the element of XML that has it.
    """

    spot: Spot
    value: Any
    name: str
    put: Callable[[Any], None]
    path: tuple[str | int, ...] = ()
    holder: Any = None


class Loose(ABC):
    """A copy of a body; ``original`` knows where everything stands in the file.

    ``left`` is how many of its records, elements or values are not in the copy.
    """

    body: Records | Tree
    original: Records | Tree
    left = 0

    @abstractmethod
    def shorten(self, meaning: Meaning) -> None:
        """Leave out of the copy what is like the rest."""

    @abstractmethod
    def atoms(self) -> Iterator[Atom]:
        """All values that stand in it, in their order."""

    @abstractmethod
    def spot(self, place: Place) -> Spot:
        """The spot of a place that the body gave."""

    @abstractmethod
    def place(self, atom: Atom) -> Place:
        """Where a value stands in the file."""


def _copied(body: Records, kept: Iterable[int]) -> Records:
    """A body of the same class, since a format may keep more in it than segments, with lists of its own."""

    def place(
        self: Records, segment: int, element: int | None = None, repetition: int | None = None, component: Any = None
    ) -> Place:
        del self, repetition
        return Place(segment=segment, element=element, component=component)

    kind = type(body)
    members = {"segments": [list(body.segments[index]) for index in kept], "place": place}
    copied: Records = object.__new__(type(kind.__name__, (kind,), members))
    copied.__dict__.update({name: value for name, value in vars(body).items() if name != "segments"})
    copied.component, copied.repetition = body.component, body.repetition
    return copied


class LooseRecords(Loose):
    """Segments, and rows that are cut."""

    def __init__(self, body: Records) -> None:
        self._kept: Sequence[int] = range(len(body.segments))
        self.body: Records = _copied(body, self._kept)
        self.original: Records = body

    def shorten(self, meaning: Meaning) -> None:
        """See `Loose.shorten`."""
        self._kept = kept_records(meaning, self.original.segments)
        self.left = len(self.original.segments) - len(self._kept)
        self.body = _copied(self.original, self._kept)

    def place(self, atom: Atom) -> Place:
        """See `Loose.place`."""
        index, element, component = atom.spot
        return self.original.place(self._kept[index], element=element, component=component)

    def atoms(self) -> Iterator[Atom]:
        """See `Loose.atoms`."""
        for index, segment in enumerate(self.body.segments):
            for element in range(1, len(segment)):
                yield from self._parts(index, segment, element)

    def _parts(self, index: int, segment: list[str], element: int) -> Iterator[Atom]:
        whole = segment[element]
        word = self.body.word if isinstance(self.body, Cut) else _number
        marks = (self.body.repetition, self.body.component)
        repetitions = whole.split(marks[0]) if marks[0] else [whole]
        for number, repeated in enumerate(repetitions):
            components = repeated.split(marks[1]) if marks[1] else [repeated]
            for position, value in enumerate(components):
                if not value:
                    continue

                def put(new: str, number: int = number, position: int = position) -> None:
                    rows = [row.split(marks[1]) if marks[1] else [row] for row in repetitions]
                    rows[number][position] = new
                    texts = [marks[1].join(row) for row in rows]
                    segment[element] = marks[0].join(texts) if marks[0] else texts[0]

                named = f"{segment[0]} {word(segment[0], element)}"
                named += f".{position + 1}" if len(components) > 1 else ""
                yield Atom(spot=(index, element, position + 1), value=value, name=named, put=put)

    def spot(self, place: Place) -> Spot:
        """See `Loose.spot`."""
        return place.segment, place.element, place.component or 1


def _number(tag: str, element: int) -> str:
    del tag
    return f"{element:02}"


class _LooseTree(Tree):
    def __init__(self, root: Any) -> None:
        self.root = copy.deepcopy(root)

    def place(self, path: Sequence[str | int]) -> Place:
        return Place(path="\x00".join(str(step) for step in path))


class LooseXml(Loose):
    """Elements, attributes and texts."""

    def __init__(self, body: Tree) -> None:
        self.body: _LooseTree = _LooseTree(body.root)
        self.original: Tree = body
        self._originals: dict[Any, Any] = {}

    def shorten(self, meaning: Meaning) -> None:
        """See `Loose.shorten`."""
        del meaning
        self._originals = dict(zip(self.body.root.iter(), self.original.root.iter(), strict=True))
        shorten_xml(self.body.root)
        self.left = len(self._originals) - sum(1 for _ in self.body.root.iter())

    def place(self, atom: Atom) -> Place:
        """See `Loose.place`."""
        original = self._originals.get(atom.holder)
        if original is None:
            return self.original.place(atom.path)
        last = atom.path[-1] if atom.path else ""
        attribute = last[1:] if isinstance(last, str) and last.startswith("@") else None
        return self.original.place(XmlPaths(self.original.root).of(original, attribute))

    def atoms(self) -> Iterator[Atom]:
        """See `Loose.atoms`."""
        root = self.body.root
        paths = XmlPaths(root)
        for element in root.iter():
            if not isinstance(element.tag, str):
                continue
            name = element.tag.rpartition("}")[2]
            for key, value in element.attrib.items():

                def put_attribute(new: str, element: Any = element, key: str = key) -> None:
                    element.set(key, new)

                path = paths.of(element, key)
                shown = f"{name}/@{key.rpartition('}')[2]}"
                yield Atom(spot=_spot(path), value=value, name=shown, put=put_attribute, path=path, holder=element)
            if element.text and element.text.strip():

                def put_text(new: str, element: Any = element) -> None:
                    element.text = new

                path = paths.of(element)
                yield Atom(spot=_spot(path), value=element.text, name=name, put=put_text, path=path, holder=element)

    def spot(self, place: Place) -> Spot:
        """See `Loose.spot`."""
        return (place.path or "",)


class LooseJson(Loose):
    """Members and items."""

    def __init__(self, body: Tree) -> None:
        self.body: _LooseTree = _LooseTree(body.root)
        self.original: Tree = body
        self._kept: dict[int, list[int]] = {}

    def shorten(self, meaning: Meaning) -> None:
        """See `Loose.shorten`."""
        del meaning
        shorten_json(self.body.root, self._kept)
        if self._kept:
            self.left = count_of(self.original.root) - count_of(self.body.root)

    def place(self, atom: Atom) -> Place:
        """See `Loose.place`."""
        value = self.body.root
        path: list[str | int] = []
        for step in atom.path:
            known = self._kept.get(id(value))
            path.append(known[step] if known is not None and isinstance(step, int) else step)
            value = value[step]
        return self.original.place(path)

    def atoms(self) -> Iterator[Atom]:
        """See `Loose.atoms`."""
        yield from _leaves(self.body.root, ())

    def spot(self, place: Place) -> Spot:
        """See `Loose.spot`."""
        return (place.path or "",)


def _leaves(value: Any, path: tuple[str | int, ...]) -> Iterator[Atom]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(pairs):
        if isinstance(inner, dict | list):
            yield from _leaves(inner, (*path, key))
        elif inner is not None and inner != "":

            def put(new: Any, key: Any = key) -> None:
                value[key] = new

            name = "/".join(str(step) for step in (*path, key))
            yield Atom(spot=_spot((*path, key)), value=inner, name=name, put=put, path=(*path, key))


def _spot(path: Sequence[str | int]) -> Spot:
    return ("\x00".join(str(step) for step in path),)


def loose(body: Records | Tree) -> Loose:
    """A copy of ``body`` whose values can be changed.

    Rows of which only a mapping knows the values must be cut before: `Wire.body`.
    """
    if isinstance(body, Records):
        return LooseRecords(body)
    return LooseXml(body) if hasattr(body.root, "tag") else LooseJson(body)


def large(body: Records | Tree) -> bool:
    """Whether reading a body takes so long that it is done as seldom as can be."""
    if isinstance(body, Records):
        return is_large(sum(map(len, body.segments)))
    if hasattr(body.root, "tag"):
        return is_large(sum(1 for _ in body.root.iter()))
    return is_large(count_of(body.root))


def variants(value: Any) -> list[Any]:
    """Other values of the same look: digits and letters changed, so that dates, numbers and codes may stay such."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, Decimal | int):
        return [value + 1, value * 10]
    text = str(value)
    found = []
    for index in (len(text) - 1, 0, len(text) // 2):
        for step in (1, -1):
            changed = _stepped(text[index], step)
            if changed != text[index]:
                found.append(text[:index] + changed + text[index + 1 :])
    return list(dict.fromkeys([*found, f"{text}1", f"{text}X"]))


def _stepped(sign: str, step: int) -> str:
    if sign in "0123456789":
        return str((int(sign) + step) % 10)
    if "a" <= sign.lower() <= "z":
        other = chr(ord(sign) + step)
        return other if other.isalpha() else sign
    return "x"
