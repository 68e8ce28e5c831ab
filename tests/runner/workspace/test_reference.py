"""The page about workspaces."""

from pathlib import Path

from transload.runner.workspace.reference import reference
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
    assert kinds["secrets"] == "list of env, file, keyring or {file, vault}"
    assert kinds["identities"] == "{gln, duns, vat, edifact, x12}"
