"""The runner's view of a workspace: each receive route with its formats and mappings ready, and the lanes it feeds."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property, lru_cache, partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from transload.adapters.base import Format, Target
from transload.adapters.base.registry import origin
from transload.canonical.documents import document_model
from transload.canonical.errors import ConfigurationError
from transload.canonical.findings import Finding
from transload.canonical.places import MappingPlace
from transload.runner.ledger.artifacts import Artifact
from transload.runner.templates import holes, template_fault
from transload.runner.workspace.identities import identity_of
from transload.runner.workspace.model import Acknowledge, Partner, ReceiveRoute, RetryPolicy, SendRoute, Workspace
from transload.runner.workspace.suggestions import suggestion
from transload.runner.workspace.take import Passing, Take, missing_step

if TYPE_CHECKING:
    from transload.mappings import Mapping as CompiledMapping

PRODUCT = f"transload {version('transload')}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Outlet:
    """The way out of a lane: how to make its target, and the rules of its deliveries.

    ``settings`` is the digest of the partner's file, which describes the connection.
    """

    lane: str
    target: str
    connection: str
    settings: str
    retry: RetryPolicy
    hold: bool
    way: SendRoute | Acknowledge = field(repr=False)

    @property
    def partner(self) -> str:
        """Whose connection it is."""
        return self.target.partition("/")[0]

    @property
    def at(self) -> MappingPlace:
        """Where the connection is described."""
        return self.way.connection.at

    def lacking(self, metadata: Mapping[str, str], forgone: Collection[str]) -> list[str]:
        """The templates that were not filled when a delivery was staged, as another target was written there then."""
        templates = self.way.templates.items()
        return [name for name, text in templates if name not in metadata and name not in forgone and holes(text)]

    def open_target(self) -> Target[Any, Any]:
        """A target with its secrets resolved; raises `Stop` as `Connection.target` does."""
        return self.way.target()


@dataclass(frozen=True, kw_only=True, eq=False)
class Writer:
    """A send route made ready: the mapping that encodes for it and the format that wraps."""

    route: SendRoute
    take: Take
    outlet: Outlet
    mapping: "CompiledMapping"
    format: Format[Any]
    envelope: Mapping[str, Any]
    partner: Artifact
    product: str
    timezone: ZoneInfo

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """What is in force now."""
        return (*mapping_artifacts(self.mapping), self.partner)

    @cached_property
    def named(self) -> frozenset[str]:
        """The fields of a document that templates on the way name."""
        texts = [
            *self.route.templates.values(),
            *(text for one in self.route.filters for text in one.templates.values()),
        ]
        names = [hole.split(".") for text in texts for hole in holes(text)]
        return frozenset(steps[1] for steps in names if steps[0] == "document" and len(steps) > 1)


@dataclass(frozen=True, kw_only=True, eq=False)
class Passer:
    """A send route that passes payloads on as they are, made ready."""

    route: SendRoute
    take: Passing
    outlet: Outlet
    partner: Artifact
    product: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Respondent:
    """A mapping of ``response:`` made ready, with the format that it writes."""

    mapping: "CompiledMapping"
    format: Format[Any]
    envelope: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class Line:
    """One receive route of ``workspace`` with all that its documents need; made before anything is received."""

    workspace: Workspace = field(repr=False)
    route: ReceiveRoute

    @property
    def lane(self) -> str:
        """The lane of reading and mapping."""
        return f"in:{self.route.ref}"

    @property
    def partner(self) -> Partner:
        """Whom the route receives from."""
        return self.route.partner

    @cached_property
    def format(self) -> Format[Any]:
        """The format that reads what arrives."""
        return self.route.format()

    @cached_property
    def partner_artifact(self) -> Artifact:
        """The partner's file as it is now."""
        return _partner_artifact(self.route.partner)

    @cached_property
    def product(self) -> str:
        """What processed its documents: our version, and those of the plug-ins that took part."""
        return _product(self.route.connection.adapter, *(one.adapter for one in self.route.filters))

    def day(self, moment: datetime) -> date:
        """The day that ``moment`` falls on where the workspace is: mappings are in force by days."""
        return moment.astimezone(self.workspace.timezone).date()

    def artifacts(self, mapping: "CompiledMapping") -> tuple[Artifact, ...]:
        """What was in force when ``mapping`` read a document."""
        return (*mapping_artifacts(mapping), self.partner_artifact)

    @cached_property
    def writers(self) -> tuple[Writer, ...]:
        """The send routes that it feeds with documents."""
        return tuple(self._writer(send, send.take) for send in self.route.to if isinstance(send.take, Take))

    @cached_property
    def gathers(self) -> bool:
        """Whether any of them lets documents of several receipts leave together."""
        return any(writer.route.batch is not None and writer.route.batch.across for writer in self.writers)

    @cached_property
    def passers(self) -> tuple[Passer, ...]:
        """The send routes that it feeds with what it receives."""
        return tuple(self._passer(send, send.take) for send in self.route.to if isinstance(send.take, Passing))

    @cached_property
    def respondents(self) -> tuple[Respondent, ...]:
        """What writes responses to a partner who calls us and waits, in the order of the file."""
        return tuple(
            Respondent(
                mapping=mapping,
                format=self.route.response_format(mapping),
                envelope=self._parties(mapping.format_type, self.route.partner),
            )
            for mapping in self.route.responses
        )

    @property
    def format_type(self) -> str:
        """The name of the format that reads what arrives."""
        mappings = self.route.mappings
        return self.route.format_type or (mappings[0].format_type if mappings else "")

    @cached_property
    def acknowledging(self) -> Outlet | None:
        """Where acknowledgements go, or None."""
        way = self.route.acknowledge
        if way is None:
            return None
        return Outlet(
            lane=f"{self.route.ref}/acknowledge",
            target=self.route.ref,
            connection=way.connection.ref,
            settings=self.partner_artifact.digest,
            retry=self.workspace.retry,
            hold=False,
            way=way,
        )

    @cached_property
    def replying(self) -> Outlet | None:
        """Where what we tell a calling partner later goes: over his connection; None where he cannot be called."""
        if not (self.route.connection.is_called and self.route.connection.is_target):
            return None
        return Outlet(
            lane=f"{self.route.ref}/reply",
            target=self.route.ref,
            connection=self.route.connection.ref,
            settings=self.partner_artifact.digest,
            retry=self.workspace.retry,
            hold=False,
            way=Acknowledge(kinds=(), connection=self.route.connection, options={}),
        )

    @property
    def lanes(self) -> tuple[str, ...]:
        """The lanes that it feeds; nothing is loaded for it."""
        return self.route.lanes

    @property
    def outlets(self) -> tuple[Outlet, ...]:
        """All ways out."""
        outlets = (*(writer.outlet for writer in self.writers), *(passer.outlet for passer in self.passers))
        return (*outlets, *(way for way in (self.acknowledging, self.replying) if way is not None))

    def make_ready(self) -> None:
        """Load mappings and formats now; raises `ConfigurationError` with what is wrong with them."""
        findings: list[Finding] = []
        steps = (
            lambda: self.route.mappings,
            lambda: self.format,
            lambda: self.writers,
            lambda: self.respondents,
            *self._checks(),
        )
        for step in steps:
            try:
                step()
            except ConfigurationError as error:
                findings += [finding for finding in error.findings if finding not in findings]
        if findings:
            raise ConfigurationError(f"the route {self.route.ref} cannot run", findings=findings)

    def _checks(self) -> list[Callable[[], None]]:
        """What else can be known before anything is received: acknowledgements, and the parties of envelopes."""
        ways: list[tuple[SendRoute | Acknowledge, MappingPlace]] = [(send, send.at) for send in self.route.to]
        if self.route.acknowledge is not None:
            ways.append((self.route.acknowledge, self.route.at))
        return [
            self._check_acknowledgement,
            *(partial(self._check_envelope, send) for send in self.route.to),
            *(partial(_check_templates, way, at) for way, at in ways),
        ]

    def _check_envelope(self, send: SendRoute) -> None:
        writer = next((writer for writer in self.writers if writer.route is send), None)
        if writer is None:
            return
        if send.batch is not None and not writer.format.holds_many:
            raise ConfigurationError(
                f"{send.ref} has 'batch', and its format writes one document a payload",
                findings=[
                    Finding(
                        code="C-BATCH",
                        message=f"{send.ref} has 'batch', and its format writes one document a payload",
                        hint="remove batch:; of JSON, say under format: what holds the items",
                        mapping=send.at,
                    )
                ],
            )
        try:
            writer.format.envelope(**writer.envelope)
        except ConfigurationError as error:
            findings = [
                finding if finding.mapping else replace(finding, mapping=send.at, code="C-ENVELOPE")
                for finding in error.findings
            ]
            raise ConfigurationError(f"{send.ref}: {error.message}", findings=findings) from error

    def _check_acknowledgement(self) -> None:
        way = self.route.acknowledge
        for kind in way.kinds if way is not None else ():
            if kind in self.format.acknowledgements:
                continue
            kinds = ", ".join(sorted(self.format.acknowledgements)) or "none"
            raise ConfigurationError(
                f"the route {self.route.ref} is to acknowledge with {kind}, which its format does not make",
                hint=f"it makes: {kinds}",
            )

    def _outlet(self, send: SendRoute) -> Outlet:
        return Outlet(
            lane=f"{self.route.ref}/{send.ref}",
            target=send.ref,
            connection=send.connection.ref,
            settings=self._digest_of(send.connection.partner),
            retry=send.retry,
            hold=bool(send.order_by),
            way=send,
        )

    def _passer(self, send: SendRoute, take: Passing) -> Passer:
        return Passer(
            route=send,
            take=take,
            outlet=self._outlet(send),
            partner=_partner_artifact(send.partner),
            product=_product(send.connection.adapter, *(one.adapter for one in send.filters)),
        )

    def _writer(self, send: SendRoute, take: Take) -> Writer:
        mapping = send.mapping
        partner = _partner_artifact(send.partner)
        return Writer(
            route=send,
            take=take,
            outlet=self._outlet(send),
            mapping=mapping,
            format=send.format(),
            envelope=self._parties(mapping.format_type, send.partner),
            partner=partner,
            product=_product(send.connection.adapter, *(one.adapter for one in send.filters)),
            timezone=self.workspace.timezone,
        )

    def _parties(self, standard: str, partner: Partner) -> dict[str, Any]:
        """What an envelope for ``partner`` is told."""
        return {
            "sender": identity_of(self.workspace.identities, standard),
            "receiver": partner.identity(standard),
            "test": self.workspace.is_test,
        }

    def _digest_of(self, partner: str) -> str:
        return _partner_artifact(self.workspace.partners[partner]).digest


