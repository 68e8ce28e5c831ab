"""``kill -9`` at every moment of every step of each scene, a restart, and what came of the documents."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select
from tests.crashes.scenes.ledger import Scene
from tests.crashes.scenes.stage import Act, Stage
from tests.crashes.steps import Point, looked, read_points

from transload.canonical.findings import Finding
from transload.runner.ledger import Ledger
from transload.runner.ledger.backup.making import UNFINISHED
from transload.runner.ledger.backup.restoring import RESTORING
from transload.runner.ledger.schema import deliveries, receipts
from transload.runner.ledger.shelves import HALF
from transload.runner.workspace import load_workspace

KILLED = -9
RETRY = 3
PASSES = 8
PATIENCE = 20.0
BESIDE, BLOCKED = 0.05, 1.0
"""Seconds that the first service stands when the second has looked what is due, and if it cannot since it waits for
the first."""
GOES_ON = 0.3
"""Seconds that a service goes on which others have taken for dead."""
TIDY = ("tidy", "--yes")
_HALVES = ("*.scratch/*/*", f"*.blobs/{HALF}*", f"*{RESTORING}*", f"../*{UNFINISHED}")
_OWN = ("commit ", "file: ", "restore: ")


class Victim:
    """The process that lets others live and die; see the module of that name."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crashes.victim"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def live(self, stage: Stage, end: Point | None = None) -> int:
        """One pass of the stage's workspace, its command, or its service while the partner calls; killed at ``end``.

        Gives the exit code.
        """
        if stage.call is None:
            return self.do(stage, stage.command, end)
        process = self._serve(stage, record_of(stage), end)
        code = self._until_landed(stage, process, record_of(stage), end if stage.beside else None)
        return self._taken_over(stage, process) if code is None else code

    def do(self, stage: Stage, command: Sequence[str], end: Point | None = None) -> int:
        """A command, a pass where there is none; gives the exit code."""
        order = _order(stage, record_of(stage), end)
        return int(self.ask(**order, serve=False, command=list(command) or None)["code"])

    def _serve(self, stage: Stage, record: Path, end: Point | None = None) -> int:
        looked(record).unlink(missing_ok=True)
        return int(self.ask(**_order(stage, record, end), serve=True, command=None)["process"])

    def _taken_over(self, stage: Stage, first: int) -> int:
        """Another service comes while the first one stands, and does what is left; gives how the first one ended.

        It is killed when the other one is at work; one that was cut off goes on when that has done it all.
        """
        record, until = stage.folder / "second.txt", time.monotonic() + BLOCKED
        if stage.cut is not None:
            stage.cut()
        second = self._serve(stage, record)
        if stage.cut is None:
            while not looked(record).exists() and time.monotonic() < until:
                time.sleep(0.01)
            time.sleep(BESIDE)
            os.kill(first, signal.SIGKILL)
        ended = self._until_landed(stage, second, record)
        assert ended == 0, f"the second service: {ended}\n{_log(stage)[-3000:]}"
        if stage.cut is not None:
            os.kill(first, signal.SIGCONT)
            time.sleep(GOES_ON)
        return int(self._until_landed(stage, first, record_of(stage)) or 0)

    def _until_landed(self, stage: Stage, process: int, record: Path, end: Point | None = None) -> int | None:
        """End the service when all has landed; gives its exit code, None as soon as it stands at ``end``.

        Before it has looked what is due it may not know yet how to end.
        """
        assert stage.call is not None
        until, told = time.monotonic() + PATIENCE, False
        while (code := self.ask(wait=process)["code"]) is None:
            if time.monotonic() > until:
                os.kill(process, signal.SIGABRT)
            elif end is not None and end in read_points(record):
                return None
            elif not told and looked(record).exists() and stage.call() and _has_ended(stage):
                time.sleep(0 if stage.inside else 0.3)  # until it is written down that they landed
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


