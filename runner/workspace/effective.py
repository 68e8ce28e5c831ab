"""The settings in force: what is written, what comes from the workspace or a mapping, and what is a default.

No secret is looked up: references stand here as they are written, and anything else in the place of a secret is masked.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from typing import Any

from pydantic import BaseModel

from transload.adapters.base.registry import adapter as find_adapter
from transload.canonical.errors import ConfigurationError
from transload.runner.ledger.store import SQLITE_BEGIN, Store
from transload.runner.masking.fields import Fields, Paths
from transload.runner.workspace.connection import Connection
from transload.runner.workspace.filters import FilterSetting
from transload.runner.workspace.model import (
    Acknowledge,
    Batching,
    Cron,
    Partner,
    ReceiveRoute,
    RetryPolicy,
    Schedule,
    SendRoute,
    Workspace,
)
from transload.runner.workspace.secrets import has_reference
from transload.runner.workspace.shapes import Shape, span
from transload.runner.workspace.take import Passing, Take

MASKED = "********"
WRITTEN, DEFAULT, INHERITED, MAPPING, CONNECTION = "written", "default", "workspace", "mapping", "connection"


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One setting: a value, or the settings in a block; ``origin`` is where it comes from."""

    name: str
    value: Any = None
    block: "tuple[Setting, ...] | None" = None
    origin: str = WRITTEN

    def as_dict(self) -> dict[str, Any]:
        """The shape in JSON: a block holds its settings by name."""
        if self.block is None:
            return {"value": self.value, "from": self.origin}
        return {setting.name: setting.as_dict() for setting in self.block}

    def lines(self, indent: int = 0) -> Iterator[str]:
        """YAML, with a remark behind what is not written there."""
        begin = f"{'  ' * indent}{self.name}:"
        if self.block is None:
            yield f"{begin} {_text(self.value)}" + ("" if self.origin == WRITTEN else f"  # {self.origin}")
            return
        yield begin
        for setting in self.block:
            yield from setting.lines(indent + 1)


def effective(workspace: Workspace) -> tuple[Setting, ...]:
    """What is in force in ``workspace``: itself, and its partners with their connections and routes."""
    head = (
        *_values({"workspace": workspace.name}),
        *_kept(workspace.store),
        *_values({"environment": workspace.environment}),
        *_values({"timezone": str(workspace.timezone), "identities": dict(workspace.identities)}),
        Setting(name="retry", block=_retry(workspace.retry, WRITTEN)),
        *_mask(workspace.mask),
    )
    partners = tuple(_partner(partner, workspace) for partner in workspace.partners.values())
    return (*head, Setting(name="partners", block=partners))


def _kept(store: Store) -> tuple[Setting, ...]:
    """Where the ledger is: references stand for its secrets, as they were written."""
    blobs = _values({"blobs": store.blobs.place}) if store.blobs is not None else ()
    if store.encryption is not None:
        keys = {"use": store.encryption.use, "keys": dict(store.encryption.keys)}
        blobs = (*blobs, *_values({"encryption": keys}))
    if store.url.startswith(SQLITE_BEGIN):
        return (*_values({"store": store.url}), *blobs)
    values = {
        "url": store.url,
        "schema": store.schema,
        "pool": store.pool,
        "connect_timeout": span(store.connect_timeout),
        "statement_timeout": span(store.statement_timeout),
        "lock_timeout": span(store.lock_timeout),
    }
    return (Setting(name="store", block=tuple(_values(values))), *blobs)


def _mask(fields: Fields) -> tuple[Setting, ...]:
    """The masked fields, where there are any."""
    if not fields:
        return ()
    unmasked = _values({"unmasked": "with_reason" if fields.may_be_shown else "never"})
    return _mask_of(fields.paths, unmasked)


def _mask_of(masked: Paths, more: Sequence[Setting] = ()) -> tuple[Setting, ...]:
    named = {name or "fields": [".".join(path) for path in paths] for name, paths in masked.items() if paths}
    block = (*_values(named), *more)
    return (Setting(name="mask", block=block),) if block else ()


