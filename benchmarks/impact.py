"""How fast `transload impact` compares what is stored with what would be made now, beside a bare decode loop.

    python benchmarks/impact.py [DOCUMENTS] [MESSAGES A FILE] [ROUNDS]

Orders (EDIFACT D.96A) are received and written as JSON files by the engine itself; then one unit code of the mapping is
changed, and the impact is computed over all of them.  The bare loop reads and decodes the same payloads, and nothing
more.  Both are measured in turns in the same run, by processor time; what impact names must be exactly the orders that
hold the unit.  Memory is the growth of the largest resident size while impact runs.
"""

import gc
import json
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

from corpus import Orders

from transload.runner.engine import Engine
from transload.runner.impact import Asked, Impact, impact_of
from transload.runner.ledger import Ledger
from transload.runner.workspace import Workspace, load_workspace

WORKSPACE = """\
workspace: bench
store: sqlite:///var/ledger.db
environment: production
identities: {edifact: {id: US, qualifier: "14"}}
"""
ACME = """\
partner: acme
connections:
  box: {{adapter: files, root: {root}}}
receive:
  orders:
    from: {{connection: box, folder: in, pattern: "*.edi", stable: none, afterwards: delete}}
    mappings: [orders.yaml]
    to: [erp/orders]
"""
ERP = """\
partner: erp
connections:
  box: {{adapter: files, root: {root}}}
send:
  orders:
    take: {{document: order/1}}
    mapping: order.yaml
    to: {{connection: box, folder: out, file: "{{document.number}}.json"}}
"""
READS = """\
mapping: acme-orders
extends: library:edifact/orders-d96a
version: 1
codes: {{uom: {{STK: {unit}}}}}
"""
WRITES = """\
mapping: erp-order
version: 1
document: order/1
format: {type: json}
loses: ["*"]
layout:
  - number: =number
  - date: =issued_on | date(iso)
  - in: buyer
    buyer: {gln: =gln, name: =name}
  - each: lines
    items: {position: =number, gtin: =gtin, quantity: =quantity | number, unit: =uom, price: =price | number}
"""
EVERY = 3
"""One order in so many holds the unit that is changed."""


def prepare(folder: Path, documents: int, each: int) -> set[str]:
    """Write the workspace and the interchanges; gives the numbers of the orders that hold the unit."""
    for name in ("in", "out", "mappings/acme", "mappings/erp"):
        (folder / name).mkdir(parents=True)
    (folder / "transload.yaml").write_text(WORKSPACE)
    (folder / "mappings/acme/partner.yaml").write_text(ACME.format(root=folder))
    (folder / "mappings/erp/partner.yaml").write_text(ERP.format(root=folder))
    (folder / "mappings/erp/order.yaml").write_text(WRITES)
    change(folder, "EA")
    orders = Orders()
    affected: set[str] = set()
    number = 0
    for file in range(-(-documents // each)):
        rows = [f"UNB+UNOC:3+ACME:14+US:14+260101:0800+{file + 1}"]
        count = min(each, documents - number)
        for message in range(1, count + 1):
            segments = orders.edifact(number)
            if number % EVERY == 0:
                quantity = next(index for index, text in enumerate(segments) if text.startswith("QTY+"))
                segments[quantity] = segments[quantity].replace(":PCE", ":STK")
                affected.add(f"PO{4_000_000 + number}")
            rows += [f"UNH+{message}+ORDERS:D:96A:UN:EAN008", *segments, f"UNT+{len(segments) + 2}+{message}"]
            number += 1
        rows.append(f"UNZ+{count}+{file + 1}")
        (folder / "in" / f"{file:06}.edi").write_bytes("".join(f"{row}'" for row in rows).encode("latin-1"))
    return affected


def change(folder: Path, unit: str) -> None:
    """Let the unit STK mean ``unit``."""
    (folder / "mappings/acme/orders.yaml").write_text(READS.format(unit=unit))


def bare(workspace: Workspace, payloads: list[bytes]) -> int:
    """Read and decode the payloads; gives the number of documents."""
    route = workspace.receive_route("acme/orders")
    mapping, reader = route.mappings[0], route.format()
    return sum(len(mapping.decode(message).documents) for payload in payloads for message in reader.read(payload))


def numbers_of(ledger: Ledger, found: Impact) -> set[str]:
    """The orders that an impact names."""
    rows = ledger.queries.documents(limit=1_000_000)
    numbers = {row["ref"]: row["number"] for row in rows}
    return {numbers[ref] for ref in found.as_dict()["changed"]}


def main() -> None:
    documents = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    each = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 3
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        affected = prepare(folder, documents, each)
        payloads = [path.read_bytes() for path in sorted((folder / "in").iterdir())]
        before = load_workspace(folder)
        with Ledger(before.store) as ledger:
            began = time.perf_counter()
            while any((folder / "in").iterdir()):  # a pass takes a thousand files
                Engine(before, ledger).run_pass()
            print(f"{documents} orders received and sent in {time.perf_counter() - began:.1f} s")
            change(folder, "PK")
            after = load_workspace(folder)
            bare(after, payloads[:1])
            gc.freeze()
            times: dict[str, list[float]] = {"bare decode": [], "impact": [], "impact, against now": []}
            bare(after, payloads)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            results: list[Impact] = []
            for _ in range(rounds):
                begin = time.process_time()
                bare(after, payloads)
                times["bare decode"].append(time.process_time() - begin)
                for label, against in (("impact", None), ("impact, against now", "now")):
                    begin = time.process_time()
                    found = impact_of(after, ledger, Asked(against=against))
                    times[label].append(time.process_time() - begin)
                    results.append(found)
            grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak
            for found in results:
                assert numbers_of(ledger, found) == affected, "other orders than those that hold the unit"
                assert len(found.changed) == len(affected)
    base = statistics.median(times["bare decode"])
    for label, spent in times.items():
        median = statistics.median(spent)
        print(
            f"{label:<22} {median:7.2f} s  {documents / median:8,.0f} documents/s  {median / base:5.2f} of bare decode"
        )
    print(f"named exactly the {len(affected)} changed of {documents}; memory grew by {grown / 1024:.0f} MB")
    told = found.as_dict()["differences"]
    print(json.dumps([{key: group[key] for key in ("what", "name", "documents")} for group in told]))


if __name__ == "__main__":
    main()
