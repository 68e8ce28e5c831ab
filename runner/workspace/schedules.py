"""Schedules of receive routes as they are written: every, cron, timezone."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from transload.adapters.base.positioned import Entries, Node, Scalar
from transload.runner.calendar import WEEKDAYS, Calendar
from transload.runner.calendar.firing import Firing
from transload.runner.workspace.model import Cron, Every, Schedule
from transload.runner.workspace.report import Report
from transload.runner.workspace.suggestions import suggestion
from transload.runner.workspace.written import WrittenSchedule


def zone(node: Node | None, report: Report) -> ZoneInfo | None:
    """The time zone that ``node`` names; None when it is absent, or wrong, which is a finding."""
    if not isinstance(node, Scalar):
        return None
    try:
        return ZoneInfo(node.text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        hint = suggestion(node.text, available_timezones(), "zones are").split(", ")[0]
        report.add("C-VALUE", f"there is no time zone {node.text!r}", node, hint=hint)
        return None


def schedule(
    written: WrittenSchedule,
    block: Entries,
    calendar: Calendar,
    timezone: ZoneInfo,
    report: Report,
    what: str = "a route",
) -> Schedule | None:
    """The schedule of a route, or of ``what``; None where it has none; each fault is a finding."""
    days = days_of(written.on, calendar)
    key = block.key("on") or block.key("otherwise")
    if key is not None and written.every is None and written.cron is None:
        report.add("C-VALUE", f"{key.text}: belongs to every: or cron:, which are not here", key)
    if written.otherwise != "skip" and (written.cron is None or written.on != ("working days",)):
        at = block.key("otherwise") or block
        report.add("C-VALUE", "otherwise: belongs to cron: with on: working days", at)
    if written.every is not None and written.cron is not None:
        report.add("C-VALUE", f"{what} has either every: or cron:, not both", block.key("cron") or block)
        return None
    if written.timezone is not None and written.cron is None:
        report.add("C-VALUE", "timezone: belongs to cron:, which is not here", block.key("timezone") or block)
    if written.every is not None:
        return Every(interval=written.every, calendar=days)
    if written.cron is None:
        return None
    own = zone(block.get("timezone"), report)
    found = Cron(expression=written.cron, timezone=own or timezone, calendar=days, otherwise=written.otherwise)
    try:
        Firing(found.expression, found.timezone)
    except ValueError as error:
        hint = 'five fields: minute hour day month weekday, such as "*/10 6-20 * * mon-fri"'
        node = block.get("cron") or block
        report.add("C-VALUE", f"{written.cron!r} is no crontab expression: {_plain(error)}", node, hint=hint)
        return None
    return found


def days_of(days: Sequence[str], calendar: Calendar) -> Calendar | None:
    """The calendar whose worked days are ``days``; None for every day."""
    if "every day" in days:
        return None
    if "working days" in days:
        return calendar
    return Calendar(timezone=calendar.timezone, weekdays=frozenset(WEEKDAYS.index(day) for day in days))


def _plain(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text[:1].lower() + text[1:]
