"""A workspace's own guides: what its routes read is validated with them."""

import shutil
from pathlib import Path

from transload.adapters.edi import EdifactFormat
from transload.adapters.edi.guides.lookup import HERE
from transload.runner.cli.init import write_template
from transload.runner.workspace import load_workspace


def test_routes_validate_with_the_workspaces_own_guides(tmp_path: Path) -> None:
    write_template(tmp_path)
    order = (tmp_path / "exchange/acme/out/orders-0001.edi").read_bytes()
    route = load_workspace(tmp_path).receive_route("acme/orders")
    [message] = route.format().read(order)
    assert [finding.code for finding in message.findings if finding.is_error] == []
    own = tmp_path / "guides/edifact/d96a/orders.yaml"
    own.parent.mkdir(parents=True)
    shipped = (HERE / "edifact/d96a/orders.yaml").read_text(encoding="utf-8")
    own.write_text(f"{shipped}\ncodes: {{1001: 105 226}}\n")
    route = load_workspace(tmp_path).receive_route("acme/orders")
    [message] = route.format().read(order)
    assert {finding.code for finding in message.findings if finding.is_error} == {"E-CODE"}


def test_a_route_that_writes_has_them_too(tmp_path: Path, fixtures: Path) -> None:
    folder = tmp_path / "workspace"
    shutil.copytree(fixtures / "workspace", folder)
    (folder / "guides").mkdir(exist_ok=True)
    made = load_workspace(folder).send_route("acme/order-responses").format()
    assert isinstance(made, EdifactFormat)
    assert made.guides == (folder / "guides",)
