"""``transload demo``: real partners on this machine, orders that travel between them, and the journey told.

The partners (`partners`) need the extra ``demo``; `scene` sets the stage and `story`
tells what the ledger knows.
"""

import tempfile
from pathlib import Path

from transload.canonical.errors import ConfigurationError
from transload.runner.demo.scene import Scene, on_stage
from transload.runner.demo.story import tell, tell_partners, went_as_it_should
from transload.runner.demo.waiting import until_interrupted
from transload.runner.engine import Engine
from transload.runner.ledger import Ledger
from transload.runner.workspace import load_workspace


def run_demo(folder: Path | None = None, *, as_json: bool = False, stay: bool = False) -> int:
    """Play the demo in ``folder``, which must be new or empty; by default in one made for it, which stays.

    With ``stay`` the partners go on until the user interrupts, so that ``transload run`` and
    ``transload serve`` find them.  Gives the exit code: 0 when everything went as it should.

    Raises `ConfigurationError` when the folder is in use.
    """
    stage = _new_folder(folder)
    with on_stage(stage) as scene:
        if not as_json:
            tell_partners(scene)
        journeys = _play(scene)
        good = went_as_it_should(scene, journeys)
        tell(scene, journeys, good=good, as_json=as_json)
        if stay:
            until_interrupted(scene)
    return 0 if good else 1


def _play(scene: Scene) -> list[dict[str, object]]:
    """Run all routes once, and give the journey of each file that arrived, in the order of arrival."""
    workspace = load_workspace(scene.workspace)
    with Ledger(workspace.store) as ledger:
        Engine(workspace, ledger).run_pass()
        refs = [row["ref"] for row in ledger.queries.receipts()]
        return [ledger.queries.journey(ledger.queries.find(ref)[0]) for ref in reversed(refs)]


def _new_folder(folder: Path | None) -> Path:
    if folder is None:
        return Path(tempfile.mkdtemp(prefix="transload-demo-"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        used = any(folder.iterdir())
    except OSError as error:
        raise ConfigurationError(f"{folder} cannot be used for the demo: {error.strerror}") from error
    if used:
        raise ConfigurationError(f"{folder} is not empty", hint="name a folder that does not exist yet")
    return folder.resolve()
