"""``transload rekey``: all that is kept comes under the key in use."""

from collections import Counter

from transload.runner.cli.guard import guarded
from transload.runner.cli.ledger import opened
from transload.runner.cli.options import HERE, AsJson, Environment, WorkspaceFolder
from transload.runner.cli.screen import say, say_json


@guarded
def rekey(workspace: WorkspaceFolder = HERE, environment: Environment = None, as_json: AsJson = False) -> None:
    """Bring all payloads under the key that `encryption:` uses now, or into plain where it uses none.

    For turning encryption on for a ledger that is there, for a new key, and for turning it off.
    Restart the service first, so that it writes under the key in use, too; it may run meanwhile.
    This may be broken off and begun again. When it has ended, keys that are not in use may be
    taken out of `encryption:`; backups from before still need them.

    \b
    Examples:
      transload rekey
      transload rekey --environment production --json
    """
    done: Counter[str] = Counter()
    with opened(workspace, environment) as ledger:
        for table, count in ledger.rekeying().run():
            done[table] += count
        use = ledger.database.keys.use
    if as_json:
        say_json({"use": use, "changed": dict(sorted(done.items()))})
        return
    for table, count in sorted(done.items()):
        say(f"{table + ':':<18}{count}")
    say(f"everything is {f'under the key {use}' if use else 'in plain'}")
