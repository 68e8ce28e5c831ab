"""The partner of docs/as2.md loads, and every setting says what it means."""

from pathlib import Path

from transload.adapters.as2 import As2Connection, As2Options, As2Target
from transload.adapters.as2.cms import Kind
from transload.adapters.as2.files import FilesOptions
from transload.runner.workspace import load_workspace

PAGE = (Path(__file__).parents[3] / "docs/as2.md").read_text(encoding="utf-8")


def test_the_partner_of_the_page_loads(tmp_path: Path) -> None:
    workspace, partner, several = (block.partition("```")[0] for block in PAGE.split("```yaml\n")[1:])
    (tmp_path / "mappings/acme").mkdir(parents=True)
    (tmp_path / "transload.yaml").write_text(workspace)
    (tmp_path / "mappings/acme/partner.yaml").write_text(partner)
    loaded = load_workspace(tmp_path)
    assert [finding.message for finding in loaded.findings] == []
    assert sorted(loaded.receive_routes) == ["acme/orders"]
    assert sorted(loaded.send_routes) == ["acme/invoices"]
    before, _, behind = partner.partition("receive:\n")
    (tmp_path / "mappings/acme/partner.yaml").write_text(before + several + "send:\n" + behind.partition("send:\n")[2])
    (route,) = load_workspace(tmp_path).receive_routes.values()
    assert [one.adapter for one in route.filters] == ["as2"]


def test_the_page_has_every_word_of_a_refusal() -> None:
    assert all(f"`{kind}`" in PAGE for kind in Kind)


def test_every_setting_says_what_it_means() -> None:
    for kind in (As2Connection, As2Target, As2Options, FilesOptions):
        whole = kind.model_json_schema()
        for name, schema in {**whole.get("$defs", {}), kind.__name__: whole}.items():
            for setting, shape in schema.get("properties", {}).items():
                assert shape.get("description"), (name, setting)
