"""What each command shows of documents: a new one says so here, or a test fails."""

from enum import Enum

from transload.runner.cli.app import COMMANDS


class Shows(Enum):
    """Where the values of documents come from that a command shows, and how."""

    NOTHING = "no values of documents: names, numbers of the ledger, counts, states, settings"
    GIVEN = "values of files that were given to it, which whoever calls it has"
    MASKED = "values that the ledger or a partner's system holds, always without those of masked fields"
    ASKED = "the same; with --unmasked and --reason the real ones, which is an event"


VIEWS = {
    **dict.fromkeys(("convert", "inspect", "diff", "sample", "acknowledge", "reconcile", "guide", "soap"), Shows.GIVEN),
    **dict.fromkeys(("check", "test", "run", "serve", "submit"), Shows.MASKED),
    **dict.fromkeys(
        ("why", "documents", "find", "show", "failures", "impact", "replay", "correct", "statement"), Shows.ASKED
    ),
    **dict.fromkeys(
        (
            "init", "new", "schema", "probe", "metrics", "rekey", "tidy", "erase", "resolve", "cancel", "pause",
            "resume", "incidents", "expectations", "demo", "numbers", "ledger", "audit", "adapters",
        ),
        Shows.NOTHING,
    ),
}  # fmt: skip
"""By the command's name; `why`, which also takes files, shows those as they are."""


def undeclared() -> set[str]:
    """The commands that do not say what they show, and what is declared and no command."""
    return COMMANDS.keys() ^ VIEWS.keys()
