"""What may be written in transload.yaml and partner.yaml, as settings classes.

Blocks that belong to an adapter (a connection's settings, what stands under ``from:``,
``to:``, ``format:`` and ``acknowledge:``) are open here; the adapter's own classes check them.
"""

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, WithJsonSchema, field_validator, model_validator

from transload.adapters.base import Duration, Secret, Settings
from transload.runner.expectations.settings import AcknowledgementExpectation, Days, WrittenCalendar
from transload.runner.workspace.databases import WrittenDatabase
from transload.runner.workspace.limits import WrittenLimits, WrittenWindows
from transload.runner.workspace.vault import url_fault

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_RECEIVER = re.compile(r"https?://[^\s@/?#]+(/[^\s@?#]*)?")


def _named(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError(f"{value!r} is no name; use small letters, digits, - and _")
    return value


Name = Annotated[str, AfterValidator(_named), WithJsonSchema({"type": "string", "pattern": f"^{_NAME.pattern}$"})]
"""A name of a partner, connection or route: small letters, digits, ``-`` and ``_``."""
Open = dict[str, Any]
FilterList = Annotated[
    Any,
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "object"}]}},
                *({"type": kind} for kind in ("string", "object", "null")),
            ]
        }
    ),
]
"""A list of filters, each a name or a block with ``type``; `filters.filters_of` checks it."""
ExpectationList = Annotated[
    Any,
    WithJsonSchema({"anyOf": [{"type": "object"}, {"type": "array", "items": {"type": "object"}}, {"type": "null"}]}),
]
"""An expectation, or a list of them; `expecting.expectations_of` checks it."""


class EnvelopeIdentity(Settings):
    """How an EDI envelope names a company."""

    id: str = Field(description="Interchange identification, EDIFACT 0004/0010 or X12 ISA06/ISA08", min_length=1)
    qualifier: str | None = Field(None, description="Its qualifier, EDIFACT 0007 or X12 ISA05/ISA07")


class WrittenIdentities(Settings):
    """What a company is called."""

    gln: str | None = Field(None, description="GS1 Global Location Number, 13 digits", pattern=r"^\d{13}$")
    duns: str | None = Field(None, description="D-U-N-S number, 9 or 13 digits", pattern=r"^\d{9}(\d{4})?$")
    vat: str | None = Field(None, description="VAT registration number", min_length=1)
    edifact: EnvelopeIdentity | None = Field(None, description="In UNB")
    x12: EnvelopeIdentity | None = Field(None, description="In ISA")


class SecretFolders(Settings):
    """Where ``${file:...}`` may read."""

    folders: list[str] = Field(description="Folders, relative to the workspace or absolute", min_length=1)


class WrittenVault(Settings):
    """Where a HashiCorp Vault is, and how to log in: by ``token``, or by ``role_id`` and ``secret_id``."""

    url: str = Field(description="Its address", examples=["https://vault.example:8200"])
    mount: str = Field("secret", description="Where its key-value engine (version 2) is mounted", min_length=1)
    namespace: str | None = Field(None, description="Namespace, where the vault has such")
    token: Secret | None = Field(
        None, description="Token, as a reference to env, file, credential or keyring", examples=["${env:VAULT_TOKEN}"]
    )
    role_id: str | None = Field(None, description="Role for a login by AppRole, instead of a token")
    secret_id: Secret | None = Field(
        None, description="The role's secret, as a reference", examples=["${file:secrets/vault-secret-id}"]
    )
    approle: str = Field("approle", description="Where the login by AppRole is mounted", min_length=1)
    ca: Path | None = Field(None, description="File with the certificate authority of its certificate")
    keep: Duration = Field(timedelta(minutes=1), description="How long what was read is kept in memory")
    timeout: Duration = Field(timedelta(seconds=10), description="For each answer", gt=timedelta(0))

    @field_validator("url")
    @classmethod
    def _url(cls, value: str) -> str:
        fault = url_fault(value)
        if fault is not None:
            raise ValueError(f"{value!r} {fault}" if "@" not in value else f"it {fault}")
        return value

    @model_validator(mode="after")
    def _one_login(self) -> Self:
        by_role = self.role_id is not None and self.secret_id is not None
        if (self.token is None) is not by_role or (self.role_id is None) is not (self.secret_id is None):
            raise ValueError("it needs a token, or role_id and secret_id, and not both")
        return self


class WrittenProvider(Settings):
    """A secrets provider with settings of its own: one of them."""

    file: SecretFolders | None = Field(None, description="Folders for ${file:...}, instead of keys and secrets")
    vault: WrittenVault | None = Field(None, description="The vault for ${vault:PATH#FIELD}; needs transload[vault]")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.file is None) is (self.vault is None):
            raise ValueError("it is one provider: file or vault")
        return self


