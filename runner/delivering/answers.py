"""What targets answered, as receipts of the routes that read it."""

from transload.runner.ledger import State
from transload.runner.ledger.attempts import Outcome
from transload.runner.ledger.receipts import Arrival
from transload.runner.lines.lines import Line, Outlet


def answers_of(reader: Line, outlet: Outlet, outcomes: list[Outcome]) -> list[Arrival]:
    """The answers of targets as receipts of the line that reads them: they are committed with the outcomes."""
    return [
        Arrival(
            route=reader.route.ref,
            lane=reader.lane,
            connection=reader.route.connection.ref,
            source_key=f"answer to {outcome.delivery.id}",
            origin=f"answer to delivery {outcome.delivery.id} of {outlet.lane}",
            content=outcome.answer_content,
            metadata={**_facts(outcome), "in_reply_to": str(outcome.delivery.id)},
        )
        for outcome in outcomes
        if outcome.state is State.SENT and outcome.answer_content
    ]


def _facts(outcome: Outcome) -> dict[str, str]:
    known = (outcome.answer or {}).get("metadata") or {}
    return {str(name): str(value) for name, value in known.items() if name in ("status", "content_type", "message_id")}
