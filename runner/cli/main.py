"""Where ``transload`` starts."""

import sys

from transload.runner.cli.app import COMMANDS, application, overview


def main() -> None:
    """Run the command line of this process, and end the process with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a name that the terminal cannot show is no reason to fail
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    app = application([wanted]) if wanted in COMMANDS else overview()
    app(prog_name="transload")
