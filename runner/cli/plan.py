"""What a preview of a replay shows."""

from collections.abc import Mapping
from typing import Any

from transload.runner.cli.ledger import finding_of
from transload.runner.cli.screen import counted, say
from transload.runner.replays.plan import Plan


def tell_plan(plan: Plan) -> None:
    """Print what would come of a replay, the first items one by one."""
    for item in plan.shown:
        if plan.way == "redeliver":
            _delivery(item)
        elif plan.way == "remap" or "origin" not in item:
            _document(item)
        else:
            _receipt(item)
    left = plan.items - len(plan.shown)
    if left > 0 and plan.shown:
        say(f"and {left} more")
    for blocked in plan.blocked:
        say(f"{blocked['count']} left out: {', '.join(blocked['examples'])} {blocked['why']}", style="yellow")
    subject = {"redeliver": ("delivery", "deliveries"), "remap": ("receipt", None), "reingest": ("receipt", None)}
    one, many = subject[plan.way]
    of = f", {counted(plan.documents, 'document')} of it" if plan.way == "remap" else ""
    say(f"{plan.way}: {counted(plan.items, one, many)}{of}", style="bold")
    for outcome, count in sorted(plan.outcomes.items()):
        say(f"  {count} {outcome}")
    for target, count in sorted(plan.targets.items()):
        say(f"  {count} to {target}")
    for what in plan.paused:
        say(f"  it would wait: {what}", style="yellow")
    kept = "kept: those that were sent before" if plan.numbers == "kept" else "new: the next ones of each series"
    say(f"  control numbers are {kept}")
    if plan.duplicates:
        how = "by control number or file name" if plan.way == "redeliver" else "by the document's own number alone"
        say(f"  {plan.duplicates} are at their target already, which could recognise them {how}", style="yellow")


def _delivery(item: Mapping[str, Any]) -> None:
    facts = ", ".join([*(f"{name} {value}" for name, value in item["metadata"].items()), *item["numbers"]])
    there = ", which has it already" if item["known_to_target"] else ""
    say(f"{item['ref']} ({item['state']}) to {item['target']}{there}{f': {facts}' if facts else ''}")


def _document(item: Mapping[str, Any]) -> None:
    name = " ".join(part for part in (item.get("document"), item.get("number")) if part)
    say(f"{item['ref']}{f' {name}' if name else ''}: {item['outcome']}")
    more = item.get("differences", 0) - len(item.get("fields", []))
    if item.get("fields"):
        say(f"  {', '.join(item['fields'])}{f' and {more} more' if more > 0 else ''}")
    for finding in item.get("findings", []):
        say(f"  {finding_of(finding).line()}")
    for target, outcome in item.get("targets", {}).items():
        say(f"  to {target}: {outcome}")


def _receipt(item: Mapping[str, Any]) -> None:
    say(f"{item['ref']}: {item['origin']} would arrive on {item['route']}, {item['size']} bytes")
    for document in item["documents"]:
        name = " ".join(part for part in (document["document"], document["number"]) if part) or "no document"
        say(f"  message {document['message']}: {name}, {document['state']}")
        for finding in document["findings"]:
            say(f"    {finding_of(finding).line()}")
