"""How fast whole passes are, beside bare loops that do the same work with no ledger; what an idle service costs.

    python benchmarks/runner.py interchange [DOCUMENTS] [ROUNDS]
    python benchmarks/runner.py files [DOCUMENTS] [ROUNDS]
    python benchmarks/runner.py batched [DOCUMENTS] [ROUNDS]
    python benchmarks/runner.py workers [DOCUMENTS] [ROUNDS]
    python benchmarks/runner.py idle [SECONDS]

``interchange``: one EDIFACT interchange of orders from a folder, out as one JSON file each.  The bare loop reads,
decodes and validates the same messages, writes them by the same mapping, and forces each file to disk under another
name before it gets its own, as ours does.  ``files``: the same for files of one message, which the bare loop lists,
reads, and renames afterwards; ours with one thread, and with the four that `run` and `serve` begin with.  ``batched``:
an interchange out as one file of all its orders; the bare loop decodes and maps, and writes nothing.  Ours commits each
receipt, document, attempt and outcome to a ledger besides.

``workers``: orders that are read and mapped and go nowhere, by one process and by two that share a ledger on a
PostgreSQL server of their own, all on the same cores.  The processor time of the workers says what more would do.

``idle``: a service with 50 routes that look into empty folders once a minute.

Measured in turns; medians of wall clock and of processor time, as much of the work is waiting for the disk.
"""

import gc
import os
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import product
from pathlib import Path

from corpus import Orders
from impact import ERP, WRITES
from sqlalchemy import make_url

from transload.adapters.base import Context
from transload.runner.engine import Engine
from transload.runner.ledger import Ledger
from transload.runner.ledger.receipts import Arrival
from transload.runner.workspace import Workspace, load_workspace

WORKSPACE = """\
workspace: bench
store: {store}
environment: production
identities: {{edifact: {{id: US, qualifier: "14"}}}}
"""
ROUTE = """\
  {name}:
    from: {{connection: box, folder: {folder}, pattern: "*.edi", stable: none, at_most: 1000000, afterwards: {after}}}
    every: {every}
    mappings: ["library:edifact/orders-d96a"]
    to: [{to}]
"""
ACME = """\
partner: acme
connections:
  box: {{adapter: files, root: {root}}}
receive:
"""


def workspace(
    folder: Path, routes: int, *, store: str, to: str, every: str = "1h", after: str = "move", batched: bool = False
) -> None:
    """Write one whose ``routes`` read the folders in1, in2, ..., and move what they have read."""
    for name in (*(f"in{number}" for number in range(1, routes + 1)), "out", "mappings/acme", "mappings/erp"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "transload.yaml").write_text(WORKSPACE.format(store=store))
    after = "{move: done}" if after == "move" else after
    blocks = [
        ROUTE.format(name=f"orders-{number}", folder=f"in{number}", to=to, every=every, after=after)
        for number in range(1, routes + 1)
    ]
    (folder / "mappings/acme/partner.yaml").write_text(ACME.format(root=folder) + "".join(blocks))
    erp = ERP.format(root=folder)
    if batched:
        erp = erp.replace("{document.number}", "{receipt.id}") + "    batch: receipt\n"
    (folder / "mappings/erp/partner.yaml").write_text(erp)
    writes = WRITES.replace("{type: json}", '{type: json, items: "$"}') if batched else WRITES
    (folder / "mappings/erp/order.yaml").write_text(writes)


def interchange(orders: Orders, first: int, count: int, reference: int) -> bytes:
    """An interchange of so many orders."""
    rows = [f"UNB+UNOC:3+ACME:14+US:14+260101:0800+{reference}"]
    for message in range(1, count + 1):
        segments = orders.edifact(first + message)
        rows += [f"UNH+{message}+ORDERS:D:96A:UN:EAN008", *segments, f"UNT+{len(segments) + 2}+{message}"]
    rows.append(f"UNZ+{count}+{reference}")
    return "".join(f"{row}'" for row in rows).encode("latin-1")


def offer(folder: Path, documents: int, each: int) -> None:
    """Lay interchanges of ``each`` orders into the folder."""
    orders = Orders()
    for number in range(0, documents, each):
        content = interchange(orders, number, min(each, documents - number), number + 1)
        (folder / f"{number:07}.edi").write_bytes(content)


