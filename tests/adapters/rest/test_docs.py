"""Every example of docs/rest.md is one that the settings take."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from transload.adapters.rest import RestConnection, RestSource, RestTarget

PAGE = (Path(__file__).parents[3] / "docs/rest.md").read_text()
BLOCKS = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]


def examples() -> list[Any]:
    whole, logins, sources, targets = BLOCKS
    found = [("whole", RestConnection, {**whole["connections"]["api"]})]
    found += [(name, RestConnection, {**settings}) for name, settings in logins["connections"].items()]
    found += [(name, RestSource, settings) for name, settings in sources.items()]
    found += [(name, RestTarget, settings) for name, settings in targets.items()]
    return [pytest.param(kind, settings, id=name) for name, kind, settings in found]


@pytest.mark.parametrize(("kind", "settings"), examples())
def test_an_example_is_taken(kind: Any, settings: dict[str, Any]) -> None:
    settings.pop("adapter", None)
    assert kind.model_validate(settings)


def test_every_setting_says_what_it_means() -> None:
    for kind in (RestConnection, RestSource, RestTarget):
        whole = kind.model_json_schema()
        for name, schema in {**whole.get("$defs", {}), kind.__name__: whole}.items():
            for setting, shape in schema.get("properties", {}).items():
                assert shape.get("description"), (name, setting)
