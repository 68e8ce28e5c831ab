"""Which workspaces and mapping files the paths of a command stand for."""

from pathlib import Path

import pytest

from transload.canonical.errors import ConfigurationError
from transload.runner.cli.given import Given, workspace_of


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "w"
    for name, text in {
        "transload.yaml": "workspace: w\n",
        "mappings/acme/partner.yaml": "partner: acme\n",
        "mappings/acme/orders.yaml": "mapping: orders\n",
        "mappings/acme/codes.yaml": "a: b\n",
        ".hidden/x.yaml": "mapping: hidden\n",
        "compose.yml": "services: [\n",
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def names(given: Given, folder: Path) -> tuple[list[str], list[str]]:
    return (
        [path.resolve().relative_to(folder.parent.resolve()).as_posix() for path in given.workspaces],
        [path.resolve().relative_to(folder.resolve()).as_posix() for path in given.mappings],
    )


def test_a_workspace_and_its_mappings(workspace: Path) -> None:
    whole = (["w"], ["mappings/acme/orders.yaml"])
    for path in (workspace, workspace / "transload.yaml", workspace / "mappings/acme/partner.yaml"):
        given = Given.of([path])
        assert names(given, workspace) == whole, path
        assert given.findings == []


def test_a_path_twice_counts_once(workspace: Path) -> None:
    given = Given.of([workspace, workspace / "mappings/../mappings/acme/orders.yaml", workspace])
    assert names(given, workspace) == (["w"], ["mappings/acme/orders.yaml"])


def test_a_folder_of_mappings(workspace: Path) -> None:
    assert names(Given.of([workspace / "mappings"]), workspace) == ([], ["mappings/acme/orders.yaml"])


def test_a_broken_file_below_mappings_is_a_finding(workspace: Path) -> None:
    (workspace / "mappings/acme/orders.yaml").write_text("mapping: [", encoding="utf-8")
    given = Given.of([workspace])
    assert [finding.code for finding in given.findings] == ["C-YAML"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere", "cannot read"),
        ("mappings/acme/codes.yaml", "is no mapping file: it has no key 'mapping'"),
        ("empty", "there is nothing of ours in"),
    ],
)
def test_what_stands_for_nothing_is_refused(workspace: Path, name: str, message: str) -> None:
    (workspace / "empty").mkdir()
    with pytest.raises(ConfigurationError, match=message):
        Given.of([workspace / name])


def test_the_workspace_of_a_file(workspace: Path, tmp_path: Path) -> None:
    assert workspace_of(workspace / "mappings/acme/orders.yaml") == workspace
    assert workspace_of(tmp_path / "x") is None
