"""Several service processes on one machine, started, watched and ended together.

Each is what it would be on a machine of its own; what they have in common is the ledger.  One that ends is started
again.  Their standard input tells them that we are gone, in whatever way: they end by themselves then.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType

from transload.runner.logs import get_logger

SETTLED_SECONDS = 10.0
"""Whoever ends sooner with an error than this, before all have settled, has been told what is wrong with all."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""How long it takes until one that ended is started again: longer each time that it did not live long."""
_LOOK_SECONDS = 0.2
_log = get_logger("crew")


@dataclass
class _Member:
    """One process; ``pause`` is how long its next start waits."""

    number: int
    process: subprocess.Popen[bytes]
    began: float
    pause: float = FIRST_PAUSE
    due: float | None = None


class Crew:
    """``count`` processes of ``command(number)``, numbered from 1."""

    def __init__(self, command: Callable[[int], Sequence[str]], count: int) -> None:
        self._command = command
        self._count = count
        self._members: list[_Member] = []
        self._ending = threading.Event()

    def run(self) -> int:
        """Keep them at work until SIGTERM or SIGINT comes; gives the exit code.

        A first signal lets each end its calls, a second one ends all at once; SIGHUP is passed on.
        """
        began = time.monotonic()
        with _handling({signal.SIGTERM: self._end, signal.SIGINT: self._end, signal.SIGHUP: self._pass_on}):
            self._members = [self._started(number) for number in range(1, self._count + 1)]
            _log.info("crew at work", processes=self._count)
            while not self._ending.wait(_LOOK_SECONDS):
                settled = time.monotonic() - began > SETTLED_SECONDS
                for member in self._members:
                    code = self._look(member)
                    if code and not settled:
                        _log.error("a process cannot work: all end", number=member.number, exit_code=code)
                        self._tell(signal.SIGTERM)
                        self._wait()
                        return code
            self._wait()
        _log.info("crew ended")
        return 1 if any(member.process.returncode for member in self._members) else 0

    def _started(self, number: int) -> _Member:
        process = subprocess.Popen(  # noqa: S603  # our own command
            [*self._command(number)],
            stdin=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C in a terminal is for us alone, who pass it on once
        )
        return _Member(number=number, process=process, began=time.monotonic())

    def _look(self, member: _Member) -> int | None:
        """Start a process again that has ended, in time; gives its exit code when it is seen to have ended."""
        now = time.monotonic()
        if member.due is not None:
            if now >= member.due:
                member.process, member.began, member.due = self._started(member.number).process, now, None
            return None
        code = member.process.poll()
        if code is None:
            return None
        lived = now - member.began
        member.pause = FIRST_PAUSE if lived > LONGEST_PAUSE else min(member.pause * 2, LONGEST_PAUSE)
        member.due = now + member.pause
        _log.error(
            "a process has ended, and is started again", number=member.number, exit_code=code, lived=round(lived)
        )
        return code

    def _wait(self) -> None:
        for member in self._members:
            while member.due is None and member.process.poll() is None:
                time.sleep(_LOOK_SECONDS / 4)

    def _tell(self, number: int) -> None:
        for member in self._members:
            with suppress(ProcessLookupError):
                member.process.send_signal(number)

    def _end(self, number: int, frame: FrameType | None) -> None:
        self._ending.set()
        self._tell(number)

    def _pass_on(self, number: int, frame: FrameType | None) -> None:
        self._tell(number)


def end_with_parent(end: Callable[[], None]) -> None:
    """Call ``end`` once whoever started this process is gone: its side of our standard input is closed then."""

    def watch() -> None:
        with suppress(OSError):
            while os.read(sys.stdin.fileno(), 1024):
                pass
        end()

    threading.Thread(target=watch, name="transload-parent", daemon=True).start()


@contextmanager
def _handling(handlers: dict[int, Callable[[int, FrameType | None], None]]) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