class WrittenRetry(Settings):
    """How often and how long a delivery is tried again."""

    attempts: int = Field(10, description="Tries in all before a delivery is given up", ge=1)
    first: Duration = Field(timedelta(seconds=30), description="Longest wait before the second try")
    longest: Duration = Field(timedelta(hours=2), description="No wait is longer than this")
    give_up_after: Duration = Field(timedelta(days=3), description="Age at which a delivery is given up")


class WrittenTimeouts(Settings):
    """Time-outs for every connection that does not set its own."""

    connect: Duration | None = Field(None, description="For reaching the other side")
    read: Duration | None = Field(None, description="For each answer or piece of one")


class WrittenDefaults(Settings):
    """What holds where a partner's file says nothing else."""

    retry: WrittenRetry = Field(default_factory=WrittenRetry, description="Retries of deliveries")
    timeouts: WrittenTimeouts = Field(default_factory=WrittenTimeouts, description="Time-outs of connections")
    keep_payloads: Duration | None = Field(
        None, description="How long what a route received is kept, by default for good", ge=timedelta(days=1)
    )


def _listen(value: str) -> str:
    host, colon, port = value.rpartition(":")
    if not colon or not host.strip("[]") or not port.isdigit() or not 0 <= int(port) <= 65535:
        raise ValueError(f"{value!r} is no address to listen on; write it like 127.0.0.1:8080 or [::1]:8080")
    return value


class WrittenHttp(Settings):
    """Where we listen for partners that call us."""

    listen: Annotated[str, AfterValidator(_listen)] = Field(
        description="Address and port, such as 127.0.0.1:8080; a proxy in front of it brings the calls of others"
    )
    certificate: str | None = Field(None, description="File with our certificate and those above it, for HTTPS")
    key: str | None = Field(None, description="File with its private key")

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key belong together: name both files or none")
        return self


class WrittenOperations(Settings):
    """What the service tells those who operate it."""

    listen: Annotated[str, AfterValidator(_listen)] | None = Field(
        None,
        description="Address and port for /metrics, /healthz and /readyz, such as 127.0.0.1:9464; it asks for no"
        " login, so keep it where only your own can reach it",
    )
    traces: str | None = Field(
        None,
        description="Address of an OTLP receiver over HTTP, such as http://127.0.0.1:4318; needs transload[otel]."
        " The variables OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_EXPORTER_OTLP_TRACES_ENDPOINT do the same",
    )

    @field_validator("traces")
    @classmethod
    def _without_login(cls, value: str | None) -> str | None:
        if value is not None and not _RECEIVER.fullmatch(value):
            raise ValueError(
                "this is no address of a receiver; write it like http://127.0.0.1:4318, without a login: the variable"
                " OTEL_EXPORTER_OTLP_HEADERS takes one"
            )
        return value


class WrittenStore(Settings):
    """A ledger's database and how it is spoken to."""

    url: str = Field(
        description="Its address, or a reference that stands for it; a password in it is a reference",
        examples=["postgresql://transload:${env:LEDGER_PASSWORD}@db.example/transload?sslmode=verify-full"],
    )
    password: Secret | None = Field(None, description="Its password, as a reference, instead of one in the address")
    schema_: str = Field("transload", alias="schema", description="PostgreSQL: schema of its tables", min_length=1)
    pool: int = Field(10, description="PostgreSQL: connections that a process has at most, beside one", ge=2)
    connect_timeout: Duration = Field(
        timedelta(seconds=10), description="PostgreSQL: for reaching the server", ge=timedelta(seconds=1)
    )
    statement_timeout: Duration = Field(
        timedelta(minutes=1), description="PostgreSQL: for each statement", ge=timedelta(seconds=1)
    )
    lock_timeout: Duration = Field(
        timedelta(seconds=10), description="PostgreSQL: for waiting on others' rows", ge=timedelta(seconds=1)
    )


class WrittenCelery(Settings):
    """A broker of RabbitMQ's kind for a Celery worker in each service."""

    url: str = Field(
        description="Its address, or a reference that stands for it; a password in it is a reference",
        examples=["amqps://transload:${env:BROKER_PASSWORD}@broker.example/transload"],
    )
    ca: str | None = Field(
        None, description="File with the authority of its certificate, by default those that the system trusts"
    )


class WrittenDispatch(Settings):
    """How services that share a ledger wake each other."""

    celery: str | WrittenCelery = Field(
        description="By Celery over RabbitMQ: its address, or a block with url; needs transload[celery] and a ledger"
        " in PostgreSQL"
    )


