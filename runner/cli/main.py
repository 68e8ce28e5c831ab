"""Where ``transload`` starts."""

import gc
import signal
import sys

from transload.runner.cli.app import COMMANDS, application, overview

_YOUNG = 50_000
"""Objects that may be made before they are looked through for garbage.  Imports, mappings and documents make very many
that stay; at Python's 700 a tenth of a second goes into looking at them before a command begins."""


def main() -> None:
    """Run the command line of this process, and end the process with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a name that the terminal cannot show is no reason to fail
    gc.set_threshold(_YOUNG)
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    if wanted == "serve":  # to load anew what is not loaded yet: nothing is to be done, least of all to end
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    app = application([wanted]) if wanted in COMMANDS else overview()
    app(prog_name="transload")
