"""Misbehaviour to order: the next calls fail, or hang, before or after they took effect."""

from collections import deque
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Trick:
    """One bad answer.

    ``status`` and ``body`` are sent instead of the true answer (no status: the true one),
    ``headers`` with it, after ``delay`` seconds.  With ``afterwards`` the call takes effect
    first: the caller only does not learn of it.
    """

    status: int | None = None
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    afterwards: bool = False


class Mischief:
    """The tricks that a server plays on its next callers, one each."""

    def __init__(self) -> None:
        self._tricks: deque[Trick] = deque()

    def plan(self, *, times: int = 1, **trick: object) -> None:
        """Answer the next ``times`` calls as a `Trick` with these fields says."""
        self._tricks.extend([Trick(**trick)] * times)  # type: ignore[arg-type]

    def next(self) -> Trick | None:
        """The trick for this call, used up by it."""
        return self._tricks.popleft() if self._tricks else None