class WrittenBlobs(Settings):
    """An object store for large payloads."""

    url: str = Field(
        description="A folder, or an address that fsspec has a file system for", examples=["s3://bucket/transload"]
    )
    options: dict[str, Any] = Field({}, description="Options of that file system; secrets in them are references")


class WrittenEncryption(Settings):
    """Keys under which payloads are kept."""

    use: Name | None = Field(None, description="The key of what is written now, one of keys; without it, in plain")
    keys: dict[Name, Secret] = Field(
        description="Keys by their names, as references: each 32 bytes in base64, or as 64 hexadecimal digits",
        min_length=1,
    )

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.use is not None and self.use not in self.keys:
            raise ValueError(f"use names {self.use!r}, which is none of keys")
        return self


class WrittenFields(Settings):
    """Fields of documents whose values nobody is shown by default."""

    fields: list[str] = Field(
        [],
        description="Fields of every document that has them, and all that is below",
        examples=[["buyer.contact", "lines.price"]],
    )
    documents: dict[str, list[str]] = Field(
        {}, description="Fields of one document, by its name", examples=[{"order/1": ["references"]}]
    )


class WrittenMask(WrittenFields):
    """The workspace's masked fields, and whether they may be shown."""

    unmasked: Literal["with_reason", "never"] = Field(
        "with_reason", description="Whether `--unmasked --reason TEXT` shows the real values, as an event of the ledger"
    )


class WrittenWorkspace(Settings):
    """transload.yaml."""

    workspace: Name = Field(description="The workspace's name")
    store: str | WrittenStore = Field(
        "sqlite:///var/ledger.db",
        description="Where the ledger is kept: a SQLite file, relative to here, or the address of a PostgreSQL"
        " database; or a block with url",
    )
    blobs: str | WrittenBlobs | None = Field(
        None,
        description="Where payloads of more than 64 KiB are kept: a folder, an address such as s3://bucket/transload,"
        " or a block with url and options; by default beside the SQLite file, or in PostgreSQL",
    )
    encryption: WrittenEncryption | None = Field(
        None, description="Keys under which payloads are kept; by default they lie there in plain"
    )
    mask: WrittenMask = Field(
        default_factory=WrittenMask, description="Fields of documents whose values nobody is shown by default"
    )
    dispatch: WrittenDispatch | None = Field(
        None, description="How services that share a ledger wake each other; by default through its database"
    )
    environments: list[Name] = Field(["test", "production"], description="Names that branches may use", min_length=1)
    environment: str = Field("test", description="The environment in force when the command names none")
    timezone: str = Field("UTC", description="Time zone of schedules, such as Europe/Berlin")
    calendar: WrittenCalendar | None = Field(
        None, description="Working days, for schedules and expectations; by default Monday to Friday"
    )
    identities: WrittenIdentities = Field(default_factory=WrittenIdentities, description="Our own company's")
    secrets: list[Literal["env", "file", "credential", "keyring"] | WrittenProvider] = Field(
        ["env", "file", "credential"], description="Providers that references may use"
    )
    databases: dict[Name, WrittenDatabase] = Field({}, description="Databases for the cross-references of mappings")
    http: WrittenHttp | None = Field(None, description="Where partners reach us; for connections that they call")
    operations: WrittenOperations = Field(
        default_factory=WrittenOperations, description="Metrics, health and traces for those who operate it"
    )
    alarms: dict[Name, Any] = Field({}, description="Who is told of incidents, and how; the log always is")
    defaults: WrittenDefaults = Field(default_factory=WrittenDefaults, description="Defaults for all partners")


class WrittenConnection(Settings):
    """A connection, without the adapter's own settings."""

    adapter: str = Field(description="The adapter's name, see: transload adapters")
    filters: FilterList = Field(
        None, description="What stands between the connection and formats, the outermost first; routes may have others"
    )
    limits: WrittenLimits | None = Field(None, description="How much the partner's system is asked at a time")
    windows: WrittenWindows | None = Field(None, description="When the partner's system is not there")


class WrittenSchedule(Settings):
    """When something is done."""

    every: Duration | None = Field(None, description="Interval of its schedule", gt=timedelta(0))
    cron: str | None = Field(None, description="Crontab expression of its schedule: minute hour day month weekday")
    timezone: str | None = Field(None, description="Time zone of cron, by default the workspace's")
    on: Days = Field(("every day",), description="Days of its schedule: every day, working days, or weekdays")
    otherwise: Literal["skip", "next", "previous"] = Field(
        "skip",
        description="With cron and on: working days, what becomes of a time on another day: nothing, or it is"
        " moved to the next or previous working day",
    )


