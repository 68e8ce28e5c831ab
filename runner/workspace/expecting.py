"""Calendars and expectations as files write them, checked and made ready."""

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from transload.adapters.base.positioned import Entries, Items, Node, Scalar
from transload.canonical.documents import DOCUMENTS
from transload.runner.calendar import WEEKDAYS, Calendar
from transload.runner.calendar.days import holidays_of
from transload.runner.workspace.examine import examine
from transload.runner.workspace.expectations import Expectation, WrittenCalendar, closed_days
from transload.runner.workspace.report import Report, words_for
from transload.runner.workspace.schedules import zone
from transload.runner.workspace.suggestions import suggestion

_YEARS = range(2020, 2100)


def calendar_of(
    written: WrittenCalendar | None, node: Node | None, report: Report, timezone: ZoneInfo
) -> Calendar | None:
    """The calendar ``written`` at ``node`` of a file; None where it writes none, or a wrong one."""
    if written is None or not isinstance(node, Entries) or not _known(written, node, report):
        return None
    closed = {day for text in written.closed for year in _years(text) for day in _span(*closed_days(text, year))}
    return Calendar(
        timezone=zone(node.get("timezone"), report) or timezone,
        weekdays=frozenset(WEEKDAYS.index(name) for name in written.working_days),
        country=written.country,
        region=written.region,
        closed=frozenset(closed),
        opened=frozenset(written.open),
        hours=written.hours,
    )


def expectations_of(node: Node | None, report: Report, what: str) -> tuple[Expectation, ...]:
    """The expectations of a receive route: one block, or a list of them."""
    if node is None:
        return ()
    blocks = list(node) if isinstance(node, Items) else [node]
    if not all(isinstance(block, Entries) for block in blocks):
        wrong = next(block for block in blocks if not isinstance(block, Entries))
        hint = 'such as {by: "18:00", at_least: 1}, {gaps: 1h} or {silence: learned}'
        message = f"'expect' of {what} is a block of keys or a list of such, not {words_for(wrong)}"
        report.add("C-TYPE", message, wrong, hint=hint)
        return ()
    found: dict[str, Expectation] = {}
    for block in blocks:
        written = examine(block, Expectation, report, f"'expect' of {what}")
        if written is None:
            continue
        if written.name in found:
            report.add("C-VALUE", f"{what} expects the same twice", block, hint="leave one out")
        _document(block, written, report)
        found[written.name] = written
    return tuple(found.values())


def _known(written: WrittenCalendar, node: Entries, report: Report) -> bool:
    """Whether country and region are known, and any day is worked."""
    if written.country is None:
        return True
    try:
        holidays_of(written.country, written.region, 2026)
    except NotImplementedError:
        from holidays import list_supported_countries

        known: dict[str, Any] = list_supported_countries()
        key = "region" if written.country in known else "country"
        at = node.get(key)
        assert isinstance(at, Scalar)
        names = known.get(written.country, [])
        what = f"region {at.text!r} of {written.country}" if key == "region" else f"country {at.text!r}"
        hint = "write its two letters of ISO 3166, such as DE"
        if key == "region":
            hint = suggestion(at.text, names, "known are") if names else f"{written.country} has no regions here"
        report.add("C-VALUE", f"no holidays are known of the {what}", at, hint=hint)
        return False
    return True


def _document(block: Node, written: Expectation, report: Report) -> None:
    node = block.get("document") if isinstance(block, Entries) else None
    if isinstance(node, Scalar) and "/" in node.text and written.document not in DOCUMENTS:
        hint = suggestion(node.text, DOCUMENTS, "documents are")
        report.add("C-VALUE", f"there is no document {node.text!r}", node, hint=hint)


def _years(text: str) -> list[int]:
    """The years for which ``text`` names days: all where it names none."""
    found = []
    for year in _YEARS if len(text) == len("12-24") else [0]:
        try:
            closed_days(text, year)
        except ValueError:  # 02-29
            continue
        found.append(year)
    return found


def _span(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]
