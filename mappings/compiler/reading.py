"""What reading is in every format: taking a value into its field, and finishing an item."""

import ast
from collections.abc import Mapping, Sequence

from transload.mappings.compiler.computing import compute
from transload.mappings.compiler.frames import FAILED, Frame, collected, filled, frames, held, opened
from transload.mappings.compiler.quotes import Namer, Statements, constant, expression, statements, told, variable
from transload.mappings.language.layout import Element, Node, Segment
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.terms import Condition, Field, Scope, Slot


class Trouble(Exception):
    """Something is wrong with the message; the traced build will say what."""


TROUBLE = Trouble()


class Reader:
    """Makes statements for reading; with ``trace`` they report to ``X`` where every value comes from."""

    def __init__(self, meaning: Meaning, namer: Namer, *, trace: bool) -> None:
        self.meaning = meaning
        self.namer = namer
        self.trace = trace
        self.frames = frames(meaning, namer)
        self.keyed: dict[int, list[Frame]] = {}
        for scope in meaning.scopes:
            if scope.key is not None and scope.parent is not None:
                self.keyed.setdefault(scope.parent.number, []).append(self.frames[scope.number])

    def frame(self, scope: Scope) -> Frame:
        """The variables of a scope."""
        return self.frames[scope.number]

    def bound(self, value: object) -> ast.expr:
        """A value of ours, as compiled code sees it."""
        return variable(self.namer.bind(value))

    def trouble(self, report: str, *arguments: ast.expr) -> Statements:
        """Give up the fast path, or report a fault to the trace."""
        if not self.trace:
            return statements("raise TROUBLE", TROUBLE=self.bound(TROUBLE))
        return told(report, arguments)

    def holder(self, field: Field) -> str:
        """The dict that holds the field."""
        return self.frame(field.scope).objects[field.path[:-1]]

    def converted(self, slot: Slot, raw: ast.expr) -> ast.expr:
        """The value of ``raw`` through the slot's converters, read right to left."""
        assert slot.chain is not None
        value = raw
        steps = slot.chain.steps
        if len(slot.places) == 2 and len(steps) == 1 and (usual := steps[0].usual) is not None:
            return expression(
                "U(r) if q == SECOND else F((r, q))",
                U=self.namer.bind(usual.read), SECOND=constant(usual.second), F=self.namer.bind(steps[0].read),
            )  # fmt: skip
        for step in reversed(steps):
            if step.read_table is not None:
                value = expression("T[V]", T=self.namer.bind(step.read_table), V=value)
            else:
                value = expression("F(V)", F=self.namer.bind(step.read), V=value)
        return value

    def take(self, slot: Slot, raw: ast.expr, where: ast.expr) -> Statements:
        """Put the value at ``raw``, which is not empty, into the slot's field; ``where`` is its place for reports."""
        if not slot.reads or slot.literals:
            return []
        if slot.parts is not None:
            return self._take_parts(slot, raw, where)
        if slot.none is not None:
            return statements(
                "if V != NONE:\n    TAKE", V=raw, NONE=constant(slot.none), TAKE=self._take(slot, raw, where)
            )
        return self._take(slot, raw, where)

    def _take_parts(self, slot: Slot, raw: ast.expr, where: ast.expr) -> Statements:
        """Take a text of several fields apart, and put each part that is not empty into its field."""
        assert slot.parts is not None
        name, part = self.namer.fresh("p"), self.namer.fresh("r")
        inner: Statements = []
        for position, each in enumerate(slot.parts.slots):
            taken = self.take(each, variable(part), where)
            inner += statements("R = P[N]\nif R:\n    TAKEN", R=part, P=name, N=constant(position), TAKEN=taken)
        if not self.trace:
            split = self.namer.bind(slot.parts.pattern.split)
            return statements("P = SPLIT(V)", P=name, SPLIT=split, V=self.converted(slot, raw)) + inner
        read = statements("P = X.split(S, V, W)", P=name, S=self.bound(slot), V=raw, W=where)
        return read + statements("if P is not FAILED:\n    INNER", P=name, FAILED=self.bound(FAILED), INNER=inner)

    def _take(self, slot: Slot, raw: ast.expr, where: ast.expr) -> Statements:
        if slot.computed is not None:
            kept, place = self.frame(slot.home).stated[slot]
            return statements("K = V\nW = P", K=kept, V=raw, W=place, P=where)
        assert slot.field is not None
        if not self.trace:
            return self._store(slot, self.converted(slot, raw), raw, where)
        name = self.namer.fresh("r")
        read = statements("R = X.read(S, V, P)", R=name, S=self.bound(slot), V=raw, P=where)
        store = self._store(slot, variable(name), raw, where)
        return read + statements("if R is not FAILED:\n    STORE", R=name, FAILED=self.bound(FAILED), STORE=store)

    def take_many(self, slot: Slot, raw: ast.expr, where: ast.expr) -> Statements:
        """Add the value at ``raw`` to the list of a repeating place."""
        if not slot.reads or slot.field is None:
            return []
        name = self.frame(slot.field.scope).lists[slot.field.path]
        if self.trace:
            return statements("X.seen(S, V, P, len(L))\nL.append(V)", S=self.bound(slot), V=raw, P=where, L=name)
        return statements("L.append(V)", L=name, V=raw)

    def _store(self, slot: Slot, value: ast.expr, raw: ast.expr, where: ast.expr) -> Statements:
        field = slot.field
        assert field is not None
        if not field.path:
            return statements("D = V", D=self.frame(field.scope).item, V=value)
        holder, key = self.holder(field), constant(field.path[-1])
        if not slot.shared:
            return statements("D[K] = V", D=holder, K=key, V=value)
        new, old = self.namer.fresh("r"), self.namer.fresh("r")
        if slot.first:
            return self._store_first(slot, holder, value, raw, where)
        if not self.trace:
            return statements(
                "R = V\nif D.setdefault(K, R) != R:\n    CLASH",
                R=new, V=value, D=holder, K=key, CLASH=self.trouble("clash"),
            )  # fmt: skip
        clash = self.trouble("clash", self.bound(slot), raw, where, variable(old))
        return statements(
            "R = V\nO = D.get(K)\nif O is None:\n    D[K] = R\nelif O != R:\n    CLASH",
            R=new, V=value, O=old, D=holder, K=key, CLASH=clash,
        )  # fmt: skip

    def _store_first(self, slot: Slot, holder: str, value: ast.expr, raw: ast.expr, where: ast.expr) -> Statements:
        """With ``first:`` the field keeps another value that it has already, and this one is left aside."""
        assert slot.field is not None
        new, key = self.namer.fresh("r"), constant(slot.field.path[-1])
        aside = statements("X.append((KIND, S, W, V))", KIND=constant("another"), S=self.bound(slot), W=where, V=raw)
        if self.trace:
            aside = statements("X.another(S, V, W)", S=self.bound(slot), V=raw, W=where)
        return statements("R = V\nif D.setdefault(K, R) != R:\n    ASIDE", R=new, V=value, D=holder, K=key, ASIDE=aside)

    def in_order(self, node: Node, ranks: Mapping[Node, int], position: str, where: ast.expr) -> Statements:
        """With ``strict: order`` refuse a node after one that the file has behind it (``E-ORDER``)."""
        if not self.meaning.ordered:
            return []
        rank = constant(ranks[node])
        late = {number: other for other, number in ranks.items()}
        wrong = self.trouble("disordered", self.bound(node), where, expression("L[P]", L=self.bound(late), P=position))
        return statements("if P > RANK:\n    WRONG\nP = RANK", P=position, RANK=rank, WRONG=wrong)

    def fulfil(self, conditions: Sequence[Condition], where: ast.expr) -> Statements:
        """The node is there, so every field of its ``when:`` has its value."""
        body: Statements = []
        for condition in conditions:
            holder, key = self.holder(condition.field), constant(condition.field.path[-1])
            old = self.namer.fresh("r")
            value = held(condition.value, self.namer)
            clash = self.trouble("contradicts", self.bound(condition), where, variable(old))
            body += statements(
                "O = D.get(K)\nif O is None:\n    D[K] = V\nelif O != V:\n    CLASH",
                O=old, D=holder, K=key, V=value, CLASH=clash,
            )  # fmt: skip
            if self.trace:
                body += statements("X.fulfilled(C, P)", C=self.bound(condition), P=where)
        return body

    def begin(self, node: Node, where: ast.expr) -> Statements:
        """Open the item of a node with ``each:``."""
        if node.items is None:
            return []
        frame = self.frame(node.scope)
        body = self.opened(frame)
        if self.trace:
            body += statements("X.enter(S, len(L), P)", S=constant(node.scope.number), L=self.list_of(node), P=where)
        return body

    def opened(self, frame: Frame) -> Statements:
        """The first values of a frame's variables, and of those of items that are chosen by key in it."""
        body = opened(frame)
        for inner in self.keyed.get(frame.scope.number, ()):
            body += self.opened(inner)
        return body

    def list_of(self, node: Node) -> str:
        """The list that a node with ``each:`` fills."""
        assert node.items is not None
        return self.frame(node.items.scope).lists[node.items.path]

    def end(self, node: Node) -> Statements:
        """Finish the item of a node with ``each:`` and add it to its list."""
        if node.items is None:
            return []
        frame = self.frame(node.scope)
        add = statements("L.append(D)", L=self.list_of(node), D=frame.item)
        if frame.scope.model is None:
            return statements("if D is not None:\n    ADD", D=frame.item, ADD=add)
        return self.close(frame) + add

    def close(self, frame: Frame) -> Statements:
        """Complete the item or document of a frame: defaults, lists, objects, then what the wire states of it."""
        body: Statements = []
        for inner in self.keyed.get(frame.scope.number, ()):
            body += self._close_keyed(inner)
        body += filled(frame, self.namer) + collected(frame, self.namer, trace=self.trace)
        for slot, (kept, place) in frame.stated.items():
            body += statements("if K is not None:\n    CHECK", K=kept, CHECK=self._verify(slot, kept, place))
        return body

    def _close_keyed(self, frame: Frame) -> Statements:
        """Add the item of a list that is chosen by its key, where anything was read of it."""
        scope = frame.scope
        assert scope.parent is not None
        assert scope.key is not None
        items = self.frame(scope.parent).lists[scope.path]
        name, text = scope.key
        return self.close(frame) + statements(
            "if D:\n    D[K] = V\n    L.append(D)", D=frame.item, K=constant(name), V=constant(text), L=items
        )

    def _verify(self, slot: Slot, kept: str, place: str) -> Statements:
        """Compare what the wire said with what follows from the document (``W-SUM``)."""
        evaluate, result = compute(slot, self.namer, self._load, self._items, _member)
        assert slot.chain is not None
        stated = self.namer.fresh("a")
        remark = statements(
            "X.append((KIND, S, P, K, A))",
            KIND=constant("sum"),
            S=self.bound(slot),
            P=variable(place),
            K=kept,
            A=result,
        )
        if self.trace:
            read = statements("B = X.stated(S, K, P)", B=stated, S=self.bound(slot), K=kept, P=variable(place))
            compare = statements("if A is None or A != B:\n    REMARK", A=result, B=stated, REMARK=remark)
            compare = statements("if B is not FAILED:\n    C", B=stated, FAILED=self.bound(FAILED), C=compare)
            guarded = statements(
                "try:\n    E\nexcept ERROR:\n    A = None", E=evaluate, ERROR=self.bound(ArithmeticError), A=result
            )
            return read + guarded + compare
        read = statements("B = V", B=stated, V=self.converted(slot, variable(kept)))
        return evaluate + read + statements("if A is None or A != B:\n    REMARK", A=result, B=stated, REMARK=remark)

    def _load(self, field: Field) -> ast.expr:
        frame = self.frame(field.scope)
        holder = frame.objects.get(field.path[:-1])
        if holder is None:
            return constant(None)
        return expression("D.get(K)", D=holder, K=constant(field.path[-1]))

    def _items(self, field: Field) -> ast.expr:
        name = self.frame(field.scope).lists.get(field.path)
        return variable(name) if name is not None else constant(())


def ranks_of(nodes: Sequence[Segment] | Sequence[Element]) -> dict[Node, int]:
    """The nodes of a level by their order in the file; those of one name side by side may come in any order."""
    found: dict[Node, int] = {}
    before = ""
    for node in nodes:
        found[node] = len(set(found.values())) - (node.tag == before)
        before = node.tag
    return found


def _member(item: str, path: tuple[str, ...]) -> ast.expr:
    """A field of a finished item of a list."""
    value = variable(item)
    for name in path[:-1]:
        value = expression("(V.get(K) or {})", V=value, K=constant(name))
    return expression("V.get(K)", V=value, K=constant(path[-1]))
