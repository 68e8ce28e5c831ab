"""A workspace as the runner sees it: partners, connections and routes, checked, linked and frozen.

`load_workspace` makes these objects.  They hold no secret: a connection keeps its
references (``${env:NAME}``) and resolves them each time `source` or `target` is called.
Mappings are loaded at first use and kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from transload.adapters.base import Endpoint, Format, Identity, Source, Target
from transload.canonical.errors import ConfigurationError
from transload.canonical.findings import Finding
from transload.canonical.places import MappingPlace
from transload.mappings import Mapping as CompiledMapping
from transload.mappings import load_mapping
from transload.mappings.plugins import Plugins
from transload.mappings.routing import findings_of, narrowest_first
from transload.mappings.surroundings import Surroundings
from transload.mappings.tables.databases import Database
from transload.runner.calendar import Calendar
from transload.runner.calendar.firing import Otherwise
from transload.runner.dispatch.broker import Broker
from transload.runner.expectations.settings import AcknowledgementExpectation, Expectation
from transload.runner.ledger.store import Store
from transload.runner.masking.fields import Fields
from transload.runner.workspace.alarming import Channel
from transload.runner.workspace.build import make_format, wrong
from transload.runner.workspace.connection import Connection
from transload.runner.workspace.filters import FilterSetting
from transload.runner.workspace.hidden import Hidden
from transload.runner.workspace.identities import Identities, facts_of, identity_of
from transload.runner.workspace.suggestions import suggestion
from transload.runner.workspace.take import Passing, Take
from transload.runner.workspace.templated import written_templates


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """How often and how long a delivery is tried again; waits grow from ``first`` to ``longest``, with full jitter."""

    attempts: int = 10
    first: timedelta = timedelta(seconds=30)
    longest: timedelta = timedelta(hours=2)
    give_up_after: timedelta = timedelta(days=3)


@dataclass(frozen=True, kw_only=True)
class Every:
    """A schedule that fires once each ``interval``; with a ``calendar`` on its worked days only."""

    interval: timedelta
    calendar: Calendar | None = None


@dataclass(frozen=True, kw_only=True)
class Cron:
    """A schedule by a five-field crontab ``expression`` in ``timezone``.

    With a ``calendar``, ``otherwise`` says what becomes of a time on a day that is not worked.
    """

    expression: str
    timezone: ZoneInfo
    calendar: Calendar | None = None
    otherwise: Otherwise = "skip"


Schedule = Every | Cron
Item = TypeVar("Item")
LIBRARY = "library:"
"""How the name of a shipped mapping begins."""


@dataclass(frozen=True, kw_only=True)
class Batching:
    """Documents leave together, ``most`` in one delivery; None: all.

    They are those of one receipt; or, ``across`` receipts, those that one receive route has brought until a time of
    ``schedule``, or until ``most`` of them wait, whichever comes first.
    """

    most: int | None = None
    across: bool = False
    schedule: Schedule | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Acknowledge:
    """How what arrives is acknowledged: ``kinds`` (contrl, 997) go out through ``connection`` with ``options``."""

    kinds: tuple[str, ...]
    connection: Connection
    options: Mapping[str, Any] = field(repr=False)
    filters: tuple[FilterSetting, ...] = ()

    def target(self) -> Target[Any, Any]:
        """The target that acknowledgements are delivered to; raises `Stop` as `Connection.target` does."""
        return self.connection.target(self.options)

    @cached_property
    def templates(self) -> Mapping[str, str]:
        """The target's template fields by name, as written: fill them when a delivery is staged."""
        return written_templates(self.connection.adapter, self.options)


