"""transload show of mappings."""

from collections.abc import Callable
from typing import Any

Run = Callable[..., Any]


def test_resolved_and_holes(run: Run) -> None:
    ran = run("show", "--resolved", "library:csv/orders")
    assert (ran.code, ran.err) == (0, "")
    assert ran.lines[0].startswith("mapping: ")
    assert all(" # library:csv/orders:" in line for line in ran.lines)
    told = run("show", "--resolved", "library:csv/orders", "--json").json
    assert len(told["lines"]) == len(ran.lines)
    holes = run("show", "--holes", "library:edifact/orders-d96a")
    assert holes.lines[0] == "BGM+{kind}+{number}+{purpose}"
    told = run("show", "--holes", "library:edifact/orders-d96a", "--json").json["lines"]
    assert [one["text"] for one in told] == [line.split("  * ")[0].rstrip() for line in holes.lines]
    (line,) = (one for one in told if one["text"].startswith("LIN+"))
    assert (line["note"], line["file"]) == ("each lines, the first counts", "library:edifact/orders-d96a")


def test_what_cannot_be_shown(run: Run) -> None:
    assert run("show", "--holes").code == 2
    assert run("show", "--holes", "--resolved", "library:csv/orders").code == 2
    assert "error E-CONFIG there is no mapping 'library:csv/order'" in run("show", "--holes", "library:csv/order").err
