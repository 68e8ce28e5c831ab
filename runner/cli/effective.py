"""``transload check --effective``: the settings in force."""

from collections.abc import Sequence
from pathlib import Path

from transload.canonical.errors import ConfigurationError
from transload.runner.cli.screen import say, say_json
from transload.runner.workspace import load_workspace
from transload.runner.workspace.effective import effective


def tell_effective(folders: Sequence[Path], environment: str | None, *, as_json: bool) -> None:
    """Print what is in force in the workspaces, as YAML with remarks, or as JSON.

    Raises `ConfigurationError` where there is no workspace, or one has errors.
    """
    if not folders:
        raise ConfigurationError("there is no workspace here", hint="name its folder")
    found = [effective(load_workspace(folder, environment=environment)) for folder in folders]
    if as_json:
        shown = [{setting.name: setting.as_dict() for setting in settings} for settings in found]
        say_json(shown[0] if len(shown) == 1 else shown)
        return
    for number, settings in enumerate(found):
        if number:
            say("---")
        for setting in settings:
            for line in setting.lines():
                say(line)
