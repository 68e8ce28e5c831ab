"""Reading record formats: nested loops over the segments, one for each level of the layout."""

import ast
from collections.abc import Callable, Iterable, Sequence

from transload.adapters.edi.guides import WirePlace
from transload.adapters.edi.guides.model import Entry
from transload.mappings.compiler.frames import FAILED
from transload.mappings.compiler.handling import Handling
from transload.mappings.compiler.hierarchies import ReadingHierarchy
from transload.mappings.compiler.levels import Level, value_at
from transload.mappings.compiler.quotes import (
    Namer,
    Statements,
    both,
    chain,
    constant,
    expression,
    function,
    leaving,
    statements,
    variable,
)
from transload.mappings.compiler.reading import Reader, ranks_of
from transload.mappings.compiler.record_places import Places
from transload.mappings.compiler.unread import QuietPairs, UnreadTests
from transload.mappings.compiler.writing import clean
from transload.mappings.language.coverage import named_places
from transload.mappings.language.fields import Kind
from transload.mappings.language.layout import Segment
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.terms import Pairs, Slot


class RecordReader(Reader):
    """Makes ``decode(S, CS, RS, X)``: segments ending with `levels.END`, separators, report; gives a dict."""

    def __init__(self, meaning: Meaning, namer: Namer, *, trace: bool) -> None:
        super().__init__(meaning, namer, trace=trace)
        self.levels: list[Level] = []
        self.hierarchy = ReadingHierarchy(meaning, namer, self.trouble, _where)

    def decode(self) -> ast.FunctionDef:
        """The function."""
        root = self.frame(self.meaning.root)
        guide = self.meaning.guide
        body = statements("i = 0") + self.opened(root) + self.hierarchy.begin()
        body += self.level(self.meaning.segments, None, {}, guide.structure if guide else (), ())
        body += self.hierarchy.end()
        body += self.close(root) + statements("return D", D=root.item)
        return function("decode", ("S", "CS", "RS", "X"), body)

    def level(
        self,
        nodes: Sequence[Segment],
        owner: Segment | None,
        outer: dict[str, list[Segment]],
        entries: Sequence[Entry],
        above: tuple[str, ...],
    ) -> Statements:
        """The loop of one level; it ends at the first record that belongs to an outer one."""
        level = Level(
            len(self.levels), nodes, owner, outer, entries, self.meaning.ignores, above, keep=self.meaning.keep
        )
        self.levels.append(level)
        seen = {node: self.namer.fresh("f") for node in level.nodes}
        level.ranks, level.position = ranks_of(level.nodes), self.namer.fresh("p")
        body = [s for name in seen.values() for s in statements("F = 0", F=name)]
        body += statements("P = 0", P=level.position) if self.meaning.ordered else []
        branches: list[tuple[ast.expr, Statements]] = []
        for tag in dict.fromkeys(node.tag for node in level.nodes):
            following = self._following(level, tag, outer)
            branches.append((expression("t == TAG", TAG=constant(tag)), self._tag(level, tag, seen, following, above)))
        test = expression("t in ALWAYS", ALWAYS=self.bound(level.always)) if outer else expression("t is None")
        branches.append((test, leaving()))
        body += statements(
            "while True:\n    e = S[i]\n    t = e[0]\n    CHAIN", CHAIN=chain(branches, self._leave(level))
        )
        for node, name in seen.items():
            body += self._least(node, name)
        return body

    def _following(self, level: Level, tag: str, outer: dict[str, list[Segment]]) -> dict[str, list[Segment]]:
        """The nodes that may follow a group of ``tag``: its like, later siblings, and what follows this level.

        What the guide has inside the group belongs to it, so it closes nothing.
        """
        inside = level.inside.get(tag, frozenset()) if level.group(tag) else frozenset()
        found: dict[str, list[Segment]] = {}
        last = {node.tag: position for position, node in enumerate(level.nodes)}
        first = min(position for position, node in enumerate(level.nodes) if node.tag == tag)
        for node in level.nodes:
            if last[node.tag] >= first and (node.tag == tag or node.tag not in inside):
                found.setdefault(node.tag, []).append(node)
        for name, nodes in outer.items():
            if name not in inside:
                found.setdefault(name, []).extend(nodes)
        return found

    def _leave(self, level: Level) -> Statements:
        skip = statements("i = L.skip(S, i, CS, RS, X)", L=self.bound(level))
        if not level.maybe:
            return skip
        return statements("if L.closes(e, CS, RS):\n    break\nSKIP", L=self.bound(level), SKIP=skip)

    def _tag(
        self,
        level: Level,
        tag: str,
        seen: dict[Segment, str],
        following: dict[str, list[Segment]],
        above: tuple[str, ...],
    ) -> Statements:
        """What to do with a record of ``tag``: the first node whose literals hold takes it.

        One with ``first:`` that has taken enough gives way to the next.
        """
        nodes = [node for node in level.nodes if node.tag == tag]
        places = Places(self.namer)
        body = statements("n = len(e)")
        body += places.prepare([slot for node in nodes for slot in node.literals])
        branches: list[tuple[ast.expr, Statements]] = []
        further: list[tuple[ast.expr, Statements]] = []
        for node in nodes:
            conditions = [places.holds(slot) for slot in node.literals]
            closes = expression("L.closes(e, CS, RS)", L=self.bound(level)) if level.outer else None
            below = self.hierarchy.fits(node, self._raw(places), closes)
            if below is not None:
                conditions.append(below)
            if node.gives_way:
                aside = statements("i = L.further(S, i, CS, RS, X, N)", L=self.bound(level), N=self.bound(node))
                further.append((both(conditions) if conditions else constant(True), aside))
                conditions.append(expression("not T", T=self._count(node, seen[node])[0] or constant(False)))
            taken = self._node(level, node, seen[node], places.copy(), following, above)
            if not conditions:
                return body + chain(branches, taken)
            branches.append((both(conditions), taken))
        return body + chain([*branches, *further], self._leave(level))

    def _node(
        self,
        level: Level,
        node: Segment,
        seen: str,
        places: Places,
        following: dict[str, list[Segment]],
        above: tuple[str, ...],
    ) -> Statements:
        body = self.in_order(node, level.ranks, level.position, _where())
        crowded, count = self._count(node, seen)
        taken = count + self._taken(level, node, places, following, above)
        if crowded is None or node.first:
            return body + taken
        again = self.trouble("again", self.bound(node), _where())
        return body + statements("if T:\n    AGAIN", T=crowded, AGAIN=again) + taken

    def _taken(
        self,
        level: Level,
        node: Segment,
        places: Places,
        following: dict[str, list[Segment]],
        above: tuple[str, ...],
    ) -> Statements:
        """Take the record, and what follows it."""
        body, after = self.hierarchy.enter(node, self._raw(places))
        body += self.begin(node, _where())
        body += self.fulfil(node.when, _where())
        named = named_places(node, level.named)
        remark = statements(
            "X.append((KIND, L, N, i))", KIND=constant("unread"), L=self.bound(level), N=self.bound(node)
        )
        unread = UnreadTests(node, named, remark)
        if node.use is not None:
            body += self._handled(node)
        body += self._values(level, node, places, unread)
        for pairs in node.pairs:
            body += self._pairs(pairs, unread)
        if node.use is None:
            body += unread.rest(places.composites, self.namer)
        body += statements("i += 1")
        if any(inner.reads for inner in node.then):
            body += self.level(node.then, node, following, level.group(node.tag), (*above, node.tag))
        elif rest := level.inside.get(node.tag, frozenset()) if level.group(node.tag) else frozenset():
            body += statements(
                "if S[i][0] in TAGS:\n    i = L.rest(S, i, CS, RS, X, TAGS)", TAGS=self.bound(rest), L=self.bound(level)
            )
        self.hierarchy.leave(node)
        return body + after + self.end(node)

    def _handled(self, node: Segment) -> Statements:
        """Let the plug-in of the node read the segment, and put what it gives into its fields."""
        assert node.use is not None
        read = self.bound(Handling(node, clean).read)
        name, value = self.namer.fresh("p"), self.namer.fresh("r")
        inner: Statements = []
        for position, slot in enumerate(node.use.slots):
            if not slot.reads:
                continue
            store = self._store(slot, variable(value), variable(value), _where())
            if self.trace:
                store = statements("X.took(S, V, P)", S=self.bound(slot), V=value, P=_where()) + store
            inner += statements(
                "V = P[N]\nif V is not None:\n    STORE", V=value, P=name, N=constant(position), STORE=store
            )
        if not self.trace:
            return statements("P = READ(e, CS)", P=name, READ=read) + inner
        call = statements("P = X.handled(N, READ, (e, CS), W)", P=name, N=self.bound(node), READ=read, W=_where())
        return call + statements("if P is not FAILED:\n    INNER", P=name, FAILED=self.bound(FAILED), INNER=inner)

    def _raw(self, places: Places) -> Callable[[WirePlace], ast.expr]:
        """What stands at a place of the current record."""
        return lambda place: places.raw(place, self._anywhere(place))

    def _count(self, node: Segment, seen: str) -> tuple[ast.expr | None, Statements]:
        """The test whether this is one too many, None where there are never, and the counting of one that is not."""
        if node.items is not None:
            if node.most is None:
                return None, []
            return expression("len(L) >= MOST", L=self.list_of(node), MOST=constant(node.most)), []
        most = node.most or 1
        if most == 1 and node.least <= 1:
            return variable(seen), statements("F = 1", F=seen)
        return expression("F >= MOST", F=seen, MOST=constant(most)), statements("F += 1", F=seen)

    def _least(self, node: Segment, seen: str) -> Statements:
        if not node.least:
            return []
        count = expression("len(L)", L=self.list_of(node)) if node.items is not None else variable(seen)
        few = self.trouble("few", self.bound(node), _where())
        return statements("if COUNT < LEAST:\n    FEW", COUNT=count, LEAST=constant(node.least), FEW=few)

    def _values(self, level: Level, node: Segment, places: Places, unread: UnreadTests) -> Statements:
        """Take the values of a segment, element by element."""
        body: Statements = []
        slots = [slot for slot in node.slots if slot.reads and not slot.literals and slot.numbering is None]
        simple = [s for s in slots if not s.many and len(s.places) == 1 and s.places[0].repetition is None]
        for element in sorted({slot.places[0].element for slot in simple}):
            here = [slot for slot in simple if slot.places[0].element == element]
            body += self._element(element, here, places, unread)
        for slot in slots:
            if slot.many:
                body += self._many(slot, places, unread)
            elif len(slot.places) == 2:
                body += self._two(slot, places, level)
            elif slot.places[0].repetition is not None:
                raw = self._anywhere(slot.places[0])
                taken = self.take(slot, variable("r"), _where(slot.places[0]))
                body += statements("r = V\nif r:\n    TAKE", V=raw, TAKE=taken)
        return body

    def _element(self, element: int, slots: Iterable[Slot], places: Places, unread: UnreadTests) -> Statements:
        whole = [slot for slot in slots if slot.places[0].component is None]
        parts = sorted(
            (slot for slot in slots if slot.places[0].component is not None), key=lambda s: s.places[0].component or 0
        )
        body: Statements = []
        for slot in whole:
            taken = self._take_whole(slot)
            body += statements("if n > E:\n    r = e[E]\n    if r:\n        TAKE", E=constant(element), TAKE=taken)
        if not parts:
            return body
        inner: Statements = []
        known = places.composites.get(element)
        if known is None:
            inner += statements("c = e[E].split(CS)\nm = len(c)", E=constant(element))
            known = ("c", "m")
            inner += unread.inside(element, *known)
        for slot in parts:
            component = slot.places[0].component or 1
            taken = statements(
                "r = C[K]\nif r:\n    TAKE",
                C=known[0], K=constant(component - 1), TAKE=self.take(slot, variable("r"), _where(slot.places[0])),
            )  # fmt: skip
            if component > 1:
                taken = statements("if M > K:\n    TAKE", M=known[1], K=constant(component - 1), TAKE=taken)
            inner += taken
        return body + statements("if n > E:\n    INNER", E=constant(element), INNER=inner)

    def _take_whole(self, slot: Slot) -> Statements:
        """A simple element; a composite in its place is a fault, and would else be taken for text."""
        taken = self.take(slot, variable("r"), _where(slot.places[0]))
        unconverted = slot.chain is not None and slot.chain.bare
        if self.meaning.shapes is not None:  # rows have no composites
            return taken
        if self.trace or not unconverted or not _is_text(slot):
            return taken
        return statements("if CS in r:\n    TROUBLE", TROUBLE=self.trouble("")) + taken

    def _many(self, slot: Slot, places: Places, unread: UnreadTests) -> Statements:
        """All values of a repeating place: components of one element, or elements one after another."""
        place = slot.places[0]
        if place.component is None:
            last = place.element + place.repeats
            where = expression("(i, k, None)")
            taken = self.take_many(slot, variable("r"), where)
            return statements(
                "for k in range(E, min(n, LAST)):\n    r = e[k]\n    if r:\n        TAKE",
                E=constant(place.element), LAST=constant(last), TAKE=taken,
            )  # fmt: skip
        first = place.component - 1
        known = places.composites.get(place.element)
        found, count = known or (self.namer.fresh("c"), self.namer.fresh("m"))
        body: Statements = []
        if not known:
            body += statements("C = e[E].split(CS)\nM = len(C)", C=found, M=count, E=constant(place.element))
            body += unread.inside(place.element, found, count)
        where = expression("(i, E, k)", E=constant(place.element))
        body += statements(
            "k = FIRST\nfor r in C[FIRST:LAST]:\n    k += 1\n    if r:\n        TAKE",
            C=found, FIRST=constant(first), LAST=constant(first + place.repeats),
            TAKE=self.take_many(slot, variable("r"), where),
        )  # fmt: skip
        return statements("if n > E:\n    BODY", E=constant(place.element), BODY=body)

    def _two(self, slot: Slot, places: Places, level: Level) -> Statements:
        """Two places for one field: the converter gets both texts."""
        first, second = (places.raw(place, self._anywhere(place)) for place in slot.places)
        taken = self.take(slot, expression("(r, q)"), _where(slot.places[0]))
        taken += self._rest(slot, level)
        return statements("r = A\nif r:\n    q = B\n    TAKE", A=first, B=second, TAKE=taken)

    def _rest(self, slot: Slot, level: Level) -> Statements:
        """Tell of what the converter leaves aside; in the usual form of the value that is nothing."""
        rest = slot.chain.rest if slot.chain is not None else None
        if rest is None or slot.chain is None or (usual := slot.chain.steps[-1].usual) is None:
            return []
        return statements(
            "if q != SECOND:\n    p = REST((r, q))\n    if p:\n        X.append((KIND, L, S, W, p))",
            SECOND=constant(usual.second), REST=self.namer.bind(rest), KIND=constant("rest"),
            L=self.bound(level), S=self.bound(slot), W=_where(slot.places[0]),
        )  # fmt: skip

    def _anywhere(self, place: WirePlace) -> ast.expr:
        return expression("AT(e, P, CS, RS)", AT=self.namer.bind(value_at), P=self.bound(place))

    def _pairs(self, pairs: Pairs, unread: UnreadTests) -> Statements:
        """Qualifiers and values, in any order; one that the mapping does not know is left aside."""
        qualifier, value = pairs.first
        branches: list[tuple[ast.expr, Statements]] = []
        composite = qualifier.element == value.element and value.component is not None
        for literal, slot in pairs.choices:
            if not slot.reads:
                continue
            component = constant(value.component) if composite else constant(None)
            element = variable("k") if composite else expression("k + D", D=constant(value.element - qualifier.element))
            where = expression("(i, E, C)", E=element, C=component)
            taken = self._once(slot, where)
            branches.append((expression("q == L", L=constant(literal)), taken))
        remark = statements("X.append((KIND, P, i, (k, q, r)))", KIND=constant("pair"), P=self.bound(pairs))
        quiet = self.bound(QuietPairs(self.meaning))
        unknown = statements("if Q.reports(e, q):\n    REMARK", Q=quiet, REMARK=remark)
        body = chain(branches, unknown)
        last = expression("n") if pairs.repeating else expression("min(n, E)", E=constant(qualifier.element + 1))
        missing = (
            not pairs.repeating and value.element < qualifier.element
        )  # then the record may end before the qualifier
        if missing:
            last = constant(qualifier.element + 1)
        if composite:
            read = statements(
                "c = e[k].split(CS)\nm = len(c)\nr = c[V] if m > V else NO\n"
                "if r:\n    q = c[Q] if m > Q else NO\n    BODY\nREST",
                V=constant((value.component or 1) - 1), Q=constant((qualifier.component or 1) - 1), NO=constant(""),
                BODY=body, REST=unread.of_pairs(pairs),
            )  # fmt: skip
            return statements("for k in range(E, LAST):\n    READ", E=constant(qualifier.element), LAST=last, READ=read)
        read = statements(
            "r = e[k + D] if n > k + D else NO\nif r:\n    q = Q\n    BODY",
            D=constant(value.element - qualifier.element), NO=constant(""), BODY=body,
            Q=expression("e[k] if n > k else NO", NO=constant("")) if missing else expression("e[k]"),
        )  # fmt: skip
        return statements(
            "for k in range(E, LAST, STEP):\n    READ",
            E=constant(qualifier.element), LAST=last, STEP=constant(pairs.step), READ=read,
        )  # fmt: skip

    def _once(self, slot: Slot, where: ast.expr) -> Statements:
        """A second value under the same qualifier must be the same one."""
        assert slot.field is not None
        slot.shared = True
        return self.take(slot, variable("r"), where)


def _is_text(slot: Slot) -> bool:
    return slot.parts is not None or (slot.field is not None and slot.field.type.kind is Kind.TEXT)


def _where(place: WirePlace | None = None) -> ast.expr:
    """The place of a value for reports: segment index, element, component."""
    if place is None:
        return expression("(i, None, None)")
    return expression("(i, E, C)", E=constant(place.element), C=constant(place.component))
