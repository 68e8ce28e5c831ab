"""A process that serves a workspace and ends, as by a power cut, at a moment.  Usage: as2_worker.py FOLDER MOMENT."""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from transload.adapters.as2 import As2Endpoint, As2Sender
from transload.runner.engine import Engine, configure_logging
from transload.runner.ledger import Ledger
from transload.runner.workspace import load_workspace

folder, moment = Path(sys.argv[1]), sys.argv[2]


def die(*arguments: Any, **options: Any) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


if moment == "before the answer":
    As2Endpoint.respond = die  # type: ignore[method-assign]
elif moment == "before the later receipt":
    As2Sender.deliver = die  # type: ignore[method-assign]
configure_logging("json")
loaded = load_workspace(folder)
with Ledger(loaded.store) as ledger:
    Engine(loaded, ledger).serve(started=(folder / "started").touch)
