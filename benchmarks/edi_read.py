"""How fast EDI is read, stage by stage, as ratios to pydifact, pyx12 and badx12 in the same run; and its memory.

    python benchmarks/edi_read.py [messages] [--large GIGABYTES]

Interleaved, medians of five, processor time, in one process; the corpus is that of corpus.py, whose orders are valid by
our guides.  Stages: "envelope" finds interchanges, groups and messages and checks counts and references; "messages"
also takes each body apart into segments and checks characters and tags; "elements" splits segments into elements;
"components" splits elements into components and repetitions too; "guide" checks each message by its guide and splits
elements; "guide, components" does all of it.  pydifact's figure is that of ``Interchange.from_str`` with all messages
taken out, pyx12's that of ``X12Reader``, which checks envelopes and no contents, badx12's that of its parser; what is
not installed is left out (``pip install --no-deps badx12``: it asks for an old click, which it does not need here).

Memory is the peak of a fresh process that reads the corpus once from a file.  ``--large 1`` writes an interchange of
one gigabyte, reads it, and says in how much memory and time.
"""

import collections
import collections.abc
import io
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from corpus import interchange

from transload.adapters.edi import EdifactFormat, X12Format
from transload.adapters.edi.format import Format
from transload.adapters.edi.options import EdifactOptions, X12Options
from transload.adapters.edi.reading.scan import scan

ROUNDS = 5
READ = """
import re, sys
from pathlib import Path
{setup}
{read}
print(int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024)
"""
OURS = """
from transload.adapters.base.content import Content
from transload.adapters.edi import EdifactFormat, X12Format
from transload.adapters.edi.options import EdifactOptions, X12Options
"""
BADX12 = """
import collections, collections.abc
collections.Iterable = collections.abc.Iterable
from badx12 import Parser
"""


def messages_of(format_: Format, payload: bytes) -> int:
    return sum(len(message.body.texts[0]) for message in format_.read(payload))


def elements_of(format_: Format, payload: bytes) -> int:
    return sum(len(message.body.segments) for message in format_.read(payload))


def components_of(format_: Format, payload: bytes) -> int:
    count = 0
    for message in format_.read(payload):
        for _ in message.body.split():
            count += 1
    return count


def pydifact(text: str) -> int:
    from pydifact.segmentcollection import Interchange

    return sum(len(message.segments) for message in Interchange.from_str(text).get_messages())


def pyx12(text: str) -> int:
    from pyx12.x12file import X12Reader

    return sum(1 for _ in X12Reader(io.StringIO(text)))


def badx12(text: str) -> int:
    from badx12 import Parser

    return len(Parser().parse_document(text).interchange.groups[0].transaction_sets)


def installed(name: str) -> bool:
    collections.Iterable = collections.abc.Iterable  # type: ignore[attr-defined] - badx12 is from before Python 3.10
    try:
        __import__(name)
    except ImportError:
        return False
    return True


def peak(setup: str, read: str, path: Path) -> float:
    script = READ.format(setup=setup, read=read.format(path=str(path)))
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", script], check=True, capture_output=True, text=True)
    return float(done.stdout.split()[-1])


def measured(jobs: dict[str, Callable[[], int]]) -> tuple[dict[str, float], dict[str, int]]:
    taken: dict[str, list[float]] = {job: [] for job in jobs}
    counted: dict[str, int] = {}
    for _ in range(ROUNDS):
        for job, run in jobs.items():
            started = time.process_time()
            counted[job] = run()
            taken[job].append(time.process_time() - started)
    return {job: statistics.median(times) for job, times in taken.items()}, counted


def table(title: str, payload: bytes, jobs: dict[str, Callable[[], int]], peer: str, memory: dict[str, float]) -> None:
    times, counted = measured(jobs)
    print(f"\n{title}: {len(payload) / 1e6:.2f} MB")
    for job, seconds in times.items():
        ratio = f"x{times[peer] / seconds:6.1f} {peer}" if peer in times else ""
        kept = f"{memory[job]:6.0f} MB" if job in memory else ""
        print(f"  {job:28} {len(payload) / seconds / 1e6:7.1f} MB/s  {ratio:18} {kept:>10}  {counted[job]}")


