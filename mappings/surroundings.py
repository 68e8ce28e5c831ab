"""What a mapping may take from outside its file: the partner, databases, plug-ins."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from transload.mappings.plugins.finding import Plugins
from transload.mappings.tables.databases import Database


@dataclass(frozen=True, kw_only=True, eq=False)
class Surroundings:
    """Whom a mapping is used with, and what it may use.

    ``partner`` holds texts by name, as `Context.partner`; ``partner["partner"]`` is the partner's name in
    the workspace.  Tables that are scoped by partner take the rows that have one of its values.
    ``databases`` are those that the workspace names, ``plugins`` the code that is trusted.  Keep one object
    for a partner: what is compiled is kept for it.
    """

    partner: Mapping[str, str] = field(default_factory=dict)
    databases: Mapping[str, Database] = field(default_factory=dict)
    plugins: Plugins = field(default_factory=Plugins)
