"""What goes wrong, and at which step."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from transload.canonical.errors import Retry


class Crash(BaseException):
    """The process ends here: as nothing catches ``kill -9``, no ``except Exception`` catches this."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What goes wrong at one step.

    First ``delay`` seconds pass, and ``action`` is called, which may do anything at the partner.  ``error`` is raised:
    before the step has any effect, or with ``afterwards`` once it took effect, so that only its answer is lost.
    ``repeat`` does the step twice.  ``keep`` tears: of the content that the step reads or writes, only so many bytes
    are left.
    """

    error: BaseException | None = None
    afterwards: bool = False
    delay: float = 0.0
    action: Callable[[], None] | None = None
    repeat: bool = False
    keep: int | None = None


@dataclass
class Cut:
    """How a cut connection went: ``steps`` were seen so far, and the cut ``happened`` among them or not.

    ``carried`` counts the bytes that went over the connection; for a store, those of files that were read.
    """

    steps: int = 0
    happened: bool = False
    carried: int = 0


class Script:
    """The faults by the number of the step, counted from 1 over all objects that share the script.

    ``steps`` are the names of the steps so far.  ``sleep`` passes the time of delays.
    """

    def __init__(
        self, faults: Mapping[int, Fault] | None = None, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.steps: list[str] = []
        self._faults = dict(faults or {})
        self._sleep = sleep
        self._cutting: tuple[int, Cut] | None = None

    def plan(self, fault: Fault, *, ahead: int = 1) -> None:
        """Let ``fault`` come at the step that is so many ``ahead``: 1 is the next one."""
        self._faults[len(self.steps) + ahead] = fault

    @contextmanager
    def step(self, name: str) -> Iterator[Fault]:
        """Count a step, and let it fail if it shall; gives the fault whose ``repeat`` and ``keep`` the caller obeys."""
        self.steps.append(name)
        fault = self._faults.get(len(self.steps), Fault())
        if fault.delay:
            self._sleep(fault.delay)
        if fault.action is not None:
            fault.action()
        if fault.error is not None and not fault.afterwards:
            raise fault.error
        answered = self._cut(name)
        yield fault
        if fault.error is not None:
            raise fault.error
        if not answered:
            raise _lost(name)

    @contextmanager
    def cutting(self, step: int) -> Iterator[Cut]:
        """Cut the connection at the ``step``-th step from now on; until the end of the context it stays down.

        Odd steps are cut before they take effect, even ones after it, so ``step`` counts each one twice.
        """
        cut = Cut()
        self._cutting = (step, cut)
        try:
            yield cut
        finally:
            self._cutting = None

    def carry(self, size: int) -> None:
        """Count so many bytes that went over the connection."""
        if self._cutting is not None:
            self._cutting[1].carried += size

    def _cut(self, name: str) -> bool:
        """Whether this step's answer will arrive.  Raises `Retry` when not even the step itself may happen."""
        if self._cutting is None:
            return True
        step, cut = self._cutting
        if cut.happened:
            raise _lost(name)
        cut.steps += 2
        if cut.steps < step:
            return True
        cut.happened = True
        if cut.steps > step:
            raise _lost(name)
        return False


def _lost(name: str) -> Retry:
    return Retry(
        f"the connection was lost at {name}", hint="this was done on purpose; take the fault out of the script"
    )
