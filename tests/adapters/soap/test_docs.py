"""Every example of docs/soap.md is one that the settings take."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from transload.adapters.soap import SoapConnection, SoapSourceOptions, SoapTargetOptions
from transload.adapters.soap.service import SoapServiceConnection, SoapServiceOptions

PAGE = (Path(__file__).parents[3] / "docs/soap.md").read_text(encoding="utf-8")
BLOCKS = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]


def examples() -> list[Any]:
    whole, sources = BLOCKS[0], next(block for block in BLOCKS if "queue" in block)
    found: list[Any] = [("whole: target", SoapTargetOptions, {**whole["send"]["orders"]["to"]})]
    found.append(("whole: source", SoapSourceOptions, {**whole["receive"]["confirmations"]["from"]}))
    found += [(name, SoapSourceOptions, settings) for name, settings in sources.items()]
    for block in BLOCKS:
        for name, settings in block.get("connections", {}).items():
            found.append(
                (name, SoapServiceConnection if settings["adapter"] == "soap-service" else SoapConnection, settings)
            )
    served = next(block for block in BLOCKS if "desk" in block.get("connections", {}))
    found.append(("desk: endpoint", SoapServiceOptions, served["receive"]["orders"]["from"]))
    mapped = next(block for block in BLOCKS if "response" in block.get("receive", {}).get("orders", {}))
    found.append(("answered by a mapping", SoapServiceOptions, mapped["receive"]["orders"]["from"]))
    return [pytest.param(kind, settings, id=name) for name, kind, settings in found]


@pytest.mark.parametrize(("kind", "settings"), examples())
def test_an_example_is_taken(kind: Any, settings: dict[str, Any]) -> None:
    known = {name: value for name, value in settings.items() if name not in ("adapter", "connection")}
    assert kind.model_validate(known)


def test_every_setting_says_what_it_means_and_those_that_are_needed_have_an_example() -> None:
    for kind in (
        SoapConnection,
        SoapSourceOptions,
        SoapTargetOptions,
        SoapServiceConnection,
        SoapServiceOptions,
    ):
        whole = kind.model_json_schema()
        for name, schema in {**whole.get("$defs", {}), kind.__name__: whole}.items():
            for setting, shape in schema.get("properties", {}).items():
                assert shape.get("description"), (name, setting)
                needed = setting in schema.get("required", ()) and name != "ProxyLogin"
                assert not needed or shape.get("examples"), (name, setting)


@pytest.mark.parametrize(
    ("kind", "settings", "words"),
    [
        (SoapTargetOptions, {"operation": "A", "lookup_found": "B"}, "name the operation to ask under lookup:"),
        (SoapTargetOptions, {"operation": "A", "lookup": "B"}, "lookup: needs lookup_request: and lookup_found:"),
        (
            SoapTargetOptions,
            {"operation": "A", "lookup": "B", "lookup_found": "C", "lookup_request": "<a>100%</a>"},
            "cannot hold a percent sign; write &#37;",
        ),
        (
            SoapTargetOptions,
            {"operation": "A", "lookup": "B", "lookup_found": "C", "lookup_request": "<a b='{number}'/>"},
            "cannot hold an apostrophe",
        ),
        (SoapSourceOptions, {"operation": "A", "request": "{since}"}, "{since} in request: needs since:"),
        (
            SoapSourceOptions,
            {"operation": "A", "request": "a", "items": "B", "since": {"field": "C", "start": "1"}},
            "since: needs {since} in request:",
        ),
        (
            SoapSourceOptions,
            {"operation": "A", "request": "{since}", "since": {"field": "C", "start": "1"}},
            "since: stands in items: say under items: where they are",
        ),
        (SoapSourceOptions, {"operation": "A", "request": "a", "identity": ["B"]}, "identity: is that of items"),
        (SoapConnection, {"wsdl": "w", "endpoint": "ftp://a"}, "this is no address"),
        (SoapConnection, {"wsdl": "w", "endpoint": "https://a:b@c"}, "write it under login:"),
        (SoapConnection, {"wsdl": "w", "faults": {"A": "maybe"}}, "retry"),
    ],
)
def test_what_does_not_fit_is_said(kind: Any, settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        kind.model_validate(settings)
