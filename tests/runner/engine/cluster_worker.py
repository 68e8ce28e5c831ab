"""A service process over a house, one of several.  Usage: cluster_worker.py ROOT OPTIONS, a JSON object.

``slow``: seconds of a call at the target; ``fail``: one call in so many is to be tried again; ``every``: seconds.
"""

import json
import os
import random
import sys
import time
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from house import House, Retry

from transload.runner.engine import configure_logging
from transload.runner.workspace.model import Every, RetryPolicy

root, options = Path(sys.argv[1]), json.loads(sys.argv[2])
chance = random.Random(os.getpid())


def call(moment: str) -> None:
    if moment == "before landing":
        (root / f"calling-{os.getpid()}").touch()
        time.sleep(options.get("slow", 0))
        if options.get("fail") and chance.random() < 1 / options["fail"]:
            raise Retry("not now")


def fetch(moment: str) -> None:
    if moment == options.get("wait_in_source"):
        (root / f"fetching-{os.getpid()}").touch()
        time.sleep(30)
    if moment == "receive":
        with (root / "polls").open("a") as log:
            log.write(f"{os.getpid()}\n")


configure_logging("json")
house = House(
    root=root,
    source_act=fetch,
    target_act=call,
    schedule=Every(interval=timedelta(seconds=options.get("every", 3600))),
    order_by=("buyer.name",) if options.get("ordered") else (),
    idempotent=options.get("idempotent", False),
    retry=RetryPolicy(attempts=1000, first=timedelta(milliseconds=20), longest=timedelta(milliseconds=300)),
)
with house.ledger() as ledger:
    house.engine(ledger).serve()
