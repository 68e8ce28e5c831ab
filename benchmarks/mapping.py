"""How fast mappings read and write whole payloads, format by format, beside others who do it in the same run.

    python benchmarks/mapping.py [--lines 5,20,200] [--rounds 5] [--fresh]

"read" goes from bytes to the validated document, "write" from the document to bytes, envelopes, checks and guides
included; "read, no guide" leaves the guide's checks out; "origin" is reading with the origin of every value;
"library" is the whole Order of the library's mapping, to canonical JSON.  The other mappings are those of
fixtures/mappings/acme, with one set of fields for all formats.  Each document has its own number, quantities and
prices, which come again from round to round, as a partner's do; with --fresh what is kept of numbers that came before
is forgotten before each run.  Interleaved, medians, processor time.

Peers, each with its ratio to ours (over 1: we are faster):

- "prototype": the throwaway compiler that the language was proved with, on the same fields, with the checks that it
  has: no envelopes, no guides; its EDIFACT and X12 are validated by pydantic with a model of half as many fields, the
  rest are plain structures; "prototype and our model" adds to these what validating by our model takes.  It is found
  through TRANSLOAD_SHARED and needs msgspec and ruamel.yaml.
- "interpreted": the same mapping, worked off entry by entry (benchmarks/interpreted.py), from split segments.
- "jsonata": jsonata-python with 8 fields of the header and 5 of each line, from split segments; a part of the work.
- "pydifact": its bare parse of the same text, without any mapping.
- "a fault", "a fault in each line": our own reading of a message with one invalid number, and with one in each line.

What is not installed is left out.
"""

import argparse
import gc
import importlib
import json
import os
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

from interpreted import Interpreter

from transload.adapters.base.format import Format, Identity, Message, Records
from transload.adapters.base.registry import adapter
from transload.adapters.json import parse
from transload.canonical.context import Context
from transload.canonical.documents import compact
from transload.canonical.order import Order
from transload.mappings import Mapping, load_mapping
from transload.mappings.language.converters import dates, numbers

ROOT = Path(__file__).parents[1]
PROTOTYPE = Path(os.environ.get("TRANSLOAD_SHARED", ROOT / "../shared")) / "design/prototype"
LIBRARY = ROOT / "mappings/library/edifact/orders-d96a.yaml"
FIELD_SET = ROOT / "fixtures/mappings/acme"
NAMES = {
    "EDIFACT": ("orders-edifact", "orders-d96a"),
    "X12": ("orders-x12", "850-004010"),
    "CSV": ("orders-csv", "orders-csv"),
    "fixed width": ("orders-fixed", "orders-fixed"),
    "UBL": ("orders-ubl", "orders-ubl"),
    "SOAP": ("orders-soap", "orders-soap"),
    "JSON": ("orders-json", "orders-json"),
}
"""Our mapping and the prototype's of each format."""
CONTEXT = Context(now=datetime(2026, 1, 5, 10, 30, tzinfo=UTC))
BATCH = 20
PARTIES = ("buyer", "seller", "ship_to", "bill_to")


def order(lines: int, number: int, chance: Random, *, released: bool) -> dict[str, Any]:
    """An order with the prototype's fields, as JSON values."""
    names = ("ACME Retail NV", "Bolt + Nut GmbH" if released else "Bolt and Nut GmbH", "ACME DC North", "ACME Finance")
    parties = {
        role: {
            "gln": f"541234500{place:04}",
            "name": name,
            "street": f"Main Street {place + 1}",
            "city": "Brussels",
            "postcode": "1000",
            "country": "BE",
        }
        for place, (role, name) in enumerate(zip(PARTIES, names, strict=True))
    }
    ordered = [
        {
            "number": str(line),
            "gtin": f"40008621{line:05}",
            "supplier_item": f"SUP-{line}",
            "buyer_item": f"BUY-{line + 8}",
            "description": "Box: cardboard" if released and line == 5 else "Steel bolt M8x40",
            "quantity": str(chance.randint(1, 99_999)),
            "uom": "EA",
            "price": str(Decimal(chance.randint(1, 9_999)) / 100),
        }
        for line in range(1, lines + 1)
    ]
    return {
        "number": f"PO-{number:06}",
        "kind": "call_off",
        "issued_on": "2026-01-05",
        "requested_on": "2026-01-20",
        "currency": "EUR",
        "contract": "FRAME-2025-7",
        "notes": ["Deliver to dock 4", "Call before unloading?" if released else "Call before unloading"],
        **parties,
        "lines": ordered,
    }


