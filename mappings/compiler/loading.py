"""Loading what stands in the model into variables: once, where it is asked for first."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from transload.mappings.compiler.choosing import finder
from transload.mappings.compiler.quotes import Namer, Statements, constant, statements, variable
from transload.mappings.language.fields import field_type
from transload.mappings.language.terms import Field, Scope, Slot

_EMPTY: dict[str, Any] = {}


class Loader:
    """Makes statements that load fields; what is loaded in a block is known in it and in blocks inside of it.

    With ``trace`` the statements tell the report ``X`` which item a key has chosen.
    """

    def __init__(self, namer: Namer, *, trace: bool) -> None:
        self.namer = namer
        self.trace = trace
        self.items: dict[int, str] = {0: "o"}
        """The variable with the current item of each scope, by the scope's number."""
        self._known: list[dict[tuple[int, tuple[str, ...]], str]] = [{}]
        self._sure: list[set[tuple[int, tuple[str, ...]]]] = [set()]
        self._worked_out: list[dict[int, str]] = [{}]
        """The variables of computed slots, by the slot's identity."""

    @contextmanager
    def block(self) -> Iterator[None]:
        """What is loaded inside is known only inside."""
        self._known.append({})
        self._sure.append(set())
        self._worked_out.append({})
        yield
        self._known.pop()
        self._sure.pop()
        self._worked_out.pop()

    def load(self, scope: Scope, path: tuple[str, ...], body: Statements) -> str:
        """The variable that holds the value at ``path``; None where an object on the way is missing."""
        if not path and scope.key is None:
            return self.items[scope.number]
        key = scope.number, path
        for known in reversed(self._known):
            if key in known:
                return known[key]
        if not path:
            return self._chosen(scope, body)
        fields = self._fields(scope, path[:-1], body)
        name = self.namer.fresh("v")
        sure = (len(path) == 1 and scope.key is None) or self._is_sure(scope, path[:-1])
        template = "V = D[K]" if sure else "V = D.get(K)"
        body += statements(template, V=name, D=fields, K=constant(path[-1]))
        self._known[-1][key] = name
        return name

    def _fields(self, scope: Scope, path: tuple[str, ...], body: Statements) -> str:
        """The variable with the fields of an object; an empty dict where it is None.

        A model's ``__dict__`` holds its fields and nothing else; each look-up there costs a
        fraction of one through the model, whose class has a ``__getattr__``.
        """
        key = scope.number, (*path, "")
        for known in reversed(self._known):
            if key in known:
                return known[key]
        holder = self.load(scope, path, body)
        name = self.namer.fresh("d")
        sure = (not path and scope.key is None) or self._is_sure(scope, path)
        template = "D = O.__dict__" if sure else "D = EMPTY if O is None else O.__dict__"
        body += statements(template, D=name, O=holder, EMPTY=variable(self.namer.bind(_EMPTY)))
        self._known[-1][key] = name
        return name

    def _is_sure(self, scope: Scope, path: tuple[str, ...]) -> bool:
        """Whether the object at ``path`` is known not to be None."""
        if any((scope.number, path) in sure for sure in self._sure):
            return True
        if scope.key is not None:
            return False
        model = scope.model
        for name in path:
            found = field_type(model, name) if model else None
            if found is None or found.optional:
                return False
            model = found.model
        return True

    def _chosen(self, scope: Scope, body: Statements) -> str:
        """The variable with the one item that has the scope's key, None where none has it."""
        assert scope.parent is not None
        assert scope.key is not None
        items = self.load(scope.parent, scope.path, body)
        name = self.namer.fresh("v")
        find = variable(self.namer.bind(finder(*scope.key)))
        if self.trace:
            body += statements(
                "V = X.chosen(S, FIND, L)", V=name, S=variable(self.namer.bind(scope)), FIND=find, L=items
            )
        else:
            body += statements("V = FIND(L)", V=name, FIND=find, L=items)
        self._known[-1][scope.number, ()] = name
        return name

    def make_sure(self, scope: Scope, path: tuple[str, ...]) -> None:
        """In this block the object at ``path`` is not None."""
        self._sure[-1].add((scope.number, path))

    def never_none(self, field: Field) -> bool:
        """Whether the model guarantees a value, given what is known here."""
        return not field.path or (not field.type.optional and self._is_sure(field.scope, field.path[:-1]))

    def worked_out(self, slot: Slot) -> str | None:
        """The variable with the value of a computed slot, where it is known."""
        return next((known[id(slot)] for known in reversed(self._worked_out) if id(slot) in known), None)

    def keep(self, slot: Slot, name: str) -> None:
        """The variable holds the slot's value in this block."""
        self._worked_out[-1][id(slot)] = name
