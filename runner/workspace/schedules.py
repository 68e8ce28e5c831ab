"""Schedules of receive routes as they are written: every, cron, timezone."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from apscheduler.triggers.cron import CronTrigger

from transload.adapters.base.positioned import Entries, Node, Scalar
from transload.runner.workspace.model import Cron, Every, Schedule
from transload.runner.workspace.report import Report
from transload.runner.workspace.suggestions import suggestion
from transload.runner.workspace.written import WrittenReceive


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


def schedule(written: WrittenReceive, block: Entries, timezone: ZoneInfo, report: Report) -> Schedule | None:
    """The schedule of a route, or None where it has none; each fault is a finding."""
    if written.every is not None and written.cron is not None:
        report.add("C-VALUE", "a route has either every: or cron:, not both", block.key("cron") or block)
        return None
    if written.timezone is not None and written.cron is None:
        report.add("C-VALUE", "timezone: belongs to cron:, which is not here", block.key("timezone") or block)
    if written.every is not None:
        return Every(interval=written.every)
    if written.cron is None:
        return None
    own = zone(block.get("timezone"), report)
    found = Cron(expression=written.cron, timezone=own or timezone)
    try:
        CronTrigger.from_crontab(found.expression, timezone=found.timezone)
    except ValueError as error:
        hint = 'five fields: minute hour day month weekday, such as "*/10 6-20 * * mon-fri"'
        node = block.get("cron") or block
        report.add("C-VALUE", f"{written.cron!r} is no crontab expression: {_plain(error)}", node, hint=hint)
        return None
    return found


def _plain(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text[:1].lower() + text[1:]
