"""The stage of the demo: a workspace, a mailbox with three files in it, and the partners that serve them."""

import secrets
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from transload.runner.demo.partners.rest_api import RestApi
from transload.runner.demo.partners.servers import http_server
from transload.runner.demo.partners.sftp_server import sftp_server
from transload.runner.demo.partners.soap_service import SoapService, wsdl_text

ARRIVALS = {
    "hagemann/out/hagemann-orders.edi": "hagemann/samples/orders.edi",
    "northstar/out/northstar-850.x12": "northstar/samples/850.x12",
    "hagemann/out/hagemann-broken.edi": "hagemann/samples/broken.edi",
}
"""The files that lie in the mailbox, and the samples of the workspace's mappings that they are."""
USER = "bolzen"


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Where everything is while the partners run: folders on disk, addresses, and what the partners have taken."""

    folder: Path
    sftp: str
    rest: str
    soap: str
    erp: RestApi
    warehouse: SoapService

    @property
    def workspace(self) -> Path:
        """The workspace, which stays."""
        return self.folder / "workspace"

    @property
    def mailbox(self) -> Path:
        """What the SFTP server serves."""
        return self.folder / "partners" / "mailbox"


@contextmanager
def on_stage(folder: Path) -> Iterator[Scene]:
    """Start the partners, write the workspace that knows them into ``folder``, and leave the files in the mailbox."""
    partners = folder / "partners"
    mailbox = partners / "mailbox"
    for place in ("hagemann/out", "hagemann/in", "northstar/out", "northstar/in"):
        (mailbox / place).mkdir(parents=True)
    password, token = secrets.token_urlsafe(12), secrets.token_urlsafe(12)
    erp = RestApi(file=partners / "erp-orders.jsonl", number="orderNumber", token=token)
    warehouse = SoapService(file=partners / "warehouse-orders.jsonl")
    with ExitStack() as stack:
        sftp = stack.enter_context(sftp_server(mailbox, username=USER, password=password))
        rest = stack.enter_context(http_server(erp.app))
        soap = stack.enter_context(http_server(warehouse.app))
        known = {
            "sftp_port": str(sftp.port),
            "sftp_user": USER,
            "sftp_host_key": sftp.fingerprint,
            "rest_url": rest,
            "soap_url": soap,
        }
        _write_workspace(folder / "workspace", known, {"mailbox-password": password, "erp-token": token})
        for name, sample in ARRIVALS.items():
            shutil.copyfile(folder / "workspace" / "mappings" / sample, mailbox / name)
        yield Scene(
            folder=folder,
            sftp=f"{sftp.host}:{sftp.port}",
            rest=rest,
            soap=f"{soap}/purchasing",
            erp=erp,
            warehouse=warehouse,
        )


def _write_workspace(folder: Path, known: dict[str, str], kept: dict[str, str]) -> None:
    """Copy the workspace, with what is known of the partners in place of ``@name@``, and the secrets in files."""
    with resources.as_file(resources.files(__package__ or "").joinpath("workspace")) as template:
        shutil.copytree(template, folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in folder.rglob("*.yaml"):
        text = file.read_text(encoding="utf-8")
        for name, value in known.items():
            text = text.replace(f"@{name}@", value)
        file.write_text(text, encoding="utf-8")
    wsdl = folder / "wsdl" / "warehouse.wsdl"
    wsdl.parent.mkdir(parents=True)
    wsdl.write_text(wsdl_text(), encoding="utf-8")
    for name, value in kept.items():
        secret = folder / "secrets" / name
        secret.parent.mkdir(mode=0o700, exist_ok=True)
        secret.touch(mode=0o600)
        secret.write_text(value + "\n", encoding="utf-8")
