"""From shapes of segments to nodes: fields where their usual place is met, the samples' own text elsewhere."""

import re
from collections.abc import Sequence

from transload.mappings.drafting.knowledge import Field, Scope, party_names
from transload.mappings.drafting.nodes import OPEN, Entry, Node, data_entry
from transload.mappings.drafting.places import Places
from transload.mappings.drafting.shapes import Place, Qualifiers, Shape, merged
from transload.mappings.drafting.structure import LINES
from transload.mappings.drafting.sums import Sums
from transload.mappings.drafting.values import Codes, dtm_format, pipes
from transload.mappings.language.fields import Kind

PAIRS: dict[str, dict[str, tuple[str, str, bool]]] = {
    "edifact": {
        "LIN": ("7143", "7140", False), "PIA": ("7143", "7140", True), "NAD": ("3055", "3039", False),
    },
    "x12": {
        "N1": ("03", "04", False), "PO1": ("06", "07", True), "IT1": ("06", "07", True), "LIN": ("02", "03", True),
        "PER": ("03", "04", True),
    },
}  # fmt: skip
"""Segments that hold qualifiers and values side by side: the places of the first pair, and whether more follow."""
_IMPLIED = frozenset((("TDS", "01"), ("TDS", "02"), ("TDS", "03"), ("TDS", "04"), ("SAC", "05")))
"""Amounts of X12 that are written without their decimal point, as hundredths (type N2)."""
_SIMILAR = {"IT1": "PO1", "SLN": "PO1", "LIN": "PO1"}
"""X12 segments whose pairs use the same qualifiers."""
_AGENCIES = {
    "edifact": {"9": "gln", "16": "duns"},
    "x12": {"UL": "gln", "1": "duns", "9": "duns"},
}
"""NAD 3055 and N1 03: who gave a party its number."""
_CODE = re.compile(r"[A-Z0-9]{1,3}")


