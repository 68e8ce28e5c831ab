"""Mappings of the retailer in fixtures, good ones and ones with a part that is broken on purpose."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from transload.mappings import Mapping, load_mapping
from transload.mappings.language.front import understand
from transload.mappings.language.shelves import Files, Shelves
from transload.mappings.surroundings import Surroundings
from transload.mappings.tables.files import Kept

ROOT = Path(__file__).parents[3]
ACME = ROOT / "fixtures/mappings/acme"
Changed = Callable[..., Mapping]


@pytest.fixture
def acme() -> Callable[[str], Mapping]:
    """A good mapping of the retailer by its format, of its own: nothing that is changed in it is seen by others."""

    def load(name: str) -> Mapping:
        kept = load_mapping(ACME / f"orders-{name}.yaml")
        shelves = Shelves(kept._written, Surroundings(), Files(kept._written), Kept(1))
        return Mapping(kept._written, understand(kept._written, (), shelves))

    return load


@pytest.fixture
def changed(tmp_path: Path) -> Changed:
    """A mapping of the retailer with one text in its file replaced."""

    def load(name: str, old: str, new: str) -> Mapping:
        text = (ACME / f"orders-{name}.yaml").read_text(encoding="utf-8")
        assert text.count(old) == 1
        shutil.copytree(ACME / "samples", tmp_path / "samples", dirs_exist_ok=True)
        file = tmp_path / "map.yaml"
        file.write_text(text.replace(old, new), encoding="utf-8")
        return load_mapping("map.yaml", base=tmp_path)

    return load
