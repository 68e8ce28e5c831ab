"""What goes wrong: workers die, stand still, or are told to end, the database stops, targets have a bad time."""

import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.chaos.partner import Partner
from tests.chaos.workers import Worker
from tests.postgresql import Server

HELD = 1.0
"""Seconds in which Python itself starts, and would end at SIGHUP."""


class Trouble:
    """Makes trouble of the kinds that ``weights`` names, every ``pause`` seconds on the average.

    ``stood`` is how long a worker stands still at most, ``away`` for how long the database is gone.
    """

    def __init__(
        self,
        workers: Sequence[Worker],
        partner: Partner,
        server: Server | None,
        inbox: Path,
        seed: str,
        *,
        pause: float,
        stood: float,
        away: float,
    ) -> None:
        self.made = Counter[str]()
        self.faults: list[str] = []
        self._workers = workers
        self._partner = partner
        self._server = server
        self._inbox = inbox
        self._chance = random.Random(f"{seed}:trouble")
        self._pause = pause
        self._stood = stood
        self._away = away
        self._later: list[tuple[float, Callable[[], object]]] = []
        self._kinds = {"kill -9": 8, "stand still": 4, "SIGTERM": 2, "SIGHUP": 3, "storm": 6, "folder away": 1}
        if server is not None:
            self._kinds |= {"database": 3, "kill -9 of all": 1}

    def run(self, seconds: float, *, only: Sequence[str] = ()) -> None:
        """Go on for ``seconds``, or make the troubles of ``only``, one after the other.

        All is as it should be at the end but for what has died.
        """
        kinds, weights, first = list(self._kinds), list(self._kinds.values()), list(only)
        end = time.monotonic() + seconds
        following = time.monotonic() + self._wait()
        while time.monotonic() < end:
            self.tend()
            now = time.monotonic()
            for entry in [entry for entry in self._later if entry[0] <= now]:
                self._later.remove(entry)
                entry[1]()
            if now >= following:
                if only and not first:
                    break
                self._make(first.pop(0) if first else self._chance.choices(kinds, weights)[0])
                following = time.monotonic() + self._wait()
            time.sleep(0.05)
        for _, undo in sorted(self._later, key=lambda entry: entry[0]):
            undo()
        self._later.clear()
        self._partner.mend()

    def tend(self) -> None:
        """Start again what has ended, and tell where that was not our doing."""
        for worker in self._workers:
            code = worker.look()
            if code is not None and self._server is None:
                self.faults.append(f"worker {worker.number}, start {worker.starts}, ended by itself with {code}")
            elif code is not None:
                self.made[f"(ended by itself with {code})"] += 1

    def _wait(self) -> float:
        return self._chance.expovariate(1 / self._pause)

    def _make(self, kind: str) -> None:
        self.made[kind] += 1
        worker = self._chance.choice(self._workers)
        if kind == "kill -9":
            worker.kill()
        elif kind == "kill -9 of all":
            for each in self._workers:
                each.kill()
        elif kind == "stand still":
            worker.tell(signal.SIGSTOP)
            self._soon(self._chance.uniform(0.2, self._stood), lambda: worker.tell(signal.SIGCONT))
        elif kind == "SIGTERM":
            if worker.alive and (code := worker.end()) not in (0, -15):
                self.faults.append(f"worker {worker.number} ended with {code} when it was told to end")
        elif kind == "SIGHUP":
            if worker.age > HELD:
                worker.tell(signal.SIGHUP)
        elif kind == "storm":
            self._partner.storm(self._chance.choice(list(self._partner.arrived)))
            self._soon(self._chance.uniform(1, 8), self._partner.calm)
        elif kind == "folder away" and self._inbox.exists():
            hidden = self._inbox.with_name("in-away")
            self._inbox.rename(hidden)
            self._soon(self._chance.uniform(0.3, 3), lambda: hidden.rename(self._inbox))
        elif kind == "database" and self._server is not None:
            self._server.stop("immediate")
            time.sleep(self._chance.uniform(0, self._away))
            self._server.start()

    def _soon(self, seconds: float, act: Callable[[], object]) -> None:
        self._later.append((time.monotonic() + seconds, act))
