"""An EDI file drawn for people: envelope, messages and segments, and each finding under the segment it speaks of."""

from collections.abc import Iterator
from typing import Any

from transload.adapters.edi.guides import Guide, find_guide
from transload.canonical.findings import Severity
from transload.runner.cli.screen import counted

Line = tuple[str, str | None]
"""A line of output and its style on a terminal."""

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.REMARK: "cyan"}
_SEPARATORS = {"edifact": ("+", ":", "*"), "x12": ("*", ":", "^")}
_TITLE_COLUMN = 64


def draw(view: dict[str, Any]) -> Iterator[Line]:
    """The lines of a file's tree; ``view`` is what `transload.adapters.edi.view.inspect` gives."""
    for number, interchange in enumerate(view["interchanges"], start=1):
        yield from _interchange(interchange, number)
    for finding in view["findings"]:
        yield from _finding(finding, "")


def all_findings(view: dict[str, Any]) -> list[dict[str, Any]]:
    """The findings of the file and of all its interchanges."""
    inner = [finding for interchange in view["interchanges"] for finding in interchange["findings"]]
    return [*inner, *view["findings"]]


def _interchange(interchange: dict[str, Any], number: int) -> Iterator[Line]:
    messages = interchange["messages"]
    groups = f", {counted(interchange['groups'], 'group')}" if interchange["groups"] else ""
    yield (
        f"interchange {number}: {interchange['standard'].upper()} {interchange['reference']}"
        f" from {interchange['sender'] or '?'} to {interchange['receiver'] or '?'}{groups},"
        f" {counted(len(messages), 'message')}",
        "bold",
    )
    for segment in interchange.get("outside", ()):
        yield f"  outside of groups: {_text(segment, interchange['standard'])[0]}", None
    rest = list(interchange["findings"])
    for position, message in enumerate(messages, start=1):
        own = [finding for finding in rest if finding.get("place", {}).get("message") == position]
        rest = [finding for finding in rest if finding not in own]
        yield from _message(message, position, interchange["standard"], own)
    for finding in rest:
        yield from _finding(finding, "  ")


def _message(message: dict[str, Any], position: int, standard: str, findings: list[dict[str, Any]]) -> Iterator[Line]:
    guide = find_guide(standard, message["type"], message["version"])
    known = "" if guide else " (no guide: names are not known, contents not checked)"
    yield f"  message {position}: {message['type']} {message['version']} {message['reference']}{known}", "bold"
    at_segment: dict[int, list[dict[str, Any]]] = {}
    for finding in findings:
        at_segment.setdefault(finding["place"].get("segment") or 1, []).append(finding)
    width = len(str(len(message["segments"]) + 1))
    for finding in at_segment.pop(1, ()):
        yield from _finding(finding, "    ")
    for number, segment in enumerate(message["segments"], start=2):
        yield from _segment(segment, number, width, standard, guide, at_segment.pop(number, []))
    for left in at_segment.values():  # the trailer's
        for finding in left:
            yield from _finding(finding, "    ")


def _segment(
    segment: list[Any], number: int, width: int, standard: str, guide: Guide | None, findings: list[dict[str, Any]]
) -> Iterator[Line]:
    text, columns = _text(segment, standard)
    lead = f"    {number:>{width}}  "
    rule = guide.segment(segment[0]) if guide else None
    title = rule.title if rule else ""
    yield f"{lead}{text:<{_TITLE_COLUMN}}  {title}".rstrip(), None
    for finding in findings:
        place = finding["place"]
        whole = columns.get((place.get("element"), None), (0, len(segment[0])))
        start, length = columns.get((place.get("element"), place.get("component")), whole)
        yield " " * (len(lead) + start) + "^" * max(length, 1), _style(finding)
        yield from _finding(finding, " " * len(lead), placed=True)


def _text(segment: list[Any], standard: str) -> tuple[str, dict[tuple[int | None, int | None], tuple[int, int]]]:
    """The segment with the standard's usual separators, and where its elements and components stand in that text."""
    element_sign, component_sign, repeat_sign = _SEPARATORS[standard]
    text = str(segment[0])
    columns: dict[tuple[int | None, int | None], tuple[int, int]] = {}
    for number, element in enumerate(segment[1:], start=1):
        text += element_sign
        begin = len(text)
        for index, repeat in enumerate(element["repeat"] if isinstance(element, dict) else [element]):
            text += repeat_sign if index else ""
            for part, component in enumerate(repeat if isinstance(repeat, list) else [repeat], start=1):
                text += component_sign if part > 1 else ""
                columns.setdefault((number, part), (len(text), len(component)))
                text += component
        columns[number, None] = (begin, len(text) - begin)
    return text, columns


def _finding(finding: dict[str, Any], indent: str, *, placed: bool = False) -> Iterator[Line]:
    yield f"{indent}{finding['severity']} {finding['code']} {finding['message']}", _style(finding)
    place = finding.get("place", {})
    where = ", ".join(f"{name} {place[name]}" for name in ("line", "byte") if name in place)
    if not placed and "tag" in place:
        where = f"{where}, segment {place['tag']}" if where else f"segment {place['tag']}"
    if where:
        yield f"{indent}  {where}", None
    if finding.get("hint"):
        yield f"{indent}  {finding['hint']}", None


def _style(finding: dict[str, Any]) -> str:
    return _STYLES[Severity(finding["severity"])]
