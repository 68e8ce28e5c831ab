"""The intermediate form of a mapping: scopes, fields and slots, the same for every format.

A *scope* is the document or one item of a list.  A *slot* is one entry of the file: a
place on the wire and what it is equal to.  The nodes that hold them are those of `layout`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from transload.adapters.edi.guides import WirePlace
from transload.canonical.places import MappingPlace
from transload.mappings.language.compounds import Pattern
from transload.mappings.language.converters.chains import Chain
from transload.mappings.language.fields import FieldType
from transload.mappings.language.shapes import Spot
from transload.mappings.plugins.contract import NodePlugin, Site


@dataclass(eq=False, kw_only=True)
class Scope:
    """The document (``parent`` is None) or the current item of the list at ``path`` in the parent's scope.

    ``model`` is None for a list of texts, whose item is the text itself.  With a ``key`` it is the one item whose
    field of that name has that value: ``references[kind=contract]``.
    """

    number: int
    model: type[BaseModel] | None
    parent: "Scope | None" = None
    path: tuple[str, ...] = ()
    name: str | None = None
    key: tuple[str, str] | None = None

    @property
    def depth(self) -> int:
        """0 for the document."""
        return 0 if self.parent is None else self.parent.depth + 1

    @property
    def is_documents(self) -> bool:
        """Whether its items are the documents of the message themselves (``each: documents``)."""
        return self.parent is not None and self.path == ("documents",) and self.model is self.parent.model

    def within(self, outer: "Scope") -> bool:
        """Whether this scope is ``outer``, or an item below it."""
        scope: Scope | None = self
        while scope is not None:
            if scope is outer:
                return True
            scope = scope.parent
        return False


@dataclass(frozen=True, kw_only=True)
class Around:
    """What an entry stands in: its scope, the prefix of ``in:`` or ``cases:``, the qualifier of this case.

    ``reads`` and ``writes`` are False inside a node that is ``only:`` for the other direction.
    """

    scope: Scope
    prefix: tuple[str, ...] = ()
    case: str | None = None
    reads: bool = True
    writes: bool = True


@dataclass(frozen=True, kw_only=True)
class Field:
    """A canonical field: ``path`` from its scope (empty for an item that is a text itself)."""

    scope: Scope
    path: tuple[str, ...]
    type: FieldType

    @property
    def key(self) -> tuple[int, tuple[str, ...]]:
        """What tells one field from another."""
        return self.scope.number, self.path

    def plain(self) -> str:
        """As limits write it, lists like objects: ``lines.quantity``."""
        names = list(self.path)
        scope = self.scope
        while scope.parent is not None:
            names[:0] = scope.path
            scope = scope.parent
        return ".".join(names)

    def text(self) -> str:
        """As findings write it, with ``[]`` for items: ``lines[].quantity``."""
        parts = list(self.path)
        scope = self.scope
        prefix: list[str] = []
        while scope.parent is not None and not scope.is_documents:
            key = f"[{scope.key[0]}={scope.key[1]}]" if scope.key is not None else "[]"
            prefix.insert(0, ".".join(scope.path) + key)
            scope = scope.parent
        return ".".join([*prefix, *parts])


@dataclass(frozen=True)
class Operand:
    """A field within a computed value."""

    field: Field


@dataclass(frozen=True)
class Constant:
    """A number within a computed value, or a text that is written as it stands."""

    value: Decimal | str


@dataclass(frozen=True)
class Operation:
    """Two computed values joined by + - * or /."""

    sign: str
    left: "Computed"
    right: "Computed"


@dataclass(frozen=True)
class Length:
    """How many items the list has."""

    list: Field


@dataclass(frozen=True)
class Total:
    """The sum of ``inner`` over the items of a list; the fields of ``inner`` are in the scope ``item``."""

    list: Field
    item: Scope
    inner: "Computed"


Computed = Operand | Constant | Operation | Length | Total


@dataclass(frozen=True)
class Numbering:
    """What stands in a hierarchy of segments: ``level()``, ``parent()``, ``children(YES NO)`` or ``levels()``.

    ``word`` is the name of the function, ``codes`` are those of ``children``: with levels below, and without.
    """

    word: str
    codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Given:
    """What is written and comes from outside the document: ``now()``, ``control_number()``, or ``seq()``.

    ``seq`` is the number of the item, from 1.
    """

    word: str
    stamp: Callable[[Any], Any] | None = None


@dataclass(frozen=True)
class Compound:
    """Several fields in one text: ``slots`` in their order, ``pattern`` takes it apart and puts it together."""

    slots: "tuple[Slot, ...]"
    pattern: Pattern


@dataclass(frozen=True)
class Handler:
    """A plug-in that reads and writes a whole segment: ``slots`` are the fields that it names."""

    name: str
    code: NodePlugin
    slots: "tuple[Slot, ...]"
    site: Site


@dataclass(frozen=True, kw_only=True)
class Fill:
    """The argument of ``default`` or ``elide``: a value of the field's kind, or another field."""

    value: str | Decimal | int | bool | date | None = None
    field: Field | None = None


