"""Who does the work, and when: threads of one process, or of several that share a ledger on PostgreSQL.

What is to be done stands in the ledger; a name (of a route to be asked, a lane to be drained) says where.  A dispatch
holds names only, so whatever it loses, repeats or mixes up costs time and never a document.
"""

from collections.abc import Iterable
from typing import Protocol


class Duties(Protocol):
    """What names stand for."""

    def do(self, name: str) -> float | None:
        """Do what is due under ``name`` for a while: gives in how many seconds it wants to go on, None for not now."""
        ...

    def due(self) -> list[str]:
        """The names under which something is due, as the ledger knows."""
        ...

    def is_due(self, name: str) -> bool:
        """Whether something is due under ``name``."""
        ...


class Dispatch(Protocol):
    """Lets `Duties` be done, each name's by one worker at a time."""

    @property
    def errors(self) -> list[BaseException]:
        """What ended the work on a name, since they were taken away last."""
        ...

    def start(self) -> None:
        """Begin; raises what keeps it from working at all."""
        ...

    def wake(self, names: Iterable[str], *, after: float = 0.0) -> None:
        """Let the work on these names be done soon, or in so many seconds."""
        ...

    def stop(self) -> None:
        """Let the work end that is being done, and begin no other."""
        ...
