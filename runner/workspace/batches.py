"""Batches of send routes as they are written: of a receipt, or by every, cron and count."""

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from transload.adapters.base.positioned import Entries, Scalar
from transload.canonical.findings import Severity
from transload.runner.calendar import Calendar
from transload.runner.calendar.firing import Firing
from transload.runner.workspace.model import Batching, Cron, SendRoute
from transload.runner.workspace.report import Report
from transload.runner.workspace.schedules import schedule
from transload.runner.workspace.written import WrittenSend


def batching(
    written: WrittenSend, block: Entries, calendar: Calendar, timezone: ZoneInfo, report: Report, what: str
) -> Batching | None:
    """How documents of a route leave together, or None where each leaves alone; each fault is a finding."""
    batch, node = written.batch, block.get("batch")
    if batch is None:
        return None
    if isinstance(batch, str) or not isinstance(node, Entries):
        return Batching()
    timed = [key for key in (node.key(name) for name in ("every", "cron", "count")) if key is not None]
    if timed:
        _refuse_of_receipts(node, timed[0], report, what)
    elif batch.count is None:
        schedule(batch, node, calendar, timezone, report, f"'batch' of {what}")  # what belongs to none
        return Batching(most=batch.most)
    found = schedule(batch, node, calendar, timezone, report, f"'batch' of {what}")
    cron = node.get("cron") or node
    if (
        isinstance(found, Cron)
        and Firing(found.expression, found.timezone, found.calendar, found.otherwise).after(datetime.now(UTC)) is None
    ):
        report.add(
            "C-VALUE",
            f"{found.expression!r} of 'batch' of {what} names no day that comes",
            cron,
            hint="there is none in ten years",
        )
    if found is None and batch.every is None and batch.cron is None:
        message = f"'batch' of {what} has 'count' alone, so what is less waits without an end"
        hint = "add every: or cron: by which it leaves all the same"
        report.add("C-BATCH", message, timed[0], hint=hint, severity=Severity.WARNING)
    return Batching(most=batch.count, across=True, schedule=found)


def check_room(at_most_waiting: int, to: Sequence[SendRoute], block: Entries, report: Report, what: str) -> None:
    """Report a bound on what waits that is reached before batches without a time are full: nothing would go on."""
    batches = [route.batch for route in to if route.batch is not None and route.batch.across]
    gathered = sum(batch.most - 1 for batch in batches if batch.schedule is None and batch.most is not None)
    if gathered > at_most_waiting:
        message = f"at_most_waiting of {what} is {at_most_waiting}, and {gathered} documents may wait for their batches"
        hint = "nothing would be fetched that makes them full: raise it, or give the batches every: or cron:"
        report.add("C-BATCH", message, block.key("at_most_waiting") or block, hint=hint)


def _refuse_of_receipts(node: Entries, timed: Scalar, report: Report, what: str) -> None:
    """Report what belongs to a batch of one receipt, where one of several is wanted."""
    for name, hint in (("of", "leave out of:, or every:, cron: and count:"), ("most", "write count: instead")):
        key = node.key(name)
        if key is not None:
            message = f"{name!r} in 'batch' of {what} is for one receipt, and {timed.text!r} for what several bring"
            report.add("C-VALUE", message, key, hint=hint)