class Ours:
    """One format's mapping with its format, writing and reading whole payloads."""

    def __init__(self, file: Path, **options: Any) -> None:
        self.mapping: Mapping = load_mapping(file)
        kind = adapter(self.mapping.format_type).format
        assert kind is not None
        options = {**self.mapping.format_options, **options}
        self.format: Format[Any] = kind(kind.Options.model_validate(options))
        self.envelope = self.format.envelope(sender=Identity(id="ACME"), receiver=Identity(id="BOLT"))

    def write(self, document: Order) -> bytes:
        """The document's payload."""
        return self.format.write([self.mapping.encode(document, CONTEXT)], envelope=self.envelope, context=CONTEXT)

    def messages(self, payload: bytes) -> list[Message]:
        """The messages of a payload."""
        return list(self.format.read(payload))

    def read(self, payload: bytes) -> list[Any]:
        """The documents of a payload."""
        return [found for message in self.messages(payload) for found in self.mapping.decode(message).documents]

    def trace(self, payload: bytes) -> list[Any]:
        """The documents of a payload, with the origin of every value."""
        return [self.mapping.trace(message) for message in self.messages(payload)]


@contextmanager
def prototype() -> Iterator[ModuleType | None]:
    """The prototype's modules, run in a folder of their own, since they leave files behind; None where it is not."""
    if not PROTOTYPE.is_dir():
        yield None
        return
    sys.path.insert(0, str(PROTOTYPE))
    home = Path.cwd()
    try:
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            try:
                yield importlib.import_module("edi")
            except ImportError as error:
                print(f"the prototype is left out: {error}")
                yield None
    finally:
        os.chdir(home)


class Theirs:
    """One mapping of the prototype; ``read`` gives pydantic models for the formats where it was measured so."""

    def __init__(self, name: str) -> None:
        file = str(PROTOTYPE / "maps" / f"{name}.yaml")
        self.models = importlib.import_module("models")
        module, kind = {
            "orders-d96a": ("edi", "Codec"),
            "850-004010": ("edi", "Codec"),
            "orders-csv": ("rec", "RCodec"),
            "orders-fixed": ("rec", "RCodec"),
        }.get(name, ("tree", "TCodec"))
        self.codec = getattr(importlib.import_module(module), kind)(file)
        self.validated = module == "edi"
        if self.validated:
            plain = self._dicts(file)
            self.codec.dec = lambda segments: self.models.POrder.model_validate(plain(segments))

    def _dicts(self, file: str) -> Callable[[Any], Any]:
        """Its decoder with dicts in the place of its structures, made as its own benchmark makes it."""
        import re

        compiler = importlib.import_module("mapc")
        compiler.build(compiler.Mapping(file), dump="made.py")
        source = re.sub(r"\by\.(\w+)", r"y['\1']", Path("made.py").read_text())
        names = {**self.codec.ns, "Order": dict, "Party": dict, "Line": dict}
        exec(compile(source, "prototype", "exec"), names)
        decode: Callable[[Any], Any] = names["decode"]
        return decode

    def document(self, values: dict[str, Any]) -> Any:
        """Its order of the same values."""
        import msgspec

        model = self.models.POrder.model_validate(values)
        if self.validated:
            return model
        return msgspec.convert(json.loads(model.model_dump_json()), self.models.Order, strict=False)


JSONATA = """{
  "number": $[$[0] = "BGM"][2], "kind": $[$[0] = "BGM"][1],
  "issued": $[$[0] = "DTM" and $[1][0] = "137"][1][1], "requested": $[$[0] = "DTM" and $[1][0] = "2"][1][1],
  "currency": $[$[0] = "CUX"][1][1], "contract": $[$[0] = "RFF" and $[1][0] = "CT"][1][1],
  "buyer": $[$[0] = "NAD" and $[1] = "BY"][2][0], "seller": $[$[0] = "NAD" and $[1] = "SU"][2][0],
  "numbers": $[$[0] = "LIN"][1], "gtins": $[$[0] = "LIN"][3][0],
  "quantities": $[$[0] = "QTY"][1][1], "units": $[$[0] = "QTY"][1][2], "prices": $[$[0] = "PRI"][1][1]
}"""
"""Without the nesting of a line's segments below their LIN, which JSONata has no short way to say: a lower bound."""


