"""The ledger: a durable journal of receipts, documents and deliveries, and of all that happened to them."""

from transload.runner.ledger.databases.backend import ProcessLock
from transload.runner.ledger.errors import Damaged, Erased, Fenced, LedgerBusy, LedgerError, LockLost, NoLedger
from transload.runner.ledger.ledger import Ledger
from transload.runner.ledger.references import NotFound, Ref, parse_ref
from transload.runner.ledger.states import ACTIVE, FINAL, GOOD, State
from transload.runner.ledger.store import Blobs, Encryption, Store

__all__ = [
    "ACTIVE",
    "FINAL",
    "GOOD",
    "Blobs",
    "Damaged",
    "Encryption",
    "Erased",
    "Fenced",
    "Ledger",
    "LedgerBusy",
    "LedgerError",
    "LockLost",
    "NoLedger",
    "NotFound",
    "ProcessLock",
    "Ref",
    "State",
    "Store",
    "parse_ref",
]
