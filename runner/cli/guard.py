"""Around every command: our errors become findings and an exit code, and nobody ever sees a traceback."""

import functools
import os
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import ParamSpec, TypeVar

import typer

from transload.canonical.errors import TransloadError
from transload.runner.cli import exits
from transload.runner.cli.screen import say, say_findings, say_findings_json

P = ParamSpec("P")
R = TypeVar("R")


def guarded(command: Callable[P, R]) -> Callable[P, R]:
    """``command`` with its errors translated.

    `TransloadError`: its findings on standard error (as JSON lines where the command was
    given ``--json``), exit 1.  Ctrl-C: exit 130.  A reader that closed its pipe: silence.
    Anything else is a fault of ours: one line, and the details in a file.
    """

    @functools.wraps(command)
    def call(*arguments: P.args, **options: P.kwargs) -> R:
        try:
            result = command(*arguments, **options)
            sys.stdout.flush()  # here, so that a closed pipe is noticed here
            return result
        except TransloadError as error:
            if options.get("as_json"):
                say_findings_json(error.findings, to_error=True)
            else:
                say_findings(error.findings, to_error=True)
            raise typer.Exit(exits.ERRORS) from None
        except KeyboardInterrupt:
            say("interrupted", to_error=True)
            raise typer.Exit(exits.INTERRUPTED) from None
        except BrokenPipeError:
            # What is still buffered cannot be written; without this Python complains when it ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(exits.ERRORS) from None
        except (typer.Exit, typer.Abort, typer.BadParameter):
            raise
        except Exception as error:  # noqa: BLE001 - the last resort: whatever it is, people get one line
            say(last_words(error), to_error=True)
            raise typer.Exit(exits.ERRORS) from None

    return call


def last_words(error: Exception) -> str:
    """What to tell about a fault of our own: one line, and where the details were written."""
    kind = type(error).__name__
    head = f"error E-INTERNAL transload itself failed ({kind}); this is not a fault of your files"
    text = f"{datetime.now(UTC).isoformat()}\n{' '.join(sys.argv)}\n\n{''.join(traceback.format_exception(error))}"
    import tempfile  # here, since it is hardly ever wanted, and brings much with it

    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="transload-", suffix=".log", delete=False, encoding="utf-8"
        ) as file:
            file.write(text)
    except OSError:
        return f"{head}; the details could not be written"
    return f"{head}; please report it with the details in {Path(file.name)}"
