"""Bodies made by hand, mappings made of a few lines, and documents within a mapping's domain."""

import io
import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import strategies as st
from lxml import etree
from pydantic import BaseModel

from transload.adapters.base.format import Message, Records, Tree
from transload.canonical.context import Context
from transload.canonical.errors import ConfigurationError
from transload.canonical.places import Place
from transload.mappings import Mapping, load_mapping
from transload.mappings.language.fields import FieldType, Kind, field_type
from transload.mappings.language.layout import Segment
from transload.mappings.language.terms import Slot


class HandRecords(Records):
    """Segments written as people write them: ``NAD+BY+1::9``."""

    def __init__(self, lines: Sequence[str], element: str = "+", component: str = ":", repetition: str = "") -> None:
        self.segments = [line.split(element) for line in lines]
        self.component = component
        self.repetition = repetition

    def place(
        self, segment: int, element: int | None = None, repetition: int | None = None, component: int | None = None
    ) -> Place:
        tag = self.segments[segment][0] if 0 <= segment < len(self.segments) else "UNH" if segment < 0 else None
        return Place(segment=segment + 2, tag=tag, element=element, repetition=repetition, component=component)


class HandTree(Tree):
    """A tree whose places are the paths as they are given."""

    def __init__(self, root: Any) -> None:
        self.root = root

    def place(self, path: Sequence[str | int]) -> Place:
        return Place(path="/".join(str(step) for step in path))


class Bench:
    """What most tests of mappings do."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.context = Context(now=datetime(2026, 1, 1, tzinfo=UTC))

    def file(self, text: str, name: str = "map.yaml") -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def load(self, text: str, name: str = "map.yaml") -> Mapping:
        self.file(text, name)
        return load_mapping(name, base=self.folder)

    def static(self, text: str, name: str = "map.yaml") -> list[str]:
        """The static findings, as lines."""
        self.file(text, name)
        with pytest.raises(ConfigurationError) as caught:
            load_mapping(name, base=self.folder)
        return [finding.line() for finding in caught.value.findings]

    def records(self, lines: str | Sequence[str], **separators: str) -> Message:
        rows = [row.strip() for row in lines.split("\n") if row.strip()] if isinstance(lines, str) else list(lines)
        return Message(kind="ORDERS", version="D:96A:UN", body=HandRecords(rows, **separators))

    def x12(self, lines: str) -> Message:
        return self.records(lines, element="*", component=">")

    def xml(self, text: str) -> Message:
        return Message(kind="Order", body=HandTree(etree.fromstring(text)))

    def json(self, value: Any) -> Message:
        if isinstance(value, str):
            value = json.load(io.StringIO(value), parse_float=Decimal, parse_int=Decimal)
        return Message(kind="", body=HandTree(value))

    def lines(self, mapping: Mapping, document: Any) -> list[str]:
        """The written segments with visible separators."""
        body = mapping.encode(document, self.context).body
        marks = ("+", ":") if mapping.format_type == "edifact" else ("*", ">")
        return [text.replace("\x1d", marks[0]).replace("\x1f", marks[1]) for text in body]

    def again(self, mapping: Mapping, document: Any) -> Message:
        """What the mapping writes, as a message to read."""
        body = mapping.encode(document, self.context).body
        if isinstance(body, str):
            return self.xml(body)
        if mapping.format_type == "json":
            return self.json(body)
        rows = HandRecords([], component="\x1f", repetition="\x1e")
        rows.segments = [text.split("\x1d") for text in body]
        return Message(kind=mapping.kind, version=mapping.message_version, body=rows)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture(scope="session")
def workbench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """A bench for property tests, which run many examples in one test."""
    return Bench(tmp_path_factory.mktemp("bench"))


ORDER = """
mapping: small
document: order/1
format: {type: edifact, message: "ORDERS:D:96A:UN"}
"""
FIRST = """
  - BGM: {1004: =number}
  - DTM: {2005: 137, 2380+2379: =issued_on | dtm(102)}
"""
BUYER = """  - in: buyer
    NAD: {3035: BY, 3036: =name}
"""


@pytest.fixture
def order() -> Callable[[str], str]:
    """The text of a small EDIFACT order mapping with more nodes in it."""

    def make(nodes: str, header: str = "", *, early: str = "") -> str:
        """``nodes`` after the buyer's NAD, ``early`` ones before it."""
        return f"{ORDER}{header}layout:{FIRST}{early}{BUYER}{nodes}"

    return make


