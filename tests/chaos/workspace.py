"""The workspace of a chaos run: orders come in three ways, and go to four targets that know more or less of them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TRANSLOAD = """\
workspace: chaos
store: {store}
environment: production
environments: [production]
identities: {{gln: "9521102000004", edifact: {{id: "9521102000004", qualifier: "14"}}}}
secrets: [env, file: {{folders: [keys]}}]
http: {{listen: '127.0.0.1:{port}'}}
defaults:
  retry: {{attempts: 1000, first: 200ms, longest: 2s, give_up_after: 1d}}
"""
_ORDER = """\
mapping: erp-order
version: 1
document: order/1
format: {type: json}
loses: ["*"]
layout:
  - number: =number
  - date: =issued_on | date(iso)
  - in: buyer
    buyer: {gln: =gln}
"""
READ_SECONDS = 1.5
"""How long a target may take to answer."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a run takes place: the workspace in ``folder``, the files of partners in ``root``."""

    folder: Path
    root: Path
    port: int
    quiet: float

    @property
    def door(self) -> str:
        """The address that a partner calls."""
        return f"http://127.0.0.1:{self.port}/in"

    def write(self, store: dict[str, str], password: str, partner: str) -> None:
        """Write the workspace; ``partner`` is the address of the targets over HTTP."""
        for name in ("edi", "edi/done", "csv", "csv/done", "acks", "in"):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "keys").mkdir(parents=True)
        (self.folder / "keys/token").write_text("chaos-token")
        (self.folder / "keys/ledger").write_text(password)
        (self.folder / "transload.yaml").write_text(_TRANSLOAD.format(store=json.dumps(store), port=self.port))
        for name, content in self._partners(partner).items():
            mappings = self.folder / "mappings" / name
            mappings.mkdir(parents=True)
            (mappings / "partner.yaml").write_text(json.dumps({"partner": name, **content}))
        (self.folder / "mappings/erp/order.yaml").write_text(_ORDER)

    def _partners(self, partner: str) -> dict[str, dict[str, Any]]:
        box = {"box": {"adapter": "files", "root": str(self.root)}}
        to = ["erp/keyed", "erp/asked", "erp/blind", "erp/files"]
        api = {"adapter": "rest", "base_url": partner, "timeouts": {"connect": "2s", "read": f"{READ_SECONDS}s"}}
        apis = dict.fromkeys(("keyed", "asked", "blind"), api)  # of its own each, so that none stops the others
        take = {"take": {"document": "order/1"}, "mapping": "order.yaml"}
        ordered = {"order_by": ["buyer.gln"]}
        return {
            "acme": {
                "identities": {"gln": "9521101000005", "edifact": {"id": "9521101000005", "qualifier": "14"}},
                "connections": {
                    **box,
                    "door": {"adapter": "http", "path": "/in", "verify": {"bearer": {"token": "${file:keys/token}"}}},
                },
                "receive": {
                    "edi": {
                        "from": self._picked_up("edi"),
                        "every": "1s",
                        "mappings": ["library:edifact/orders-d96a"],
                        "to": to,
                        "acknowledge": {
                            "with": "contrl",
                            "connection": "box",
                            "folder": "acks",
                            "file": "CONTRL_{number:06}.edi",
                        },
                    },
                    "csv": {
                        "from": self._picked_up("csv"),
                        "every": "1s",
                        "mappings": ["library:csv/orders"],
                        "to": to,
                    },
                    "called": {
                        "from": {"connection": "door", "id_header": "X-Number"},
                        "mappings": ["library:csv/orders"],
                        "to": to,
                    },
                },
            },
            "erp": {
                "kind": "internal",
                "connections": {**box, **apis},
                "send": {
                    "keyed": {
                        **take,
                        **ordered,
                        "to": {"connection": "keyed", "path": "/keyed", "idempotency": "header"},
                    },
                    "asked": {
                        **take,
                        **ordered,
                        "to": {"connection": "asked", "path": "/asked", "lookup": "/asked/{document.number}"},
                    },
                    "blind": {**take, "to": {"connection": "blind", "path": "/blind"}},
                    "files": {
                        **take,
                        "to": {"connection": "box", "folder": "in", "file": "{document.number}_{number:06}.json"},
                    },
                },
            },
        }

    def _picked_up(self, folder: str) -> dict[str, Any]:
        stable = f"{self.quiet}s"
        done = {"move": f"{folder}/done"}
        return {"connection": "box", "folder": folder, "pattern": f"*.{folder}", "stable": stable, "afterwards": done}
