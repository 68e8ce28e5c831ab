"""How fast mappings read and write, for each format; and as a ratio to pydifact's bare parse in the same run.

    python benchmarks/mapping.py [documents]

Interleaved, medians of five, processor time.  The documents are those of the samples in
fixtures/ and mappings/library, given another number, other quantities and other prices each, so that no cache
of values sees the same ones again.  "read" is from split segments (or a parsed tree) to the
validated document, "write" from the document to segments (or text); splitting, parsing and
envelopes are not in it.  pydifact only splits, and its figure is for scale, not for the same work.
"""

import json
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from random import Random

from lxml import etree
from pydifact.segmentcollection import Interchange

from transload.adapters.base.format import Encoded, Message, Records, Tree
from transload.adapters.base.registry import adapter
from transload.adapters.edi import EdifactFormat
from transload.adapters.edi.options import EdifactOptions
from transload.canonical.context import Context
from transload.canonical.order import Order
from transload.canonical.places import Place
from transload.mappings import Mapping, load_mapping

ROOT = Path(__file__).parents[1]
ROUNDS = 5
MAPPINGS = {
    "EDIFACT ORDERS": "library:edifact/orders-d96a",
    "X12 850": "library:x12/850-004010",
    "UBL Order": "library:ubl/order-2.1",
    "JSON portal": str(ROOT / "fixtures/mappings/portal-order.yaml"),
    "CSV orders": "library:csv/orders",
    "fixed-width orders": "library:fixed/orders",
}
ROWS = ROOT / "mappings/library/samples/orders.fixed.json"
"""The order of the row formats, which have no place for much of what the other ones carry."""


class Parsed(Tree):
    """A tree that is not asked for places."""

    def __init__(self, root: object) -> None:
        self.root = root

    def place(self, path: object) -> Place:
        return Place()


class Split(Records):
    """A message's segments, as a format gives them; not asked for places either."""

    def __init__(self, body: list[str]) -> None:
        self.segments = [text.split("\x1d") for text in body]
        self.component, self.repetition = "\x1f", ""

    def place(self, segment: int, element: object = None, repetition: object = None, component: object = None) -> Place:
        return Place(segment=segment)


def varied(order: Order, count: int) -> list[Order]:
    chance = Random(7)
    found = []
    for number in range(count):
        lines = tuple(
            line.model_copy(
                update={
                    "quantity": Decimal(chance.randint(1, 99_999)) / 10,
                    "price": Decimal(chance.randint(1, 9_999_999)) / 10_000,
                    "amount": Decimal(chance.randint(1, 99_999_999)) / 100,
                }
            )
            for line in order.lines
        )
        found.append(order.model_copy(update={"number": f"PO-{number:07}", "lines": lines}))
    return found


def messages(mapping: Mapping, bodies: list[object]) -> tuple[list[Message], int]:
    """The written bodies as messages to read, and their size as characters."""
    if mapping.format_type == "xml":
        roots = [Parsed(etree.fromstring(str(body))) for body in bodies]
        return [Message(kind=mapping.kind, body=root) for root in roots], sum(len(str(body)) for body in bodies)
    if mapping.format_type == "json":
        return [Message(kind="", body=Parsed(body)) for body in bodies], sum(len(str(body)) for body in bodies)
    if mapping.meaning.shapes is not None:
        kind = adapter(mapping.format_type).format
        assert kind is not None
        ours = kind(kind.Options(**mapping.format_options))
        payload = ours.write([Encoded(kind="", body=body) for body in bodies], context=Context(now=datetime.now(UTC)))
        return list(ours.read(payload)), len(payload)
    size = sum(len(text) + 1 for body in bodies for text in body)  # type: ignore[attr-defined]
    return [Message(kind=mapping.kind, body=Split(body)) for body in bodies], size  # type: ignore[arg-type]


def main() -> int:
    warnings.simplefilter("ignore")  # pydifact warns for each segment that its wheel holds no directories
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    payload = (ROOT / "fixtures/edifact/orders.edi").read_bytes()
    context = Context(now=datetime.now(UTC))
    (message,) = EdifactFormat(EdifactOptions()).read(payload)
    (sample,) = load_mapping(MAPPINGS["EDIFACT ORDERS"]).decode(message).documents
    assert isinstance(sample, Order)
    sample = sample.model_copy(update={"transport": None, "delivery_terms": None, "payment_terms": ()})
    rows = Order.model_validate(json.loads(ROWS.read_text(encoding="utf-8"))[0])
    text = payload.decode("latin-1")

    def split() -> object:
        return [[message.segments for message in Interchange.from_str(text).get_messages()] for _ in range(20)]

    jobs: dict[str, tuple[int, int, Callable[[], object]]] = {
        "pydifact, ORDERS, split only": (len(text) * 20, 20, split)
    }
    for name, reference in MAPPINGS.items():
        mapping = load_mapping(reference)
        orders = varied(rows if mapping.meaning.shapes is not None else sample, count)
        bodies = [mapping.encode(order, context).body for order in orders]
        read, size = messages(mapping, bodies)
        good = sum(bool(mapping.decode(one).documents) for one in read)
        assert good == count, f"{name}: {count - good} documents are not read"
        jobs[f"{name}, read"] = size, count, lambda m=mapping, r=read: [m.decode(one) for one in r]  # type: ignore[misc]
        jobs[f"{name}, read, every value's origin"] = size, count, lambda m=mapping, r=read: [m.trace(one) for one in r]  # type: ignore[misc]
        jobs[f"{name}, write"] = size, count, lambda m=mapping, o=orders: [m.encode(order, context) for order in o]  # type: ignore[misc]
    spent: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(ROUNDS):
        for name, (_, _, job) in jobs.items():
            start = time.process_time()
            job()
            spent[name].append(time.process_time() - start)
    medians = {name: statistics.median(times) for name, times in spent.items()}
    size, _, _ = jobs["pydifact, ORDERS, split only"]
    peer = size / medians["pydifact, ORDERS, split only"]
    print(f"{'':44} {'us a document':>14} {'documents/s':>12} {'MB/s':>7} {'to pydifact':>12}")
    for name, (size, number, _) in jobs.items():
        each, rate = medians[name] / number, size / medians[name]
        print(f"{name:44} {each * 1e6:14.1f} {1 / each:12,.0f} {rate / 1e6:7.2f} {rate / peer:11.1f}x")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