@dataclass(eq=False, kw_only=True)
class Slot:
    """One entry: one of ``literals``, ``field``, ``computed``, ``numbering``, ``given`` and ``parts`` says what it is.

    ``at`` is its place in the mapping file.  ``reads`` and ``writes`` are False for ``write(...)`` and
    ``read(...)``.  ``attached`` literals count only where their composite holds a value.  ``rounds``
    is the argument of ``round`` of a computed value.  A ``guard`` holds the codes of ``code(table only)``
    as literals that are matched and not written.  ``aside`` is True for ``write(...)``, which is
    no reason for its node to be there.  ``none`` is what stands on the wire for no value.  A ``required`` field
    has a value wherever the object is that it is in.  ``spots`` are its places in the words of a row format.
    ``first`` is what its node says: where the field has another value already, this one is left aside.  ``most`` is
    how many characters may stand there, where the entry says it; ``note`` is a remark for people.
    """

    number: int
    at: MappingPlace
    home: Scope
    places: tuple[WirePlace, ...] = ()
    literals: tuple[str, ...] = ()
    field: Field | None = None
    computed: Computed | None = None
    numbering: Numbering | None = None
    given: Given | None = None
    parts: Compound | None = None
    chain: Chain | None = None
    rounds: int | None = None
    default: Fill | None = None
    elide: Fill | None = None
    reads: bool = True
    writes: bool = True
    attached: bool = False
    many: bool = False
    shared: bool = False
    guard: bool = False
    aside: bool = False
    none: str | None = None
    required: bool = False
    first: bool = False
    rule: str = ""
    spots: tuple[Spot, ...] = ()
    most: int | None = None
    note: str = ""

    def direct(self, *, reads: bool, writes: bool) -> None:
        """Take away a direction that its node does not have."""
        self.reads, self.writes = self.reads and reads, self.writes and writes
        for part in self.parts.slots if self.parts is not None else ():
            part.direct(reads=reads, writes=writes)

    @property
    def name(self) -> str:
        """The words for its place, such as ``QTY 6060``."""
        return self.at.place or ""


@dataclass(eq=False, kw_only=True)
class Pairs:
    """Qualifier and value side by side, once or repeating.

    ``first`` are the two places of the first pair, ``step`` the distance in elements to the next,
    ``most`` how many fit (None where no guide says it).
    """

    at: MappingPlace
    first: tuple[WirePlace, WirePlace]
    step: int
    most: int | None
    repeating: bool
    choices: list[tuple[str, Slot]] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One entry of ``when:``: the node is there exactly if ``field`` is ``value``."""

    field: Field
    value: str | Decimal | int | bool | date
    at: MappingPlace


@dataclass(frozen=True, kw_only=True)
class Derived:
    """One entry of ``derive:``: what ``field`` is where the message says nothing; only read, never written.

    ``value`` is computed as ``rounds`` says, or is the value of another field.
    """

    field: Field
    value: Computed
    rounds: int | None
    rule: str
    at: MappingPlace


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A field compared with ``value`` or with the field ``other``; without ``sign`` whether it has a value."""

    field: Field
    sign: str = ""
    value: object = None
    other: Field | None = None


@dataclass(frozen=True, kw_only=True)
class Negation:
    """The contrary of a condition."""

    part: "Test"


@dataclass(frozen=True, kw_only=True)
class Junction:
    """Every one of several conditions, or any of them."""

    every: bool
    parts: tuple["Test", ...]


Test = Comparison | Negation | Junction
"""The condition of ``only_if:``."""


def operands(computed: Computed) -> list[Field]:
    """The single fields that a computed value needs (not those inside sums and counts)."""
    if isinstance(computed, Operand):
        return [computed.field]
    if isinstance(computed, Operation):
        return operands(computed.left) + operands(computed.right)
    return []
