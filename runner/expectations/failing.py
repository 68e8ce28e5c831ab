"""What fails again and again, made into incidents: a target, a source, the ledger itself.

Each is tried again by itself, so none of them is dead; somebody should know all the same.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial

from transload.runner.expectations.conditions import lasting
from transload.runner.ledger.conditions import Conditions, Vain
from transload.runner.ledger.incidents import Incident, Judged, Opening
from transload.runner.ledger.outage import Lasted

PATIENCE = timedelta(minutes=15)
"""How long something may fail before it is told."""
LEAST = 3
"""How often it must have failed by then."""


def retrying(conditions: Conditions, incidents: Iterable[Incident], now: datetime) -> Judged:
    """Targets that take nothing, and sources that cannot be asked, for a quarter of an hour."""
    found: dict[str, Callable[[], Opening]] = {}
    for vain in conditions.in_vain(now - PATIENCE, least=LEAST):
        found[f"retrying|{vain.what}|{vain.route}"] = partial(_in_vain, vain, now)
    return lasting("retrying", found, incidents, "it works again, or is given up")


def _in_vain(vain: Vain, now: datetime) -> Opening:
    since = f"{vain.since:%Y-%m-%d %H:%M} UTC"
    if vain.what == "target":
        waiting = "1 delivery waits" if vain.count == 1 else f"{vain.count} deliveries wait"
        title = f"{vain.route} is tried in vain: {waiting}, the oldest since {since}"
        hint = "transload find --what deliveries --state RETRY_AT tells why; it is tried again by itself"
    else:
        title = f"{vain.route} has been asked in vain since {since}, {vain.count} times"
        hint = "the log tells why, and transload probe; it is asked again by itself"
    return Opening(
        source="retrying",
        subject=f"retrying|{vain.what}|{vain.route}",
        key=f"retrying|{vain.what}|{vain.route}|{now.isoformat()}",
        severity="warning",
        partner=vain.route.partition("/")[0],
        about=vain.route,
        title=title,
        hint=hint,
        lasting=True,
    )


def ledger(lasted: Lasted | None, process: str, incidents: Iterable[Incident]) -> Judged:
    """The ledger failed this ``process``; where it could not be written, that is told afterwards.

    What it failed another process is that one's affair.
    """
    own = [one for one in incidents if one.source == "ledger" and one.about == process]
    found: dict[str, Callable[[], Opening]] = {}
    if lasted is not None:
        found[_subject(process, lasted)] = partial(_failed, process, lasted)
    return lasting("ledger", found, own, "it works again")


def _subject(process: str, lasted: Lasted) -> str:
    return f"ledger|{process}|{lasted.since.isoformat()}"


def _failed(process: str, lasted: Lasted) -> Opening:
    subject = _subject(process, lasted)
    return Opening(
        source="ledger",
        subject=subject,
        key=subject,
        severity="error",
        partner=None,
        about=process,
        title=f"the ledger failed from {lasted.since:%Y-%m-%d %H:%M:%S} UTC on: {lasted.error}",
        hint="free space, a lock, the server: the log tells more; what could not be written is done by itself then",
        lasting=True,
    )
