"""Filters as a partner's file writes them: a list, the outermost first, on a connection or on a route.

``filters: [pgp, gzip, {type: charset, charset: cp500}]`` says how a payload looks on the wire: encrypted is what is
compressed, and what is compressed is EBCDIC.  What arrives goes through the list from its beginning to its end, what
leaves from its end to its beginning; so one list is right for both directions.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from transload.adapters.base import Filter
from transload.adapters.base.positioned import Entries, Items, Node, Scalar
from transload.adapters.base.registry import adapter as find_adapter
from transload.adapters.base.settings import template_fields
from transload.canonical.errors import ConfigurationError
from transload.canonical.places import MappingPlace
from transload.runner.workspace.adapted import Adapted
from transload.runner.workspace.build import build_settings
from transload.runner.workspace.report import Report, without, words_for
from transload.runner.workspace.secrets import Secrets
from transload.runner.workspace.shapes import Shape, located
from transload.runner.workspace.suggestions import misspelt


@dataclass(frozen=True, kw_only=True, eq=False)
class FilterSetting:
    """One filter of a connection or route: an adapter's name and its settings, with references instead of secrets.

    ``what`` is what messages call it ("the filter gzip of the connection mailbox").
    """

    adapter: str
    settings: Mapping[str, Any] = field(repr=False)
    secrets: Secrets = field(repr=False)
    what: str
    at: MappingPlace

    def filter(self) -> Filter[Any]:
        """The filter, its secrets resolved.

        Raises `Stop` when a secret cannot be had or a resolved value is refused, `Retry` when it may be had later.
        """
        kind = self._declared()
        resolved = self.secrets.resolve(self.settings, self.at)
        whole = located(resolved, Shape.of(kind.Options), self.secrets.base)
        settings = build_settings(kind.Options, whole, self.what, self.at)
        self.secrets.hidden.learn_settings(settings)
        return kind(settings)

    @property
    def templates(self) -> dict[str, str]:
        """The filter's template fields by name, as written or by default: fill them when a delivery is staged."""
        options = self._declared().Options
        given = {name: self.settings.get(name, options.model_fields[name].default) for name in template_fields(options)}
        return {name: str(text) for name, text in given.items() if text is not None}

    def _declared(self) -> type[Filter[Any]]:
        declared = find_adapter(self.adapter).filter
        if declared is None:
            raise ConfigurationError(f"the adapter {self.adapter!r} is no filter")
        return declared


def filters_of(node: Node, adapted: Adapted, report: Report, what: str) -> tuple[FilterSetting, ...] | None:
    """The filters that ``node`` writes, as a list or one alone; None when a finding was added."""
    entries = node.values if isinstance(node, Items) else () if _is_empty(node) else (node,)
    made = [_filter(entry, adapted, report, what) for entry in entries]
    found = tuple(one for one in made if one is not None)
    return found if len(found) == len(made) else None


def _filter(node: Node, adapted: Adapted, report: Report, what: str) -> FilterSetting | None:
    block = node if isinstance(node, Entries) else Entries((), node.line, node.column)
    name = node.get("type") if isinstance(node, Entries) else node
    if isinstance(node, Items):
        hint = "write a name, or a block: {type: gzip, largest: 1000000}"
        message = f"a filter of {what} must be a name or a block of keys, not {words_for(node)}"
        report.add("C-TYPE", message, node, hint=hint)
        return None
    if not isinstance(name, Scalar):
        lead = misspelt("type", node) if isinstance(node, Entries) else None
        hint = lead or "such as gzip; see: transload adapters"
        report.add("C-MISSING", f"a filter of {what} needs 'type'", node, hint=hint)
        return None
    adapter = adapted.find(name, report, "filter")
    if adapter is None or adapter.filter is None:
        return None
    called = f"the filter {name.text} of {what}"
    values = adapted.values(without(block, "type"), adapter.filter.Options, report, called, ["type"])
    if values is None:
        return None
    return FilterSetting(adapter=name.text, settings=values, secrets=adapted.secrets, what=called, at=report.at(node))


def _is_empty(node: Node) -> bool:
    return isinstance(node, Scalar) and not node.text
