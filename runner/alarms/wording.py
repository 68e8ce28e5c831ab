"""The words of an alarm: one message about one or several incidents.

Titles may hold what partners wrote (names in envelopes), so nothing of them can be a line of its own.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from transload.runner.ledger.alarms import Notice

MOST_ITEMS = 50
_LONGEST = 300
_WORDS = {"opened": "NEW", "repeated": "STILL OPEN", "closed": "OVER"}


def body_of(workspace: str, channel: str, notices: Sequence[Notice], now: datetime) -> dict[str, Any]:
    """What is told, as JSON values; of more than 50 incidents the worst and newest, and how many there are."""
    worst = sorted(notices, key=lambda notice: (notice.what == "closed", notice.incident.severity, notice.at))
    return {
        "workspace": workspace,
        "channel": channel,
        "at": now.isoformat(),
        "count": len(notices),
        "incidents": [{"what": notice.what, **_shown(notice)} for notice in worst[:MOST_ITEMS]],
    }


def _shown(notice: Notice) -> dict[str, Any]:
    found = notice.incident.as_dict()
    names = (
        "ref",
        "source",
        "severity",
        "partner",
        "about",
        "title",
        "hint",
        "count",
        "opened_at",
        "closed_at",
        "note",
    )
    return {name: line(value) if isinstance(value := found[name], str) else value for name in names}


def subject_of(body: Mapping[str, Any]) -> str:
    """One line for all of it."""
    found = body["incidents"]
    more = f" (and {body['count'] - 1} more)" if body["count"] > 1 else ""
    return line(f"[{body['workspace']}] {_WORDS[found[0]['what']]}: {found[0]['title']}{more}")


def text_of(body: Mapping[str, Any]) -> str:
    """The whole as plain text."""
    parts = [_paragraph(item) for item in body["incidents"]]
    left = body["count"] - len(body["incidents"])
    if left:
        parts.append(f"and {left} more: transload incidents")
    parts.append(
        f"Workspace {body['workspace']}, {body['at'][:19].replace('T', ' ')} UTC. It is told again until somebody"
        " acknowledges it: transload incidents ID --acknowledge"
    )
    return "\n\n".join(parts) + "\n"


def _paragraph(item: Mapping[str, Any]) -> str:
    lines = [
        f"{_WORDS[item['what']]} {item['ref']} ({item['severity']}, {item['source']}): {item['title']}",
        f"  since {item['opened_at'][:19].replace('T', ' ')} UTC",
    ]
    lines.append(f"  {item['note']}" if item["what"] == "closed" and item["note"] else f"  {item['hint']}")
    return "\n".join(lines)


def line(text: str) -> str:
    """``text`` on one line, without control characters, and not too long."""
    flat = "".join(sign if sign.isprintable() else " " for sign in text)
    flat = " ".join(flat.split())
    return flat if len(flat) <= _LONGEST else flat[: _LONGEST - 3] + "..."