def settings_of(values: Mapping[str, Any], kind: type[BaseModel], inherited: Sequence[str] = ()) -> tuple[Setting, ...]:
    """The settings of ``kind`` as ``values`` write them, with its defaults; ``inherited`` are dotted names."""
    return tuple(_block(values, Shape.of(kind), inherited, ""))


def _block(values: Mapping[str, Any], shape: Shape, inherited: Sequence[str], path: str) -> Iterator[Setting]:
    for name in shape.order:
        below, whole = shape.at(name), f"{path}{name}"
        one = below.only_block
        if name not in values and one is None:
            if below.default is not None:
                yield Setting(name=name, value=below.default, origin=DEFAULT)
        elif one is not None and isinstance(values.get(name, {}), Mapping):
            inner = tuple(_block(values.get(name, {}), one, inherited, f"{whole}."))
            if inner:
                yield Setting(name=name, block=inner)
        else:
            origin = INHERITED if whole in inherited else WRITTEN
            yield Setting(name=name, value=_masked(values[name], below), origin=origin)


def _masked(value: Any, shape: Shape) -> Any:
    if isinstance(value, Mapping):
        return {name: _masked(item, shape.at(name)) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(item, shape.at(index)) for index, item in enumerate(value)]
    return MASKED if shape.is_secret and not (isinstance(value, str) and has_reference(value)) else value


def _partner(partner: Partner, workspace: Workspace) -> Setting:
    parts = (
        *_values({"name": partner.title, "kind": "internal" if partner.internal else "external"}),
        *_values({"identities": dict(partner.identities)}),
        *_mask_of(workspace.mask.partners.get(partner.name, {})),
        _group("connections", [_connection(one) for one in partner.connections.values()]),
        _group("receive", [_receive(one) for one in partner.receive.values()]),
        _group("send", [_send(one, workspace) for one in partner.send.values()]),
    )
    return Setting(name=partner.name, block=tuple(part for part in parts if part.block is None or part.block))


def _connection(connection: Connection) -> Setting:
    kind = find_adapter(connection.adapter).connection
    return Setting(
        name=connection.name,
        block=(
            *_values({"adapter": connection.adapter}),
            *settings_of(connection.settings, kind, connection.inherited),
            *_filters(connection.filters),
            *(Setting(name=name, block=tuple(_values(block))) for name, block in connection.limits.settings.items()),
        ),
    )


def _receive(route: ReceiveRoute) -> Setting:
    adapter = find_adapter(route.connection.adapter)
    declared = adapter.source or adapter.endpoint
    assert declared is not None  # a workspace that loads has no other routes
    origin = _way(route.connection, route.options, declared.Options, route.filters)
    parts = [Setting(name="from", block=origin), *_schedule(route.schedule), _format(route)]
    responses = {"response": list(route.response_references)} if route.response_references else {}
    parts += _values({"mappings": list(route.mapping_references), **responses, "to": [send.ref for send in route.to]})
    bounds = {"at_most_waiting": route.at_most_waiting, "keep_payloads": route.keep_payloads}
    parts += _values({name: value for name, value in bounds.items() if value is not None})
    if route.acknowledge is not None:
        parts.append(_acknowledge(route.acknowledge))
    return Setting(name=route.name, block=tuple(parts))


def _send(route: SendRoute, workspace: Workspace) -> Setting:
    declared = find_adapter(route.connection.adapter).target
    assert declared is not None  # as above
    to = _way(route.connection, route.options, declared.Options, route.filters)
    origin = INHERITED if route.retry is workspace.retry else WRITTEN
    parts = [*_values({"take": _taken(route.take), "mapping": route.mapping_reference}), Setting(name="to", block=to)]
    parts += _values({"order_by": list(route.order_by), "when_failed": "hold" if route.holds else None})
    parts.append(_batch(route.batch))
    if isinstance(route.take, Take):
        parts.append(_format(route))
    parts.append(Setting(name="retry", block=_retry(route.retry, origin)))
    return Setting(name=route.name, block=tuple(part for part in parts if part.block is not None or part.value))