def _check_templates(way: SendRoute | Acknowledge, at: MappingPlace) -> None:
    """Refuse templates that no delivery could fill."""
    faults: list[tuple[str, str | None]] = []
    inner = {f"{one.adapter} {name}": text for one in way.filters for name, text in one.templates.items()}
    for name, text in {**way.templates, **inner}.items():
        fault = template_fault(text)
        if fault is not None:
            faults.append((f"{name}: {fault}", None))
            continue
        for hole in holes(text):
            scope, _, path = hole.partition(".")
            if scope == "document" and isinstance(way, Acknowledge):
                faults.append((f"{name}: {{{hole}}} cannot be filled, as an acknowledgement has no document", None))
            elif scope == "document" and isinstance(way, SendRoute) and isinstance(way.take, Passing):
                faults.append((f"{name}: {{{hole}}} cannot be filled, as what is passed on is no document", None))
            elif scope in ("document", "message", "reference") and isinstance(way, SendRoute) and way.batch:
                faults.append((f"{name}: {{{hole}}} cannot be filled, as a batch has many documents", None))
            elif scope == "receipt" and isinstance(way, SendRoute) and way.batch and way.batch.across:
                faults.append((f"{name}: {{{hole}}} cannot be filled, as such a batch is of many receipts", None))
            elif scope == "document" and isinstance(way, SendRoute) and isinstance(way.take, Take):
                model = document_model(way.take.document)
                missing = missing_step(model, path)
                if missing is not None:
                    lead = "the fields there are"
                    hint = suggestion(missing[0], missing[1], lead)
                    faults.append((f"{name}: {{{hole}}} cannot be filled, {way.take.document} has no {path}", hint))
    if faults:
        findings = [Finding(code="C-TEMPLATE", message=text, hint=hint, mapping=at) for text, hint in faults]
        raise ConfigurationError(findings[0].message, findings=findings)


