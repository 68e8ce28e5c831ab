"""The journey of each file, told from what the ledger knows."""

import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from transload.runner.cli.ledger import finding_of
from transload.runner.cli.screen import counted, say, say_findings, say_json
from transload.runner.demo.scene import ARRIVALS, Scene

Journey = Mapping[str, Any]
_ROUTES = {"hagemann/orders": "EDIFACT ORDERS D.96A", "northstar/orders": "X12 850 version 004010"}


def tell_partners(scene: Scene) -> None:
    """Say who takes part, and what lies in the mailbox."""
    say("Partners on this machine", style="bold")
    say(f"  mailbox    SFTP  {scene.sftp}   Hagemann and Northstar leave orders here and fetch acknowledgements")
    say(f"  erp        REST  {scene.rest}   takes orders as JSON, once for each Idempotency-Key")
    say(f"  warehouse  SOAP  {scene.soap}   takes orders for picking, once for each number")
    say()
    say("In the mailbox", style="bold")
    for name in ARRIVALS:
        say(f"  {name}, {(scene.mailbox / name).stat().st_size} bytes")
    say()
    say(f"{command()} run --workspace {scene.workspace}", style="bold")


def tell(scene: Scene, journeys: Sequence[Journey], *, good: bool, as_json: bool) -> None:
    """Tell the journeys, what lies where now, and the commands to look further; or all of it as JSON."""
    if as_json:
        say_json(
            {
                "ok": good,
                "workspace": str(scene.workspace),
                "partners": {"sftp": scene.sftp, "rest": scene.rest, "soap": scene.soap},
                "taken": {"erp": scene.erp.counts, "warehouse": scene.warehouse.counts},
                "journeys": list(journeys),
            }
        )
        return
    for number, journey in enumerate(journeys, 1):
        say()
        _tell_journey(number, journey)
    say()
    _tell_taken(scene)
    _tell_further(scene, journeys)
    if not good:
        say()
        say("This is not what the demo should have shown; the ledger in the workspace knows why.", style="bold red")


def went_as_it_should(scene: Scene, journeys: Sequence[Journey]) -> bool:
    """Whether every good order reached both systems once, the broken one is kept back, and all were acknowledged."""
    documents = [document for journey in journeys for document in journey["documents"]]
    deliveries = [delivery for journey in journeys for delivery in journey["deliveries"]]
    quarantined = [document for document in documents if document["state"] == "QUARANTINED"]
    good = len(documents) - len(quarantined)
    return (
        len(journeys) == len(ARRIVALS)
        and len(quarantined) == 1
        and all(delivery["state"] == "SENT" for delivery in deliveries)
        and len(deliveries) == 2 * good + len(journeys)
        and all(len(journey["acknowledgements"]) == 1 for journey in journeys)
        and scene.erp.counts["orders"] == scene.warehouse.counts["orders"] == good
    )


def _tell_journey(number: int, journey: Journey) -> None:
    receipt = journey["receipt"]
    name = receipt["origin"].rpartition("/")[2]
    say(f"{number}. {name}", style="bold")
    say(
        f"   arrived       {receipt['ref']}: {receipt['size']} bytes of {_ROUTES.get(receipt['route'], 'unknown kind')}"
    )
    say(f"                 stored with SHA-256 {receipt['digest'][:16]}..., then moved to the done folder")
    for document in journey["documents"]:
        _tell_document(document, journey["deliveries"])
    for item in journey["acknowledgements"]:
        (sent,) = (row for row in journey["deliveries"] if row["ref"] == item["delivery"])
        verdict = "all accepted" if item["accepted"] else "with a rejection"
        say(
            f"   acknowledged  {sent['ref']} {sent['state']}: {item['kind'].upper()} of {item['reference']},"
            f" {verdict}, as {sent['metadata'].get('file', '')}"
        )


def _tell_document(document: Mapping[str, Any], deliveries: Sequence[Mapping[str, Any]]) -> None:
    message = f"message {document['message']}"
    if document["state"] == "QUARANTINED":
        say(f"   quarantined   {document['ref']}: {message}, reference {document['reference']}", style="bold red")
        say_findings(finding_of(finding) for finding in document["findings"] if finding["severity"] == "error")
        return
    what = f"{document['document']} {document['number']}"
    say(f"   document      {document['ref']} {document['state']}: {what}, {message}")
    for delivery in deliveries:
        if document["ref"] in delivery["documents"]:
            tries = counted(len(delivery["attempts"]), "attempt")
            say(f"      delivered  {delivery['ref']} {delivery['state']}: to {delivery['target']}, {tries}")


def _tell_taken(scene: Scene) -> None:
    say("What the partners have now", style="bold")
    say(f"  erp        {counted(scene.erp.counts['orders'], 'order')}, {scene.erp.counts['repeats']} repeated calls")
    warehouse = scene.warehouse.counts
    say(f"  warehouse  {counted(warehouse['orders'], 'order')}, {warehouse['repeats']} repeated calls")
    for place in ("hagemann/in", "northstar/in"):
        for file in sorted((scene.mailbox / place).iterdir()):
            say(f"  mailbox    {place}/{file.name}, {file.stat().st_size} bytes")


def _tell_further(scene: Scene, journeys: Sequence[Journey]) -> None:
    program, where = command(), f"--workspace {scene.workspace}"
    quarantined = [
        document["ref"]
        for journey in journeys
        for document in journey["documents"]
        if document["state"] == "QUARANTINED"
    ]
    say()
    say(f"The workspace stays at {scene.workspace}", style="bold")
    say("To look further:")
    say(f"  {program} documents {where}")
    for ref in quarantined[:1]:
        say(f"  {program} show {ref} {where}")
    say(f"  {program} inspect {scene.mailbox}/hagemann/out/done/hagemann-broken.edi")
    say(f"  {program} check {scene.workspace}")
    say(f"  {program} test {scene.workspace}")
    orders = f"{scene.mailbox}/hagemann/out/done/hagemann-orders.edi"
    say(f"  {program} convert {orders} --map {scene.workspace}/mappings/hagemann/orders.yaml")
    say(f"With `{program} demo --stay` the partners go on, and so can you.")


def command() -> str:
    """How the user calls us: by name where the shell finds it, else by the path that was called."""
    called = sys.argv[0]
    found = shutil.which("transload")
    return "transload" if found and Path(found).resolve() == Path(called).resolve() else shlex.quote(called)
