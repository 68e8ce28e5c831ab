"""Loading a workspace: all its files are read and checked before anything is told or refused."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

from transload.adapters.base.positioned import Entries, Items, Node, Scalar
from transload.adapters.base.positioned import load as load_yaml
from transload.canonical.errors import ConfigurationError
from transload.canonical.findings import Finding, Severity, errors_of
from transload.canonical.places import MappingPlace
from transload.mappings.plugins import Plugins, trusted_plugins
from transload.mappings.tables.databases import Database
from transload.runner.calendar import Calendar
from transload.runner.filenames import FILE, PARTNER_FILE
from transload.runner.ledger.store import Store
from transload.runner.masking.fields import ALL, Fields, Paths
from transload.runner.workspace.adapted import Adapted
from transload.runner.workspace.alarming import channels_of, check_partners
from transload.runner.workspace.branches import Environments
from transload.runner.workspace.databases import databases_of, url_fault
from transload.runner.workspace.dispatching import broker_of
from transload.runner.workspace.examine import examine
from transload.runner.workspace.expecting import calendar_of
from transload.runner.workspace.facts import Facts
from transload.runner.workspace.masked import mask_of, masked_paths, with_partners
from transload.runner.workspace.model import Listening, Operations, Partner, ReceiveRoute, RetryPolicy, Workspace
from transload.runner.workspace.partners import PartnerFile
from transload.runner.workspace.report import Report, only, text_of, texts_of
from transload.runner.workspace.routes import route_in, route_out
from transload.runner.workspace.schedules import zone
from transload.runner.workspace.secrets import ALLOWED, PROVIDERS, Secrets
from transload.runner.workspace.stores import store_of
from transload.runner.workspace.vaulted import with_vault
from transload.runner.workspace.written import (
    WrittenHttp,
    WrittenMasked,
    WrittenOperations,
    WrittenVault,
    WrittenWorkspace,
)

SECRET_FOLDERS = (Path("keys"), Path("secrets"))


def load_workspace(folder: Path, *, environment: str | None = None) -> Workspace:
    """The workspace in ``folder``, as it is in ``environment`` (by default the one that its file names).

    No secret is resolved, no mapping compiled, no connection opened.

    Raises `ConfigurationError` with every error and warning of all its files, when
    any is an error; without errors the warnings are in `Workspace.findings`.
    """
    head = _head(folder, environment)
    report, settings, root, environments = head.report, head.settings, head.root, head.environments
    secrets = _secrets(settings, head.chosen, folder, report)
    timezone = zone(_value(root, "timezone"), report) or ZoneInfo("UTC")
    own = calendar_of(settings.calendar if settings else None, _value(head.chosen, "calendar"), report, timezone)
    calendar = own or Calendar(timezone=timezone)
    adapted = Adapted(secrets=secrets)
    store = store_of(settings, head.chosen, folder, secrets, report) if settings and head.chosen else None
    dispatch = settings.dispatch if settings else None
    broker = broker_of(dispatch, _value(head.chosen, "dispatch"), store, folder, secrets, report)
    retry = RetryPolicy(**settings.defaults.retry.model_dump()) if settings else RetryPolicy()
    mask = mask_of(settings.mask, head.chosen, report) if settings else Fields()
    databases = _databases(settings, root, secrets, report)
    plugins = _plugins(report)
    facts = Facts(
        environments=environments,
        adapted=adapted,
        timezone=timezone,
        calendar=calendar,
        retry=retry,
        keep_payloads=settings.defaults.keep_payloads if settings else None,
        timeouts=settings.defaults.timeouts.model_dump(mode="json", exclude_none=True) if settings else {},
        guides=(folder / "guides",) if (folder / "guides").is_dir() else (),
        databases=databases,
        plugins=plugins,
        listens=settings is None or settings.http is not None,
    )
    _apart(settings, head.chosen, report)
    channels = channels_of(_value(head.chosen, "alarms"), adapted, report)
    partners, masked, findings = _partners(folder, facts)
    check_partners(channels, _value(head.chosen, "alarms"), partners, report)
    findings = [*report.sorted(), *findings]
    if not partners and not errors_of(findings):
        findings.append(_no_partner(folder))
    findings += _same_addresses(partners)
    if not errors_of(findings):  # a route that is not there may be one that has an error
        findings += _unheard(partners)
    _raise_errors(findings)
    assert settings is not None
    assert store is not None
    return Workspace(
        name=settings.workspace,
        folder=folder.resolve(),
        store=store,
        environment=environments.chosen,
        timezone=timezone,
        calendar=calendar,
        channels=channels,
        identities=settings.identities.model_dump(exclude_none=True),
        retry=retry,
        listening=_listening(settings.http, folder) if settings.http is not None else None,
        operations=_operations(settings.operations),
        mask=with_partners(mask, masked),
        broker=broker,
        hidden=secrets.hidden,
        partners=partners,
        findings=tuple(findings),
    )


def _apart(settings: WrittenWorkspace | None, chosen: Entries | None, report: Report) -> None:
    """Report where partners would find what is for those who operate the service."""
    if settings is None or settings.http is None or settings.operations.listen is None:
        return
    port = settings.operations.listen.rpartition(":")[2]
    if port == settings.http.listen.rpartition(":")[2] and port != "0":
        block = _value(chosen, "operations")
        node = (block.get("listen") if isinstance(block, Entries) else None) or Scalar("", 1, 1)
        hint = "give operations: a port of its own: it asks for no login, and partners must not reach it"
        report.add("C-ADDRESS", f"http: and operations: listen at the same port {port}", node, hint=hint)


def _operations(written: WrittenOperations) -> Operations:
    if written.listen is None:
        return Operations(traces=written.traces)
    host, _, port = written.listen.rpartition(":")
    return Operations(listening=Listening(host=host.strip("[]"), port=int(port)), traces=written.traces)


def _listening(written: WrittenHttp, folder: Path) -> Listening:
    host, _, port = written.listen.rpartition(":")
    files = [folder.resolve() / name if name is not None else None for name in (written.certificate, written.key)]
    return Listening(host=host.strip("[]"), port=int(port), certificate=files[0], key=files[1])


def _same_addresses(partners: Mapping[str, Partner]) -> list[Finding]:
    """Routes that are called at one address: only one of them could hear a call."""
    known: dict[str, ReceiveRoute] = {}
    findings = []
    for partner in partners.values():
        for route in partner.receive.values():
            if not route.is_called:
                continue
            other = known.setdefault(route.connection.path, route)
            if other is not route:
                message = f"the routes {other.ref} and {route.ref} are called at the same address"
                hint = "give each its own connection with its own path"
                findings.append(Finding(code="C-ADDRESS", message=message, hint=hint, mapping=route.at))
    return findings


def _unheard(partners: Mapping[str, Partner]) -> Iterator[Finding]:
    """Connections over which answers come later, and that no receive route hears: every delivery would wait in vain."""
    everybody = partners.values()
    heard = {route.connection.ref for one in everybody for route in one.receive.values() if route.is_called}
    for partner in everybody:
        sent = [(route.ref, route.at, route.connection) for route in partner.send.values()]
        read = partner.receive.values()
        sent += [(one.ref, one.at, one.acknowledge.connection) for one in read if one.acknowledge is not None]
        for ref, at, connection in sent:
            if not connection.answers_later or connection.ref in heard:
                continue
            yield Finding(
                code="C-ANSWERS",
                message=f"what {ref} sends is answered later, and no receive route of {connection.ref} hears it",
                hint=f"add a receive route with from: {{connection: {connection.name}}}, "
                "or let the receipts come in the answer",
                mapping=at,
            )


def load_store(folder: Path, *, environment: str | None = None) -> Store:
    """Where the workspace's ledger is kept; partners' files are not looked at, so that faults there do not matter.

    Raises `ConfigurationError` when transload.yaml has errors.
    """
    head = _head(folder, environment)
    secrets = _secrets(head.settings, head.chosen, folder, head.report)
    store = None
    if head.settings is not None and head.chosen is not None:
        store = store_of(head.settings, head.chosen, folder, secrets, head.report)
    _raise_errors(head.report.sorted())
    assert store is not None
    return store


def load_timezone(folder: Path, *, environment: str | None = None) -> ZoneInfo:
    """The workspace's time zone; partners' files are not looked at.

    Raises `ConfigurationError` when transload.yaml has errors.
    """
    head = _head(folder, environment)
    found = zone(_value(head.root, "timezone"), head.report)
    _raise_errors(head.report.sorted())
    return found or ZoneInfo("UTC")


def load_mask(folder: Path, *, environment: str | None = None) -> Fields:
    """The fields of documents that are masked; nothing else of partners' files is looked at.

    Where it cannot be known what a partner masks, since its file is broken, all is masked that comes from it or goes to
    it.  Raises `ConfigurationError` when transload.yaml has errors.
    """
    head = _head(folder, environment)
    found = mask_of(head.settings.mask, head.chosen, head.report) if head.settings else Fields()
    _raise_errors(head.report.sorted())
    partners = {path.parent.name: _masked(path, head.environments) for path in _partner_files(folder)}
    return with_partners(found, partners)


def _masked(path: Path, environments: Environments) -> Paths:
    """What a partner's file masks: all where that cannot be known, and nothing where it does not speak of masks."""
    report = Report(str(path))
    try:
        if b"mask" not in path.read_bytes():
            return {}
    except OSError:
        return ALL
    root = _read(path, report)
    chosen = environments.choose(only(root, "mask"), report) if root is not None else None
    written = examine(chosen, WrittenMasked, report, path.name) if isinstance(chosen, Entries) else None
    found = masked_paths(written.mask, chosen, report) if written is not None and isinstance(chosen, Entries) else ALL
    return ALL if errors_of(report.findings) else found


