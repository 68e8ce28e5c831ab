"""Keeping the demo's partners up for a user who goes on playing."""

import threading

from transload.runner.cli.screen import say
from transload.runner.demo.scene import Scene
from transload.runner.demo.story import command


def until_interrupted(scene: Scene) -> None:
    """Say how to go on, and return when the user presses Ctrl-C."""
    say()
    say("The partners stay up. Copy a file into the mailbox and run the routes from another terminal:", style="bold")
    say(f"  cp your-orders.edi {scene.mailbox}/hagemann/out/")
    say(f"  {command()} run --workspace {scene.workspace}")
    say("Press Ctrl-C here to end.")
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        say()
