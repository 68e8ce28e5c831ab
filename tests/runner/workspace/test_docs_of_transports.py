"""The partner files that the pages about SFTP, FTP and mail show are good ones."""

import re
from pathlib import Path

import pytest

from transload.runner.workspace import load_workspace

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("page", ["sftp.md", "ftp.md", "mail.md"])
def test_the_partner_file_of_the_page_has_no_fault(tmp_path: Path, page: str) -> None:
    [written] = re.findall(r"^```yaml\n(.*?)^```$", (ROOT / "docs" / page).read_text(), re.MULTILINE | re.DOTALL)
    (tmp_path / "mappings/acme").mkdir(parents=True)
    (tmp_path / "transload.yaml").write_text("workspace: hub\nstore: sqlite:///var/ledger.db\n")
    (tmp_path / "mappings/acme/partner.yaml").write_text(written)
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys/acme_ed25519").write_text("a key")
    workspace = load_workspace(tmp_path)
    assert (set(workspace.receive_routes), set(workspace.send_routes)) == ({"acme/orders"}, {"acme/invoices"})
    for route in workspace.send_routes.values():
        assert "number" in route.templates["file"]