def jsonata(message: Message) -> Callable[[], Any] | None:
    """A run of jsonata-python over the split segments; None where it is not installed."""
    try:
        expression = importlib.import_module("jsonata").Jsonata(JSONATA)
    except ImportError:
        return None
    assert isinstance(message.body, Records)
    data = [[part if isinstance(part, str) else list(part) for part in segment] for segment in message.body.split()]
    return lambda: expression.evaluate(data)


def pydifact(payload: bytes) -> Callable[[], Any] | None:
    """pydifact's bare parse; None where it is not installed."""
    try:
        segments = importlib.import_module("pydifact.segmentcollection")
    except ImportError:
        return None
    text = payload.decode("latin-1")
    return lambda: [list(m.segments) for m in segments.Interchange.from_str(text).get_messages()]


Job = Callable[[], Any]


def jobs_of(name: str, lines: int, theirs: bool) -> dict[str, tuple[int, Job]]:
    """What is measured for one format and size: the documents that a run handles, and the run."""
    ours, _ = NAMES[name]
    own = Ours(FIELD_SET / f"{ours}.yaml")
    chance = Random(lines)
    values = [order(lines, number, chance, released=False) for number in range(BATCH)]
    documents = [Order.model_validate(value) for value in values]
    payloads = [own.write(document) for document in documents]
    read = [len(own.read(payload)) for payload in payloads]
    assert read == [1] * BATCH, f"{name}: {own.mapping.decode(own.messages(payloads[0])[0]).findings}"
    whole = own.format.write(
        [own.mapping.encode(document, CONTEXT) for document in documents], envelope=own.envelope, context=CONTEXT
    ) if name not in ("UBL", "SOAP") else b""  # fmt: skip
    jobs: dict[str, tuple[int, Job]] = {
        "read": (BATCH, lambda: [own.read(payload) for payload in payloads]),
        "read to JSON": (BATCH, lambda: [compact(d) for payload in payloads for d in own.read(payload)]),
        "write": (BATCH, lambda: [own.write(document) for document in documents]),
        "origin": (BATCH, lambda: [own.trace(payload) for payload in payloads]),
    }
    faulty = [payload.replace(b"4000862100001", b"400086210000X") for payload in payloads]
    worse = [payload.replace(b"40008621", b"4000862X") for payload in payloads]
    jobs["read | a fault"] = (BATCH, lambda: [refused(own, payload, 1) for payload in faulty])
    jobs["read | a fault in each line"] = (BATCH, lambda: [refused(own, payload, lines) for payload in worse])
    if whole:
        jobs["read, one payload"] = (BATCH, lambda: own.read(whole))
    if name == "EDIFACT":
        released = [own.write(Order.model_validate(order(lines, n, chance, released=True))) for n in range(BATCH)]
        jobs["read, released"] = (BATCH, lambda: [own.read(payload) for payload in released])
    if theirs:
        jobs |= of_prototype(name, values, payloads, released if name == "EDIFACT" else [])
    if name in ("EDIFACT", "X12"):
        bare = Ours(FIELD_SET / f"{ours}.yaml", check="envelope")
        jobs["read, no guide"] = (BATCH, lambda: [bare.read(payload) for payload in payloads])
        jobs |= of_peers(name, own, payloads)
    if name == "EDIFACT":
        jobs |= of_library(documents)
    return jobs


def refused(own: Ours, payload: bytes, faults: int) -> None:
    """Read a payload that has so many faults."""
    found = [finding for message in own.messages(payload) for finding in own.mapping.decode(message).findings]
    assert len(found) == faults, [finding.line() for finding in found]


def of_library(documents: list[Order]) -> dict[str, tuple[int, Job]]:
    """The library's mapping of the whole Order."""
    own = Ours(LIBRARY)
    payloads = [own.write(document) for document in documents]
    jobs: dict[str, tuple[int, Job]] = {
        "library": (BATCH, lambda: [compact(d) for payload in payloads for d in own.read(payload)])
    }
    run = pydifact(payloads[0])
    if run is not None:
        jobs["library | pydifact"] = (1, run)
    return jobs