def _batch(batch: Batching | None) -> Setting:
    """As a file writes it; without a value where there is none."""
    if batch is None or (batch.most is None and not batch.across):
        return Setting(name="batch", value=None if batch is None else "receipt")
    if not batch.across:
        return Setting(name="batch", block=tuple(_values({"of": "receipt", "most": batch.most})))
    counted = [] if batch.most is None else _values({"count": batch.most})
    return Setting(name="batch", block=(*_schedule(batch.schedule), *counted))


def _acknowledge(way: Acknowledge) -> Setting:
    declared = find_adapter(way.connection.adapter).target
    assert declared is not None  # as above
    block = _way(way.connection, way.options, declared.Options, way.filters)
    return Setting(name="acknowledge", block=(*_values({"with": list(way.kinds)}), *block))


def _way(
    connection: Connection, options: Mapping[str, Any], kind: type[BaseModel], filters: tuple[FilterSetting, ...]
) -> tuple[Setting, ...]:
    origin = CONNECTION if filters and filters is connection.filters else WRITTEN
    return (*_values({"connection": connection.ref}), *settings_of(options, kind), *_filters(filters, origin))


def _filters(filters: Sequence[FilterSetting], origin: str = WRITTEN) -> tuple[Setting, ...]:
    if not filters:
        return ()
    if origin != WRITTEN:
        return (Setting(name="filters", value=[one.adapter for one in filters], origin=origin),)
    found = []
    for one in filters:
        declared = find_adapter(one.adapter).filter
        assert declared is not None  # as above
        found.append(Setting(name=one.adapter, block=settings_of(one.settings, declared.Options)))
    return (Setting(name="filters", block=tuple(found)),)


def _format(route: ReceiveRoute | SendRoute) -> Setting:
    """The format's options; those of mappings are told as such."""
    try:
        made = route.format()
        mappings = route.mappings if isinstance(route, ReceiveRoute) else (route.mapping,)
    except ConfigurationError:  # `check` tells what is wrong
        return Setting(name="format", value="unknown, as its mapping cannot be read", origin=MAPPING)
    kind = (isinstance(route, ReceiveRoute) and route.format_type) or mappings[0].format_type
    given = {name: value for mapping in mappings for name, value in mapping.format_options.items()}
    block = [
        replace(one, origin=MAPPING) if one.block is None and one.name in given.keys() - route.written.keys() else one
        for one in settings_of({**given, **route.written}, type(made).Options)
    ]
    typed = WRITTEN if isinstance(route, ReceiveRoute) and route.format_type else MAPPING
    return Setting(name="format", block=(Setting(name="type", value=kind, origin=typed), *block))


def _schedule(schedule: Schedule | None) -> list[Setting]:
    if schedule is None:
        return []
    if isinstance(schedule, Cron):
        return _values({"cron": schedule.expression, "timezone": str(schedule.timezone)})
    return _values({"every": schedule.interval})


def _retry(policy: RetryPolicy, origin: str) -> tuple[Setting, ...]:
    def of(name: str, default: Any) -> Setting:
        value = getattr(policy, name)
        return Setting(name=name, value=_plain(value), origin=DEFAULT if value == default else origin)

    return tuple(of(one.name, one.default) for one in fields(policy))


def _taken(take: Take | Passing) -> dict[str, Any]:
    if isinstance(take, Passing):
        return {name: list(texts) for name, texts in take.facts.items()}
    when = {name: list(texts) for name, texts in take.when.items()}
    return {"document": take.document, **({"when": when} if when else {})}


def _values(values: Mapping[str, Any]) -> list[Setting]:
    return [Setting(name=name, value=_plain(value)) for name, value in values.items()]


def _group(name: str, settings: Sequence[Setting]) -> Setting:
    return Setting(name=name, block=tuple(settings))


def _plain(value: Any) -> Any:
    return span(value) if isinstance(value, timedelta) else value


def _text(value: Any) -> str:
    import yaml  # the C parser's other half; texts are quoted where they would be read as something else

    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10**6, sort_keys=False)
    return text.strip().removesuffix("\n...").strip()
