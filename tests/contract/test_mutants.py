"""Broken adapters, at least one for each case of the contract, which must see it: docs/adapter-mutants.md."""

import inspect
import os
import re
import subprocess
import sys
import unittest
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.contract.mutants import letters, lines, parcels, sources, targets
from tests.contract.mutants.harnesses import InShelf, OutShelf
from tests.contract.mutants.shelf import ShelfSource, ShelfTarget

from transload.adapters.contract import (
    Breach,
    EndpointContract,
    FilterContract,
    FormatContract,
    SourceContract,
    TargetContract,
)

GUIDE = Path(__file__).parents[2] / "docs/plug-ins.md"
BEGINNING = "<!-- cases: written by MUTANTS=write pytest tests/contract/test_mutants.py -->\n"
END = "<!-- end of cases -->"
PAGE = Path(__file__).parents[2] / "docs/adapter-mutants.md"
HEAD = """# What the contract of adapters sees

Each row is a case of `transload.adapters.contract`, and broken adapters that it must refuse
(`tests/contract/mutants/`). What each case demands stands in [writing an adapter](plug-ins.md). This page is written by
the tests: `MUTANTS=write pytest tests/contract/test_mutants.py`.
"""
SUITES: list[tuple[str, type[Any], Callable[[Any], Any], type[Any], list[Any]]] = [
    ("source", SourceContract, OutShelf, ShelfSource, sources.MUTANTS),
    ("target", TargetContract, InShelf, ShelfTarget, targets.MUTANTS),
    ("endpoint", EndpointContract, letters.LetterHarness, letters.Letterbox, letters.MUTANTS),
    ("format", FormatContract, lines.LineHarness, lines.LineFormat, lines.MUTANTS),
    ("filter", FilterContract, parcels.ParcelHarness, parcels.ParcelFilter, parcels.MUTANTS),
]


def cases(suite: type[Any]) -> list[str]:
    """The names of a suite's cases, in the order of its source."""
    found = [name for kind in reversed(suite.__mro__) for name in vars(kind) if name.startswith("test_")]
    return list(dict.fromkeys(found))


def run(suite: type[Any], case: str, harness: Any) -> None:
    try:
        getattr(suite(), case)(harness)
    finally:
        getattr(harness, "close", lambda: None)()


GOOD = [
    pytest.param(suite, case, harness, good, id=f"{name}-{case}")
    for name, suite, harness, good, _ in SUITES
    for case in cases(suite)
]
BAD = [
    pytest.param(suite, harness, mutant, id=f"{name}-{mutant.__name__}")
    for name, suite, harness, _, mutants in SUITES
    for mutant in mutants
]


@pytest.mark.parametrize(("suite", "case", "harness", "good"), GOOD)
def test_an_adapter_that_keeps_to_it_passes(suite: type[Any], case: str, harness: Any, good: type[Any]) -> None:
    run(suite, case, harness(good))


@pytest.mark.parametrize(("suite", "harness", "mutant"), BAD)
def test_a_broken_adapter_is_refused(suite: type[Any], harness: Any, mutant: type[Any]) -> None:
    with pytest.raises(Breach) as caught:
        run(suite, mutant.caught_by, harness(mutant))
    assert re.fullmatch(r".+\n  to do: .+", str(caught.value), re.DOTALL)


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite[0])
def test_every_case_has_a_mutant(suite: tuple[Any, ...]) -> None:
    _, contract, _, _, mutants = suite
    assert set(cases(contract)) == {mutant.caught_by for mutant in mutants}
    assert all(inspect.getdoc(getattr(contract, case)) for case in cases(contract))


def test_a_skipped_case_says_why() -> None:
    class Bare(OutShelf):
        def stranger(self) -> ShelfSource:
            return super(OutShelf, self).stranger()  # type: ignore[safe-super, return-value]

    with pytest.raises(unittest.SkipTest, match="the harness has no stranger"):
        run(SourceContract, "test_a_refused_login_stops_the_connection", Bare(ShelfSource))


def test_the_contract_needs_no_test_framework() -> None:
    code = "import sys, transload.adapters.contract.folders; print({'pytest', '_pytest'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_the_pages_list_them() -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    before, _, rest = guide.partition(BEGINNING)
    wanted = f"{before}{BEGINNING}{table()}{END}{rest.partition(END)[2]}"
    if os.environ.get("MUTANTS") == "write":
        PAGE.write_text(page(), encoding="utf-8")
        GUIDE.write_text(wanted, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page()
    assert GUIDE.read_text(encoding="utf-8") == wanted


def page() -> str:
    """docs/adapter-mutants.md."""
    rows = [HEAD]
    for name, suite, _, _, mutants in SUITES:
        rows.append(f"## {name.capitalize()}s\n\n| case | refuses an adapter that |\n| --- | --- |")
        for case in cases(suite):
            wrong = "<br>".join(_line(str(inspect.getdoc(one))) for one in mutants if one.caught_by == case)
            rows.append(f"| {_words(case)} | {wrong} |")
        rows.append("")
    return "\n".join(rows)


def table() -> str:
    """What docs/plug-ins.md says of the cases."""
    rows = []
    for name, suite, *_ in SUITES:
        rows.append(f"\n| {name} | what is demanded |\n| --- | --- |")
        for case in cases(suite):
            demand = (inspect.getdoc(getattr(suite, case)) or "").split("\n\n")[0].replace("``", "`")
            rows.append(f"| {_words(case)} | {_line(demand)} |")
    return "\n".join(rows) + "\n\n"


def _words(case: str) -> str:
    return case.removeprefix("test_").replace("_", " ")


def _line(text: str) -> str:
    return " ".join(text.split())
