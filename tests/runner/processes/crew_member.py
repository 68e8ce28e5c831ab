"""Stands for a service process of a crew.  Usage: crew_member.py FOLDER NUMBER."""

import os
import signal
import sys
import threading
from pathlib import Path

from transload.runner.processes.crew import end_with_parent
from transload.runner.processes.supervisor import Supervisor

folder, number = Path(sys.argv[1]), sys.argv[2]
if (folder / "wrong").exists():
    sys.exit(1)
ended = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: ended.set())
signal.signal(signal.SIGHUP, lambda *_: (folder / f"loaded-{number}").touch())
end_with_parent(ended.set)
Supervisor.of_environment().ready("at work")
(folder / f"{number}-{os.getpid()}").touch()
while not ended.wait(0.05):
    pass
(folder / f"ended-{number}").touch()
