"""Whether a ledger stays quick when it is full: claiming, listing and searching, small and large, in one run.

    python benchmarks/growth.py [DOCUMENTS] [STORE]

Two ledgers are filled by SQL with finished receipts, documents and deliveries of forty routes, one with 5,000
documents and one with DOCUMENTS (5,000,000), and 200 more that are due in each.  Prints the median time of each
question over both, and its ratio.  STORE is the address of a PostgreSQL database, in which each ledger has a schema of
its own; without it, SQLite is used, on a disk with 1.5 GB for each million.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from transload.runner.ledger import Ledger, State, Store
from transload.runner.ledger.references import Ref
from transload.runner.ledger.searching import Criteria
from transload.runner.reading.duplicates import before

SMALL, DUE, ROUTES, STEP = 5_000, 200, 40, 100_000
BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
_NUMBERS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT {low} UNION ALL SELECT i + 1 FROM n WHERE i < {high})",
    "postgresql": "WITH n AS (SELECT i FROM generate_series({low}, {high}) i)",
}
_ROW = {
    "receipts": {
        "id": "i",
        "connection": "'acme/box'",
        "source_key": "'key ' || i",
        "route": "'acme/orders-' || (i % {routes})",
        "origin": "'/in/' || i || '.edi'",
        "file": "i || '.edi'",
        "metadata": "'{{}}'",
        "digest": "'{digest}'",
        "size": "1000",
        "state": "'PARSED'",
        "position": "1",
        "generation": "0",
        "begun": "0",
        "findings": "'[]'",
        "received_at": "{at} + i * 1000000",
        "finished_at": "{at} + i * 1000000",
        "whole": "{true}",
    },
    "documents": {
        "id": "i",
        "receipt_id": "i",
        "message": "1",
        "ordinal": "1",
        "route": "'acme/orders-' || (i % {routes})",
        "partner": "'acme'",
        "state": "'SENT'",
        "kind": "'ORDERS'",
        "version": "'D:96A'",
        "sender": "'ACME'",
        "receiver": "'US'",
        "interchange": "'' || i",
        "reference": "'1'",
        "wire_digest": "'{digest}'",
        "start": "0",
        "end": "1000",
        "document": "'order/1'",
        "number": "'PO-' || i",
        "product": "'bench'",
        "findings": "'[]'",
        "targets": "1",
        "created_at": "{at} + i * 1000000",
    },
    "deliveries": {
        "id": "i",
        "lane": "'acme/orders-' || (i % {routes}) || '/erp/orders'",
        "target": "'erp/orders'",
        "connection": "'erp/box'",
        "kind": "'document'",
        "state": "CASE WHEN i > {done} THEN 'STAGED' ELSE 'SENT' END",
        "place": "i",
        "behind": "0",
        "holds": "{false}",
        "key": "'key ' || i",
        "body": "'{digest}'",
        "content_type": "'application/json'",
        "metadata": "'{{}}'",
        "tries": "CASE WHEN i > {done} THEN 0 ELSE 1 END",
        "failures": "0",
        "unsure": "{false}",
        "epoch": "0",
        "next_at": "{at}",
        "staged_at": "{at}",
        "finished_at": "CASE WHEN i > {done} THEN NULL ELSE {at} + i * 1000000 END",
        "findings": "'[]'",
        "product": "'bench'",
        "receipt_id": "i",
    },
    "delivery_documents": {"delivery_id": "i", "document_id": "i"},
}


def fill(ledger: Ledger, documents: int) -> None:
    """So many documents, each with a receipt and a delivery; the last 200 are due."""
    content = b"LIN+1'" * 100
    with ledger.read() as connection:
        kind = connection.dialect.name
    booleans = {"sqlite": ("1", "0"), "postgresql": ("true", "false")}[kind]
    blob = ledger.store.prepare(content)
    ledger.database.write(lambda connection: ledger.store.insert(connection, blob))
    facts = {
        "routes": ROUTES,
        "digest": blob.digest,
        "done": documents - DUE,
        "true": booleans[0],
        "false": booleans[1],
    }
    facts["at"] = str(int(BEGIN.timestamp() * 1_000_000))
    for low in range(1, documents + 1, STEP):
        high = min(low + STEP - 1, documents)
        for table, row in _ROW.items():
            names = ", ".join(f'"{name}"' for name in row)
            values = ", ".join(text.format(**facts) for text in row.values())
            numbers = _NUMBERS[kind].format(low=low, high=high)
            statement = f"INSERT INTO {table} ({names}) {numbers} SELECT {values} FROM n"
            if kind == "sqlite":
                statement = f"{numbers} INSERT INTO {table} ({names}) SELECT {values} FROM n"
            ledger.database.write(lambda connection, text=statement: connection.exec_driver_sql(text))
    for route in range(ROUTES):
        ledger.lanes.take(f"acme/orders-{route}/erp/orders", BEGIN + timedelta(days=400))
    if kind == "postgresql":
        ledger.database.write(lambda connection: connection.exec_driver_sql("ANALYZE"))


def questions(ledger: Ledger, documents: int) -> dict[str, Callable[[], object]]:
    """What is asked: by the runner each second, and by people."""
    now = BEGIN + timedelta(days=400)
    lane, middle = "acme/orders-7/erp/orders", documents // 2
    day = BEGIN + timedelta(seconds=middle)

    def claim() -> object:
        epoch = ledger.lanes.take(lane, now)
        assert epoch is not None
        found = ledger.lanes.due(lane, epoch, now, most=5)
        assert len(found) == DUE // ROUTES
        return found

    def searched(**wanted: object) -> Callable[[], object]:
        criteria = Criteria(**wanted)  # type: ignore[arg-type]

        def look() -> object:
            found = ledger.searching.page("document", criteria, 20)
            assert found, wanted
            return found

        return look

    wire = {"of_route": f"acme/orders-{middle % ROUTES}", "of_interchange": str(middle)}
    wire |= {"of_sender": "ACME", "of_receiver": "US", "of_receipt": 0}
    return {
        "which lanes are due": lambda: ledger.lanes.ready(now),
        "which routes have receipts to read": lambda: ledger.arrivals.routes_due(),
        "take a lane and what is due in it": claim,
        "what an interchange has brought before": lambda: ledger.database.rows(before, wire),
        "list the newest documents": lambda: ledger.queries.documents(limit=20),
        "find by order number": searched(number=f"PO-{middle}"),
        "find by control number": searched(control=str(middle)),
        "find by file": searched(file=f"{middle}.edi"),
        "find by route and minute": searched(
            route=f"acme/orders-{middle % ROUTES}", since=day, until=day + timedelta(minutes=1)
        ),
        "the whole story of a document": lambda: ledger.queries.journey(Ref("document", middle)),
        "what waits, by lane": lambda: ledger.lanes.waiting(),
        "deliveries that are dead": lambda: ledger.queries.deliveries(states=(State.DEAD,)),
    }


def timed(work: Callable[[], object], rounds: int = 15) -> float:
    """The median of so many."""
    work()
    found = []
    for _ in range(rounds):
        begin = time.perf_counter()
        work()
        found.append(time.perf_counter() - begin)
    return statistics.median(found)


def main() -> None:
    large = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000_000
    address = sys.argv[2] if len(sys.argv) > 2 else None
    with tempfile.TemporaryDirectory() as name:
        ledgers = {}
        for size in (SMALL, large):
            url = address or f"sqlite:///{Path(name)}/{size}.db"
            ledgers[size] = Ledger(Store(url=url, schema=f"growth_{size}")).open()
            begin = time.perf_counter()
            fill(ledgers[size], size)
            print(f"{size:>9,} documents, filled in {time.perf_counter() - begin:,.0f} s", flush=True)
        times: dict[int, dict[str, float]] = {size: {} for size in ledgers}
        for what in questions(ledgers[SMALL], SMALL):
            for size, ledger in ledgers.items():
                times[size][what] = timed(questions(ledger, size)[what])
        for what, small in times[SMALL].items():
            great = times[large][what]
            print(f"{what:<36} {small * 1e3:>9.2f} ms {great * 1e3:>9.2f} ms   ratio {great / small:.2f}")
        for ledger in ledgers.values():
            ledger.close()


if __name__ == "__main__":
    main()
