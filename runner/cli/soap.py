"""``transload soap``: the descriptions of partners' services, kept on our side and compared with what is served."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from transload.adapters.base.http import HttpConnection
from transload.adapters.soap.bundles.bundle import MANIFEST, Bundle, bundle_of, read_manifest
from transload.adapters.soap.bundles.comparing import Comparison, compare, gather
from transload.adapters.soap.bundles.fetching import address_of, is_address
from transload.adapters.soap.settings import SoapConnection
from transload.adapters.soap.wsdl import Port, ports_of
from transload.canonical.errors import ConfigurationError, TransloadError
from transload.canonical.findings import Finding
from transload.runner.cli import exits
from transload.runner.cli.guard import guarded
from transload.runner.cli.options import HERE, AsJson, Environment, WorkspaceFolder
from transload.runner.cli.screen import counted, say, say_findings, say_json, say_table

soap = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="""Descriptions (WSDL) of partners' SOAP services: fetched once, compared later.

    \b
    Examples:
      transload soap bundle https://acme.example/orders?wsdl
      transload soap drift acme/service
    """,
)

Via = Annotated[
    str | None,
    typer.Option(
        "--connection",
        metavar="CONNECTION",
        help="Ask as this SOAP connection of the workspace does: its login, certificates, proxy.",
    ),
]


@soap.command("bundle")
@guarded
def bundle(
    source: Annotated[str, typer.Argument(metavar="URL|FILE", help="Where the WSDL is.")],
    into: Annotated[
        Path | None,
        typer.Option("--into", metavar="DIR", help="Folder to write; else wsdl/ and the name of the WSDL."),
    ] = None,
    also: Annotated[
        list[str] | None,
        typer.Option("--also", metavar="HOST", help="Fetch imported files from this host, too; several times."),
    ] = None,
    root: Annotated[
        Path | None,
        typer.Option("--root", metavar="DIR", help="Folder that imported files must be in; else that of FILE."),
    ] = None,
    plain_http: Annotated[
        bool, typer.Option("--plain-http", help="Allow http://, where somebody on the way could change what comes.")
    ] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Write over a bundle that is there.")] = False,
    connection: Via = None,
    workspace: WorkspaceFolder = HERE,
    environment: Environment = None,
    as_json: AsJson = False,
) -> None:
    """Fetch a WSDL with all that it imports into one folder, from which it is read without a network.

    In the files nothing but the locations of other files is changed. bundle.json tells where each
    file is from, when it was fetched, and its SHA-256. What is imported must lie on the host of the
    WSDL, or on one given with --also; there are limits to number, size and depth.

    Afterwards the services, ports and operations are shown, and what to write into the partner's file.

    \b
    Examples:
      transload soap bundle https://acme.example/orders?wsdl
      transload soap bundle https://acme.example/orders?wsdl --into wsdl/acme --also www.w3.org
      transload soap bundle mail/orders.wsdl --into wsdl/acme
      transload soap bundle https://acme.example/orders?wsdl --connection acme/service --replace
    """
    settings = _settings(connection, workspace, environment) if connection else HttpConnection(plain_http=plain_http)
    start = source if is_address(source) else address_of(Path(source))
    hosts = tuple(also or ())
    documents = gather(start, settings, also=hosts, folder=root)
    made = bundle_of(documents, now=datetime.now(UTC), also=hosts, root=root, login=connection is not None)
    folder = into or Path("wsdl") / Path(made.manifest.main).stem
    _write(folder, made, replace=replace)
    _tell_bundle(folder, made, ports_of(folder / made.manifest.main), as_json=as_json)


@soap.command("drift")
@guarded
def drift(
    what: Annotated[str, typer.Argument(metavar="CONNECTION|DIR", help="A SOAP connection, or a bundle's folder.")],
    plain_http: Annotated[bool, typer.Option("--plain-http", help="Allow http:// for a folder.")] = False,
    workspace: WorkspaceFolder = HERE,
    environment: Environment = None,
    as_json: AsJson = False,
) -> None:
    """Compare a bundle with what the partner serves now: operations, elements, types.

    Changes that may make calls fail (what is gone, new and needed, of another type) are warnings,
    others remarks. The exit code is 1 when there is any change.

    \b
    Examples:
      transload soap drift acme/service
      transload soap drift wsdl/orders
    """
    settings: HttpConnection
    if Path(what, MANIFEST).is_file():
        folder, settings = Path(what), HttpConnection(plain_http=plain_http)
    else:
        settings = _settings(what, workspace, environment)
        folder = settings.wsdl.parent
    compared = compare(folder, settings)
    _tell_drift(compared, as_json=as_json)
    if compared.changes:
        raise typer.Exit(exits.ERRORS)


def _settings(ref: str, workspace: Path, environment: str | None) -> SoapConnection:
    from transload.runner.workspace import load_workspace  # here: a bundle needs no workspace

    found = load_workspace(workspace, environment=environment).connection(ref)
    settings = found.resolved()
    if not isinstance(settings, SoapConnection):
        raise ConfigurationError(f"{ref} is a connection of {found.adapter}, and not of soap")
    return settings


def _write(folder: Path, made: Bundle, *, replace: bool) -> None:
    """Write the files, each at once and the manifest last; files of an older bundle that are not needed go."""
    manifest = made.manifest
    try:
        there = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
        old = [entry.file for entry in known.files] if (known := read_manifest(folder)) else []
        strange = [name for name in there if name not in {*old, MANIFEST}]
        clash = sorted({*made.contents, MANIFEST} & set(strange))
        if (there and not replace) or clash:
            what = f"{folder} holds {', '.join((clash or there)[:5])}"
            hint = "name another folder" if clash else "--replace writes over the bundle that is there"
            raise TransloadError(what, hint=hint, findings=[Finding(code="E-FILE", message=what, hint=hint)])
        folder.mkdir(parents=True, exist_ok=True)
        written = {name: content for name, content in made.contents.items() if name != manifest.main}
        written[manifest.main] = made.contents[manifest.main]  # after all that it imports: who reads it anew finds them
        written[MANIFEST] = manifest.text().encode()
        for name, content in written.items():
            _put(folder / name, content)
        for name in set(old) - set(made.contents):
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        message = f"{folder} cannot be written: {error.strerror}"
        raise TransloadError(message, findings=[Finding(code="E-FILE", message=message)]) from None


def _put(path: Path, content: bytes) -> None:
    """Write a file in one step: `serve` may read it at any time."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(content)
    beside.replace(path)