class Records:
    """Makes the nodes of one mapping.  ``codes`` and ``sums`` are what they need besides."""

    def __init__(self, format_type: str, places: Places, qualifiers: Qualifiers, codes: Codes, sums: Sums) -> None:
        self.format_type = format_type
        self.places = places
        self.qualifiers = qualifiers
        self.codes = codes
        self.sums = sums
        self._party: dict[int, str] = {}

    def level(self, shapes: Sequence[Shape], scope: Scope, used: set[str], *, top: bool = False) -> list[Node]:
        """The nodes of one level; ``used`` are the fields of the scope that are bound already."""
        nodes: list[Node] = []
        parties = self._parties(shapes, scope)
        references = [shape for shape in shapes if self._is_reference(shape, scope, used)]
        for shape in shapes:
            if shape.tag in parties and shape in parties[shape.tag]:
                if shape is parties[shape.tag][0]:
                    nodes.append(self._cases(parties[shape.tag], scope))
            elif shape in references:
                if shape is references[0]:
                    nodes.append(self._references(references, scope))
            else:
                nodes.append(self._node(shape, scope, used, top=top))
        return nodes

    def _parties(self, shapes: Sequence[Shape], scope: Scope) -> dict[str, list[Shape]]:
        """By tag, the shapes that are parties of the scope, each party once."""
        found: dict[str, list[Shape]] = {}
        taken: set[str] = set()
        named = party_names(self.format_type)
        for shape in sorted(shapes, key=lambda one: f"{one.tag} {one.qualifier}" not in scope.parties):
            qualifier = f"{shape.tag} {shape.qualifier}"
            party = scope.parties.get(qualifier) or named.get(qualifier)
            if party not in scope.party_fields:
                continue
            if party is not None and party not in taken and shape.most == 1:
                taken.add(party)
                found.setdefault(shape.tag, []).append(shape)
                self._party[id(shape)] = party
        return {tag: [shape for shape in shapes if shape in found[tag]] for tag in found}

    def _cases(self, shapes: Sequence[Shape], scope: Scope) -> Node:
        tag = shapes[0].tag
        pieces = [piece for shape in shapes for piece in shape.pieces]
        inside = merged([piece.inside for piece in pieces], self.qualifiers)
        whole = Shape(tag=tag, qualifier="", pieces=pieces, inside=inside)
        names = {shape.qualifier: self._party[id(shape)] for shape in shapes}
        party = scope.party(next(iter(names.values())))
        used: set[str] = set()
        node = Node(name=tag, modifiers=[("cases", f"{{{', '.join(f'{q}: {name}' for q, name in names.items())}}}")])
        place = self._qualifier_place(whole)
        node.entries = [Entry(key=self.places.key(tag, place), expression="case")]
        node.entries += self._entries(whole, party, used, {place})
        node.inside = self.level(inside, party, used)
        return node

    def _is_reference(self, shape: Shape, scope: Scope, used: set[str]) -> bool:
        if "references" not in scope.lists or shape.tag not in ("RFF", "REF") or not shape.qualifier:
            return False
        return not self._candidates(shape, self._value_place(shape), scope, used)

    def _references(self, shapes: Sequence[Shape], scope: Scope) -> Node:
        tag = shapes[0].tag
        pieces = [piece for shape in shapes for piece in shape.pieces]
        inside = merged([piece.inside for piece in pieces], self.qualifiers)
        inner = scope.lists["references"]
        table = self.codes.table(inner.fields["kind"], [shape.qualifier for shape in shapes], tag)
        if table is None:
            return self._node(shapes[0], scope, set())
        node = Node(name=tag, modifiers=[("each", "references")])
        node.entries = [
            Entry(
                key=self.places.key(tag, self._qualifier_place(shapes[0])),
                expression=f"kind | code({table} only)",
                sample=shapes[0].qualifier,
            )
        ]
        whole = Shape(tag=tag, qualifier="", pieces=pieces, inside=inside)
        used = {"kind"}
        node.entries += self._entries(whole, inner, used, {self._qualifier_place(whole)})
        node.inside = self.level(inside, inner, used)
        return node

    def _node(self, shape: Shape, scope: Scope, used: set[str], *, top: bool = False) -> Node:
        node = Node(name=shape.tag)
        name, inner = self._list(shape, scope, used)
        if inner is not None:
            node.modifiers.append(("each", name))
            scope, used = inner, set()
            if name == "lines":
                self.sums.lines = shape
        skip: set[Place] = set()
        if shape.qualifier:
            place = self._qualifier_place(shape)
            skip.add(place)
            node.entries.append(Entry(key=self.places.key(shape.tag, place), literals=(shape.qualifier,)))
        node.entries += self._entries(shape, scope, used, skip, top=top)
        node.inside = self.level(shape.inside, scope, used)
        self._repeat(node, shape, listed=inner is not None)
        self._gather(node)
        return node

    def _repeat(self, node: Node, shape: Shape, *, listed: bool) -> None:
        """What a segment that comes more than once needs."""
        texts = next((entry for entry in node.entries if entry.expression == "."), None)
        if texts is not None:
            node.modifiers.append(("each", texts.sample))
            texts.sample = shape.full(shape.places()[-1])[0]
        elif shape.most > 1 and not listed:
            node.modifiers.append(("max", str(shape.most)))
            if not any(entry.key.endswith("*") for entry in node.entries):
                node.remark = f"{OPEN} it comes up to {shape.most} times: a list?"

    def _gather(self, node: Node) -> None:
        """One remark for a node of which nothing is known, in place of one for each of its entries."""
        noted = [entry for entry in node.entries if entry.remark.startswith(OPEN)]
        bound = [entry for inner in node.walk() for entry in inner.entries if entry.choices or _is_field(entry)]
        if len(noted) > 1 and not bound:
            for inner in node.walk():
                for entry in inner.entries:
                    entry.remark = ""
                inner.remark = inner.remark if inner.gone else ""
            node.remark = f"{OPEN} which fields are these, if any?"

    def _list(self, shape: Shape, scope: Scope, used: set[str]) -> tuple[str, Scope | None]:
        """The list that the shape's segments are items of."""
        if shape.tag in LINES and "lines" in scope.lists:
            return "lines", scope.lists["lines"]
        for name, inner in scope.lists.items():
            if name in ("lines", "references") or name in used:
                continue
            opening = next((tags for field in inner.fields.values() if (tags := self._tags(inner, field))), set[str]())
            if shape.tag in opening:
                used.add(name)
                return name, inner
        return "", None

    def _tags(self, scope: Scope, field: Field) -> set[str]:
        """The segments where a field usually stands: EDIFACT's codes have four digits, X12's numbers two."""
        digits = 4 if self.format_type == "edifact" else 2
        return {known.tag for known in scope.known if known.path == field.path and len(known.place) == digits}

    def _entries(
        self, shape: Shape, scope: Scope, used: set[str], skip: set[Place], *, top: bool = False
    ) -> list[Entry]:
        entries: list[Entry] = []
        pair = self._pair(shape, scope, used)
        if pair is not None:
            entry, taken = pair
            entries.append(entry)
            skip = skip | taken
        dated = self._dated(shape, scope, used)
        if dated is not None:
            entry, taken = dated
            entries.append(entry)
            skip = skip | taken
        for place in shape.places():
            if place not in skip:
                entry, taken = self._entry(shape, place, scope, used, top=top)
                skip = skip | taken
                entry.order = place
                entries.append(entry)
        return sorted(entries, key=_order)

    def _entry(
        self, shape: Shape, place: Place, scope: Scope, used: set[str], *, top: bool
    ) -> tuple[Entry, set[Place]]:
        key, values = self.places.key(shape.tag, place), shape.full(place)
        for field in self._candidates(shape, place, scope, used):
            found = pipes(field, values, self.format_type, self.codes, shape.tag)
            if found is None:
                continue
            if (
                (shape.tag, key) in _IMPLIED
                and self.format_type == "x12"
                and all(v.lstrip("-").isdigit() for v in values)
            ):
                found = " | implied(2)"
            if field.form.kind is Kind.TEXTS:
                used.add(field.text)
                repeated = self.places.repeats(shape.tag, place)
                if repeated is not None:
                    taken = {p for p in shape.places() if p[0] == place[0] and (p[1] or 0) >= (place[1] or 0)}
                    return Entry(key=repeated, expression=field.text, sample=values[0]), taken
                if len(shape.places()) == 1 and not shape.qualifier:
                    return Entry(key=key, expression=".", sample=field.text), {place}
                continue
            used.add(field.text)
            self.sums.bind(field, shape, place)
            return Entry(key=key, expression=f"{field.text}{found}", sample=values[0]), {place}
        computed = self.sums.computed(shape, place) if top else None
        if computed is not None:
            return Entry(key=key, expression=computed, sample=values[0]), {place}
        return self._plain(shape, place, key, values), {place}

    def _plain(self, shape: Shape, place: Place, key: str, values: Sequence[str]) -> Entry:
        """The samples' own text: a literal for what is a code in all of them, else text that is written."""
        different = list(dict.fromkeys(values))
        everywhere = len(values) == len(shape.pieces)
        number = self.places.numeric(shape.tag, place)
        if everywhere and not number and len(different) <= 4 and all(_CODE.fullmatch(value) for value in different):
            remark = f"{OPEN} several values: which field?" if len(different) > 1 else ""
            return Entry(key=key, literals=tuple(different), remark=remark, sample=values[0])
        title = self.places.title(shape.tag, place)
        words = f" ({title})" if title else ""
        if len(different) == 1 and not number and _CODE.fullmatch(different[0]):
            return data_entry(key, different)
        others = f", also {', '.join(repr(value) for value in different[1:3])}" if len(different) > 1 else ""
        return data_entry(key, different, f"{OPEN} which field?{words}{others}")

    def _candidates(self, shape: Shape, place: Place, scope: Scope, used: set[str]) -> list[Field]:
        code = self.places.code(shape.tag, place)
        qualifiers = [shape.qualifier] if shape.qualifier else []
        found = scope.at(shape.tag, code, qualifiers) if code else []
        return [field for field in found if field.text not in used]

    def _dated(self, shape: Shape, scope: Scope, used: set[str]) -> tuple[Entry, set[Place]] | None:
        """DTM: the value and its format together."""
        if shape.tag != "DTM" or self.format_type != "edifact":
            return None
        value, form = (1, 2), (1, 3)
        pieces = [piece for piece in shape.pieces if piece.values.get(value)]
        formats = [piece.values.get(form, "") for piece in pieces]
        found = dtm_format(formats, [piece.values[value] for piece in pieces])
        if found is None:
            return None
        keys = f"{self.places.key('DTM', value)}+{self.places.key('DTM', form)}"
        for field in self._candidates(shape, value, scope, used):
            if field.form.kind is Kind.DATE:
                used.add(field.text)
                return Entry(key=keys, expression=f"{field.text} | dtm({found})", order=value), {value, form}
        return None

    def _pair(self, shape: Shape, scope: Scope, used: set[str]) -> tuple[Entry, set[Place]] | None:
        """A qualifier and its value, once or repeating."""
        names = PAIRS[self.format_type].get(shape.tag)
        if names is None:
            return None
        first, second = (self.places.find(shape.tag, name) for name in names[:2])
        if not first or not second:
            return None
        pairs = list(zip(first, second, strict=False)) if names[2] else [(first[0], second[0])]
        if names[2] and self.format_type == "x12":
            pairs = [((first[0][0] + 2 * n, None), (second[0][0] + 2 * n, None)) for n in range(12)]
        found = [
            (piece.values.get(q, ""), piece.values[v])
            for piece in shape.pieces
            for q, v in pairs
            if piece.values.get(v)
        ]
        word = "pairs" if names[2] else "pair"
        places = self.places.pair(shape.tag, names[:2], pairs[0], repeating=names[2])
        entry = Entry(key=f"{word}({places})", order=min(pairs[0], key=lambda place: (place[0], place[1] or 0)))
        unknown: list[str] = []
        mine: set[str] = set()
        for qualifier in dict.fromkeys(q for q, _ in found):
            values = [value for q, value in found if q == qualifier]
            field = self._paired(shape.tag, names[1], qualifier, values, scope)
            if field is None:
                unknown.append(f"{qualifier} {values[0]}".strip())
                continue
            read_only = field.text in mine or field.text in used
            mine.add(field.text)
            expression = f"read({field.text})" if read_only else field.text
            entry.choices.append(Entry(key=qualifier, expression=expression, sample=values[0]))
        if not entry.choices:
            return None
        used |= mine
        if unknown:
            entry.remark = f"{OPEN} no field is known for {', '.join(unknown)}"
        return entry, {place for pair in pairs for place in pair}

    def _paired(self, tag: str, code: str, qualifier: str, values: Sequence[str], scope: Scope) -> Field | None:
        fields = scope.fields
        if tag in ("NAD", "N1") and "gln" in fields:
            named = fields[_AGENCIES[self.format_type].get(qualifier, "id")]
            return named if named.accepts(values) else fields["id"]
        for name in (tag, *([_SIMILAR[tag]] if tag in _SIMILAR and self.format_type == "x12" else ())):
            place = code if name == tag else "07"
            exact = [known for known in scope.known if (known.tag, known.place) == (name, place)]
            for known in exact:
                if known.qualifier == qualifier and fields[known.text].accepts(values):
                    return fields[known.text]
        return None

    def _qualifier_place(self, shape: Shape) -> Place:
        place = self.qualifiers.places[shape.tag]
        if any(place in piece.values for piece in shape.pieces):
            return place
        return (place[0], None if place[1] == 1 else 1)

    def _value_place(self, shape: Shape) -> Place:
        """Where the number of a reference stands: after its qualifier."""
        return (1, 2) if self.format_type == "edifact" else (2, None)


def _is_field(entry: Entry) -> bool:
    return bool(entry.expression) and not entry.expression.startswith("'")


def _order(entry: Entry) -> tuple[bool, int, int]:
    """In the order of the segment, and repeating pairs last."""
    return entry.key.startswith("pairs("), entry.order[0], entry.order[1] or 0