def of_prototype(
    name: str, values: list[dict[str, Any]], payloads: list[bytes], released: list[bytes]
) -> dict[str, tuple[int, Job]]:
    """The prototype's runs over the same payloads, or its own where its text differs."""
    other = Theirs(NAMES[name][1])
    documents = [other.document(value) for value in values]
    texts = [payload.decode() for payload in payloads]
    try:
        [other.codec.read(text)[0] for text in texts]
    except Exception:  # noqa: BLE001 - a throwaway raises anything; it then reads what it wrote itself
        texts = [other.codec.write([document]) for document in documents]
    jobs: dict[str, tuple[int, Job]] = {
        "read | prototype": (BATCH, lambda: [other.codec.read(text) for text in texts]),
        "write | prototype": (BATCH, lambda: [other.codec.write([document]) for document in documents]),
    }
    if not other.validated:
        plain = [Order.model_validate(value).model_dump(exclude_none=True) for value in values]
        jobs["read | prototype and our model"] = (
            BATCH,
            lambda: [(other.codec.read(text), Order.model_validate(v)) for text, v in zip(texts, plain, strict=True)],
        )
    if released:
        escaped = [payload.decode() for payload in released]
        jobs["read, released | prototype"] = (BATCH, lambda: [other.codec.read(text) for text in escaped])
    return jobs


def of_peers(name: str, own: Ours, payloads: list[bytes]) -> dict[str, tuple[int, Job]]:
    """The interpreter, and for EDIFACT jsonata-python and pydifact; the latter two on few payloads, being slow."""
    message = own.messages(payloads[0])[0]
    assert isinstance(message.body, Records)
    interpreter, body = Interpreter(own.mapping.meaning), message.body
    model = own.mapping.meaning.model
    assert model.model_validate(interpreter.read(body)) == own.mapping.decode(message).documents[0]
    jobs: dict[str, tuple[int, Job]] = {
        "decode": (1, lambda: own.mapping.decode(message)),
        "decode | interpreted": (1, lambda: model.model_validate(interpreter.read(body))),
    }
    if name == "EDIFACT":
        for peer, of, run in (("decode", "jsonata", jsonata(message)), ("read", "pydifact", pydifact(payloads[0]))):
            if run is not None:
                jobs[f"{peer} | {of}"] = (1, run)
    return jobs


def forget() -> None:
    """Forget the numbers and dates that were read before."""
    for module in (numbers, dates, parse):
        for each in vars(module).values():
            if hasattr(each, "cache_clear"):
                each.cache_clear()


def medians(jobs: dict[str, tuple[int, Job]], rounds: int, *, fresh: bool) -> dict[str, float]:
    """Seconds of processor time for one document of each job."""
    spent: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, (count, job) in jobs.items():
            gc.collect()
            start, times = time.process_time(), 0
            while times < 3 or time.process_time() - start < 0.02:
                if fresh:
                    forget()
                job()
                times += 1
            spent[name].append((time.process_time() - start) / times / count)
    return {name: statistics.median(times) for name, times in spent.items()}


def main() -> int:
    """Measure and print."""
    warnings.simplefilter("ignore")  # pydifact warns for each segment that its wheel holds no directories
    parser = argparse.ArgumentParser()
    parser.add_argument("--lines", default="5,20,200")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--fresh", action="store_true")
    given = parser.parse_args()
    print(f"{'':41} {'us a document':>14} {'documents/s':>12}   ratio to ours")
    with prototype() as found:
        for name in NAMES:
            for lines in map(int, given.lines.split(",")):
                gc.freeze()  # as the runner does once its workspace is loaded
                gc.set_threshold(50_000)  # as the command does when it begins
                took = medians(jobs_of(name, lines, found is not None), given.rounds, fresh=given.fresh)
                for job, each in took.items():
                    mine, _, peer = job.partition(" | ")
                    ratio = f"  {each / took[mine]:6.2f}" if peer else ""
                    print(f"{name + ', ' + str(lines):16} {job:33} {each * 1e6:8.1f} {1 / each:12,.0f} {ratio}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
