"""A process that looks at a house's ledger, and is killed in the midst: ``look_worker.py ROOT MOMENT ISO``.

Not a test module: test_watch.py starts it.
"""

import importlib.util
import os
import signal
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from transload.runner.expectations.watch import Watch
from transload.runner.ledger import Ledger, incidents
from transload.runner.ledger.journal import Journal
from transload.runner.workspace.expectations import Expectation


def die(*arguments: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    root, moment, now = Path(sys.argv[1]), sys.argv[2], datetime.fromisoformat(sys.argv[3])
    spec = importlib.util.spec_from_file_location("house", Path(__file__).parents[1] / "engine" / "house.py")
    assert spec is not None
    assert spec.loader is not None
    house = importlib.util.module_from_spec(spec)
    sys.modules["house"] = house
    spec.loader.exec_module(house)
    workspace = house.House(root=root).workspace()
    expected = (Expectation.model_validate({"by": "18:00"}),)
    object.__setattr__(workspace.receive_route("acme/orders"), "expect", expected)
    if moment == "before":
        Journal.flush = die  # type: ignore[method-assign]  # all is written, nothing is committed
    else:
        incidents.Incidents.named = die  # type: ignore[method-assign,assignment]  # committed, and nobody has heard
    with Ledger(house.House(root=root).store) as ledger:
        Watch(workspace, ledger, clock=lambda: now).look()


main()
