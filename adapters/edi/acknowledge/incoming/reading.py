"""An incoming message as what it says, if it is an acknowledgement."""

from transload.adapters.base.format import Message, Records
from transload.adapters.edi.acknowledge.incoming.contrl import ContrlReader
from transload.adapters.edi.acknowledge.incoming.functional import FunctionalReader, read_ta1
from transload.adapters.edi.acknowledge.incoming.statement import Statement


def read_statement(message: Message) -> Statement | None:
    """What a CONTRL, 997, 999 or TA1 says; None for any other message.

    Nothing is raised for what stands in it: what cannot be understood is among the
    statement's findings (``E-ACK-UNREADABLE``).
    """
    if not isinstance(message.body, Records):
        return None
    if message.kind == "CONTRL":
        return ContrlReader(message, message.body).read()
    if message.kind in ("997", "999"):
        return FunctionalReader(message, message.body).read()
    return read_ta1(message, message.body) if message.kind == "TA1" else None
