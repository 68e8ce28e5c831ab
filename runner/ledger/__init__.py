"""The ledger: a durable journal of receipts, documents and deliveries, and of all that happened to them."""

from transload.runner.ledger.errors import Fenced, LedgerBusy, LedgerError
from transload.runner.ledger.ledger import Ledger
from transload.runner.ledger.references import NotFound, Ref, parse_ref
from transload.runner.ledger.states import ACTIVE, FINAL, GOOD, State

__all__ = [
    "ACTIVE",
    "FINAL",
    "GOOD",
    "Fenced",
    "Ledger",
    "LedgerBusy",
    "LedgerError",
    "NotFound",
    "Ref",
    "State",
    "parse_ref",
]
