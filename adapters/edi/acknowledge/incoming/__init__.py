"""What partners answer: an incoming acknowledgement as plain records, and brought together with what was sent."""

from transload.adapters.edi.acknowledge.incoming.reading import read_statement
from transload.adapters.edi.acknowledge.incoming.reconciling import reconcile
from transload.adapters.edi.acknowledge.incoming.references import acknowledged, references, unknown
from transload.adapters.edi.acknowledge.incoming.statement import (
    Complaint,
    StatedGroup,
    StatedMessage,
    Statement,
)

__all__ = [
    "Complaint",
    "StatedGroup",
    "StatedMessage",
    "Statement",
    "acknowledged",
    "read_statement",
    "reconcile",
    "references",
    "unknown",
]