@dataclass(frozen=True, kw_only=True, eq=False)
class SendRoute:
    """What goes to a partner: documents that fit ``take`` leave by ``connection``, written by one mapping.

    With a `Passing` as its ``take`` there is no mapping: payloads whose messages fit leave as they were received.

    ``order_by`` names the field whose documents keep their sequence: while one of them is
    unfinished, later ones with the same value wait.  Empty means: no order is kept.  With ``holds`` they
    wait as well for a person when it has failed for good.  With ``batch`` several documents are one delivery.
    ``written`` is the ``format:`` of the route, laid over the mapping's own options.
    """

    partner: "Partner" = field(repr=False)
    name: str
    take: Take | Passing
    mapping_reference: str | None = None
    connection: Connection
    options: Mapping[str, Any] = field(repr=False)
    filters: tuple[FilterSetting, ...] = ()
    order_by: tuple[str, ...] = ()
    holds: bool = False
    batch: Batching | None = None
    written: Mapping[str, Any] = field(default_factory=dict)
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    expect_acknowledgement: AcknowledgementExpectation | None = None
    guides: tuple[Path, ...] = ()
    at: MappingPlace

    @property
    def ref(self) -> str:
        """Its name in the workspace: ``erp/sales-orders``."""
        return f"{self.partner.name}/{self.name}"

    @cached_property
    def mapping(self) -> CompiledMapping:
        """The compiled mapping; raises `ConfigurationError` with all that is wrong with its file."""
        assert self.mapping_reference is not None  # who asks has seen that it takes documents
        return load_mapping(
            self.partner.mapping_file(self.mapping_reference),
            guides=self.guides,
            surroundings=self.partner.surroundings,
        )

    def format(self) -> Format[Any]:
        """The format that wraps what the mapping encodes."""
        options = {**self.mapping.format_options, **self.written}
        return make_format(self.mapping.format_type, options, self.at, self.guides)

    def target(self) -> Target[Any, Any]:
        """The target, secrets resolved; raises `Stop` as `Connection.target` does."""
        return self.connection.target(self.options)

    @cached_property
    def templates(self) -> Mapping[str, str]:
        """The target's template fields by name, as written: fill them when a delivery is staged."""
        return written_templates(self.connection.adapter, self.options)


