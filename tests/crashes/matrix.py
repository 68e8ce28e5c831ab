"""``kill -9`` at every moment of every step of each scene, a restart, and what came of the documents."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.crashes.scenes import SCENES, Stage
from tests.crashes.steps import Point, read_points

from transload.runner.ledger import Ledger

KILLED = -9
RETRY = 3
PASSES = 8
PATIENCE = 20.0


class Victim:
    """The process that lets others live and die; see the module of that name."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crashes.victim"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def live(self, stage: Stage, end: Point | None = None) -> int:
        """One pass of the stage's workspace, or its service while the partner calls; killed at ``end``.

        Gives the exit code.
        """
        order = {
            "folder": str(stage.folder),
            "record": str(record_of(stage)),
            "end": [end.name, end.time, end.moment] if end else None,
        }
        if stage.call is None:
            return int(self.ask(**order, serve=False)["code"])
        process = self.ask(**order, serve=True)["process"]
        until, told = time.monotonic() + PATIENCE, False
        while (code := self.ask(wait=process)["code"]) is None:
            if time.monotonic() > until:
                os.kill(process, signal.SIGABRT)
            elif not told and stage.call() and len(stage.landed()) >= len(stage.expected):
                time.sleep(0.3)  # until it is written down that they landed
                os.kill(process, signal.SIGTERM)
                told = True
            time.sleep(0.02)
        return int(code)

    def ask(self, **order: Any) -> dict[str, Any]:
        """What the process answers to an order."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        """End it."""
        self._process.communicate(timeout=20)


@contextmanager
def victim() -> Iterator[Victim]:
    """A process to be used by many cases."""
    made = Victim()
    try:
        yield made
    finally:
        made.close()


def record_of(stage: Stage) -> Path:
    """The file with the moments of a stage's processes."""
    return stage.folder / "steps.txt"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of the documents after the restart: how many were lost, torn, taken twice, or asked about.

    ``left`` are things that lie about and should not.
    """

    lost: int = 0
    torn: int = 0
    twice: int = 0
    unknown: int = 0
    left: tuple[str, ...] = ()


def points_of(scene: str, process: Victim) -> list[Point]:
    """The moments of an undisturbed pass, each step's once for the first document and once for the second."""
    with tempfile.TemporaryDirectory() as folder, SCENES[scene](Path(folder)) as stage:
        code = process.live(stage)
        found = read_points(record_of(stage))
        outcome = _outcome(stage)
        assert (code, outcome) == (0, Outcome()), f"{scene}: {code} {outcome}\n{_log(stage)}"
        return found


def killed_at(scene: str, point: Point, process: Victim) -> Outcome | None:
    """What comes of the documents when the first pass is killed at ``point``; None where that was not reached.

    A service has steps that depend on its clock.  A pass has none.
    """
    with tempfile.TemporaryDirectory() as folder, SCENES[scene](Path(folder)) as stage:
        code = process.live(stage, point)
        if code == 0 and stage.call is not None:
            return None
        assert code == KILLED, f"{scene} was not killed at {point}: {code}\n{_log(stage)}"
        for _ in range(PASSES):
            if process.live(stage) != RETRY:
                break
            time.sleep(0.2)
        return _outcome(stage)


def _outcome(stage: Stage) -> Outcome:
    landed = Counter(stage.landed())
    states = Counter(_states(stage))
    missing = sum(landed[document] == 0 for document in stage.expected)
    unknown = states["UNKNOWN"]
    return Outcome(
        lost=max(0, missing - unknown),
        torn=sum(count for document, count in landed.items() if document not in stage.expected),
        twice=sum(max(0, landed[document] - 1) for document in stage.expected),
        unknown=unknown,
        left=(*stage.left(), *(file.name for file in stage.folder.glob("*.scratch/*/*"))),
    )


def _states(stage: Stage) -> list[str]:
    """The states of the deliveries in the ledger."""
    from sqlalchemy import select

    from transload.runner.ledger.schema import deliveries

    with Ledger(f"sqlite:///{stage.folder / 'ledger.db'}") as ledger, ledger.read() as connection:
        return list(connection.scalars(select(deliveries.c.state)))


def _log(stage: Stage) -> str:
    log = stage.folder / "log.txt"
    return log.read_text()[-3000:] if log.exists() else ""
