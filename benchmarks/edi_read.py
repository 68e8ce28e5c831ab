"""How fast EDI is read, as a ratio to pydifact in the same run.

    TRANSLOAD_SHARED=../shared python benchmarks/edi_read.py [messages]

Interleaved, medians of five, processor time.  The corpus is made by bench/gen_corpus.py of
the shared folder; without that folder the script says so and ends.  pydifact's rate is
that of ``Interchange.from_str`` with all messages taken out; ours is from bytes to split
segments, without and with the guide, for plain files and files with a line for each segment.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

from pydifact.segmentcollection import Interchange

from transload.adapters.edi import EdifactFormat, X12Format
from transload.adapters.edi.options import EdifactOptions, X12Options

ROOT = Path(__file__).parents[1]
GENERATOR = (ROOT / os.environ.get("TRANSLOAD_SHARED", "../shared")).resolve() / "bench" / "gen_corpus.py"
ROUNDS = 5


def corpus(folder: Path, kind: str, messages: int, *options: str) -> bytes:
    path = folder / f"{kind}{''.join(options)}.edi"
    command = [sys.executable, str(GENERATOR), kind, str(messages), str(path), *options]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return path.read_bytes()


def segments(reading: object) -> int:
    return sum(len(message.body.segments) for message in reading)  # type: ignore[attr-defined]


def main() -> int:
    if not GENERATOR.is_file():
        print(f"no corpus: {GENERATOR} does not exist (set TRANSLOAD_SHARED)")
        return 2
    warnings.simplefilter("ignore")  # pydifact warns for each segment that its wheel holds no directories
    messages = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        orders = corpus(folder, "orders", messages)
        lines = corpus(folder, "orders", messages, "--newline")
        purchases = corpus(folder, "850", messages)
    edifact = EdifactFormat(EdifactOptions(check="envelope"))
    guided = EdifactFormat(EdifactOptions())
    x12, x12_guided = X12Format(X12Options(check="envelope")), X12Format(X12Options())
    text = orders.decode("latin-1")
    jobs: dict[str, tuple[bytes, Callable[[], int]]] = {
        "pydifact, ORDERS": (orders, lambda: sum(len(m.segments) for m in Interchange.from_str(text).get_messages())),
        "ORDERS": (orders, lambda: segments(edifact.read(orders))),
        "ORDERS, a line each": (lines, lambda: segments(edifact.read(lines))),
        "ORDERS, with guide": (orders, lambda: segments(guided.read(orders))),
        "850": (purchases, lambda: segments(x12.read(purchases))),
        "850, with guide": (purchases, lambda: segments(x12_guided.read(purchases))),
    }
    taken: dict[str, list[float]] = {job: [] for job in jobs}
    counted: dict[str, int] = {}
    for _ in range(ROUNDS):
        for job, (_, run) in jobs.items():
            started = time.process_time()
            counted[job] = run()
            taken[job].append(time.process_time() - started)
    rates = {job: len(jobs[job][0]) / statistics.median(times) / 1e6 for job, times in taken.items()}
    peer = rates["pydifact, ORDERS"]
    print(f"{messages} messages each, medians of {ROUNDS}, processor time")
    for job, rate in rates.items():
        print(f"{job:22} {rate:6.1f} MB/s  x{rate / peer:5.1f} pydifact  {counted[job]} segments")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