def _tell_bundle(folder: Path, made: Bundle, ports: list[Port], *, as_json: bool) -> None:
    if as_json:
        listed: list[dict[str, Any]] = [{**vars(port), "operations": list(port.operations)} for port in ports]
        say_json({"folder": str(folder), "manifest": _manifest(made), "ports": listed})
        return
    for entry in made.manifest.files:
        say(f"{folder / entry.file}: {entry.bytes} bytes from {entry.source}")
    say_table(
        ["SERVICE", "PORT", "SOAP", "ADDRESS", "OPERATIONS"],
        [[port.service, port.name, port.version, port.address, ", ".join(port.operations)] for port in ports],
    )
    say()
    say("for the partner's file:")
    say("connections:")
    say("  service:")
    say("    adapter: soap")
    say(f"    wsdl: {folder / made.manifest.main}")
    if len({port.service for port in ports}) > 1:
        say(f"    service: {ports[0].service}")
    if len({port.operations for port in ports}) > 1:
        say(f"    port: {ports[0].name}")
    if any(port.is_internal for port in ports):
        say(f"    endpoint: https://...   # the WSDL names {ports[0].address}, probably an internal address")


def _manifest(made: Bundle) -> dict[str, Any]:
    return {**vars(made.manifest), "files": [vars(entry) for entry in made.manifest.files]}


def _tell_drift(compared: Comparison, *, as_json: bool) -> None:
    findings = [change.finding() for change in compared.changes]
    if as_json:
        say_json(
            {
                "source": compared.manifest.source,
                "fetched": compared.manifest.fetched,
                "same": compared.same,
                "altered": list(compared.altered),
                "changes": [finding.as_dict() for finding in findings],
            }
        )
        return
    for name in compared.altered:
        say(f"{name} is not as it was fetched: somebody changed it here")
    say_findings(findings)
    say(f"{compared.manifest.source}: {compared.verdict}")
    say(f"{counted(len(compared.manifest.files), 'file')} looked at")
