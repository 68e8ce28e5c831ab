"""How fast the ledger takes receipts in and drains lanes, with every commit forced to disk.

    python benchmarks/ledger.py [ROWS] [ROUNDS] [STORE]

STORE is the address of a PostgreSQL database, in which each cell makes a schema of its own; without it, SQLite is used.
Prints rows per second, the median of the rounds; the cells of a round run one after
another, so that each meets the same machine.  The time of the disk is part of it:
wall clock, not processor time.
"""

import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from transload.adapters.base import Answer, Outbound, Settings, Target
from transload.runner.delivering.delivering import Delivering
from transload.runner.ledger import Ledger, State, Store
from transload.runner.ledger.databases.claims import OwnClaims
from transload.runner.ledger.drafts import Draft, Frozen
from transload.runner.ledger.portions import Parsed, Portion
from transload.runner.ledger.receipts import Arrival, Receipt
from transload.runner.lines.gates import Gates
from transload.runner.lines.lines import Outlet
from transload.runner.lines.summary import Tally
from transload.runner.workspace.limits import Limits
from transload.runner.workspace.model import RetryPolicy

CONTENT = (b"LIN+1++4000862141404:EN'QTY+21:24:PCE'PRI+AAA:12.50'" * 20)[:1000]


def now() -> datetime:
    return datetime.now(UTC)


def arrival(number: int) -> Arrival:
    content = b"%d " % number + CONTENT
    return Arrival(
        route="a/b", lane="in:a/b", connection="a/c", source_key=str(number), origin=f"/out/{number}", content=content
    )


def ingest(ledger: Ledger, rows: int, callers: int) -> None:
    if callers == 1:
        for number in range(rows):
            ledger.arrivals.add(arrival(number), now())
        return
    with ThreadPoolExecutor(callers) as pool:
        list(pool.map(lambda number: ledger.arrivals.add(arrival(number), now()), range(rows)))


def ingest_alone(ledger: Ledger, rows: int, callers: int) -> None:
    """Each caller commits for itself, which is what the group commit is measured against."""
    turn = threading.Lock()
    write = ledger.database.write

    def one(work: Callable[..., object], **named: Any) -> object:
        with turn:
            return write(work, **named)

    ledger.database.write = one  # type: ignore[method-assign,assignment]
    ingest(ledger, rows, callers)


def receipt(ledger: Ledger) -> tuple[Receipt, int]:
    ledger.arrivals.add(arrival(0), now())
    found = ledger.arrivals.due("a/b")[0]
    assert found is not None
    return found, ledger.lanes.take("in:a/b", now()) or 0


def stage(ledger: Ledger, rows: int, lanes: int = 1) -> None:
    found, epoch = receipt(ledger)

    def parsed(number: int) -> Parsed:
        draft = Draft(
            lane=f"a/b/c/{number % lanes}",
            target="c/d",
            connection="c/e",
            key=f"key {number}",
            freeze=lambda numbers: Frozen(content=b"%d " % numbers.next("n") + CONTENT),
        )
        return Parsed(
            message=number,
            ordinal=1,
            state=State.STAGED,
            partner="a",
            wire_digest="0" * 64,
            canonical='{"number":"1"}' * 30,
            passed=(State.PARSED, State.VALIDATED, State.MAPPED),
            drafts=(draft,),
        )

    for start in range(0, rows, 100):
        batch = [parsed(number) for number in range(start, min(start + 100, rows))]
        portion = Portion(receipt=found, parsed=batch, position=start + 100)
        ledger.staging.stage([portion], now(), lane="in:a/b", epoch=epoch)


class Sink(Target[Settings, Settings]):
    """Takes everything at once."""

    idempotent = True

    def deliver(self, outbound: Outbound) -> Answer:
        return Answer(summary="taken")


class Way:
    connection = SimpleNamespace(ref="c/e", limits=Limits())

    def target(self) -> Sink:
        return Sink(Settings(), Settings())


def outlet(lane: int) -> Outlet:
    return Outlet(
        lane=f"a/b/c/{lane}",
        target="c/d",
        connection="c/e",
        settings="",
        retry=RetryPolicy(),
        hold=False,
        way=Way(),  # type: ignore[arg-type]
    )


def drain(ledger: Ledger, lanes: int) -> None:
    gates = Gates(ledger, OwnClaims(), clock=now, wake=lambda names: None)  # type: ignore[arg-type]
    delivering = Delivering(
        ledger, Tally(), gates, clock=now, stopping=lambda: False, readers={}, arrived=lambda lane: None
    )

    def one(lane: int) -> None:
        while delivering.drain(outlet(lane)) is not None:
            pass

    with ThreadPoolExecutor(lanes) as pool:
        list(pool.map(one, range(lanes)))


def store(folder: Path) -> Store:
    if len(sys.argv) > 3:
        return Store(url=sys.argv[3], schema=f"cell_{folder.name}")
    return Store(url=f"sqlite:///{folder}/ledger.db")


def timed(prepare: Callable[[Ledger], None], work: Callable[[Ledger], None], rows: int, left: int) -> float:
    """Rows per second of ``work``; ``left`` deliveries must be unfinished after it."""
    with tempfile.TemporaryDirectory() as folder, Ledger(store(Path(folder))) as ledger:
        prepare(ledger)
        begin = time.perf_counter()
        work(ledger)
        seconds = time.perf_counter() - begin
        assert sum(sum(counts.values()) for counts in ledger.lanes.waiting().values()) == left
    return rows / seconds


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5

    def nothing(ledger: Ledger) -> None:
        return None

    cells: dict[str, tuple[Callable[[Ledger], None], Callable[[Ledger], None], int]] = {
        "receipts, 1 caller": (nothing, lambda ledger: ingest(ledger, rows, 1), 0),
        "receipts, 32 callers, each its own commit": (nothing, lambda ledger: ingest_alone(ledger, rows, 32), 0),
        "receipts, 32 callers, group commit": (nothing, lambda ledger: ingest(ledger, rows, 32), 0),
        "documents staged, 100 a transaction": (nothing, lambda ledger: stage(ledger, rows), rows),
        "deliveries drained, 1 lane": (lambda ledger: stage(ledger, rows), lambda ledger: drain(ledger, 1), 0),
        "deliveries drained, 4 lanes": (lambda ledger: stage(ledger, rows, 4), lambda ledger: drain(ledger, 4), 0),
    }
    rates: dict[str, list[float]] = {name: [] for name in cells}
    for _ in range(rounds):
        for name, (prepare, work, left) in cells.items():
            rates[name].append(timed(prepare, work, rows, left))
    for name, found in rates.items():
        spread = f"{min(found):,.0f} to {max(found):,.0f}"
        print(f"{name:<45} {statistics.median(found):>9,.0f} rows/s   ({spread})")


if __name__ == "__main__":
    main()