@dataclass(frozen=True, kw_only=True, eq=False)
class ReceiveRoute:
    """What comes from a partner: a source on a schedule, read by the mapping that matches, sent on to ``to``.

    Without a ``schedule`` the route runs only when it is asked for by name or with all
    others by ``run``.  ``written`` is the ``format:`` of the route without its type.  ``answers`` is the
    send route whose target's answers it reads, instead of what a source fetches.  ``response_references`` are the
    mappings that write what a calling partner is told.  ``keep_payloads`` is how long payloads are kept; None: for
    good.  While more than ``at_most_waiting`` of it wait, the source is not asked.
    """

    partner: "Partner" = field(repr=False)
    name: str
    connection: Connection
    options: Mapping[str, Any] = field(repr=False)
    filters: tuple[FilterSetting, ...] = ()
    schedule: Schedule | None = None
    format_type: str | None = None
    written: Mapping[str, Any] = field(default_factory=dict)
    mapping_references: tuple[str, ...]
    response_references: tuple[str, ...] = ()
    to: tuple[SendRoute, ...] = ()
    acknowledge: Acknowledge | None = None
    guides: tuple[Path, ...] = ()
    answers: SendRoute | None = None
    expect: tuple[Expectation, ...] = ()
    keep_payloads: timedelta | None = None
    at_most_waiting: int | None = None
    at: MappingPlace

    @property
    def ref(self) -> str:
        """Its name in the workspace: ``acme/orders``."""
        return f"{self.partner.name}/{self.name}"

    @property
    def lanes(self) -> tuple[str, ...]:
        """The lanes that it feeds."""
        own = (f"{self.ref}/acknowledge", f"{self.ref}/reply")
        return (*own, *(f"{self.ref}/{send.ref}" for send in self.to))

    @property
    def is_polled(self) -> bool:
        """Whether it has a source to ask; else what it reads is brought by others."""
        return self.answers is None and not self.connection.is_called

    @property
    def is_called(self) -> bool:
        """Whether the partner calls us with what it reads."""
        return self.answers is None and self.connection.is_called

    @cached_property
    def mappings(self) -> tuple[CompiledMapping, ...]:
        """The compiled mappings, narrower ones first; the first whose `matches` is true reads a message.

        Raises `ConfigurationError` with all that is wrong with their files, and where two could read one message.
        """
        mappings = self._loaded(self.mapping_references)
        faults = [finding for finding in findings_of(mappings) if finding.is_error]
        if faults:
            raise ConfigurationError(faults[0].message, hint=faults[0].hint, findings=faults)
        return narrowest_first(mappings)

    @cached_property
    def responses(self) -> tuple[CompiledMapping, ...]:
        """The compiled mappings of responses; raises `ConfigurationError` with all that is wrong with their files."""
        return tuple(self._loaded(self.response_references))

    def response_format(self, mapping: CompiledMapping) -> Format[Any]:
        """The format in which ``mapping`` writes a response."""
        return make_format(mapping.format_type, mapping.format_options, self.at, self.guides)

    def _loaded(self, references: Sequence[str]) -> list[CompiledMapping]:
        files = [self.partner.mapping_file(reference) for reference in references]
        return [load_mapping(file, guides=self.guides, surroundings=self.partner.surroundings) for file in files]

    def format(self) -> Format[Any]:
        """The format that reads what arrives: the route's own, else the one that its mappings are written for.

        Raises `ConfigurationError` when the mappings are for different formats, or
        want different options that the route does not settle.
        """
        kinds = sorted({mapping.format_type for mapping in self.mappings} | {self.format_type or ""} - {""})
        if len(kinds) != 1:
            raise wrong(f"the route {self.ref} would read several formats: {', '.join(kinds)}", self.at)
        options: dict[str, Any] = {}
        for mapping in self.mappings:
            for name, value in mapping.format_options.items():
                if name not in self.written and options.setdefault(name, value) != value:
                    raise wrong(f"the mappings of {self.ref} want different values of {name!r}", self.at)
        return make_format(kinds[0], {**options, **self.written}, self.at, self.guides)

    def source(self) -> Source[Any, Any]:
        """The source, secrets resolved; raises `Stop` as `Connection.source` does."""
        return self.connection.source(self.options)

    def endpoint(self) -> Endpoint[Any, Any]:
        """The endpoint that the partner calls; raises `Stop` as `Connection.endpoint` does."""
        return self.connection.endpoint(self.options)


@dataclass(frozen=True, kw_only=True, eq=False)
class Partner:
    """A company or system that we exchange with, as its ``partner.yaml`` says.

    ``identities`` is by kind: a text (``gln``), or the parts of one (``edifact``: ``id``, ``qualifier``).
    ``digest`` is the SHA-256 of the file, for the record of what was in force.
    """

    name: str
    title: str
    internal: bool = False
    identities: Identities = field(default_factory=dict)
    connections: Mapping[str, Connection] = field(default_factory=dict)
    receive: Mapping[str, ReceiveRoute] = field(default_factory=dict)
    send: Mapping[str, SendRoute] = field(default_factory=dict)
    calendar: Calendar = field(default_factory=lambda: Calendar(timezone=ZoneInfo("UTC")))
    databases: Mapping[str, Database] = field(default_factory=dict, repr=False)
    plugins: Plugins = field(default_factory=Plugins, repr=False)
    folder: Path
    file: Path
    digest: str

    @cached_property
    def facts(self) -> Mapping[str, str]:
        """What a `Context` may know of the partner: ``name``, ``gln``, ``edifact.id``, ``edifact.qualifier``, ..."""
        return {"name": self.title, **facts_of(self.identities)}

    @cached_property
    def surroundings(self) -> Surroundings:
        """What the partner's mappings may use besides their files."""
        return Surroundings(
            partner={"partner": self.name, **self.facts}, databases=self.databases, plugins=self.plugins
        )

    def mapping_file(self, reference: str) -> str | Path:
        """What a route's ``mapping:`` names: a file from the partner's folder, or a library mapping."""
        return reference if reference.startswith(LIBRARY) else self.folder / reference

    def identity(self, standard: str) -> Identity | None:
        """The partner in an envelope of ``standard`` (edifact, x12), or None where the file names none."""
        return identity_of(self.identities, standard)


