"""A process that serves a house whose target takes its time.  Usage: serve_worker.py ROOT SECONDS."""

import sys
import time
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from house import House

from transload.runner.engine import configure_logging
from transload.runner.processes.supervisor import Supervisor
from transload.runner.workspace.model import Every

root, seconds = Path(sys.argv[1]), float(sys.argv[2])


def slow(moment: str) -> None:
    if moment == "before landing":
        (root / "calling").touch()
        time.sleep(seconds)


configure_logging("json")
house = House(root=root, target_act=slow, schedule=Every(interval=timedelta(hours=1)))
with house.ledger() as ledger:
    house.engine(ledger, supervisor=Supervisor.of_environment()).serve()
