"""What a user writes, transload.yaml and the partners' files, loaded and checked into frozen objects."""

from transload.runner.workspace.connection import Connection
from transload.runner.workspace.loader import load_mask, load_store, load_timezone, load_workspace
from transload.runner.workspace.model import (
    Acknowledge,
    Cron,
    Every,
    Partner,
    ReceiveRoute,
    RetryPolicy,
    SendRoute,
    Workspace,
)
from transload.runner.workspace.take import Take

__all__ = [
    "Acknowledge",
    "Connection",
    "Cron",
    "Every",
    "Partner",
    "ReceiveRoute",
    "RetryPolicy",
    "SendRoute",
    "Take",
    "Workspace",
    "load_mask",
    "load_store",
    "load_timezone",
    "load_workspace",
]
