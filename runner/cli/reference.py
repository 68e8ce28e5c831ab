"""docs/cli.md, made from the commands' own help: ``python -m transload.runner.cli.reference > docs/cli.md``."""

import sys
from collections.abc import Iterator
from typing import Any

import typer
from typer.main import get_command

from transload.runner.cli.app import application

_WIDTH = 100
_HEAD = """\
# The command line

This page is made from the commands' own `--help`, as typer {version} prints it.

| exit code | means |
| --- | --- |
| 0 | done; there may be warnings and remarks |
| 1 | errors: something is wrong with what was read, or could not be done |
| 2 | the command line itself is wrong |
| 3 | `run` only: something failed and will be tried again |
| 4 | `impact` only: something would come out differently |
| 130 | interrupted with Ctrl-C |

Results go to standard output, what is said about them to standard error. With `--json` both are JSON:
results as the command's help says, findings as one object a line. A finding has the same shape everywhere:

```json
{"code": "E-COUNT", "severity": "error", "message": "...", "hint": "...", "value": "...",
 "place": {"file": "orders.edi", "line": 12, "byte": 310, "message": 1, "segment": 4, "tag": "QTY", "element": 1},
 "mapping": {"file": "orders.yaml", "line": 40, "column": 11, "place": "QTY 6060"},
 "field": "lines[3].quantity", "ack": {"0085": "12"}, "times": 2}
```

Parts that are not known are left out. Warnings and remarks about a message that differ in their places alone are kept
as one: `place` is the first of them, and `times` says how many there were.
"""


def typer_release() -> str:
    """The installed release of typer, ``0.29``: another one may lay the same help out differently."""
    return ".".join(typer.__version__.split(".")[:2])


def reference() -> str:
    """The whole page."""
    group = get_command(application())
    settings = {**group.context_settings, "terminal_width": _WIDTH, "max_content_width": _WIDTH}
    outer = typer.Context(group, info_name="transload", **settings)
    pages = [_HEAD.replace("{version}", typer_release()), f"```\n{group.get_help(outer)}\n```\n"]
    pages += _pages(group, outer, settings)
    return "\n".join(pages)


def _pages(group: Any, outer: typer.Context, settings: dict[str, Any]) -> Iterator[str]:
    """The commands of a group, each with those below it."""
    for name, command in getattr(group, "commands", {}).items():
        context = typer.Context(command, info_name=name, parent=outer, **settings)
        yield f"## {context.command_path}\n\n```\n{command.get_help(context)}\n```\n"
        yield from _pages(command, context, settings)


if __name__ == "__main__":
    sys.stdout.write(reference())