@dataclass(frozen=True, kw_only=True)
class _Head:
    """What transload.yaml says, as far as it can be understood."""

    report: Report
    root: Entries | None
    settings: WrittenWorkspace | None
    environments: Environments
    chosen: Entries | None = None


def _head(folder: Path, environment: str | None) -> _Head:
    file = folder / FILE
    if not folder.is_dir():
        raise ConfigurationError(f"there is no folder {folder}", hint="name it with --workspace")
    if not file.is_file():
        raise ConfigurationError(
            f"{folder} is no workspace: it has no {FILE}",
            hint="name the workspace's folder with --workspace, or make one with: transload init FOLDER",
        )
    report = Report(str(file))
    root = _read(file, report)
    if root is None:
        return _Head(report=report, root=None, settings=None, environments=Environments())
    environments = _environments(root, environment, report)
    chosen = environments.choose(root, report)
    settings = examine(chosen, WrittenWorkspace, report, FILE) if chosen is not None else None
    branchless = chosen if isinstance(chosen, Entries) else None
    return _Head(report=report, root=root, settings=settings, environments=environments, chosen=branchless)


def _read(file: Path, report: Report) -> Entries | None:
    try:
        node = load_yaml(file)
    except ConfigurationError as error:
        report.findings += error.findings
        return None
    if isinstance(node, Entries):
        return node
    report.add("C-TYPE", f"{file.name} must be a block of keys", node)
    return None


