"""The service's processes: started, and started again whenever they end."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

_SERVE = """\
import sys
from datetime import timedelta
from transload.runner.delivering import draining
draining.CALL_PATIENCE = timedelta(seconds=float(sys.argv.pop(1)))
from transload.runner.cli.main import main
main()
"""
"""``transload``, with another patience for calls of dead workers where a run has no minute to wait for it."""


class Worker:
    """One `transload serve` at a time, over and over."""

    def __init__(self, workspace: Path, logs: Path, number: int, patience: float) -> None:
        self.number = number
        self.starts = 0
        self.ends = Counter[int]()
        self.wanted = True
        program = ["-c", _SERVE, str(patience)] if patience else ["-m", "transload.runner.cli"]
        self._command = [sys.executable, *program, "serve", "--workspace", str(workspace), "--json"]
        self._began = 0.0
        self._logs = logs
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def alive(self) -> bool:
        """Whether it runs now."""
        return self._process is not None and self._process.poll() is None

    @property
    def age(self) -> float:
        """Seconds since its start."""
        return time.monotonic() - self._began

    def start(self) -> None:
        """Start it."""
        self.starts += 1
        self._began = time.monotonic()
        with (self._logs / f"worker-{self.number}-{self.starts:03}.log").open("wb") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)

    def look(self) -> int | None:
        """Start it again where it has ended; gives how that was, None where it goes on."""
        if self._process is None:
            self.start()
            return None
        code = self._process.poll()
        if code is not None:
            self.ends[code] += 1
            self._process = None
        return code

    def tell(self, number: int) -> None:
        """Send it a signal."""
        if self._process is not None and self._process.poll() is None:
            os.kill(self._process.pid, number)

    def end(self, seconds: float = 40.0) -> int:
        """Tell it to end; gives its exit code, -9 where it had to be killed since it did not."""
        if self._process is None:
            return 0
        self.tell(signal.SIGCONT)
        self.tell(signal.SIGTERM)
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        self.ends[code] += 1
        self._process = None
        return code

    def kill(self) -> None:
        """As a power cut does."""
        if self._process is not None:
            self._process.kill()
            self.ends[self._process.wait()] += 1
            self._process = None


def tracebacks(logs: Path) -> list[str]:
    """Lines of the logs that show one."""
    found = []
    for file in sorted(logs.glob("*.log")):
        for number, line in enumerate(file.read_text(errors="replace").splitlines(), start=1):
            if "Traceback" in line or '"exception"' in line:
                found.append(f"{file.name}:{number}: {line[:1500]}")
    return found
