"""A workspace whose partner sends messages of any format, and which writes them for a target in any other."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from transload.runner.engine import Engine, Summary
from transload.runner.impact import Asked, Impact, impact_of
from transload.runner.ledger import Ledger
from transload.runner.workspace import Workspace, load_workspace

WORKSPACE = """\
workspace: bolts
store: sqlite:///var/ledger.db
environment: production
identities: {edifact: {id: "9520002000002", qualifier: "14"}, x12: {id: BOLTS, qualifier: ZZ}}
"""
ACME = """\
partner: acme
name: ACME
identities: {{edifact: {{id: "9520001000003", qualifier: "14"}}}}
connections:
  mailbox: {{adapter: files, root: {root}}}
receive:
  orders:
    from: {{connection: mailbox, folder: in, pattern: "*", stable: none, afterwards: delete}}
    mappings: [{mapping}]
    {more}
    to: [erp/orders{others}]
"""
ERP = """\
partner: erp
identities: {{edifact: {{id: "9520003000001", qualifier: "14"}}, x12: {{id: ERP, qualifier: ZZ}}}}
connections:
  box: {{adapter: files, root: {root}}}
send:
  orders:
    take: {take}
    mapping: {mapping}
    {more}
    to: {{connection: box, folder: out, file: "{file}"}}
"""
READS = """\
mapping: acme-orders
extends: library:edifact/orders-d96a
version: 1
codes: {uom: {STK: EA}}
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
    items: {position: =number, gtin: =gtin, quantity: =quantity | number, unit: =uom}
"""


def order(number: str, unit: str = "PCE", quantity: str = "5", buyer: str = "Hagemann") -> list[str]:
    """The segments of an order with one line of 5 and one of 7, the first in ``unit``."""
    return [
        f"BGM+220+{number}+9",
        "DTM+137:20260110:102",
        f"NAD+BY+9520001000003::9++{buyer}",
        "NAD+SU+9520002000002::9",
        "CUX+2:EUR:9",
        "LIN+1++4000862141404:EN",
        f"QTY+21:{quantity}:{unit}",
        "LIN+2++4000862141411:EN",
        "QTY+21:7:KGM",
        "UNS+S",
        "CNT+2:2",
    ]


def interchange(reference: str, *orders: list[str]) -> bytes:
    """An interchange of ORDERS D.96A."""
    rows = [f"UNB+UNOC:3+9520001000003:14+9520002000002:14+260110:0800+{reference}"]
    for number, segments in enumerate(orders, 1):
        rows += [f"UNH+{number}+ORDERS:D:96A:UN:EAN008", *segments, f"UNT+{len(segments) + 2}+{number}"]
    rows.append(f"UNZ+{len(orders)}+{reference}")
    return "".join(f"{row}'" for row in rows).encode("latin-1")


@dataclass
class Shop:
    """The workspace on disk with its ledger."""

    root: Path
    ledger: Ledger
    now: Callable[[], datetime]
    sent: int = field(default=0, init=False)
    READS = READS
    WRITES = WRITES
    order = staticmethod(order)
    interchange = staticmethod(interchange)

    def write(self, name: str, text: str) -> Path:
        """Write a file below ``mappings``."""
        path = self.root / "mappings" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def acme(self, mapping: str = "orders.yaml", more: str = "", others: str = "") -> Path:
        text = ACME.format(root=self.root, mapping=mapping, more=more, others=others)
        return self.write("acme/partner.yaml", text)

    def erp(
        self,
        mapping: str = "order.yaml",
        take: str = "{document: order/1}",
        file: str = "{document.number}_{number:04}.json",
        more: str = "",
    ) -> Path:
        text = ERP.format(root=self.root, mapping=mapping, take=take, file=file, more=more)
        return self.write("erp/partner.yaml", text)

    def reads(self, text: str = READS) -> Path:
        return self.write("acme/orders.yaml", text)

    def writes(self, text: str = WRITES) -> Path:
        return self.write("erp/order.yaml", text)

    def receive(self, *payloads: bytes) -> Summary:
        """Let payloads arrive, and run a pass."""
        for payload in payloads:
            self.sent += 1
            (self.root / "in" / f"{self.sent:05}").write_bytes(payload)
        return self.run()

    def orders(self, *orders: list[str]) -> Summary:
        """Let an interchange of its own arrive for each order."""
        return self.receive(*(interchange(f"I{self.sent + n}", one) for n, one in enumerate(orders, 1)))

    def run(self) -> Summary:
        return Engine(self.workspace(), self.ledger, clock=self.now).run_pass()

    def workspace(self) -> Workspace:
        return load_workspace(self.root)

    def impact(self, **asked: Any) -> Impact:
        return impact_of(self.workspace(), self.ledger, Asked(**{"masked": False, **asked}))

    def told(self, **asked: Any) -> list[tuple[str, str, int, list[tuple[str | None, str | None, int]]]]:
        """The differences: kind, place, documents, and old and new values with their number."""
        return [
            (
                group["what"],
                group["name"],
                group["documents"],
                [(value["old"], value["new"], value["count"]) for value in group["values"]],
            )
            for group in self.impact(**asked).as_dict()["differences"]
        ]

    def numbers(self, found: Impact) -> list[str]:
        """The numbers of the documents that would come out differently."""
        rows = {row["ref"]: row["number"] for row in self.ledger.queries.documents(limit=1_000_000)}
        return sorted(rows[ref] for ref in found.as_dict()["changed"])


@pytest.fixture
def shop(tmp_path: Path, hands: Any, keep_empty: Callable[[Path], None]) -> Iterator[Shop]:
    for folder in ("in", "out"):
        (tmp_path / folder).mkdir()
    (tmp_path / "transload.yaml").write_text(WORKSPACE)
    keep_empty(tmp_path / "var/ledger.db")
    with Ledger(f"sqlite:///{tmp_path}/var/ledger.db") as ledger:
        made = Shop(root=tmp_path, ledger=ledger, now=hands)
        made.reads()
        made.writes()
        made.acme()
        made.erp()
        yield made
