"""Writing a statement as text, JSON or HTML, piece by piece."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from transload.mappings.views.page.head import head
from transload.mappings.views.page.html import Html, element
from transload.runner.ledger.incidents import Incident
from transload.runner.ledger.statements import Received, Sent
from transload.runner.statement.gathering import RECEIVED, SENT, Counts, Statement

_STYLE = (
    "body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#1c1c1c}"
    "table{border-collapse:collapse;margin:.5rem 0 1.5rem;width:100%}"
    "th,td{border-bottom:1px solid #d5d5d5;padding:.3rem .6rem;text-align:left;vertical-align:top}"
    "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}"
    "h2{margin-top:2rem}.none{color:#666}"
    "@media(prefers-color-scheme:dark){body{background:#161616;color:#e4e4e4}th,td{border-color:#3a3a3a}}"
)
_IN_HEADS = ("at", "id", "route", "type", "number", "interchange", "message", "state")
_OUT_HEADS = ("at", "id", "route", "type", "numbers", "interchange", "state")


def as_json(statement: Statement, *, rows: bool) -> Iterator[str]:
    """One JSON object; the rows in it one a line."""
    whole = json.dumps(statement.as_dict(), ensure_ascii=True, indent=2)
    if not rows:
        yield whole + "\n"
        return
    yield whole.removesuffix("\n}")
    listed = {"received_rows": _plain(statement.received_rows()), "sent_rows": _plain(statement.sent_rows())}
    for name, found in listed.items():
        yield f',\n  "{name}": ['
        for number, row in enumerate(found):
            yield ("," if number else "") + "\n    " + json.dumps(row, ensure_ascii=True)
        yield "\n  ]"
    yield "\n}\n"


def _plain(rows: Iterator[Received] | Iterator[Sent]) -> Iterator[dict[str, Any]]:
    return (row.as_dict() for row in rows)


def as_text(statement: Statement, timezone: ZoneInfo, *, rows: bool) -> Iterator[str]:
    """Plain lines: control characters of partners' data are the caller's affair."""
    yield f"Statement for {statement.partner}, {_period(statement, timezone)}\n"
    for title, counts, names in (("Received", statement.received, RECEIVED), ("Sent", statement.sent, SENT)):
        yield f"\n{title}\n"
        yield from _text_table(counts, names)
    yield "\nGaps in control numbers\n"
    for gap in statement.gaps:
        yield f"  from {gap.sender} to {gap.receiver}: {', '.join(gap.missing)}\n"
    yield "" if statement.gaps else "  none\n"
    yield "\nIncidents\n"
    for incident in statement.incidents:
        yield f"  {incident.ref}  {_span(incident, timezone)}  {incident.title}\n"
    yield "" if statement.incidents else "  none\n"
    if rows:
        yield "\nReceived, one by one\n"
        for received in statement.received_rows():
            yield "  " + "  ".join(filter(None, _in_cells(received, timezone))) + "\n"
        yield "\nSent, one by one\n"
        for sent in statement.sent_rows():
            yield "  " + "  ".join(filter(None, _out_cells(sent, timezone))) + "\n"


def as_html(statement: Statement, timezone: ZoneInfo, *, rows: bool) -> Iterator[str]:
    """A page that needs nothing else; every text in it is escaped."""
    title = f"Statement for {statement.partner}"
    yield f'<!doctype html>\n<html lang="en">{head(title, _STYLE)}<body>\n'
    yield element("h1", title) + element("p", _period(statement, timezone)) + "\n"
    for name, counts, names in (("Received", statement.received, RECEIVED), ("Sent", statement.sent, SENT)):
        yield element("h2", name) + _page_table(counts, names) + "\n"
    yield element("h2", "Gaps in control numbers")
    yield _list_of([f"from {gap.sender} to {gap.receiver}: {', '.join(gap.missing)}" for gap in statement.gaps])
    yield element("h2", "Incidents")
    yield _list_of([f"{one.ref}: {_span(one, timezone)}: {one.title}" for one in statement.incidents])
    if rows:
        yield from _rows("Received, one by one", _IN_HEADS, (_in_cells(r, timezone) for r in statement.received_rows()))
        yield from _rows("Sent, one by one", _OUT_HEADS, (_out_cells(row, timezone) for row in statement.sent_rows()))
    yield "</body></html>\n"


def _rows(title: str, heads: Sequence[str], rows: Iterator[Sequence[str]]) -> Iterator[str]:
    yield element("h2", title) + "\n<table>" + element("tr", [element("th", name) for name in heads]) + "\n"
    for row in rows:
        yield element("tr", [element("td", cell) for cell in row]) + "\n"
    yield "</table>\n"


def _page_table(counts: Counts, names: Sequence[str]) -> Html:
    if not counts:
        return element("p", "nothing", class_="none")
    heads = [element("th", "route"), element("th", "type"), *(element("th", name, class_="n") for name in names)]
    rows = [
        element(
            "tr",
            element("td", route),
            element("td", kind),
            [element("td", str(values[name]), class_="n") for name in names],
        )
        for (route, kind), values in sorted(counts.items())
    ]
    return element("table", element("tr", heads), rows)


def _list_of(texts: Sequence[str]) -> str:
    found = element("ul", [element("li", text) for text in texts]) if texts else element("p", "none", class_="none")
    return found + "\n"


def _text_table(counts: Counts, names: Sequence[str]) -> Iterator[str]:
    for (route, kind), values in sorted(counts.items()):
        parts = [f"{name} {values[name]}" for name in names if values[name]]
        yield f"  {route}  {kind or '(no document)'}: {', '.join(parts)}\n"
    if not counts:
        yield "  nothing\n"


def _in_cells(row: Received, timezone: ZoneInfo) -> list[str]:
    at = _time(row.at, timezone)
    return [at, row.ref, row.route, row.type, row.number or "", row.interchange, row.reference, row.state.value]


def _out_cells(row: Sent, timezone: ZoneInfo) -> list[str]:
    state = f"{row.state.value}, overdue" if row.overdue else row.state.value
    numbers = ", ".join(row.numbers)
    return [_time(row.at, timezone), row.ref, row.route, row.type, numbers, ", ".join(row.interchanges), state]


def _period(statement: Statement, timezone: ZoneInfo) -> str:
    return f"{_time(statement.begin, timezone)} to {_time(statement.end, timezone)} ({timezone.key})"


def _span(incident: Incident, timezone: ZoneInfo) -> str:
    end = f"to {_time(incident.closed_at, timezone)}" if incident.closed_at is not None else "still open"
    return f"{_time(incident.opened_at, timezone)} {end}"


def _time(moment: datetime, timezone: ZoneInfo) -> str:
    return f"{moment.astimezone(timezone):%Y-%m-%d %H:%M}"
