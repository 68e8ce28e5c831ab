"""Several service processes on one machine, started, watched and ended together.

Each is what it would be on a machine of its own; what they have in common is the ledger.  One that ends, or hangs, is
started again.  Their standard input tells them that we are gone, in whatever way: they end by themselves then.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from types import FrameType

from transload.runner.logs import get_logger
from transload.runner.processes.bell import Bell
from transload.runner.processes.charge import Charge
from transload.runner.processes.signals import handling
from transload.runner.processes.supervisor import Supervisor

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""How long it takes until one that ended is started again: longer each time that it did not live long."""
HANGS_SECONDS = 60.0
"""A process whose sweeps end no more for so long is killed, and started again."""
_LOOK_SECONDS = 0.2
_log = get_logger("crew")


class _Member:
    """One process, and what it tells us."""

    def __init__(self, number: int, command: Sequence[str]) -> None:
        self.number = number
        self.charge = Charge(watchdog=HANGS_SECONDS)
        self.was_ready = False
        self.process: subprocess.Popen[bytes] | None = None
        self._command = [*command]
        self._began = 0.0
        self._pause = FIRST_PAUSE
        self._due = 0.0

    def start(self) -> None:
        """Start the process."""
        self.charge.begin()
        self.process = subprocess.Popen(  # noqa: S603  # our own command
            self._command,
            stdin=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C in a terminal is for us alone, who pass it on once
            env=self.charge.environment(),
        )
        self._began = time.monotonic()

    def look(self) -> int | None:
        """Start it again when it is time; gives the exit code when it is seen to have ended."""
        if self.process is None:
            if time.monotonic() >= self._due:
                self.start()
            return None
        self.charge.hear()
        self.was_ready = self.was_ready or self.charge.ready
        if self.charge.hangs:
            _log.error("a process hangs, and is killed", number=self.number)
            self.process.kill()
            self.process.wait()
        code = self.process.poll()
        if code is not None:
            lived = time.monotonic() - self._began
            self._pause = FIRST_PAUSE if lived > LONGEST_PAUSE else min(self._pause * 2, LONGEST_PAUSE)
            self._due = time.monotonic() + self._pause
            self._let_go()
        return code

    def tell(self, number: int) -> None:
        """Send it a signal."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                self.process.send_signal(number)

    def wait(self) -> int:
        """Wait for its end; gives the exit code."""
        code = 0
        if self.process is not None:
            while self.process.poll() is None:
                time.sleep(_LOOK_SECONDS / 4)  # not for ever at once: a signal to pass on may come just before
            code = self.process.returncode
        self._let_go()
        return code

    def _let_go(self) -> None:
        if self.process is not None and self.process.stdin is not None:
            self.process.stdin.close()
        self.process = None


class Crew:
    """``count`` processes of ``command(number)``, numbered from 1; ``supervisor`` is told how they do."""

    def __init__(
        self, command: Callable[[int], Sequence[str]], count: int, *, supervisor: Supervisor | None = None
    ) -> None:
        self._members = [_Member(number, command(number)) for number in range(1, count + 1)]
        self._supervisor = supervisor or Supervisor()
        self._ending = False
        self._bell = Bell()

    def run(self) -> int:
        """Keep them at work until SIGTERM or SIGINT comes; gives the exit code.

        A first signal lets each end its calls, a second one ends all at once; SIGHUP is passed on.  One that ends
        before it was ever ready has told what is wrong with all: they all end then.
        """
        told = False
        with ExitStack() as stack:
            for member in self._members:
                stack.enter_context(member.charge)
            stack.enter_context(
                handling({signal.SIGTERM: self._end, signal.SIGINT: self._end, signal.SIGHUP: self._pass_on})
            )
            for member in self._members:
                member.start()
            while not self._ended():
                for member in self._members:
                    code = member.look()
                    if code is not None and not member.was_ready:
                        return self._given_up(member, code)
                    if code is not None:
                        _log.error("a process has ended, and is started again", number=member.number, exit_code=code)
                if not told and all(member.was_ready for member in self._members):
                    self._supervisor.ready(f"{len(self._members)} processes serve")
                    told = True
                if told:
                    self._supervisor.swept()
            self._supervisor.stopping()
            codes = [member.wait() for member in self._members]
            return 1 if any(codes) else 0

    def _ended(self) -> bool:
        """Whether all are to end; waits a moment first."""
        if not self._ending:
            self._bell.wait(_LOOK_SECONDS)
        return self._ending

    def _given_up(self, member: _Member, code: int) -> int:
        _log.error("a process cannot work: all end", number=member.number, exit_code=code)
        self._tell(signal.SIGTERM)
        for each in self._members:
            each.wait()
        return code or 1

    def _tell(self, number: int) -> None:
        for member in self._members:
            member.tell(number)

    def _end(self, number: int, frame: FrameType | None) -> None:
        self._ending = True
        self._bell.ring()
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