def bare(loaded: Workspace, source: Path, target: Path, done: Path) -> int:
    """The work without a ledger; gives the number of documents."""
    route, send = loaded.receive_route("acme/orders-1"), loaded.send_route("erp/orders")
    mapping, reader = route.mappings[0], route.format()
    writing, writer = send.mapping, send.format()
    context = Context(now=datetime.now(UTC))
    folder = os.open(target, os.O_RDONLY | os.O_DIRECTORY)
    count = 0
    for file in sorted(source.iterdir()):
        for message in reader.read(file.read_bytes()):
            for document in mapping.decode(message).documents:
                content = writer.write([writing.encode(document, context)], envelope=None, context=context)
                hidden = target / f".{document.number}.part"
                with hidden.open("xb") as stream:
                    stream.write(content)
                    stream.flush()
                    os.fsync(stream.fileno())
                hidden.rename(target / f"{document.number}.json")
                os.fsync(folder)
                count += 1
        file.rename(done / file.name)
    os.close(folder)
    return count


def decoded_and_mapped(loaded: Workspace, source: Path) -> int:
    """The work without a ledger and without a file; gives the number of documents."""
    mapping, reader = (route := loaded.receive_route("acme/orders-1")).mappings[0], route.format()
    writing = loaded.send_route("erp/orders").mapping
    context = Context(now=datetime.now(UTC))
    count = 0
    for file in sorted(source.iterdir()):
        for message in reader.read(file.read_bytes()):
            for document in mapping.decode(message).documents:
                writing.encode(document, context)
                count += 1
    return count


def written(folder: Path, *, batched: bool) -> int:
    """The orders in the files of a folder."""
    files = list(folder.glob("*.json"))
    if not batched:
        return len(files)
    assert len(files) == 1, files
    return files[0].read_bytes().count(b'"number"')


def clocked(work: Callable[[], int], documents: int) -> tuple[float, float]:
    """Seconds of wall clock and of processor time that ``work`` takes, which must give ``documents``."""
    before, begin = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    found = work()
    wall, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_SELF)
    assert found == documents, f"{found} of {documents}"
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def passes(documents: int, rounds: int, each: int, *, batched: bool = False, threads: Sequence[int] = (4,)) -> None:
    """A pass and the bare loop, in turns."""
    gc.set_threshold(50_000)  # as the command does when it begins
    names = {count: f"transload, {count} thread{'s' if count > 1 else ''}" for count in threads}
    figures: dict[str, list[tuple[float, float]]] = {"bare loop": [], **{name: [] for name in names.values()}}
    for _, count in product(range(rounds), threads):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            workspace(folder, 1, store="sqlite:///var/ledger.db", to="erp/orders", after="move", batched=batched)
            offer(folder / "in1", documents, each)
            for extra in ("bare-in", "bare-out", "bare-done"):
                (folder / extra).mkdir()
            for file in (folder / "in1").iterdir():
                shutil.copy(file, folder / "bare-in" / file.name)
            loaded = load_workspace(folder)
            loaded.receive_route("acme/orders-1").mappings[0].decode  # noqa: B018  # compiled before the clock runs
            gc.freeze()  # as `run` and `serve` do once their workspace is loaded
            work = (folder / "bare-in", folder / "bare-out", folder / "bare-done")
            alone = decoded_and_mapped if batched else bare
            given = work[:1] if batched else work
            if count == threads[0]:
                figures["bare loop"].append(clocked(partial(alone, loaded, *given), documents))
            with Ledger(loaded.store) as ledger:
                engine = Engine(loaded, ledger, workers=count)

                def run(engine: Engine = engine, out: Path = folder / "out") -> int:
                    summary = engine.run_pass()
                    assert summary.exit_code == 0, summary
                    return written(out, batched=batched)

                figures[names[count]].append(clocked(run, documents))
    bare_wall, bare_used = (statistics.median(column) for column in zip(*figures["bare loop"], strict=True))
    for name, found in figures.items():
        wall, used = (statistics.median(column) for column in zip(*found, strict=True))
        ratios = f"   ratio {bare_wall / wall:.2f} by wall clock, {bare_used / used:.2f} by processor time"
        print(
            f"{name:<20} {documents / wall:>7,.0f} documents/s {used / documents * 1e6:>7,.0f} µs processor each"
            f"{ratios if found is not figures['bare loop'] else ''}"
        )


def serving(folder: Path, count: int) -> list[subprocess.Popen[bytes]]:
    """So many service processes over the workspace."""
    command = [sys.executable, "-m", "transload.runner.cli", "serve", "--workspace", str(folder), "--json"]
    log = (folder / "serve.log").open("ab")
    with log:
        return [subprocess.Popen(command, stderr=log) for _ in range(count)]


def processor(process: "subprocess.Popen[bytes]") -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ended(processes: list["subprocess.Popen[bytes]"]) -> None:
    """Tell them to end, and wait."""
    for process in processes:
        process.send_signal(signal.SIGTERM)
    for process in processes:
        process.wait(60)


