"""A process that runs one pass of a workspace and kills itself between the receipt and the format.

Usage: filter_worker.py FOLDER MOMENT, where MOMENT is ``received`` (the raw bytes are committed), ``unwrapping`` (the
second entry of an archive is asked for), ``unpacking`` and ``unpacked`` (before and after the parts are committed).
"""

import os
import signal
import sys
from pathlib import Path

from transload.runner.engine import Engine
from transload.runner.ledger import Ledger
from transload.runner.ledger.unpacking import Unpacking
from transload.runner.reading import unwrapping as engine_unwrapping
from transload.runner.workspace import load_workspace


def die(*arguments, **options):
    os.kill(os.getpid(), signal.SIGKILL)


root, moment = sys.argv[1:]
unwrapped, unpack = engine_unwrapping.unwrapped, Unpacking.unpack


def first_only(*arguments):
    yield next(unwrapped(*arguments))
    die()


def then_die(*arguments, **options):
    unpack(*arguments, **options)
    die()


if moment == "received":
    engine_unwrapping.unwrapped = die
elif moment == "unwrapping":
    engine_unwrapping.unwrapped = first_only
else:
    Unpacking.unpack = die if moment == "unpacking" else then_die
workspace = load_workspace(Path(root))
with Ledger(workspace.store) as ledger:
    Engine(workspace, ledger, workers=1).run_pass()
