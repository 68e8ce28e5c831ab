"""What a workspace without faults becomes."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from transload.adapters.base import Identity
from transload.canonical.errors import ConfigurationError, Stop
from transload.runner.workspace import Cron, Every, load_workspace

Write = Callable[..., Path]


def test_the_whole_workspace_is_linked(write: Write) -> None:
    workspace = load_workspace(write())
    assert (workspace.name, workspace.environment, workspace.timezone) == ("bolts", "test", ZoneInfo("Europe/Berlin"))
    assert workspace.findings == ()
    route = workspace.receive_route("acme/orders")
    assert route.to == (workspace.send_route("erp/orders"),)
    assert route.connection is workspace.connection("acme/mailbox")
    assert route.schedule == Every(interval=timedelta(minutes=5))
    assert (route.format_type, route.mapping_references) == ("json", ("orders.yaml",))
    assert workspace.send_route("erp/orders").order_by == ("buyer.gln",)
    assert workspace.partners["erp"].internal
    assert not workspace.partners["acme"].internal


def test_the_store_is_absolute_from_the_workspace(write: Write) -> None:
    folder = write()
    assert load_workspace(folder).store.url == f"sqlite:///{folder.resolve()}/var/ledger.db"


@pytest.mark.parametrize(("environment", "host"), [(None, "sftp-test.example"), ("production", "sftp.example")])
def test_a_branch_is_chosen_by_environment(write: Write, environment: str | None, host: str) -> None:
    connection = load_workspace(write(), environment=environment).connection("acme/mailbox")
    assert connection.settings["host"] == host


def test_other_environments_can_be_named(write: Write) -> None:
    folder = write(
        transload=[("secrets:", "environments: [staging, live]\nenvironment: staging\nsecrets:")],
        acme=[("{test: sftp-test.example, production:", "{staging: stage.example, live:")],
    )
    assert load_workspace(folder).connection("acme/mailbox").settings["host"] == "stage.example"
    assert not load_workspace(folder).is_test


def test_text_settings_keep_the_text_of_numbers(write: Write) -> None:
    folder = write(
        acme=[("username: bolt", "username: 0012345\n    port: 2222"), ('"9520001000003", e', "9520001000003, e")]
    )
    workspace = load_workspace(folder)
    settings = workspace.connection("acme/mailbox").settings
    assert (settings["username"], settings["port"]) == ("0012345", 2222)
    assert workspace.partners["acme"].facts["gln"] == "9520001000003"


def test_plain_numbers_stay_text_where_only_text_may_stand(write: Write) -> None:
    settings = load_workspace(write(acme=[("username: bolt", "username: 1.10")])).connection("acme/mailbox").settings
    assert settings["username"] == "1.10"


def test_facts_and_identity_of_a_partner(write: Write) -> None:
    workspace = load_workspace(write())
    partner = workspace.partners["acme"]
    assert partner.facts == {
        "name": "acme",
        "gln": "9520001000003",
        "edifact.id": "9520001000003",
        "edifact.qualifier": "14",
    }
    assert partner.identity("edifact") == Identity(id="9520001000003", qualifier="14")
    assert partner.identity("x12") is None
    assert workspace.partner_of(Identity(id="9520001000003", qualifier="14"), "edifact") is partner
    assert workspace.partner_of(Identity(id="9520001000003", qualifier="9"), "edifact") is None
    assert workspace.partner_of(Identity(id="1"), "edifact") is None


def test_a_cron_schedule_has_the_zone_of_the_workspace_or_its_own(write: Write) -> None:
    cron = ("every: 5m", 'cron: "*/10 6-20 * * mon-fri"')
    route = load_workspace(write(acme=[cron])).receive_route("acme/orders")
    assert route.schedule == Cron(expression="*/10 6-20 * * mon-fri", timezone=ZoneInfo("Europe/Berlin"))
    own = (cron[0], f"{cron[1]}\n    timezone: America/New_York")
    route = load_workspace(write(acme=[own])).receive_route("acme/orders")
    assert route.schedule == Cron(expression="*/10 6-20 * * mon-fri", timezone=ZoneInfo("America/New_York"))


def test_a_route_without_schedule(write: Write) -> None:
    assert load_workspace(write(acme=[("    every: 5m\n", "")])).receive_route("acme/orders").schedule is None


def test_default_time_outs_reach_the_adapters_that_have_them(write: Write) -> None:
    defaults = "defaults: {timeouts: {connect: 3s, read: 7s}, retry: {attempts: 2}}\nsecrets:"
    folder = write(
        transload=[("secrets:", defaults)], acme=[("username: bolt", "username: bolt\n    timeouts: {banner: 4s}")]
    )
    workspace = load_workspace(folder)
    assert workspace.connection("acme/mailbox").settings["timeouts"] == {
        "connect": "3s",
        "answer": "7s",
        "banner": "4s",
    }
    assert "timeouts" not in workspace.connection("erp/inbox").settings
    assert workspace.send_route("erp/orders").retry.attempts == 2


def test_paths_count_from_the_workspace(write: Write) -> None:
    folder = write()
    (folder / "inbox").mkdir()
    target = load_workspace(folder).send_route("erp/orders").target()
    assert target.connection.root == folder.resolve() / "inbox"


def test_templates_of_a_target(write: Write) -> None:
    assert load_workspace(write()).send_route("erp/orders").templates == {"file": "{document.number}.json"}


def test_secrets_are_looked_up_when_a_source_is_made_and_not_before(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ACME_PASSWORD", raising=False)
    route = load_workspace(write()).receive_route("acme/orders")
    with pytest.raises(Stop, match="the environment variable ACME_PASSWORD is not set") as caught:
        route.source()
    (finding,) = caught.value.findings
    assert finding.mapping is not None
    assert (finding.code, finding.mapping.line) == ("C-SECRET", 4)
    monkeypatch.setenv("ACME_PASSWORD", "open sesame")
    source = route.source()
    assert source.connection.password.get_secret_value() == "open sesame"
    assert "open sesame" not in repr(source.connection) + repr(route) + repr(route.connection)


def test_a_refused_secret_is_not_told(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "seventy")
    folder = write(acme=[("username: bolt", "username: bolt\n    port: ${env:PORT}")])
    monkeypatch.setenv("ACME_PASSWORD", "x")
    with pytest.raises(Stop, match="refused with its references resolved") as caught:
        load_workspace(folder).receive_route("acme/orders").source()
    assert [finding.field for finding in caught.value.findings] == ["port"]
    assert "seventy" not in str([finding.as_dict() for finding in caught.value.findings])


def test_unknown_names_suggest(write: Write) -> None:
    workspace = load_workspace(write())
    with pytest.raises(ConfigurationError, match="there is no receive route 'acme/order'") as caught:
        workspace.receive_route("acme/order")
    assert caught.value.hint == "did you mean 'acme/orders'?"
    with pytest.raises(ConfigurationError) as caught:
        workspace.send_route("x")
    assert caught.value.hint == "send routes are: erp/orders"


def test_a_folder_that_is_no_workspace(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"is no workspace: it has no transload\.yaml") as caught:
        load_workspace(tmp_path)
    assert "transload init" in str(caught.value.hint)
    with pytest.raises(ConfigurationError, match="there is no folder"):
        load_workspace(tmp_path / "nowhere")


def test_a_workspace_without_partners_is_told(tmp_path: Path) -> None:
    (tmp_path / "transload.yaml").write_text("workspace: empty\n", encoding="utf-8")
    (finding,) = load_workspace(tmp_path).findings
    assert finding.code == "C-PARTNER"


def test_a_partner_file_with_another_ending_is_told(write: Write) -> None:
    folder = write()
    erp = folder / "mappings/erp/partner.yaml"
    erp.rename(erp.with_suffix(".yml"))
    with pytest.raises(ConfigurationError) as caught:
        load_workspace(folder)
    assert [finding.code for finding in caught.value.findings] == ["C-FILE", "C-ROUTE"]


def test_a_broken_partner_makes_no_findings_in_others(write: Write) -> None:
    folder = write(erp=[("kind: internal", "kind: [")])
    with pytest.raises(ConfigurationError) as caught:
        load_workspace(folder)
    assert [finding.code for finding in caught.value.findings] == ["C-YAML"]


def test_a_file_that_is_no_text(write: Write) -> None:
    folder = write()
    (folder / "mappings/acme/partner.yaml").write_bytes(b"partner: \xff\xfe")
    with pytest.raises(ConfigurationError) as caught:
        load_workspace(folder)
    assert "no UTF-8 text" in caught.value.findings[0].message
