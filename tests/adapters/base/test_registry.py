from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from transload.adapters.base import registry
from transload.adapters.base.registry import Adapter, adapter, adapter_names, origin
from transload.canonical.errors import ConfigurationError

SHIPPED = ("edifact", "files", "json", "rest", "sftp", "soap", "x12", "xml")


def test_the_shipped_adapters_are_found_by_name_and_load() -> None:
    assert set(SHIPPED) <= set(adapter_names())
    for name in SHIPPED:
        found = adapter(name)
        assert found.summary
        assert found.abilities
        assert origin(name).startswith("transload ")


def test_an_unknown_name_gets_a_hint() -> None:
    with pytest.raises(ConfigurationError, match="no adapter named 'sfpt'") as caught:
        adapter("sfpt")
    assert caught.value.hint == "did you mean 'sftp'?"


@pytest.fixture
def entries(monkeypatch: pytest.MonkeyPatch) -> list[EntryPoint]:
    """Entry points as an installer would have left them; the real registry reads them."""
    made: list[EntryPoint] = []
    monkeypatch.setattr(registry, "entry_points", lambda group: [entry for entry in made if entry.group == group])
    registry._entries.cache_clear()
    monkeypatch.setattr(registry, "_entries", registry._entries.__wrapped__)
    return made


def test_two_packages_with_one_name_are_refused(entries: list[EntryPoint]) -> None:
    entries += [EntryPoint("memo", "one:A", registry.GROUP), EntryPoint("memo", "two:A", registry.GROUP)]
    with pytest.raises(ConfigurationError, match="two installed packages provide an adapter named 'memo'"):
        adapter_names()


def test_what_cannot_be_imported_says_what_to_install(entries: list[EntryPoint]) -> None:
    entries.append(EntryPoint("memo", "no_such_package:A", registry.GROUP))
    with pytest.raises(ConfigurationError, match="cannot be loaded: No module named") as caught:
        adapter("memo")
    assert caught.value.hint == "install what it needs, for example: pip install 'transload[memo]'"


def test_an_entry_point_that_names_something_else_is_refused(entries: list[EntryPoint]) -> None:
    entries.append(EntryPoint("memo", "json:dumps", registry.GROUP))
    with pytest.raises(ConfigurationError, match="is no Adapter but function"):
        adapter("memo")


def test_a_plug_in_that_fails_when_it_is_imported_is_named(
    entries: list[EntryPoint], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "memo_of_acme.py").write_text("ADAPTER = 1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    entries.append(EntryPoint("memo", "memo_of_acme:ADAPTER", registry.GROUP))
    with pytest.raises(ConfigurationError, match="'memo' cannot be loaded: ZeroDivisionError: division by") as caught:
        adapter("memo")
    assert caught.value.hint == "this is a fault in its package (unknown): ask who made it, or uninstall it"


def test_a_source_beside_an_endpoint_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="'Memos' has a source and an endpoint, and 'from' of") as caught:
        Adapter(summary="Memos", source=adapter("files").source, endpoint=adapter("http").endpoint)
    assert caught.value.hint == "make two adapters of it, each with an entry point; one package may have both"


def test_abilities_are_what_an_adapter_has() -> None:
    assert Adapter(summary="nothing yet").abilities == ()
