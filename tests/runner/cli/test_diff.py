"""transload diff."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

Run = Callable[..., Any]


def test_the_same_and_another(run: Run, tmp_path: Path) -> None:
    name = "library:edifact/orders-d96a"
    assert run("diff", name, name).lines == ["no differences between orders-d96a 1 and orders-d96a 1"]
    file = tmp_path / "acme.yaml"
    file.write_text(f"mapping: acme\nversion: 2\nextends: {name}\nchange: {{RFF PL: remove}}\n", encoding="utf-8")
    ran = run("diff", name, file)
    assert (ran.code, ran.err) == (1, "")
    assert ran.lines == [
        "field",
        "  price_list: is not there any more, at RFF PL, RFF 1154",
        "    changes both, narrower",
        "    - library:edifact/orders-d96a:85:35 (RFF 1154)",
        "1 difference between orders-d96a 1 and acme 2",
    ]
    told = run("diff", name, file, "--json")
    assert told.code == 1
    (change,) = told.json["changes"]
    assert (change["topic"], change["what"], change["effect"]) == ("field", "price_list", "narrower")


def test_a_file_that_is_not_there(run: Run, tmp_path: Path) -> None:
    assert run("diff", "library:csv/orders", tmp_path / "no.yaml").code == 1