def points_of(scene: Scene, process: Victim) -> list[Point]:
    """The moments of an undisturbed pass, each step's once for the first document and once for the second."""
    with tempfile.TemporaryDirectory() as folder, scene(Path(folder)) as stage:
        _do_all(stage, stage.before, process)
        record_of(stage).unlink(missing_ok=True)
        code = process.live(stage)
        found = read_points(record_of(stage))
        outcome = _outcome(stage, process)
        assert (code, outcome) == (0, Outcome()), f"{scene.__doc__}: {code} {outcome}\n{_log(stage)[-3000:]}"
        about = stage.only or (_OWN if stage.inside else ("",))
        return [point for point in found if point.name.startswith(about)]


def killed_at(scene: Scene, point: Point, process: Victim) -> Outcome | None:
    """What comes of the documents when the first pass is killed at ``point``; None where that was not reached.

    A service has steps that depend on its clock, and on who is woken when.
    """
    with tempfile.TemporaryDirectory() as folder, scene(Path(folder)) as stage:
        _do_all(stage, stage.before, process)
        record_of(stage).unlink(missing_ok=True)
        code = process.live(stage, point)
        if stage.call is not None and point not in read_points(record_of(stage)):
            return None
        if stage.cut is None:
            assert code == KILLED, f"{scene.__doc__} was not killed at {point}: {code}\n{_log(stage)[-3000:]}"
        for _ in range(0 if stage.beside else PASSES):
            code = process.live(stage)
            if code != RETRY:
                assert code == 0 or stage.command or not stage.inside, f"{scene.__doc__}: {code}\n{_log(stage)[-3000:]}"
                break
            time.sleep(0.2)
        return _outcome(stage, process)


def _do_all(stage: Stage, acts: Sequence[Act], process: Victim) -> list[str]:
    """Do them, one after the other; gives those that went wrong."""
    wrong = []
    for act in acts:
        if callable(act):
            act()
        elif process.do(stage, act) != 0:
            wrong.append(" ".join(act))
    return wrong


def _outcome(stage: Stage, process: Victim) -> Outcome:
    wrong = [*_do_all(stage, stage.afterwards, process), *stage.wrong()]
    if stage.inside:
        wrong += _do_all(stage, [TIDY], process)
        wrong += [finding.message for finding in _audit(stage)]
        wrong += [] if _is_final(stage) else ["it is not final"]
    landed, expected = Counter(stage.landed()), Counter(stage.expected)
    states = Counter(_states(stage))
    missing = sum((expected - landed).values())
    unknown = states["UNKNOWN"]
    torn = sum(count for document, count in landed.items() if document not in expected)
    halves = [file.name for where in _HALVES for file in stage.folder.glob(where)]
    return Outcome(
        lost=max(0, missing - unknown),
        torn=torn + len(wrong),
        twice=sum(max(0, landed[document] - count) for document, count in expected.items()),
        unknown=unknown,
        left=(*stage.left(), *halves),
    )


def _order(stage: Stage, record: Path, end: Point | None) -> dict[str, Any]:
    return {
        "folder": str(stage.folder),
        "record": str(record),
        "end": [end.name, end.time, end.moment] if end else None,
        "stands": stage.beside,
        "inside": stage.inside,
    }


def _ledger(stage: Stage) -> Ledger:
    return Ledger(load_workspace(stage.folder).store)


def _states(stage: Stage) -> list[str]:
    """The states of the deliveries in the ledger."""
    with _ledger(stage) as ledger, ledger.read() as connection:
        return list(connection.scalars(select(deliveries.c.state)))


def _audit(stage: Stage) -> list[Finding]:
    with _ledger(stage) as ledger:
        return ledger.verify()


def _has_ended(stage: Stage) -> bool:
    return len(stage.landed()) >= len(stage.expected) and _is_final(stage)


def _is_final(stage: Stage) -> bool:
    """Whether nothing is left to do, where the ledger is what the scene is about."""
    if not stage.inside:
        return True
    with _ledger(stage) as ledger, ledger.read() as connection:
        return not any(
            connection.scalar(select(table.c.id).where(table.c.finished_at.is_(None)).limit(1))
            for table in (receipts, deliveries)
        )


def _log(stage: Stage) -> str:
    log = stage.folder / "log.txt"
    return log.read_text() if log.exists() else ""
