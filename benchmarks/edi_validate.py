"""How fast messages are validated by their guides, as ratios to others in the same run.

    TRANSLOAD_SHARED=../shared python benchmarks/edi_validate.py [messages]

Interleaved, medians of five, processor time, in one process.  The corpus and the measuring stick are those of bench/ in
the shared folder (gen_corpus.py, cpython_limit.py); without it the script says so and ends.  The stick checks order and
contents by a table and one expression for each segment, on raw segments: it is timed on segments that are split
already, as ours is, and from bytes, as it reports itself.  pydifact's rate is that of taking all messages out of the
interchange.  Loading a guide is timed in fresh interpreters.
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
from transload.adapters.edi.guides import find_guide
from transload.adapters.edi.options import EdifactOptions, X12Options

ROOT = Path(__file__).parents[1]
BENCH = (ROOT / os.environ.get("TRANSLOAD_SHARED", "../shared")).resolve() / "bench"
ROUNDS = 5
COLD = """
import time; from pathlib import Path
from transload.adapters.edi.guides import find_guide
started = time.process_time()
guide = find_guide({standard!r}, {message!r}, {version!r}, [Path(folder) for folder in {folders!r}])
guide.prepare()
print(time.process_time() - started)
"""


def corpus(folder: Path, kind: str, messages: int) -> bytes:
    path = folder / f"{kind}.edi"
    command = [sys.executable, str(BENCH / "gen_corpus.py"), kind, str(messages), str(path)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return path.read_bytes()


def cold(standard: str, message: str, version: str, folders: list[str]) -> float:
    script = COLD.format(standard=standard, message=message, version=version, folders=folders)
    runs = [
        float(subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout)
        for _ in range(ROUNDS)
    ]
    return statistics.median(runs)


def large(folder: Path) -> str:
    """A directory as large as those of the United Nations: 140 segments, 700 elements, 25,000 codes."""
    elements = [f"{1000 + number * 9}" for number in range(700)]
    composites = [f"C{number}" for number in range(100, 320)]
    segments = [a + b + c for a in "ABCDEF" for b in "GHIJK" for c in "LMNOP"][:140]
    rows = ["source: made up", "elements:", *(f'  "{code}": an..35 a few words on it' for code in elements)]
    rows += ["composites:"]
    for number, code in enumerate(composites):
        parts = ", ".join(f"{elements[(number * 7 + position) % 700]} C" for position in range(5))
        rows.append(f"  {code}: {{title: a few words on it, parts: [{parts}]}}")
    rows += ["segments:"]
    for number, tag in enumerate(segments):
        parts = ", ".join(f"{[*elements, *composites][(number * 11 + 37 * position) % 920]} C" for position in range(7))
        rows.append(f'  {tag}: {{title: a few words on it, parts: [{parts}], conditions: ["D5(02,01)"]}}')
    codes = ["source: made up", "codes:"]
    for code in elements[:250]:
        listed = " ".join(f"{number:02X}{code[-1]}" for number in range(100))
        codes.append(f'  "{code}": >-\n    {listed}')
    structure = ["structure:", *(f"  - {tag} C 9" for tag in segments[:20])]
    structure += [f"  - SG{n} C 99: [{segments[20 + n]} M 1, {segments[60 + n]} C 9]" for n in range(40)]
    place = folder / "edifact" / "d01b"
    place.mkdir(parents=True)
    head = ["standard: edifact", "message: ORDERS", 'version: "D:01B:UN"', "source: made up"]
    for name, content in (("segments", rows), ("codes", codes), ("orders", head + structure)):
        (place / f"{name}.yaml").write_text("\n".join(content) + "\n", encoding="utf-8")
    return str(folder)


def main() -> int:
    if not (BENCH / "gen_corpus.py").is_file():
        print(f"no corpus: {BENCH} does not exist (set TRANSLOAD_SHARED)")
        return 2
    sys.path.insert(0, str(BENCH))
    import cpython_limit

    warnings.simplefilter("ignore")  # pydifact warns for each segment that its wheel holds no directories
    messages = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        orders, purchases = corpus(folder, "orders", messages), corpus(folder, "850", messages)
        loads = {
            "the shipped guide of ORDERS": cold("edifact", "ORDERS", "D:96A:UN", []),
            "a guide of 140 segments, 700 elements, 25,000 codes": cold(
                "edifact", "ORDERS", "D:01B:UN", [large(folder / "guides")]
            ),
        }
    text = orders.decode("latin-1")
    bodies = [message.body for message in EdifactFormat(EdifactOptions(check="envelope")).read(orders)]
    sets = [message.body for message in X12Format(X12Options(check="envelope")).read(purchases)]
    order_guide, purchase_guide = find_guide("edifact", "ORDERS", "D:96A:UN"), find_guide("x12", "850", "004010")
    assert order_guide is not None
    assert purchase_guide is not None
    check = cpython_limit.make_check()
    raw = [cpython_limit.split_segments(message) for message in cpython_limit.messages(orders)]
    edifact, x12 = EdifactFormat(EdifactOptions()), X12Format(X12Options())

    def from_bytes() -> int:
        return sum(len(check(cpython_limit.split_segments(message))) for message in cpython_limit.messages(orders))

    jobs: dict[str, tuple[bytes, Callable[[], int]]] = {
        "stick, split segments": (orders, lambda: sum(len(check(segments)) for segments in raw)),
        "stick, from bytes": (orders, from_bytes),
        "ORDERS, split segments": (orders, lambda: sum(len(order_guide.validate(body)) for body in bodies)),
        "ORDERS, from bytes": (orders, lambda: sum(len(message.findings) for message in edifact.read(orders))),
        "850, split segments": (purchases, lambda: sum(len(purchase_guide.validate(body)) for body in sets)),
        "850, from bytes": (purchases, lambda: sum(len(message.findings) for message in x12.read(purchases))),
        "pydifact, no validation": (
            orders,
            lambda: 0 * sum(len(message.segments) for message in Interchange.from_str(text).get_messages()),
        ),
    }
    taken: dict[str, list[float]] = {job: [] for job in jobs}
    for _ in range(ROUNDS):
        for job, (_, run) in jobs.items():
            started = time.process_time()
            faults = run()
            taken[job].append(time.process_time() - started)
            assert not faults, job
    rates = {job: len(jobs[job][0]) / statistics.median(times) / 1e6 for job, times in taken.items()}
    stick, peer = rates["stick, from bytes"], rates["pydifact, no validation"]
    print(f"{messages} messages each, medians of {ROUNDS}, processor time")
    for job, rate in rates.items():
        print(f"{job:24} {rate:6.1f} MB/s  x{rate / stick:5.2f} stick from bytes  x{rate / peer:5.1f} pydifact")
    for what, seconds in loads.items():
        print(f"loading {what}: {seconds * 1000:.0f} ms")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