def lines_of(workspace: Workspace) -> dict[str, Line]:
    """All receive routes by reference, nothing loaded yet."""
    return {ref: Line(workspace=workspace, route=route) for ref, route in workspace.receive_routes.items()}


def mapping_artifacts(mapping: "CompiledMapping") -> tuple[Artifact, ...]:
    """The mapping with the digests of its tables, and the tables: cross-references, and codes in files."""
    tables = [
        Artifact(kind=f"xref {table.name}", name=mapping.name, content=table.rows.content) for table in mapping.tables
    ]
    codes = [Artifact(kind=f"codes {name}", name=mapping.name, content=rows) for name, rows in mapping.code_files]
    return (_mapping_artifact(mapping.name, mapping.in_force()), *tables, *codes)


@lru_cache(maxsize=256)
def _mapping_artifact(name: str, text: str) -> Artifact:
    """One for all documents, as it is as long as the mapping."""
    return Artifact(kind="mapping", name=name, content=text.encode())


def _partner_artifact(partner: Partner) -> Artifact:
    return Artifact(kind="partner", name=partner.name, content=partner.file.read_bytes())


def _product(*adapters: str) -> str:
    """Our version, and those of the plug-ins among ``adapters``."""
    return ", ".join(dict.fromkeys([PRODUCT, *map(origin, adapters)]))