MINIMAL = ("BGM++PO1", "DTM+137:20260105:102", "NAD+BY+++ACME")
"""The segments that the nodes of `order` read."""


@pytest.fixture
def minimal() -> tuple[str, ...]:
    return MINIMAL


LETTERS = "abcXYZ019äöß -.,/()+:'?*~<>&\"\\"
PATTERNS = {"gln": 13, "gtin": 14, "duns": 9}
CHOSEN = {
    "currency": ["EUR", "USD"],
    "country": ["DE", "BE"],
    "origin": ["DE", "FR"],
    "uom": ["EA"],
    "price_uom": ["EA"],
    "content_uom": ["EA"],
}


class Documents:
    """Documents within a mapping's domain: only fields that it carries, codes from its tables."""

    def __init__(self, mapping: Mapping) -> None:
        self.model = mapping.meaning.model
        self.slots: dict[str, Slot] = {}
        for slot in mapping.meaning.slots:
            if slot.field is not None and slot.reads and slot.writes:
                self.slots.setdefault(slot.field.text(), slot)
        pairs = [
            p for node in mapping.meaning.nodes() if isinstance(node, Segment) for p in node.pairs if not p.repeating
        ]
        self.rivals = [{slot.field.text() for _, slot in p.choices if slot.field is not None} for p in pairs]

    def make(self, seed: int) -> Any:
        """The document of a seed."""
        return self._model(self.model, "", Random(seed))

    def _model(self, model: type[BaseModel], prefix: str, chance: Random) -> Any:
        values: dict[str, Any] = {}
        for name in model.model_fields:
            kind = field_type(model, name)
            assert kind is not None
            path = f"{prefix}{name}"
            taken = any(path in group and group & {f"{prefix}{other}" for other in values} for group in self.rivals)
            if kind.required or (chance.random() < 0.6 and not taken):
                found = self._field(kind, name, path, chance)
                if found is not None:
                    values[name] = found
        return model(**values)

    def _field(self, kind: FieldType, name: str, path: str, chance: Random) -> Any:
        if kind.model is not None:
            inside = path if kind.kind is Kind.OBJECT else f"{path}[]"
            if not any(text.startswith(f"{inside}.") for text in self.slots):
                return None
            if kind.kind is Kind.ITEMS:
                return tuple(self._model(kind.model, f"{inside}.", chance) for _ in range(chance.randint(0, 3)))
            for _ in range(20):
                found = self._model(kind.model, f"{inside}.", chance)
                fields = kind.model.model_fields
                if any(getattr(found, field) != fields[field].default for field in found.model_fields_set):
                    return found  # one of defaults only is no different from none
            return None
        slot = self.slots.get(path) or self.slots.get(f"{path}[]")
        return None if slot is None else self._value(kind, name, slot, chance)

    def _value(self, kind: FieldType, name: str, slot: Slot, chance: Random) -> Any:
        table = next((step.write_table for step in slot.chain.steps if step.write_table), None) if slot.chain else None
        if table is not None:
            return chance.choice(sorted(table))
        if kind.choices:
            return chance.choice(kind.choices)
        if kind.kind is Kind.TEXTS:
            return tuple(self._text(chance) for _ in range(chance.randint(0, 8)))
        if kind.kind is Kind.TEXT:
            if name in PATTERNS:
                return "".join(chance.choice("0123456789") for _ in range(PATTERNS[name]))
            return chance.choice(CHOSEN[name]) if name in CHOSEN else self._text(chance)
        if kind.kind is Kind.DECIMAL:
            return Decimal(chance.randint(1, 10 ** chance.randint(1, 12))).scaleb(-chance.randint(0, 4))
        if kind.kind is Kind.INTEGER:
            return chance.randint(1, 999)
        return date(1970, 1, 1) + timedelta(chance.randint(0, 36_000))

    def _text(self, chance: Random) -> str:
        while True:
            text = "".join(chance.choice(LETTERS) for _ in range(chance.randint(1, 12)))
            if text == " ".join(text.split()) != "":
                return text


@pytest.fixture(scope="session")
def generated() -> Callable[[Mapping], st.SearchStrategy[Any]]:
    """A strategy of documents within a mapping's domain."""

    def strategy(mapping: Mapping) -> st.SearchStrategy[Any]:
        return st.integers(0, 2**32).map(Documents(mapping).make)

    return strategy
