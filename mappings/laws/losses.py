"""What a mapping does not carry, and whether ``loses:`` says exactly that."""

from collections.abc import Iterator

from pydantic import BaseModel

from transload.canonical.findings import Finding, Severity
from transload.canonical.places import MappingPlace
from transload.mappings.language.fields import Kind, field_type
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.terms import Computed, Field, Operand, Operation, Total, operands
from transload.mappings.laws.shapes import Shape, plain_name, shape_of

_DEEPEST = 8
_SHOWN = 12


def lost(meaning: Meaning, shape: Shape) -> tuple[str, ...]:
    """The fields without a place in both directions, an object or list without any as one."""
    carried = shape.paths() | _by_halves(meaning) | {plain_name(derived.field) for derived in meaning.derived}
    return tuple(_lost(meaning.model, "", carried, 0))


def _by_halves(meaning: Meaning) -> set[str]:
    """The fields that one entry reads and another one writes."""
    bound = [(slot, plain_name(slot.field)) for slot in meaning.slots if slot.field is not None]
    both = {name for slot, name in bound if slot.reads} & {name for slot, name in bound if slot.writes}
    return both | {f"{path}[]" for path in both}


def derived_paths(meaning: Meaning, shape: Shape) -> set[str]:
    """Fields that follow from fields which are carried both ways, or follow so themselves."""
    known = shape.paths()
    for derived in meaning.derived:
        if all(plain_name(field) in known for field in every_operand(derived.value)):
            known.add(plain_name(derived.field))
    return known


def every_operand(computed: Computed) -> Iterator[Field]:
    """All single fields that a value is computed from, those of sums included."""
    yield from operands(computed)
    if isinstance(computed, Total):
        yield from every_operand(computed.inner)
    if isinstance(computed, Operation):
        for side in (computed.left, computed.right):
            if not isinstance(side, Operand):
                yield from every_operand(side)


def _lost(model: type[BaseModel], prefix: str, carried: set[str], depth: int) -> Iterator[str]:
    for name in model.model_fields:
        kind = field_type(model, name)
        if kind is None or depth > _DEEPEST:
            continue
        path = f"{prefix}{name}"
        if kind.kind is Kind.TEXTS:
            if f"{path}[]" not in carried:
                yield path
        elif kind.model is not None:
            inner = f"{path}[]." if kind.kind is Kind.ITEMS else f"{path}."
            if any(one.startswith(inner) for one in carried):
                yield from _lost(kind.model, inner, carried, depth + 1)
            else:
                yield path
        elif path not in carried:
            yield path


def check_losses(
    meaning: Meaning, missing: tuple[str, ...], shape: Shape, at: MappingPlace, base: Meaning | None = None
) -> Iterator[Finding]:
    """``L-LOSES``: what is lost and not listed, and what is listed and carried all the same.

    What the ``base`` loses already, or lists, is told of there.
    """
    listed = {_plain(path) for path in meaning.loses}
    if base is not None:
        listed |= {_plain(path) for path in lost(base, shape_of(base))}
    silent = [path for path in missing if not any(_within(_plain(path), one) for one in listed)]
    if silent:
        more = f" and {len(silent) - _SHOWN} more" if len(silent) > _SHOWN else ""
        yield Finding(
            code="L-LOSES",
            severity=Severity.WARNING,
            message=f"{', '.join(silent[:_SHOWN])}{more}: the mapping does not carry what loses: does not list",
            hint=f"bind them, or write  loses: [{', '.join(silent)}]",
            mapping=at,
        )
    own = [path for path in meaning.loses if base is None or path not in base.loses]
    following = {_plain(plain_name(derived.field)) for derived in meaning.derived}
    carried = [path for path in own if _plain(path) in following or _carries(_plain(path), shape)]
    if carried:
        yield Finding(
            code="L-LOSES",
            severity=Severity.WARNING,
            message=f"{', '.join(carried)}: the mapping carries what it lists under loses:",
            hint="take it out of the list",
            mapping=at,
        )


def _plain(path: str) -> str:
    return path.replace("[]", "")


def _within(path: str, outer: str) -> bool:
    return path == outer or path.startswith(f"{outer}.")


def _carries(path: str, shape: Shape) -> bool:
    return path in {_plain(one) for one in shape.paths()}
