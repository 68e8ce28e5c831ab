"""What a source or an endpoint gives, as the ledger takes it."""

from transload.adapters.base import Inbound
from transload.canonical.errors import ConfigurationError
from transload.runner.ledger.receipts import Arrival
from transload.runner.ledger.replies import OwnReply
from transload.runner.lines.lines import Line


def arrival_of(line: Line, inbound: Inbound) -> Arrival:
    """What ``inbound`` is to become, on ``line``.  Raises `ConfigurationError` for a reply that cannot be sent."""
    return Arrival(
        route=line.route.ref,
        lane=line.lane,
        connection=line.route.connection.ref,
        source_key=inbound.key,
        origin=inbound.origin,
        content=inbound.content,
        metadata=inbound.metadata,
        evidence=inbound.evidence,
        findings=inbound.findings,
        answers=inbound.answers,
        reply=_reply(line, inbound),
    )


def _reply(line: Line, inbound: Inbound) -> OwnReply | None:
    if inbound.reply is None:
        return None
    way = line.replying
    if way is None:
        raise ConfigurationError(f"the adapter of {line.route.connection.ref} replies later, and cannot send")
    return OwnReply(
        lane=way.lane, target=way.target, connection=way.connection, product=line.product, outbound=inbound.reply
    )