def stages(format_: Format, guided: Format, payload: bytes) -> dict[str, Callable[[], int]]:
    return {
        "envelope": lambda: sum(len(each.frames) for each in scan(payload)),
        "messages": lambda: messages_of(format_, payload),
        "elements": lambda: elements_of(format_, payload),
        "components": lambda: components_of(format_, payload),
        "guide": lambda: elements_of(guided, payload),
        "guide, components": lambda: components_of(guided, payload),
    }


def large(folder: Path, gigabytes: float) -> None:
    path = folder / "large.edi"
    count = int(gigabytes * 1e9 / 2312)
    with path.open("w", encoding="latin-1", newline="") as file:
        file.writelines(interchange("orders", count))
    size = path.stat().st_size
    for check in ("envelope", "guide"):
        read = (
            f"format_ = EdifactFormat(EdifactOptions(check={check!r}))\n"
            "with Content.open(Path({path!r})) as content:\n"
            "    reading = format_.read(content)\n"
            "    assert not reading.findings\n"
            f"    assert sum(not message.findings for message in reading) == {count}\n"
        )
        started = time.monotonic()
        memory = peak(OURS, read, path)
        took = time.monotonic() - started
        print(f"{size / 1e9:.2f} GB, {count} messages, {check}: peak {memory:.0f} MB, {took:.0f} s")


def main() -> int:
    warnings.simplefilter("ignore")  # pydifact warns for each segment that its wheel holds no directories
    arguments = [each for each in sys.argv[1:] if not each.startswith("--")]
    if "--large" in sys.argv:
        with tempfile.TemporaryDirectory() as name:
            large(Path(name), float(arguments[-1]))
        return 0
    messages = int(arguments[0]) if arguments else 1000
    orders = "".join(interchange("orders", messages))
    lines = "".join(interchange("orders", messages, "\n")).encode("latin-1")
    purchases = "".join(interchange("850", messages))
    print(f"Python {sys.version.split()[0]}, {messages} messages each, medians of {ROUNDS}, processor time")
    edifact, guided = EdifactFormat(EdifactOptions(check="envelope")), EdifactFormat(EdifactOptions())
    x12, x12_guided = X12Format(X12Options(check="envelope")), X12Format(X12Options())
    with tempfile.TemporaryDirectory() as name:
        ours = "with Content.open(Path({path!r})) as content:\n    for each in FORMAT.read(content): each.body.segments"
        path = Path(name) / "orders.edi"
        path.write_text(orders, encoding="latin-1")
        memory = {
            "elements": peak(OURS, ours.replace("FORMAT", "EdifactFormat(EdifactOptions(check='envelope'))"), path),
            "guide": peak(OURS, ours.replace("FORMAT", "EdifactFormat(EdifactOptions())"), path),
        }
        jobs = stages(edifact, guided, orders.encode("latin-1"))
        jobs["components, a line each"] = lambda: components_of(edifact, lines)
        if installed("pydifact"):
            jobs["pydifact"] = lambda: pydifact(orders)
            setup = "from pydifact.segmentcollection import Interchange"
            read = "list(Interchange.from_str(Path({path!r}).read_text('latin-1')).get_messages())"
            memory["pydifact"] = peak(setup, read, path)
        table("ORDERS D.96A", orders.encode("latin-1"), jobs, "pydifact", memory)
        path = Path(name) / "850.edi"
        path.write_text(purchases, encoding="latin-1")
        memory = {
            "elements": peak(OURS, ours.replace("FORMAT", "X12Format(X12Options(check='envelope'))"), path),
            "guide": peak(OURS, ours.replace("FORMAT", "X12Format(X12Options())"), path),
        }
        jobs = stages(x12, x12_guided, purchases.encode("latin-1"))
        if installed("pyx12"):
            jobs["pyx12"] = lambda: pyx12(purchases)
            setup = "from pyx12.x12file import X12Reader"
            memory["pyx12"] = peak(setup, "for _ in X12Reader(open({path!r})): pass", path)
        if installed("badx12"):
            jobs["badx12"] = lambda: badx12(purchases)
            memory["badx12"] = peak(BADX12, "Parser().parse_document(Path({path!r}).read_text())", path)
        table("850 004010", purchases.encode("latin-1"), jobs, "pyx12", memory)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
