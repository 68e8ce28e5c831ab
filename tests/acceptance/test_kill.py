"""What an operator must be able to believe: kill the daemon, start it again, and nothing is lost or doubled."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from transload.runner.demo.partners.rest_api import RestApi
from transload.runner.demo.partners.servers import http_server

ORDERS = 500
IN_ONE_FILE = 25
PATIENCE = 120.0
TRANSLOAD = str(Path(sys.executable).with_name("transload"))


def interchange(number: int, fixtures: Path) -> bytes:
    """One interchange of `IN_ONE_FILE` orders, each with a number of its own, made of our sample order."""
    text = (fixtures / "edifact" / "orders.edi").read_bytes().decode("latin-1")
    head, rest = text.split("UNH+", 1)
    body, _ = ("UNH+" + rest).split("UNZ+", 1)
    messages = []
    for position in range(1, IN_ONE_FILE + 1):
        order = f"PO-{number * IN_ONE_FILE + position:05d}"
        message = body.replace("PO-2026-00417", order).replace("UNH+1+", f"UNH+{position}+")
        messages.append(message.replace("UNT+62+1'", f"UNT+62+{position}'"))
    reference = f"HG{number:09d}"
    head = head.replace("HG000000417", reference)
    return (head + "".join(messages) + f"UNZ+{IN_ONE_FILE}+{reference}'\n").encode("latin-1")


@pytest.fixture
def workspace(tmp_path: Path, fixtures: Path) -> Path:
    """A workspace that reads a folder every second and posts each order to an API."""
    folder = tmp_path / "workspace"
    arriving = tmp_path / "arriving"
    arriving.mkdir()
    for number in range(ORDERS // IN_ONE_FILE):
        (arriving / f"orders-{number:03d}.edi").write_bytes(interchange(number, fixtures))
    files = {
        "transload.yaml": "workspace: kill\nenvironment: production\ndefaults: {retry: {first: 1s, longest: 2s}}\n",
        "mappings/hagemann/partner.yaml": f"""
partner: hagemann
connections:
  folder: {{adapter: files, root: {tmp_path}}}
receive:
  orders:
    from: {{connection: folder, folder: arriving, stable: none, afterwards: delete}}
    every: 1s
    mappings: [library:edifact/orders-d96a]
    to: [erp/sales-orders]
""",
        "mappings/erp/partner.yaml": """
partner: erp
kind: internal
connections:
  api: {adapter: rest, base_url: "@address@"}
send:
  sales-orders:
    take: {document: order/1}
    mapping: sales-order.yaml
    to: {connection: api, method: POST, path: /sales-orders, idempotency: header}
""",
        "mappings/erp/sales-order.yaml": """
mapping: sales-order
version: 1
document: order/1
format: {type: json}
layout:
  - number: =number
  - date: =issued_on | date(iso)
  - customer: =buyer.gln
  - each: lines
    items: {position: =number, quantity: =quantity | number}
""",
    }
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.lstrip(), encoding="utf-8")
    return folder


@contextmanager
def served(workspace: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """``transload serve`` as a process of its own; killed at the end if it still runs."""
    log = (workspace / "serve.log").open("ab")
    command = [TRANSLOAD, "serve", "--workspace", str(workspace)]
    with log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def wait_until(api: RestApi, orders: int, process: "subprocess.Popen[bytes]", workspace: Path) -> None:
    """Wait until the API has taken so many orders."""
    end = time.monotonic() + PATIENCE
    while api.counts["orders"] < orders:
        assert process.poll() is None, (workspace / "serve.log").read_text()
        assert time.monotonic() < end, f"{api.counts} after {PATIENCE} s\n{(workspace / 'serve.log').read_text()}"
        time.sleep(0.01)


def deliveries(workspace: Path) -> list[dict[str, Any]]:
    command = [TRANSLOAD, "documents", "--workspace", str(workspace)]
    done = subprocess.run([*command, "--json", "--limit", "1000"], capture_output=True, check=True)
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kills", [(100,), (40, 250, 400)], ids=["once", "three times"])
def test_kill_9_in_the_middle_of_500_orders_loses_none_and_sends_none_twice(
    workspace: Path, kills: tuple[int, ...]
) -> None:
    api = RestApi()
    with http_server(api.app) as address:
        partner = workspace / "mappings/erp/partner.yaml"
        partner.write_text(partner.read_text().replace("@address@", address))
        for orders in kills:
            with served(workspace) as process:
                wait_until(api, orders, process, workspace)
                process.send_signal(signal.SIGKILL)
                process.wait(10)
                assert api.counts["orders"] < ORDERS, "it was killed too late to show anything"
        with served(workspace) as process:
            wait_until(api, ORDERS, process, workspace)
            time.sleep(1.5)  # long enough for one more poll and sweep: nothing may come after the last order
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0, (workspace / "serve.log").read_text()

    taken = [record["number"] for record in api.orders.all()]
    print(f"killed {len(kills)} times: {len(taken)} orders, {api.counts['repeats']} repeated calls")
    assert len(taken) == len(set(taken)) == ORDERS
    assert api.counts["calls"] >= ORDERS + api.counts["repeats"]  # a call that the kill cut short is counted, too
    assert api.counts["refusals"] == 0
    documents = deliveries(workspace)
    assert len(documents) == ORDERS
    assert {document["number"] for document in documents} == set(taken)
    assert {document["state"] for document in documents} == {"SENT"}
