"""What came of each kill, as a table."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tests.crashes.matrix import Outcome
from tests.crashes.scenes import Scene
from tests.crashes.steps import Point

_HEAD = """\
# Crashes

For each adapter a process moves two documents, and is ended by `kill -9` once at every moment of every step: before
it, after it, and half way through a file that is written, or read in pieces. Then it is started again. This is what
came of the documents, summed over all kills at the steps of one name. *Asked* counts deliveries whose answer was lost
where the partner's protocol cannot tell what became of them: they wait as UNKNOWN for `transload resolve`, and are
never sent again by themselves. *Left over* counts halves of files, also on our own disk, and files that are still
offered although they were taken.

The scenes called *ledger* are about the ledger itself: what counts there are its commits, with a moment at which all is
written and nothing committed, and what is done to files of ours. Instead of a pass it may be a service or a command
that is killed, and given again. In *takeover* a service is stopped at the moment, a second one comes, and goes on by
itself when the first one is killed. In *zombie* the first one loses its sessions instead, and goes on where it was when
the second one has done all: what it still believes must change nothing. At the end everything must be final, `transload
audit verify` must find nothing, and of what was erased nothing may be there: what is not so counts as *torn*. So
that it does not take hours, these services look for what is due ten times a second, and wait half a second instead of a
minute for a call that a dead worker may still make; halves of payloads are removed at once instead of after an hour.

The partners are real servers on this machine. `python -m tests.crashes --write` plays it all again and writes this
page; the test suite plays a part of it.
"""
_COLUMNS = ("step", "kills", "lost", "torn", "twice", "asked", "left over")


@dataclass(frozen=True, kw_only=True)
class Row:
    """What came of all kills at the steps called ``step``."""

    step: str
    kills: int
    lost: int
    torn: int
    twice: int
    unknown: int
    left: int

    @property
    def wrong(self) -> bool:
        """Whether anything was lost, torn, taken twice or left lying about."""
        return bool(self.lost or self.torn or self.twice or self.left)


def rows_of(outcomes: Iterable[tuple[Point, Outcome | None]]) -> list[Row]:
    """A row for each step, in the order of the pass; what was not reached does not count."""
    found: dict[str, list[Outcome]] = {}
    for point, outcome in outcomes:
        if outcome is not None:
            found.setdefault(point.name, []).append(outcome)
    return [
        Row(
            step=step,
            kills=len(each),
            lost=sum(one.lost for one in each),
            torn=sum(one.torn for one in each),
            twice=sum(one.twice for one in each),
            unknown=sum(one.unknown for one in each),
            left=sum(len(one.left) for one in each),
        )
        for step, each in found.items()
    ]


def table(rows: Sequence[Row]) -> str:
    """The rows as a table of Markdown, with their sum."""
    cells = [[f"{at}. {row.step}", *(str(number) for number in _numbers(row))] for at, row in enumerate(rows, start=1)]
    sums = [sum(column) for column in zip(*map(_numbers, rows), strict=True)]
    cells.append(["**all**", *(f"**{number}**" for number in sums)])
    lines = [_COLUMNS, ["---"] + ["---:"] * (len(_COLUMNS) - 1), *cells]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _numbers(row: Row) -> tuple[int, ...]:
    return row.kills, row.lost, row.torn, row.twice, row.unknown, row.left


def page(found: Mapping[str, Sequence[Row]], scenes: Mapping[str, Scene], before: str) -> str:
    """The page of the documentation; scenes that were not played are as the page ``before`` has them."""
    sections = dict(part.split("\n", 1) for part in before.split("\n## ")[1:])
    sections |= {scene: f"\n{scenes[scene].__doc__}\n\n{table(rows)}\n" for scene, rows in found.items()}
    names = [*scenes, *(name for name in sections if name not in scenes)]
    return "\n## ".join([_HEAD, *(f"{name}\n{sections[name]}" for name in names if name in sections)])