class WrittenReceive(WrittenSchedule):
    """A receive route."""

    from_: Open = Field(
        alias="from",
        description="connection, and the options of its source; or answers: a send route whose answers it reads",
    )
    format: Open | None = Field(None, description="type, and the options of the format; by default the mappings'")
    mappings: list[str] = Field(
        [],
        description="Mapping files; the narrowest that matches a message reads it;"
        " none where, with format: {type: ...}, only acknowledgements arrive or messages are passed on",
    )
    to: list[str] = Field(description="Send routes, written partner/route; may be empty")
    response: list[str] = Field(
        [],
        description="Where the partner calls us: mapping files that write what he is told, each from the document that"
        " he sent or from application_advice/1, which says whether it was taken",
    )
    acknowledge: Open | None = Field(
        None, description="with (one or more of contrl, 997, 999, ta1), connection, and the options of its target"
    )
    expect: ExpectationList = Field(None, description="What should arrive by when: one expectation, or a list of them")
    at_most_waiting: int | None = Field(
        None,
        description="While more than so many of what it received wait, to be read or to be sent, the source is not"
        " asked; by default it always is",
        ge=0,
    )
    keep_payloads: Duration | None = Field(
        None,
        description="How long what arrived, and was made and sent of it, is kept, instead of the workspace's default",
        ge=timedelta(days=1),
    )


class WrittenTake(Settings):
    """Which documents a send route takes, or which messages it passes on as they are."""

    document: str | None = Field(None, description="Document and version, such as order/1")
    when: dict[str, str | list[str]] = Field(
        {},
        description="Field paths with the text, or one of the texts, they have; beside message: and its like,"
        " places such as BGM 1001",
    )
    message: str | list[str] | None = Field(
        None, description="Instead of document: the kind of message, such as ORDERS, 850, an XML root element, or *"
    )
    version: str | list[str] | None = Field(None, description="The message's version, such as D:96A:UN:EAN008")
    sender: str | list[str] | None = Field(None, description="The sender's identification in the envelope")
    receiver: str | list[str] | None = Field(None, description="The receiver's identification in the envelope")


class WrittenBatch(WrittenSchedule):
    """Documents that leave together: those of a receipt, or what comes until a time, or until there are enough."""

    of: Literal["receipt"] | None = Field(
        None, description="receipt: its documents leave together, which is the default without every, cron and count"
    )
    most: int | None = Field(
        None, description="With of: receipt, documents in one delivery at most; by default all", ge=1
    )
    count: int | None = Field(
        None,
        description="So many documents leave together once they wait, before their time by every or cron; no delivery"
        " has more",
        ge=1,
    )


class WrittenSend(Settings):
    """A send route."""

    take: WrittenTake = Field(description="Which documents it takes, or which messages")
    mapping: str | None = Field(
        None, description="The mapping file that writes them; none where messages are passed on"
    )
    to: Open = Field(description="connection, and the options of its target")
    order_by: list[str] = Field([], description="The one field whose documents keep their sequence")
    when_failed: Literal["skip", "hold"] = Field(
        "skip",
        description="With order_by, when one of a sequence is dead, rejected or cannot be written: skip, the next ones"
        " are sent; hold, they wait until a person sends it again (it goes first then) or cancels it",
    )
    batch: Literal["receipt"] | WrittenBatch | None = Field(
        None,
        description="receipt: the documents of one receipt leave together, as one interchange or file;"
        " or a block: of: receipt, and most; or, for what several receipts bring, every or cron, count, or both",
    )
    format: Open | None = Field(None, description="Options of the format, laid over the mapping's")
    retry: WrittenRetry | None = Field(None, description="Instead of the workspace's defaults")
    expect_acknowledgement: AcknowledgementExpectation | None = Field(
        None, description="Which acknowledgement must come, within what time"
    )


class WrittenMasked(Settings):
    """What masks fields in a partner's file."""

    mask: WrittenFields = Field(
        default_factory=WrittenFields,
        description="Masked fields of documents that come from it or go to it, besides those of transload.yaml",
    )


class WrittenPartner(WrittenMasked):
    """partner.yaml; connections and routes are checked one by one."""

    partner: Name = Field(description="The partner's name: that of its folder")
    name: str | None = Field(None, description="Its full name")
    kind: Literal["external", "internal"] = Field("external", description="internal: a system of our own")
    identities: WrittenIdentities = Field(default_factory=WrittenIdentities, description="What envelopes call it")
    calendar: WrittenCalendar | None = Field(None, description="Its working days, by default the workspace's calendar")
    connections: dict[Name, Any] = Field({}, description="Ways to reach it, by name")
    receive: dict[Name, Any] = Field({}, description="Routes for what it sends, by name")
    send: dict[Name, Any] = Field({}, description="Routes for what it gets, by name")
