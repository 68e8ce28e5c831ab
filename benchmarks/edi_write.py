"""How fast EDI is written, as ratios to pydifact (EDIFACT) and pyx12 (X12) in the same run.

    TRANSLOAD_SHARED=../shared python benchmarks/edi_write.py [messages]

Interleaved, medians of five, processor time.  The corpus is made by bench/gen_corpus.py of
the shared folder; without that folder the script says so and ends.  pydifact's ``Serializer``
gets segments that were read, pyx12's ``X12Writer`` too.  Ours writes the same segments into a new
envelope, with what cannot be carried looked for: once from bodies as mappings give them, once from lists of
elements, whose joining is then part of the figure.  "as it was" is the file's own envelope, byte for byte.
"""

import io
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pyx12.x12file
from pydifact.segmentcollection import RawSegmentCollection
from pydifact.serializer import Serializer

from transload.adapters.base import Context, Encoded, Identity, Message
from transload.adapters.edi import EdifactFormat, X12Format
from transload.adapters.edi.options import EdifactOptions, X12Options

ROOT = Path(__file__).parents[1]
GENERATOR = (ROOT / os.environ.get("TRANSLOAD_SHARED", "../shared")).resolve() / "bench" / "gen_corpus.py"
ROUNDS = 5
CONTEXT = Context(now=datetime(2026, 1, 15, 8, 30, tzinfo=UTC))


def corpus(folder: Path, kind: str, messages: int, *options: str) -> bytes:
    path = folder / f"{kind}{''.join(options)}.edi"
    command = [sys.executable, str(GENERATOR), kind, str(messages), str(path), *options]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return path.read_bytes()


def encoded(messages: Sequence[Message]) -> list[Encoded]:
    """The messages as a mapping would write them."""
    found = []
    for message in messages:
        component, repetition = message.body.component, message.body.repetition  # type: ignore[union-attr]
        body = ["\x1d".join(segment) for segment in message.body.segments]  # type: ignore[union-attr]
        if component != "\x1f":
            body = [text.replace(component, "\x1f") for text in body]
        if repetition and repetition != "\x1e":
            body = [text.replace(repetition, "\x1e") for text in body]
        found.append(Encoded(kind=message.kind, version=message.version, body=body))
    return found


def pyx12_writes(payload: bytes) -> Callable[[], int]:
    reader = pyx12.x12file.X12Reader(io.StringIO(payload.decode("latin-1")))
    segments = list(reader)

    def run() -> int:
        out = io.StringIO()
        writer = pyx12.x12file.X12Writer(out, "~", "*", ">", "", "^")
        for segment in segments:
            writer.Write(segment)
        return len(out.getvalue())

    return run


def main() -> int:
    if not GENERATOR.is_file():
        print(f"no corpus: {GENERATOR} does not exist (set TRANSLOAD_SHARED)")
        return 2
    warnings.simplefilter("ignore")  # pydifact warns for each segment that its wheel holds no directories
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        orders, purchases = corpus(folder, "orders", count), corpus(folder, "850", count)
    edifact = EdifactFormat(EdifactOptions(check="envelope"))
    lines = EdifactFormat(EdifactOptions(check="envelope", newline="crlf"))
    x12 = X12Format(X12Options(check="envelope"))
    us, them = Identity(id="US", qualifier="14"), Identity(id="THEM", qualifier="14")
    jobs: dict[str, Callable[[], int]] = {}
    segments = RawSegmentCollection.from_str(orders.decode("latin-1")).segments
    jobs["pydifact, ORDERS"] = lambda: len(Serializer().serialize(segments).encode("latin-1"))
    for title, format_, payload in (
        ("ORDERS", edifact, orders),
        ("ORDERS, a line each", lines, orders),
        ("850", x12, purchases),
    ):
        messages = list(format_.read(payload))
        bodies, envelopes = encoded(messages), [message.envelope for message in messages]
        envelope = format_.envelope(sender=us, receiver=them)

        def new(f=format_, b=bodies, e=envelope) -> int:  # type: ignore[no-untyped-def]
            return len(f.write(b, envelope=e, context=CONTEXT))

        def split(f=format_, m=messages, e=envelope) -> int:  # type: ignore[no-untyped-def]
            return len(f.write(encoded(m), envelope=e, context=CONTEXT))

        def again(f=format_, b=bodies, e=envelopes) -> int:  # type: ignore[no-untyped-def]
            return len(f.write(b, envelope=e, context=CONTEXT))

        if title == "850":
            jobs["pyx12, 850"] = pyx12_writes(payload)
        jobs[title] = new
        jobs[f"{title}, from elements"] = split
        jobs[f"{title}, as it was"] = again
    spent: dict[str, list[float]] = {job: [] for job in jobs}
    sizes: dict[str, int] = {}
    for _ in range(ROUNDS):
        for job, run in jobs.items():
            started = time.process_time()
            sizes[job] = run()
            spent[job].append(time.process_time() - started)
    rates = {job: sizes[job] / statistics.median(times) / 1e6 for job, times in spent.items()}
    print(f"{count} messages each, medians of {ROUNDS}, processor time")
    for job, rate in rates.items():
        peer = "pyx12, 850" if "850" in job else "pydifact, ORDERS"
        each = statistics.median(spent[job]) / count * 1e6
        print(f"{job:30} {rate:7.1f} MB/s  x{rate / rates[peer]:5.1f} {peer.split(',')[0]:8} {each:7.1f} us a message")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