@dataclass(frozen=True, kw_only=True)
class Listening:
    """Where partners reach us: address and port, and for HTTPS the files with certificate and key."""

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Operations:
    """What a service tells those who operate it: where it listens for them, and the address that gets its traces."""

    listening: Listening | None = None
    traces: str | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Workspace:
    """One company's connections and mappings, checked and linked.

    ``store`` is where the ledger is kept, ``broker`` the one through which services that share it wake each other
    instead of through its database.  ``environment`` is the one in
    force (``test``, ``production``).  ``identities`` are our own.  ``findings`` holds the
    warnings and remarks of loading: whatever was an error was raised instead.  ``hidden`` are the secrets that were
    looked up so far: whatever is told passes through it.  ``mask`` are the fields of documents that are not told.
    """

    name: str
    folder: Path
    store: Store
    environment: str
    timezone: ZoneInfo
    calendar: Calendar = field(default_factory=lambda: Calendar(timezone=ZoneInfo("UTC")))
    channels: Mapping[str, Channel] = field(default_factory=dict)
    identities: Identities = field(default_factory=dict)
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    listening: Listening | None = None
    operations: Operations = Operations()
    mask: Fields = field(default_factory=Fields)
    broker: Broker | None = None
    hidden: Hidden = field(default_factory=Hidden, repr=False)
    partners: Mapping[str, Partner] = field(default_factory=dict)
    findings: Sequence[Finding] = ()

    @property
    def is_test(self) -> bool:
        """Whether this is the test environment, whose documents must not meet production connections."""
        return self.environment == "test"

    @property
    def receive_routes(self) -> dict[str, ReceiveRoute]:
        """All receive routes by reference, such as ``acme/orders``."""
        return {route.ref: route for partner in self.partners.values() for route in partner.receive.values()}

    @property
    def keep_payloads(self) -> dict[str, timedelta]:
        """How long receive routes keep payloads; those that keep them for good are not named."""
        routes = self.receive_routes.items()
        return {ref: route.keep_payloads for ref, route in routes if route.keep_payloads is not None}

    @property
    def send_routes(self) -> dict[str, SendRoute]:
        """All send routes by reference, such as ``erp/sales-orders``."""
        return {route.ref: route for partner in self.partners.values() for route in partner.send.values()}

    @property
    def connections(self) -> dict[str, Connection]:
        """All connections by reference, such as ``acme/mailbox``."""
        return {item.ref: item for partner in self.partners.values() for item in partner.connections.values()}

    def connection(self, ref: str) -> Connection:
        """The connection called ``ref``; raises `ConfigurationError` with a suggestion when there is none."""
        return choose(self.connections, ref, "connection")

    def receive_route(self, ref: str) -> ReceiveRoute:
        """The receive route called ``ref``; raises `ConfigurationError` with a suggestion when there is none."""
        return choose(self.receive_routes, ref, "receive route")

    def send_route(self, ref: str) -> SendRoute:
        """The send route called ``ref``; raises `ConfigurationError` with a suggestion when there is none."""
        return choose(self.send_routes, ref, "send route")

    def partner_of(self, identity: Identity, standard: str) -> Partner | None:
        """The partner that an envelope of ``standard`` calls ``identity``, or None."""
        for partner in self.partners.values():
            own = partner.identity(standard)
            if own and own.id == identity.id and own.qualifier in (None, identity.qualifier):
                return partner
        return None


def choose(known: Mapping[str, Item], ref: str, what: str) -> Item:
    """``known[ref]``; raises `ConfigurationError` with a suggestion when there is none."""
    if ref in known:
        return known[ref]
    raise ConfigurationError(f"there is no {what} {ref!r}", hint=suggestion(ref, known, f"{what}s are"))
