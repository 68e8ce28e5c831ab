"""A process that runs one pass of a house and kills itself on the way: at a moment of an adapter, or around a commit.

Usage: crash_worker.py ROOT WHERE WHAT OPTIONS, where WHERE is ``source``, ``target``, ``before commit``,
``after commit``, ``before staging``, ``departing`` or ``none``, WHAT is the adapter's moment or the number of the
commit, and OPTIONS are the house's, as JSON.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from house import House, Script, die

from transload.runner.ledger.database import Database
from transload.runner.ledger.departures import Departures
from transload.runner.ledger.staging import Staging
from transload.runner.workspace.model import Batching


def die_at_commit(where: str, number: int) -> None:
    """Let the ledger's commits be counted, and end the process before or after one of them."""
    write = Database.write
    count = 0

    def counted(self, work, **options):
        nonlocal count
        count += 1
        mine = count
        if mine == number and where == "before commit":
            die()
        result = write(self, work, **options)
        if mine == number and where == "after commit":
            die()
        return result

    Database.write = counted


def die_before_closing() -> None:
    """End the process after one batch of a receipt was staged."""
    stage = Staging.stage

    def once(self, portions, *arguments, **options):
        if all(each.closing is None for each in portions):
            stage(self, portions, *arguments, **options)
        die()

    Staging.stage = once


def die_at_departure() -> None:
    """End the process while a batch of several receipts is written."""
    Departures.depart = lambda self, *arguments, **options: die()


root, where, what, options = sys.argv[1:]
acts = {f"{where}_act": Script(at=what, steps=["die"])} if where in ("source", "target") else {}
options = json.loads(options)
if "batch" in options:
    options["batch"] = Batching(**options["batch"])
house = House(root=Path(root), **acts, **options)
with house.ledger() as ledger:
    engine = house.engine(ledger, workers=1)
    if where.endswith("commit"):
        die_at_commit(where, int(what))
    if where == "before staging":
        die_before_closing()
    if where == "departing":
        die_at_departure()
    engine.run_pass()
