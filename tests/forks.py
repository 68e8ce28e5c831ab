"""Python processes that start in no time: a process that has imported everything already forks one for each.

What runs in them is what ``python SCRIPT`` or ``python -c CODE`` would run, with an environment, a folder, output and
an end of its own; only the second that imports take is not spent each time.  The first process imports and forks, and
has no threads, so that forking is sound.  What one had to import of ours and of libraries is imported before the next.
"""

import atexit
import gc
import importlib
import json
import os
import runpy
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
COMMAND = "from transload.runner.cli.main import main; main()"
"""What the installed ``transload`` runs."""
_OURS = (sys.prefix, sys.base_prefix, str(ROOT / "src"), *(f"{ROOT / name}/" for name in ("adapters", "runner")))
_OURS += tuple(f"{ROOT / name}/" for name in ("canonical", "mappings"))


class Forks:
    """The first process, as its user sees it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def run(
        self,
        *arguments: object,
        script: Path | None = None,
        code: str = COMMAND,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        timeout: int = 60,
        together: bool = False,
    ) -> "subprocess.CompletedProcess[bytes]":
        """Run ``script``, or ``code``, with ``arguments``; ``together`` brings both streams in ``stdout``.

        The return code is as in `subprocess`; -14 of one that has not ended in ``timeout`` seconds.
        """
        with tempfile.TemporaryDirectory(prefix="transload-fork-") as name:
            out = Path(name, "out")
            err = out if together else Path(name, "err")
            order = {
                "argv": [str(script) if script else "-c", *map(str, arguments)],
                "code": None if script else code,
                "cwd": str(cwd or Path.cwd()),
                "env": dict(os.environ if env is None else env),
                "out": str(out),
                "err": str(err),
                "timeout": timeout,
            }
            ended = self._ask(order)
            said = b"" if together else err.read_bytes()
            return subprocess.CompletedProcess(order["argv"], ended, out.read_bytes(), said)

    def _ask(self, order: dict[str, Any]) -> int:
        if self._process is None:
            first = [sys.executable, "-m", "tests.forks"]
            self._process = subprocess.Popen(
                first, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, start_new_session=True
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.communicate(timeout=20)


def main() -> None:
    """Work off the orders, JSON lines; the answers are return codes."""
    for name in ("transload.runner.cli.app", "transload.runner.engine", "transload.runner.workspace"):
        importlib.import_module(name)
    learnt = os.memfd_create("imported")
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        gc.freeze()  # what is collected in a child is copied for it
        child = os.fork()
        if child == 0:
            answers.close()
            _live(json.loads(line), learnt)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), file=answers, flush=True)
        names = os.pread(learnt, os.fstat(learnt).st_size, 0).decode().split()
        os.truncate(learnt, 0)
        for name in names:
            with suppress(Exception):
                importlib.import_module(name)


def _live(order: dict[str, Any], learnt: int) -> None:
    """The life of one process."""
    import signal

    signal.alarm(order["timeout"])
    code, before = 1, set(sys.modules)
    try:
        os.environ.clear()
        os.environ.update(order["env"])
        time.tzset()
        os.chdir(order["cwd"])
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for number, name in ((1, order["out"]), (2, order["err"])):
            os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
        sys.argv = order["argv"]
        sys.path[0] = str(Path(sys.argv[0]).parent) if order["code"] is None else ""
        code = _ran(order["code"])
    except BaseException:  # noqa: BLE001  # it is told, and the process ends
        traceback.print_exc()
    finally:
        threading._shutdown()  # type: ignore[attr-defined]  # as at the end of any process
        atexit._run_exitfuncs()
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        found = [name for name in sys.modules.keys() - before if _kept(sys.modules[name])]
        os.pwrite(learnt, "\n".join(found).encode(), 0)
        os._exit(code)


def _ran(code: str | None) -> int:
    try:
        if code is None:
            runpy.run_path(sys.argv[0], run_name="__main__")
        else:
            exec(code, {"__name__": "__main__", "__builtins__": __builtins__})
    except SystemExit as end:
        if isinstance(end.code, int):
            return end.code
        if end.code is not None:
            print(end.code, file=sys.stderr)
        return int(end.code is not None)
    return 0


def _kept(module: Any) -> bool:
    """Whether a module is a library's or ours, and no script or plug-in of one test."""
    origin = getattr(getattr(module, "__spec__", None), "origin", None)
    return isinstance(origin, str) and origin.startswith(_OURS)


if __name__ == "__main__":
    main()
