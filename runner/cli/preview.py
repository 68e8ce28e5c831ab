"""What a dry run shows."""

from collections.abc import Mapping
from typing import Any

from transload.runner.cli.ledger import finding_of
from transload.runner.cli.screen import counted, say, say_findings


def tell_preview(preview: Mapping[str, Any]) -> None:
    """Print what a pass would do; ``preview`` is what `transload.runner.engine.Engine.preview` gives."""
    for receipt in preview["receipts"]:
        known = ", known already: it would only be cleared away" if receipt["known"] else ""
        say(f"{receipt['route']} would receive {receipt['origin']}, {receipt['size']} bytes{known}", style="bold")
        _findings(receipt)
        for document in receipt["documents"]:
            name = f"{document['document'] or ''} {document['number'] or ''}".strip()
            name = name or ("passed on as it is" if document["deliveries"] else "no document")
            say(f"  message {document['message']}: {name}, {document['state']}")
            _findings(document)
            for delivery in document["deliveries"]:
                _delivery(delivery)
        for item in receipt["acknowledgements"]:
            verdict = "accepts" if item["accepted"] else "rejects"
            say(f"  acknowledgement {item['kind']} {verdict} {item['reference']}")
            _delivery(item)
    for route, count in preview["unread"].items():
        say(f"{route} would read {counted(count, 'receipt')} that arrived before")
    for lane in preview["waiting"]:
        states = ", ".join(f"{count} {state}" for state, count in lane["states"].items())
        say(f"{lane['lane']} holds {states}{': ' + lane['paused'] if lane['paused'] else ''}")
    _findings(preview)
    receipts, errors = counted(len(preview["receipts"]), "receipt"), counted(preview["errors"], "error")
    say(f"dry run: {receipts}, {errors}; nothing changed")


def _delivery(delivery: Mapping[str, Any]) -> None:
    if delivery["findings"]:
        say(f"    cannot be sent to {delivery['target']}")
        _findings(delivery)
        return
    facts = ", ".join(f"{name} {value}" for name, value in delivery["metadata"].items())
    say(f"    would be sent to {delivery['target']}{f' ({facts})' if facts else ''}, {delivery['size']} bytes")


def _findings(part: Mapping[str, Any]) -> None:
    say_findings(finding_of(kept) for kept in part["findings"])
