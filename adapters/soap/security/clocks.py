"""The Timestamp of an answer, and what it says about the two clocks."""

from datetime import UTC, datetime, timedelta

from lxml import etree

from transload.adapters.base.http import Reply, their_time
from transload.adapters.soap.security.parts import WSU, parts_of

_LIFE = timedelta(minutes=5)
"""How long an answer counts whose Timestamp names no end (WS-Security 1.1 section 10 recommends to have one)."""
HINT = "correct the clock that is wrong; if both are right, somebody may have sent an old answer again"


def stale(envelope: "etree._Element", *, skew: timedelta, now: datetime, what: str = "answer") -> str | None:
    """Why the Timestamp of ``envelope`` does not hold now, in a sentence; None when it does, or there is none."""
    for timestamp in parts_of(envelope)["timestamp"]:
        created = moment(timestamp.findtext(f"{{{WSU}}}Created"))
        expires = moment(timestamp.findtext(f"{{{WSU}}}Expires"))
        if created is None and expires is None:
            return f"the Timestamp of the {what} has no time that can be read"
        if created is not None and created > now + skew:
            return f"the {what} is dated {_seconds(created - now)} seconds ahead of our clock"
        end = expires or (created + _LIFE if created is not None else None)
        if end is not None and end < now - skew:
            return f"the {what} ended {_seconds(now - end)} seconds ago by our clock"
    return None


def difference(reply: Reply, now: datetime) -> str | None:
    """How far the server's clock is off by its own Date, in words; None when it does not say, or hardly at all."""
    theirs = their_time(reply)
    if theirs is None or abs(theirs - now) < timedelta(seconds=5):
        return None
    return f"the server's clock is {_seconds(theirs - now)} seconds {'ahead of' if theirs > now else 'behind'} ours"


def _seconds(span: timedelta) -> int:
    return round(abs(span.total_seconds()))


def moment(text: str | None) -> datetime | None:
    """The moment that an xsd:dateTime names, UTC where it names no zone; None for anything else."""
    try:
        found = datetime.fromisoformat((text or "").strip())
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
