"""What the partners' files take from the workspace's."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from transload.mappings.plugins import Plugins
from transload.mappings.tables.databases import Database
from transload.runner.calendar import Calendar
from transload.runner.workspace.adapted import Adapted
from transload.runner.workspace.branches import Environments
from transload.runner.workspace.model import RetryPolicy


@dataclass(frozen=True, kw_only=True)
class Facts:
    """The environment, the checker of adapters' blocks, and the defaults.

    ``timeouts`` are durations as they are written, by name; ``guides`` the folders that
    are searched for message guides before ours; ``databases`` and ``plugins`` what mappings may use.  ``listens`` says
    whether partners can call us.
    """

    environments: Environments
    adapted: Adapted
    timezone: ZoneInfo
    calendar: Calendar
    retry: RetryPolicy
    timeouts: Mapping[str, str] = field(default_factory=dict)
    guides: tuple[Path, ...] = ()
    databases: Mapping[str, Database] = field(default_factory=dict)
    plugins: Plugins = field(default_factory=Plugins)
    listens: bool = False
    keep_payloads: timedelta | None = None
