"""What a signal's handler may ring while the same thread waits for it."""

from contextlib import suppress
from queue import Empty, SimpleQueue


class Bell:
    """Wakes whoever waits for it, one for each time it is rung.

    A handler of signals runs in the main thread between any two of its steps.  `threading.Event` and
    `threading.Condition` take a lock to be set and to be waited for, so that a handler that sets one may wait for
    what its own thread holds, forever.  Putting into a `SimpleQueue` waits for nothing.
    """

    def __init__(self) -> None:
        self._rung: SimpleQueue[None] = SimpleQueue()

    def ring(self) -> None:
        """Wake who waits, or who waits next."""
        self._rung.put(None)

    def wait(self, seconds: float) -> None:
        """Wait until it is rung, or for so many seconds."""
        with suppress(Empty):
            self._rung.get(timeout=seconds)
