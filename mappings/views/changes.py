"""What a change of a mapping means: what is read or written otherwise, and whether more or less is carried."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from transload.canonical.places import MappingPlace


class Effect(StrEnum):
    """Whether more messages and documents pass than before, fewer, or others."""

    WIDER = "wider"
    NARROWER = "narrower"
    OTHER = "other"
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One difference between two versions.

    ``topic`` groups it: mapping, document, field, literal, node, code, limit, ...  ``reading`` and ``writing`` say
    which of the two changes.  ``before`` and ``after`` are where it stands in both files, None where it does not.
    """

    topic: str
    what: str
    message: str
    reading: bool = True
    writing: bool = True
    effect: Effect = Effect.OTHER
    before: MappingPlace | None = None
    after: MappingPlace | None = None

    @property
    def directions(self) -> str:
        """``reading``, ``writing`` or ``both``."""
        if self.reading and self.writing:
            return "both"
        return "reading" if self.reading else "writing" if self.writing else "neither"

    def as_dict(self) -> dict[str, Any]:
        """The shape in JSON."""
        told: dict[str, Any] = {
            "topic": self.topic,
            "what": self.what,
            "message": self.message,
            "changes": self.directions,
            "effect": self.effect.value,
            "before": self.before.as_dict() if self.before else None,
            "after": self.after.as_dict() if self.after else None,
        }
        return {key: value for key, value in told.items() if value is not None}


def compared(before: Any, after: Any) -> Effect:
    """The effect of a set of accepted values that changes."""
    old, new = set(before), set(after)
    if old == new:
        return Effect.OTHER
    return Effect.WIDER if old < new else Effect.NARROWER if new < old else Effect.OTHER


def bounded(before: int | None, after: int | None, *, upper: bool) -> Effect:
    """The effect of a border that moves; None is no border."""
    if before == after:
        return Effect.NONE
    if before is None:
        return Effect.NARROWER
    if after is None:
        return Effect.WIDER
    return Effect.WIDER if (after > before) == upper else Effect.NARROWER