def _environments(root: Entries, environment: str | None, report: Report) -> Environments:
    names = [name.text for name in texts_of(root.get("environments"))] or list(Environments().names)
    written = root.get("environment")
    chosen = Environments(names=names, chosen=environment or text_of(written) or Environments().chosen)
    fault = chosen.fault()
    if fault:
        report.add("C-ENVIRONMENT", fault[0], root if environment or written is None else written, hint=fault[1])
        return Environments(names=names, chosen=names[0])
    return chosen


def _secrets(settings: WrittenWorkspace | None, chosen: Entries | None, folder: Path, report: Report) -> Secrets:
    if settings is None:  # what is wrong there is told; nothing more is to be said about references
        return Secrets(base=folder.resolve(), providers=PROVIDERS, folders=SECRET_FOLDERS)
    folders = list(SECRET_FOLDERS)
    providers: list[str] = []
    written: tuple[int, WrittenVault] | None = None
    for number, item in enumerate(settings.secrets):
        if isinstance(item, str):
            providers.append(item)
        elif item.file is not None:
            folders = [Path(os.path.expanduser(name)) for name in item.file.folders]  # noqa: PTH111
            providers.append("file")
        elif item.vault is not None:
            written = number, item.vault
    plain = Secrets(base=folder.resolve(), providers=tuple(providers) or ALLOWED, folders=tuple(folders))
    if written is None:
        return plain
    items = chosen.get("secrets") if chosen is not None else None
    node = items.values[written[0]] if isinstance(items, Items) else items
    block = node.get("vault") if isinstance(node, Entries) else None
    assert isinstance(block, Entries)  # what was read as a vault is one
    return with_vault(plain, written[1], block, report)


