"""A connection of a partner: what makes sources, targets and endpoints over it, each with its secrets resolved."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from transload.adapters.base import Endpoint, Settings, Source, Target
from transload.adapters.base.registry import Adapter
from transload.adapters.base.registry import adapter as find_adapter
from transload.canonical.errors import ConfigurationError
from transload.canonical.places import MappingPlace
from transload.runner.workspace.build import build_settings
from transload.runner.workspace.filters import FilterSetting
from transload.runner.workspace.limits import Limits
from transload.runner.workspace.secrets import Secrets
from transload.runner.workspace.shapes import Shape, located


@dataclass(frozen=True, kw_only=True, eq=False)
class Connection:
    """One way to reach a partner's system: an adapter's name and its settings, with references instead of secrets.

    ``filters``, the outermost first, are those of routes that have none of their own.  ``inherited`` are the dotted
    names of settings that come from the workspace.
    ``at`` is where it stands in the partner's file.
    """

    partner: str
    name: str
    adapter: str
    settings: Mapping[str, Any] = field(repr=False)
    filters: tuple[FilterSetting, ...] = ()
    inherited: tuple[str, ...] = ()
    secrets: Secrets = field(repr=False)
    limits: Limits = field(default_factory=Limits)
    at: MappingPlace

    @property
    def ref(self) -> str:
        """Its name in the workspace: ``acme/mailbox``."""
        return f"{self.partner}/{self.name}"

    def source(self, options: Mapping[str, Any]) -> Source[Any, Any]:
        """A source over this connection, secrets resolved and paths counted from the workspace; nothing is opened yet.

        Raises `Stop` when a secret cannot be had, or a resolved value is refused.
        """
        declared = find_adapter(self.adapter)
        if declared.source is None:
            raise ConfigurationError(f"the adapter {self.adapter!r} has no source: it cannot receive")
        return declared.source(self._settings(declared), self._options(declared.source.Options, options))

    @property
    def is_called(self) -> bool:
        """Whether the partner calls us over it, so that nothing is to be fetched."""
        return find_adapter(self.adapter).endpoint is not None

    @property
    def is_target(self) -> bool:
        """Whether we can call the partner over it."""
        return find_adapter(self.adapter).target is not None

    @property
    def path(self) -> str:
        """The path of the address at which the partner calls us over it."""
        field = find_adapter(self.adapter).connection.model_fields.get("path")
        default = field.default if field is not None and not field.is_required() else ""
        return str(self.settings.get("path", default)).rstrip("/") or "/"

    @property
    def answers_later(self) -> bool:
        """Whether what the partner says of a delivery comes later, to our address for this connection."""
        target = find_adapter(self.adapter).target
        return target is not None and target.answers_later(self.settings)

    def endpoint(self, options: Mapping[str, Any]) -> Endpoint[Any, Any]:
        """The endpoint that the partner calls, secrets resolved.

        Raises `Stop` when a secret cannot be had, or a resolved value is refused.
        """
        declared = find_adapter(self.adapter)
        if declared.endpoint is None:
            raise ConfigurationError(f"the adapter {self.adapter!r} has no endpoint: nobody can call it")
        return declared.endpoint(self._settings(declared), self._options(declared.endpoint.Options, options))

    def target(self, options: Mapping[str, Any]) -> Target[Any, Any]:
        """A target over this connection, secrets resolved; nothing is opened yet.

        Raises `Stop` when a secret cannot be had, or a resolved value is refused.
        """
        declared = find_adapter(self.adapter)
        if declared.target is None:
            raise ConfigurationError(f"the adapter {self.adapter!r} has no target: it cannot send")
        return declared.target(self._settings(declared), self._options(declared.target.Options, options))

    def resolved(self) -> Settings:
        """Its settings as its adapter takes them, secrets resolved and paths counted from the workspace.

        Raises `Stop` when a secret cannot be had, or a resolved value is refused.
        """
        return self._settings(find_adapter(self.adapter))

    def _settings(self, declared: Adapter) -> Settings:
        return self._options(declared.connection, self.settings)

    def _options(self, kind: type[Settings], values: Mapping[str, Any]) -> Settings:
        resolved = self.secrets.resolve(values, self.at)
        whole = located(resolved, Shape.of(kind), self.secrets.base)
        settings = build_settings(kind, whole, f"the connection {self.ref}", self.at)
        self.secrets.hidden.learn_settings(settings)
        return settings
