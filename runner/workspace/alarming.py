"""Channels for alarms as transload.yaml writes them; their secrets are resolved each time one is used."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from transload.adapters.base import Settings
from transload.adapters.base.positioned import Entries, Node, Scalar
from transload.canonical.places import MappingPlace
from transload.runner.workspace.adapted import Adapted
from transload.runner.workspace.alarms import AlarmPolicy, ways
from transload.runner.workspace.build import build_settings
from transload.runner.workspace.examine import examine
from transload.runner.workspace.report import Report, texts_of, without, words_for
from transload.runner.workspace.secrets import Secrets
from transload.runner.workspace.shapes import Shape, located
from transload.runner.workspace.suggestions import suggestion


@dataclass(frozen=True, kw_only=True, eq=False)
class Channel:
    """One way to tell people: ``way`` (mail, webhook), its settings with references instead of secrets, its policy."""

    name: str
    way: str
    settings: Mapping[str, Any] = field(repr=False)
    policy: AlarmPolicy
    secrets: Secrets = field(repr=False)
    at: MappingPlace

    def resolved(self) -> Settings:
        """Its settings, secrets resolved.  Raises `Stop` or `Retry` when a secret cannot be had."""
        kind = ways()[self.way]
        whole = located(self.secrets.resolve(self.settings, self.at), Shape.of(kind), self.secrets.base)
        settings = build_settings(kind, whole, f"the alarms {self.name!r}", self.at)
        self.secrets.hidden.learn_settings(settings)
        return settings


def channels_of(node: Node | None, adapted: Adapted, report: Report) -> dict[str, Channel]:
    """The channels under ``alarms:``; what is wrong with one is a finding."""
    found = {}
    for name, block in node if isinstance(node, Entries) else ():
        what = f"the alarms {name.text!r}"
        if not isinstance(block, Entries):
            report.add("C-TYPE", f"{what} must be a block of keys, not {words_for(block)}", block)
            continue
        channel = _channel(name, block, adapted, report, what)
        if channel is not None:
            found[name.text] = channel
    return found


def _channel(name: Scalar, block: Entries, adapted: Adapted, report: Report, what: str) -> Channel | None:
    policy = examine(without(block, *ways()), AlarmPolicy, report, what)
    written = [way for way in ways() if block.get(way) is not None]
    if len(written) != 1:
        hint = "write mail: or webhook:; another channel gets a name of its own"
        report.add("C-MISSING" if not written else "C-VALUE", f"{what} need one of mail and webhook", name, hint=hint)
        return None
    node = block.get(written[0])
    if not isinstance(node, Entries):
        report.add("C-TYPE", f"{written[0]!r} of {what} must be a block of keys", node or name)
        return None
    values = adapted.values(node, ways()[written[0]], report, f"{written[0]!r} of {what}")
    if policy is None or values is None:
        return None
    return Channel(
        name=name.text,
        way=written[0],
        settings=values,
        policy=policy,
        secrets=adapted.secrets,
        at=report.at(name),
    )


def check_partners(
    channels: Mapping[str, Channel], node: Node | None, partners: Mapping[str, Any], report: Report
) -> None:
    """Report channels that name partners which there are not."""
    for name, block in node if isinstance(node, Entries) else ():
        if name.text not in channels or not isinstance(block, Entries):
            continue
        for text in texts_of(block.get("partners")):
            if text.text not in partners:
                hint = suggestion(text.text, partners, "partners are")
                report.add("C-VALUE", f"there is no partner {text.text!r}", text, hint=hint)