def _databases(
    settings: WrittenWorkspace | None, root: Entries | None, secrets: Secrets, report: Report
) -> dict[str, Database]:
    block = root.get("databases") if root is not None else None
    places: dict[str, MappingPlace] = {}
    for name, written in settings.databases.items() if settings is not None else ():
        entry = block.get(name) if isinstance(block, Entries) else None
        node = (entry.get("url") if isinstance(entry, Entries) else None) or Scalar("", 1, 1)
        places[name] = report.at(node)
        fault = url_fault(written.url, secrets)
        if fault is not None:
            report.add("C-SECRET", fault[0], node, hint=fault[1])
    return databases_of(settings.databases, secrets, places) if settings is not None else {}


def _plugins(report: Report) -> Plugins:
    try:
        return trusted_plugins()
    except ConfigurationError as error:
        report.findings += error.findings
        return Plugins()


def _partner_files(folder: Path) -> list[Path]:
    return sorted((folder / "mappings").glob(f"*/{PARTNER_FILE}"))


def _partners(folder: Path, facts: Facts) -> tuple[dict[str, Partner], dict[str, Paths], list[Finding]]:
    """All partners, linked with each other; what each masks; the findings of all their files."""
    files = []
    findings: list[Finding] = []
    for path in sorted((folder / "mappings").glob("*/partner.y*ml")):
        report = Report(str(path))
        if path.name != PARTNER_FILE:
            message = f"{path.name} is not read: a partner's file is called {PARTNER_FILE}"
            report.add("C-FILE", message, Scalar("", 1, 1), hint="rename it")
            findings += report.findings
            continue
        root = _read(path, report)
        files.append(PartnerFile(root=root, report=report, path=path, facts=facts, digest=_digest(path)))
    everybody = {file.name: file for file in files}
    for file in files:
        file.connect()
    for file in files:
        route_out(file, everybody)
    for file in files:
        route_in(file, everybody)
    for file in files:
        findings += file.report.sorted()
    partners = {file.name: file.partner for file in files if file.partner is not None}
    return partners, {file.name: file.masked for file in files}, findings


def _digest(path: Path) -> str:
    try:
        return sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def _no_partner(folder: Path) -> Finding:
    return Finding(
        code="C-PARTNER",
        severity=Severity.WARNING,
        message=f"there is no partner: no file {folder / 'mappings'}/PARTNER/{PARTNER_FILE}",
        hint="a partner is a folder below mappings with a partner.yaml",
        mapping=MappingPlace(file=str(folder / FILE), line=1, column=1),
    )


def _value(root: Entries | None, key: str) -> Node | None:
    return root.get(key) if root else None


def _raise_errors(findings: Iterable[Finding]) -> None:
    everything = tuple(findings)
    errors = errors_of(everything)
    if errors:
        count = "one error" if len(errors) == 1 else f"{len(errors)} errors"
        raise ConfigurationError(f"the workspace has {count}", findings=everything)
