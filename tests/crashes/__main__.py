"""The table of all crashes: ``python -m tests.crashes [SCENE ...] [--write]``.

It takes a few minutes.  Without names all scenes are played; ``--write`` puts what was played into docs/crashes.md.
"""

import argparse
import sys
import time
from pathlib import Path

from tests.crashes.matrix import killed_at, points_of, victim
from tests.crashes.scenes import SCENES, ledger_scenes
from tests.crashes.table import Row, page, rows_of, table

PAGE = Path(__file__).parents[2] / "docs/crashes.md"


def main() -> int:
    """Play the scenes; gives 1 when anything was lost, torn or taken twice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenes", nargs="*", metavar="SCENE", help=", ".join(map(repr, SCENES)))
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    asked = parser.parse_args()
    began, found = time.monotonic(), dict[str, list[Row]]()
    with ledger_scenes() as ledgers, victim() as process:
        scenes = {**SCENES, **ledgers}
        for name in asked.scenes or scenes:
            scene = scenes[name]
            found[name] = rows_of((point, killed_at(scene, point, process)) for point in points_of(scene, process))
            print(f"{name}: {scene.__doc__}\n\n{table(found[name])}\n", flush=True)
    kills = sum(row.kills for rows in found.values() for row in rows)
    print(f"{kills} times kill -9, {time.monotonic() - began:.0f} s")
    if asked.write:
        PAGE.write_text(page(found, scenes, PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    return any(row.wrong for rows in found.values() for row in rows)


if __name__ == "__main__":
    sys.exit(main())
