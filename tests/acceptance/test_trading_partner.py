"""Two conversations with a trading partner that somebody else wrote, through ``transload serve``.

We are the buyer: our ERP's CSV becomes an 850 and an ORDERS.  The partner answers with a 997 and an 855, with CONTRL
and ORDRSP, which we acknowledge in turn.  Its answers have segments out of the standard's order; the workspace says so
in overlays, as for any partner.
"""

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

mockedi = pytest.importorskip("mockedi.testing", reason="mock-edi is not installed")

HERE = Path(__file__).parent
DAY = 24 * 60 * 60 * 1000
ORDER = {
    "OrderDate": "2026-02-03",
    "OrderType": "ORDER",
    "Action": "NEW",
    "DeliveryDate": "2026-02-17",
    "BuyerID": "ACME",
    "BuyerName": "ACME Retail",
    "SupplierID": "MOCKEDI",
    "SupplierName": "Mock EDI Supply Co",
    "ShipToID": "W4",
    "ShipToName": "ACME Warehouse North",
    "ShipToCity": "Antwerp",
    "ShipToCountry": "BE",
    "Unit": "EA",
}
LINES = (
    {"LineNo": "1", "SupplierItem": "WIDGET-001", "Description": "A widget", "Qty": "100", "Price": "12.5"},
    {"LineNo": "2", "SupplierItem": "SUP-2", "Description": "A part, unknown to them", "Qty": "20", "Price": "3.5"},
)


@dataclass(frozen=True)
class Trade:
    """The partner, the folders of both sides, and our workspace."""

    partner: Any
    root: Path

    @property
    def workspace(self) -> Path:
        return self.root / "workspace"

    def order(self, folder: str, number: str, currency: str) -> None:
        """What the ERP does: write an order into a folder, whole."""
        sample = resources.files("transload.mappings.library") / "samples/orders.csv"
        text = io.StringIO()
        writer = csv.DictWriter(text, sample.read_text().splitlines()[0].split(","), restval="")
        writer.writeheader()
        writer.writerows({**ORDER, **line, "OrderNo": number, "Currency": currency} for line in LINES)
        beside = self.root / "erp" / f"{number}.tmp"
        beside.write_text(text.getvalue())
        beside.rename(self.root / "erp" / folder / f"{number}.csv")

    def confirmed(self, number: str) -> dict[str, Any] | None:
        """What the ERP was told of an order."""
        file = self.root / "erp/confirmed" / f"{number}.json"
        return json.loads(file.read_bytes()) if file.exists() else None


def wait_until(condition: Callable[[], object], seconds: float = 30) -> None:
    """Wait until ``condition`` holds."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it took too long"
        time.sleep(0.1)


@pytest.fixture
def trade(tmp_path: Path) -> Iterator[Trade]:
    for folder in ("erp/x12", "erp/edifact", "erp/confirmed", "shelf"):
        (tmp_path / folder).mkdir(parents=True)
    with mockedi.Mock.start(pickup_dir=str(tmp_path / "shelf"), despatch_delay_ms=DAY, invoice_delay_ms=DAY) as partner:
        shutil.copytree(HERE / "partner_workspace", tmp_path / "workspace")
        for file in tmp_path.glob("workspace/mappings/*/partner.yaml"):
            file.write_text(file.read_text().replace("@root@", str(tmp_path)).replace("@url@", partner.base))
        yield Trade(partner, tmp_path)


@pytest.fixture
def served(trade: Trade) -> Iterator[None]:
    program = Path(sys.executable).with_name("transload")
    with (trade.root / "serve.log").open("wb") as log:
        process = subprocess.Popen(
            [program, "serve", "--workspace", trade.workspace], stdout=log, stderr=log, env={**os.environ}
        )
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=30)
    assert code == 0, (trade.root / "serve.log").read_text()


@pytest.mark.usefixtures("served")
def test_two_conversations(trade: Trade, transload: Callable[..., "subprocess.CompletedProcess[str]"]) -> None:
    trade.order("x12", "PO-X12", "USD")
    trade.order("edifact", "PO-EDIFACT", "EUR")
    for number in ("PO-X12", "PO-EDIFACT"):
        wait_until(lambda number=number: trade.confirmed(number))

    def states() -> list[tuple[str, str]]:
        told = transload("documents", "--workspace", trade.workspace, "--json")
        assert told.returncode == 0, told.stdout + told.stderr
        rows = json.loads(told.stdout)
        return sorted((row["partner"], row["state"]) for row in rows)

    def accepted() -> list[str]:
        rows = trade.partner.documents()
        return sorted(row["code"] for row in rows if row["ack_status"] == "accepted" and row["ack_code"] in "A7")

    wait_until(lambda: states().count(("erp", "ACKED")) == 2 and len(accepted()) == 2)
    assert states() == [
        ("erp", "ACKED"),
        ("erp", "ACKED"),
        ("seller", "RECONCILED"),
        ("seller", "RECONCILED"),
        ("seller", "SENT"),
        ("seller", "SENT"),
    ]
    for number, of_the_second in (("PO-X12", "rejected"), ("PO-EDIFACT", "accepted")):
        confirmed = trade.confirmed(number)
        assert confirmed is not None
        assert confirmed.pop("number")
        assert confirmed == {
            "orderNumber": number,
            "status": "changed",
            "items": [
                {"position": "1", "status": "accepted", "quantity": 100},
                {"position": "2", "status": of_the_second, "quantity": 0},  # LIN 1229 is empty in their ORDRSP
            ],
        }
    # each of our messages reached the partner once, and it found nothing wrong with any
    seen = [row for row in trade.partner.documents() if row["direction"] == "in"]
    assert sorted(row["code"] for row in seen) == ["850", "997", "CONTRL", "ORDERS"]
    assert all(row["accepted"] and not row["findings"] for row in seen)
    assert accepted() == ["855", "ORDRSP"]


def test_the_partners_workspace_is_checked(
    trade: Trade, transload: Callable[..., "subprocess.CompletedProcess[str]"]
) -> None:
    done = transload("check", trade.workspace)
    assert done.returncode == 0, done.stdout + done.stderr