def workers(documents: int, rounds: int) -> None:
    """One process and two."""
    sys.path.insert(0, str(Path(__file__).parent.parent))
    from tests.postgresql import binaries, running

    programs = binaries()
    if programs is None:
        sys.exit("no PostgreSQL server: apt-get install postgresql")
    routes = 8
    seconds: dict[int, list[tuple[float, float]]] = {1: [], 2: []}
    with running(programs) as server:
        for _ in range(rounds):
            for count in seconds:
                with tempfile.TemporaryDirectory() as name:
                    folder = Path(name)
                    address = make_url(server.url(server.clean_database()))
                    os.environ["TRANSLOAD_BENCH"] = address.password or ""
                    plain = address._replace(password=None).render_as_string()
                    store = f"{{url: '{plain}', password: '${{env:TRANSLOAD_BENCH}}'}}"
                    workspace(folder, routes, store=store, to="", after="keep")
                    for number in range(1, routes + 1):
                        offer(folder / f"in{number}", documents // routes, 50)
                    loaded = load_workspace(folder)
                    with Ledger(loaded.store) as ledger:
                        _received(loaded, ledger)
                        processes = serving(folder, count)
                        until(lambda ledger=ledger: ledger.arrivals.routes_due() != [] and _begun(ledger))
                        begin, used = time.perf_counter(), sum(map(processor, processes))
                        at = _done(ledger)
                        until(lambda ledger=ledger: ledger.arrivals.routes_due() == [])
                        wall = time.perf_counter() - begin
                        work = sum(map(processor, processes)) - used
                        ended(processes)
                    seconds[count].append((wall / (documents - at), work / (documents - at)))
    one, two = (statistics.median(wall for wall, _ in seconds[count]) for count in (1, 2))
    cpu = {count: statistics.median(work for _, work in seconds[count]) for count in seconds}
    print(f"1 worker   {1 / one:>7,.0f} documents/s   {cpu[1] * 1e6:>6,.0f} µs processor each")
    print(f"2 workers  {1 / two:>7,.0f} documents/s   {cpu[2] * 1e6:>6,.0f} µs processor each")
    print(f"ratio {one / two:.2f}; four on four cores of their own, by processor time: {4 / cpu[2]:,.0f} documents/s")


def _received(loaded: Workspace, ledger: Ledger) -> None:
    """Let everything arrive, so that only reading and mapping are left."""
    for route in loaded.receive_routes.values():
        number = route.name.rpartition("-")[2]
        for file in sorted((loaded.folder / f"in{number}").iterdir()):
            arrival = Arrival(
                route=route.ref,
                lane=f"in:{route.ref}",
                connection=route.connection.ref,
                source_key=f"{number}/{file.name}",
                origin=file.name,
                content=file.read_bytes(),
            )
            ledger.arrivals.add(arrival, datetime.now(UTC))
            file.unlink()
    ledger.belong(loaded.environment)


def _done(ledger: Ledger) -> int:
    with ledger.read() as connection:
        found: int = connection.exec_driver_sql("SELECT count(*) FROM documents").scalar_one()
        return found


def _begun(ledger: Ledger) -> bool:
    return _done(ledger) >= 200


def until(condition: Callable[[], bool], seconds: float = 600.0) -> None:
    """Wait for it."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            sys.exit("it did not happen")
        time.sleep(0.05)


def idle(seconds: int) -> None:
    """What a service with nothing to do costs."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        workspace(folder, 50, store="sqlite:///var/ledger.db", to="erp/orders", every="1m")
        with Ledger(load_workspace(folder).store):  # its tables are there, as at every start but the first
            pass
        (process,) = serving(folder, 1)
        until(lambda: '"serving"' in (folder / "serve.log").read_text())
        time.sleep(10)
        before, begin = processor(process), time.perf_counter()
        time.sleep(seconds)
        used = (processor(process) - before) / (time.perf_counter() - begin)
        status = dict(line.split(":", 1) for line in Path(f"/proc/{process.pid}/status").read_text().splitlines())
        size = int(status["VmRSS"].split()[0]) / 1024
        print(f"50 routes, each once a minute: {used:.2%} of a core, {size:.0f} MB resident")
        ended([process])


def main() -> None:
    what, *numbers = sys.argv[1:] or [""]
    given = [int(number) for number in numbers]
    if what == "interchange":
        passes(*_defaults(given, 10_000, 5), each=1_000_000)
    elif what == "files":
        passes(*_defaults(given, 10_000, 5), each=1, threads=(1, 4))
    elif what == "batched":
        passes(*_defaults(given, 10_000, 5), each=1_000_000, batched=True)
    elif what == "workers":
        workers(*_defaults(given, 16_000, 3))
    elif what == "idle":
        idle(given[0] if given else 60)
    else:
        sys.exit(__doc__)


def _defaults(given: list[int], documents: int, rounds: int) -> tuple[int, int]:
    return (given[0] if given else documents, given[1] if len(given) > 1 else rounds)


if __name__ == "__main__":
    main()
