"""The page about workspaces."""

from pathlib import Path

import pytest

from transload.runner.workspace import load_workspace
from transload.runner.workspace.reference import ENVIRONMENTS, reference
from transload.runner.workspace.tables import settings_of
from transload.runner.workspace.written import WrittenRetry, WrittenWorkspace

PAGE = Path(__file__).parents[3] / "docs" / "workspace.md"


def test_the_page_is_current() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text == reference(), "make it again: python -m transload.runner.workspace.reference > docs/workspace.md"


def test_defaults_are_as_people_write_them() -> None:
    assert {setting.name: setting.default for setting in settings_of(WrittenRetry)} == {
        "attempts": "10",
        "first": "30s",
        "longest": "2h",
        "give_up_after": "3d",
    }


def test_types_are_in_words() -> None:
    kinds = {setting.name: setting.kind for setting in settings_of(WrittenWorkspace)}
    assert kinds["environments"] == "list of text"
    assert kinds["secrets"] == "list of env, file, credential, keyring or {file, vault}"
    assert kinds["identities"] == "{gln, duns, vat, edifact, x12}"


@pytest.mark.parametrize(
    ("environment", "host", "folder", "password", "filters", "identity"),
    [
        ("test", "sftp-test.acme.example", "test/out", "${env:ACME_TEST_PASSWORD}", [], "9520001000003T"),
        ("production", "sftp.acme.example", "out", "${vault:edi/acme#password}", ["pgp"], "9520001000003"),
    ],
)
def test_the_example_of_environments(
    tmp_path: Path, environment: str, host: str, folder: str, password: str, filters: list[str], identity: str
) -> None:
    (tmp_path / "mappings/acme").mkdir(parents=True)
    vault = "{vault: {url: 'https://vault.example', token: '${env:VAULT_TOKEN}'}}"
    (tmp_path / "transload.yaml").write_text(f"workspace: bolts\nsecrets: [env, file, {vault}]\n")
    (tmp_path / "mappings/acme/partner.yaml").write_text(ENVIRONMENTS)
    (tmp_path / "mappings/acme/orders.yaml").write_text("mapping: orders\n")
    workspace = load_workspace(tmp_path, environment=environment)
    connection, route = workspace.connection("acme/mailbox"), workspace.receive_route("acme/orders")
    assert (connection.settings["host"], connection.settings["password"]) == (host, password)
    assert connection.settings["username"] == "bolts"
    assert route.options["folder"] == folder
    assert [one.adapter for one in route.filters] == filters
    partner = workspace.partners["acme"]
    assert partner.identities["edifact"] == {"id": identity, "qualifier": "14"}


def test_the_example_of_filters(tmp_path: Path) -> None:
    block = PAGE.read_text(encoding="utf-8").partition("## Filters")[2].partition("```yaml\n")[2].partition("```")[0]
    (tmp_path / "mappings/acme").mkdir(parents=True)
    (tmp_path / "transload.yaml").write_text("workspace: bolts\n")
    (tmp_path / "mappings/acme/partner.yaml").write_text(block)
    filters = load_workspace(tmp_path).connection("acme/mailbox").filters
    assert [one.adapter for one in filters] == ["pgp", "zip", "charset"]
