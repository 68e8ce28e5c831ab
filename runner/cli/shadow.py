"""What `transload.runner.impact` found, in lines for people."""

from collections.abc import Mapping
from typing import Any

from transload.runner.cli.screen import counted, say

_IDS = 10
_VALUES = 5


def tell_impact(found: Mapping[str, Any]) -> None:
    """Print an impact: its versions, its differences by route and target, and how many there are."""
    for version in found["versions"]:
        say(f"{version['kind']} {version['name']} ({version['file']}): {_version(version)}")
    head = ""
    for group in found["differences"]:
        target = f" to {group['target']}" if group["target"] else ""
        if f"{group['route']}{target}" != head:
            head = f"{group['route']}{target}"
            say(head, style="bold")
        _group(group)
    for reason, number in found["not_compared"].items():
        say(f"not compared, as {reason}: {number}", style="yellow")
    say(summary(found))


def summary(found: Mapping[str, Any]) -> str:
    """The result in one line."""
    differs = found["differs"]
    read = f"{counted(found['messages'], 'message')} of {counted(found['receipts'], 'receipt')} read again"
    if not differs:
        return f"{read}: nothing would come out differently"
    changed = found["changed"]
    names = ", ".join(changed[:_IDS])
    more = f" and {len(changed) - _IDS} more (--json names them)" if len(changed) > _IDS else ""
    which = f": {names}{more}" if changed else ""
    return f"{read}: {counted(differs, 'document')} would come out differently{which}"


def _version(version: Mapping[str, Any]) -> str:
    if version["in_use"] is None:
        return "nothing in the ledger was made with it"
    since = (
        f"{version['in_use'][:12]} of {version['since'][:16].replace('T', ' ')} is in use" if version["since"] else ""
    )
    return f"{since}, changed on disk" if version["changed"] else f"{since}, unchanged"


def _group(group: Mapping[str, Any]) -> None:
    what = f"{group['what']} {group['name']}".strip()
    times = f", {group['places']} times" if group["places"] > group["documents"] else ""
    say(f"  {what}: {counted(group['documents'], 'document')}{times}")
    for value in group["values"][:_VALUES]:
        say(f"    {_said(value['old'])} -> {_said(value['new'])}: {value['count']}")
    others = group["other_values"] + sum(value["count"] for value in group["values"][_VALUES:])
    if others:
        say(f"    other values: {others}")
    for sample in group["samples"]:
        where = f"{sample['document'] or sample['receipt']}, message {sample['message']} of {sample['receipt']}"
        change = "" if group["values"] else _change(sample)
        exact = f", {sample['exact']}" if sample["exact"] else ""
        say(f"    {where}{exact}{change}")


def _change(sample: Mapping[str, Any]) -> str:
    old, new = sample["old"], sample["new"]
    if old is None and new is None:
        return ""
    return f": {_said(old)} -> {_said(new)}"


def _said(value: str | None) -> str:
    if value is None:
        return "nothing"
    return value if len(value) <= 60 else f"{value[:57]}..."
