"""A process that makes processes to be killed: it imports everything once, and forks one for each pass.

It has no threads, so that forking is sound.  What a process had to import beyond that is imported here too, before the
next one.  Orders come as JSON lines on its input, each with ``folder`` (a workspace), ``record`` (a file for the
steps), ``end`` (a `Point` as a list, or null), ``stands`` and ``inside`` (see `Steps`), ``command`` (words of a command
of ``transload``, or null for a pass or service) and ``serve``; the answers are JSON lines with the exit code, -9 for
one that was killed.  With ``serve`` the answer comes at once and has the number of the process, and ``{"wait":
NUMBER}`` gives its exit code, null while it goes on.
"""

import gc
import importlib
import json
import os
import signal
import sys
import traceback
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.crashes.steps import Point, Steps, looked

from transload.adapters.base.registry import adapter, adapter_names
from transload.canonical.errors import TransloadError
from transload.runner.cli.main import main as main_command
from transload.runner.dispatch import wakes
from transload.runner.engine import Engine, draining, grouping, intake, service
from transload.runner.ledger import Ledger, shelves
from transload.runner.processes.supervisor import Supervisor
from transload.runner.workspace import load_workspace

LOOK_SECONDS = 0.1
"""How often a service looks for what is due, instead of each second."""
TAKEN_OVER = 0.5
"""Seconds that the call of a worker is waited for that is dead, instead of a minute."""

PATIENT = 60.0
"""Seconds that the first one of a group waits for others at most, while there are any."""


class Watched(Supervisor):
    """Lets others see when a service has looked what is due."""

    def __init__(self, record: Path) -> None:
        super().__init__()
        self._looked = looked(record)

    def swept(self, failed: TransloadError | None) -> None:
        """After each look."""
        self._looked.touch()


def main() -> None:
    """Work off the orders."""
    service.SWEEP_SECONDS = wakes.LOOK_SECONDS = LOOK_SECONDS
    draining.CALL_PATIENCE = timedelta(seconds=TAKEN_OVER)
    shelves.UNTOUCHED = 0.0  # nobody else is writing halves of files
    intake.SECONDS = grouping.SECONDS = PATIENT  # what is committed together is the same in each play
    for name in adapter_names():
        adapter(name)
    learnt = os.memfd_create("imported")
    for line in sys.stdin:
        order = json.loads(line)
        if "folder" in order:
            gc.freeze()  # what is collected in a child is copied for it
        child = order.get("wait") or os.fork()
        if child == 0:
            _live(order, learnt)
        answer = {"process": child} if order.get("serve") else {"code": _code(child, at_once="wait" in order)}
        print(json.dumps(answer), flush=True)
        _import_too(learnt)


def _code(child: int, *, at_once: bool) -> int | None:
    """The exit code of a process; None where it goes on, and is not to be waited for."""
    ended, status = os.waitpid(child, os.WNOHANG if at_once else 0)
    return os.waitstatus_to_exitcode(status) if ended else None


def _import_too(learnt: int) -> None:
    """Import what a process had to import that has ended."""
    names = os.pread(learnt, os.fstat(learnt).st_size, 0).decode().split()
    os.truncate(learnt, 0)
    for name in names:
        with suppress(ImportError):  # made, not found by its name
            importlib.import_module(name)


def _live(order: dict[str, Any], learnt: int) -> None:
    """The life of one process: a pass of the workspace, or a service until it is told to stop."""
    code, before = 70, set(sys.modules)
    try:
        folder = Path(order["folder"])
        log = os.open(folder / "log.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for stream in (1, 2):
            os.dup2(log, stream)
        os.chdir(folder)
        end = Point(*order["end"]) if order["end"] else None
        steps = Steps(Path(order["record"]), end, stands=order["stands"])
        steps.install(inside=order["inside"])
        if order["command"]:
            code = _command(order["command"])
            return
        loaded = load_workspace(folder)
        with Ledger(loaded.store) as ledger:
            engine = Engine(loaded, ledger, workers=1, supervisor=Watched(Path(order["record"])))
            if order["serve"]:
                engine.serve()
                code = 0
            else:
                code = engine.run_pass().exit_code
    except TransloadError as error:
        print(error, *error.findings, sep="\n", flush=True)
    except BaseException:  # noqa: BLE001  # it is told, and the process ends
        traceback.print_exc()
    finally:
        os.pwrite(learnt, "\n".join(sys.modules.keys() - before).encode(), 0)
        os._exit(code)


def _command(words: list[str]) -> int:
    """The exit code of a command."""
    sys.argv = ["transload", *words]
    try:
        main_command()
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    main()
