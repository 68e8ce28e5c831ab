"""A process that replays everything of a house in bulk, and kills itself before or after one of its commits.

Usage: bulk_worker.py ROOT WAY WHERE NUMBER, where WAY is a way to replay, WHERE ``before`` or ``after``, and NUMBER the
number of the commit.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from house import House, die

from transload.runner.ledger.database import Database
from transload.runner.ledger.repeating import Who
from transload.runner.ledger.searching import Criteria
from transload.runner.replays.chosen import SUBJECT, chosen

root, way, where, number = sys.argv[1:]
write, count = Database.write, 0


def counted(self, work, **options):
    global count
    count += 1
    mine = count
    if mine == int(number) and where == "before":
        die()
    result = write(self, work, **options)
    if mine == int(number) and where == "after":
        die()
    return result


with House(root=Path(root)).ledger() as ledger:
    Database.write = counted
    now = datetime.now(UTC)
    bulk = ledger.bulks.left(way, {})
    if bulk is None:
        picked = chosen(ledger, way, SUBJECT[way], ledger.searching.ids(SUBJECT[way], Criteria()))
        bulk = ledger.bulks.begin(way, {}, picked.items, now, who=Who(by="ann"))
    while ledger.bulks.step(bulk.id, now, most=2):
        pass
