"""Faulty mappings, each of which a law, a static finding or a test must catch; what nothing can catch is listed."""

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from transload.canonical.errors import ConfigurationError
from transload.mappings import load_mapping
from transload.mappings.laws import QUICK, check_laws
from transload.mappings.testing import run_tests

ROOT = Path(__file__).parents[2]
ACME = ROOT / "fixtures/mappings/acme"
MUTANTS: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "mutants/mutants.yaml").read_text())["mutants"]
EFFORT = replace(QUICK, documents=60, steps=60)
PAGE = ROOT / "docs/mutants.md"
HEAD = """# What `check` catches, and what it cannot

Each row is a good mapping with one fault put into it (`tests/mappings/mutants/mutants.yaml`), and the finding that
tells of it. All findings are explained in [the mapping language](mapping-language.md#findings). This page is written
by the tests: `MUTANTS=write pytest tests/mappings/test_mutants.py`.

"""


def faulty(mutant: dict[str, Any], folder: Path) -> Path:
    """The mutant's file, with the samples beside it."""
    if "extend" in mutant:
        text = f"mapping: mutant\nextends: library:{mutant['extend']}\n{mutant['text']}"
    else:
        text = (ACME / f"orders-{mutant['base']}.yaml").read_text(encoding="utf-8")
        assert mutant["old"] in text, mutant["name"]
        text = text.replace(mutant["old"], mutant["new"], 1 if mutant["old"].startswith("loses") else -1)
    shutil.copytree(ACME / "samples", folder / "samples")
    file = folder / "mutant.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def caught(file: Path) -> list[str]:
    """The codes of all that `check` says of the file, sorted."""
    try:
        mapping = load_mapping(file)
    except ConfigurationError as error:
        return sorted({finding.code for finding in error.findings})
    findings = [finding for result in run_tests(mapping) for finding in result.findings]
    findings += check_laws(mapping, EFFORT).findings
    return sorted({finding.code for finding in findings})


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant["name"].replace(" ", "-"))
def test_a_mutant_is_caught_or_listed(mutant: dict[str, Any], tmp_path: Path) -> None:
    found = caught(faulty(mutant, tmp_path))
    if "missed" in mutant:
        assert found == [], "this one is caught: say so"
    else:
        assert mutant["caught"] in found


@pytest.mark.parametrize("base", ["edifact", "x12", "ubl", "json", "csv", "fixed", "soap"])
def test_without_a_fault_nothing_is_found(base: str) -> None:
    assert caught(ACME / f"orders-{base}.yaml") == []


def test_the_page_lists_them() -> None:
    if os.environ.get("MUTANTS") == "write":
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page()


def test_there_are_enough_and_each_is_told_once() -> None:
    names = [mutant["name"] for mutant in MUTANTS]
    assert len(set(names)) == len(names) >= 30
    assert all(("caught" in mutant) != ("missed" in mutant) for mutant in MUTANTS)


def page() -> str:
    """docs/mutants.md."""
    rows = [mutant for mutant in MUTANTS if "caught" in mutant]
    lines = ["| fault | in | caught by |", "| --- | --- | --- |"]
    lines += [f"| {row['name']} | {row.get('base') or row['extend']} | {row['caught']} |" for row in rows]
    missed = [mutant for mutant in MUTANTS if "missed" in mutant]
    lines += ["", f"{len(rows)} of {len(MUTANTS)} are caught. These are not:", ""]
    lines += ["| fault | in | why not |", "| --- | --- | --- |"]
    lines += [f"| {row['name']} | {row['base']} | {row['missed']} |" for row in missed]
    return HEAD + "\n".join(lines) + "\n"
