"""The chaos run: ``python -m tests.chaos --minutes 20 --seed 7 --store postgresql --workers 2``.

Ends with 1 where anything was lost, came twice, out of order or to no end, with the evidence; the folder with the
logs and the ledger is kept then.
"""

import argparse
import random
import shutil
import sys
import tempfile
from pathlib import Path

from tests.chaos.run import Pace, Report, chaos


def main() -> int:
    """Run it, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=20.0, help="how long trouble is made")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(100_000))
    parser.add_argument("--store", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--workers", type=int, help="service processes; 2 on PostgreSQL, 1 on SQLite")
    parser.add_argument("--keep", action="store_true", help="keep the folder with the logs and the ledger")
    asked = parser.parse_args()
    workers = asked.workers or (1 if asked.store == "sqlite" else 2)
    if asked.store == "sqlite" and workers > 1:
        parser.error("on SQLite one service works at a time")
    folder = Path(tempfile.mkdtemp(prefix="transload-chaos-"))
    print(f"seed {asked.seed}, {asked.store}, {workers} workers, {asked.minutes:g} minutes, in {folder}", flush=True)
    report = chaos(folder, store=asked.store, workers=workers, seconds=asked.minutes * 60, seed=asked.seed, pace=Pace())
    print(table(report))
    if report.wrong or asked.keep:
        print(f"logs: {folder}")
    else:
        shutil.rmtree(folder)
    return int(bool(report.wrong))


def table(report: Report) -> str:
    """The facts as a table, and below it what is wrong."""
    width = max(map(len, report.facts))
    rows = [f"{name:<{width}} | {value}" for name, value in report.facts.items()]
    verdict = [f"WRONG: {what}" for what in report.wrong] or ["nothing is wrong"]
    return "\n".join([*rows, *verdict])


if __name__ == "__main__":
    sys.exit(main())
