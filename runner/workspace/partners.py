"""A partner's file: its connections, what it gets and what it sends, checked and linked with the other partners'."""

from collections.abc import Callable, Mapping
from pathlib import Path

from transload.adapters.base import Adapter
from transload.adapters.base.positioned import Entries, Scalar
from transload.runner.masking.fields import Paths
from transload.runner.workspace.connection import Connection
from transload.runner.workspace.examine import examine
from transload.runner.workspace.expecting import calendar_of
from transload.runner.workspace.facts import Facts
from transload.runner.workspace.filters import FilterSetting, filters_of
from transload.runner.workspace.limits import limits_of
from transload.runner.workspace.masked import masked_paths
from transload.runner.workspace.model import Partner, ReceiveRoute, SendRoute
from transload.runner.workspace.report import Report, only, without
from transload.runner.workspace.schedules import zone
from transload.runner.workspace.shapes import Shape
from transload.runner.workspace.suggestions import misspelt, suggestion
from transload.runner.workspace.written import WrittenConnection, WrittenIdentities, WrittenPartner

_BLOCKS = ("connections", "receive", "send")
_CONNECTION_KEYS = ("adapter", "filters", "limits", "windows")


class PartnerFile:
    """One partner's file on its way to a `Partner`, which is None only where the file cannot be read at all.

    Blocks with faults are missing from the partner; ``declares`` still knows them, so
    that one fault does not make findings about everything that refers to it.
    """

    def __init__(self, *, root: Entries | None, report: Report, path: Path, facts: Facts, digest: str) -> None:
        self.root = root
        self.report = report
        self.facts = facts
        self.name = path.parent.name
        self.connections: dict[str, Connection] = {}
        self.send: dict[str, SendRoute] = {}
        self.receive: dict[str, ReceiveRoute] = {}
        self.masked: Paths = {}
        self.partner = self._partner(root, path, digest) if root is not None else None

    def declares(self, block: str, name: str) -> bool:
        """Whether ``name`` stands in ``block`` (connections, receive, send), right or wrong; true of a broken file."""
        if self.root is None:
            return True
        node = self.root.get(block)
        return isinstance(node, Entries) and node.key(name) is not None

    def each(self, block: str, what: str, make: "Callable[[Scalar, Entries], None]") -> None:
        """Call ``make`` with the name and content of each entry of ``block``, environment branches chosen."""
        node = self.root.get(block) if self.root else None
        if not isinstance(node, Entries):
            return
        for name, entry in node:
            chosen = self.facts.environments.choose(entry, self.report)
            if isinstance(chosen, Entries):
                make(name, chosen)
            elif chosen is not None:
                self.report.add("C-TYPE", f"the {what} {name.text!r} must be a block of keys", entry)

    def connect(self) -> None:
        """Make the connections."""
        self.each("connections", "connection", self._connection)

    def connection_of(
        self, block: Entries, abilities: tuple[str, ...], what: str, everybody: "Mapping[str, PartnerFile]"
    ) -> tuple[Connection, Adapter] | None:
        """The connection that ``block`` names, and its adapter with one of ``abilities``; None with a finding."""
        name = block.get("connection")
        if not isinstance(name, Scalar):
            names = ", ".join(sorted(self.connections)) or "none yet"
            self.report.add("C-MISSING", f"{what} needs 'connection'", block, hint=f"connections are: {names}")
            return None
        owner, _, local = name.text.rpartition("/")
        file = everybody.get(owner) if owner else self
        connection = file.connections.get(local) if file else None
        if connection is None:
            if file is None or not file.declares("connections", local):
                known = [*self.connections, *(item.ref for other in everybody.values() for item in other.all())]
                hint = suggestion(name.text, known, "connections are")
                self.report.add("C-CONNECTION", f"there is no connection {name.text!r}", name, hint=hint)
            return None
        marked = Scalar(connection.adapter, name.line, name.column)
        adapter = self.facts.adapted.find(marked, self.report, *abilities)
        return (connection, adapter) if adapter else None

    def filters_of(
        self, block: Entries, what: str, otherwise: tuple[FilterSetting, ...]
    ) -> tuple[FilterSetting, ...] | None:
        """The filters written in ``block``; ``otherwise`` where it writes none; None with a finding."""
        node = block.get("filters")
        return otherwise if node is None else filters_of(node, self.facts.adapted, self.report, what)

    def all(self) -> list[Connection]:
        """The connections made so far."""
        return list(self.connections.values())

    def _partner(self, root: Entries, path: Path, digest: str) -> Partner:
        head = self.facts.environments.choose(without(root, *_BLOCKS), self.report)
        written = None
        if isinstance(head, Entries):
            whole = Entries((*head.pairs, *only(root, *_BLOCKS).pairs), root.line, root.column)
            written = examine(whole, WrittenPartner, self.report, path.name)
        if written is not None and written.partner != self.name:
            message = f"the partner is called {written.partner!r}, but its folder {self.name!r}"
            self.report.add("C-PARTNER", message, root.get("partner") or root, hint="give both the same name")
        identities = written.identities if written else WrittenIdentities()
        node = head.get("calendar") if isinstance(head, Entries) else None
        own = calendar_of(written.calendar if written else None, node, self.report, self.facts.timezone)
        if written is not None and isinstance(head, Entries):
            self.masked = masked_paths(written.mask, head, self.report)
        return Partner(
            name=self.name,
            title=(written.name if written else None) or self.name,
            internal=bool(written and written.kind == "internal"),
            identities=identities.model_dump(exclude_none=True),
            connections=self.connections,
            receive=self.receive,
            send=self.send,
            calendar=own or self.facts.calendar,
            databases=self.facts.databases,
            plugins=self.facts.plugins,
            folder=path.parent,
            file=path,
            digest=digest,
        )

    def _connection(self, name: Scalar, entry: Entries) -> None:
        what = f"the connection {name.text!r}"
        if entry.key("adapter") is None:
            self.report.add("C-MISSING", f"{what} needs 'adapter'", entry, hint=misspelt("adapter", entry))
            return
        written = examine(only(entry, *_CONNECTION_KEYS), WrittenConnection, self.report, what)
        at = entry.get("adapter")
        if written is None or not isinstance(at, Scalar):
            return
        adapter = self.facts.adapted.find(at, self.report)
        if adapter is None:
            return
        windows = entry.get("windows")
        own_zone = zone(windows.get("timezone"), self.report) if isinstance(windows, Entries) else None
        rest = without(entry, *_CONNECTION_KEYS)
        values = self.facts.adapted.values(rest, adapter.connection, self.report, what, _CONNECTION_KEYS)
        filters = self.filters_of(entry, what, ())
        if values is not None and filters is not None:
            timeouts, own = self._timeouts(adapter), values.get("timeouts") or {}
            self.connections[name.text] = Connection(
                partner=self.name,
                name=name.text,
                adapter=written.adapter,
                settings={**values, "timeouts": {**timeouts, **own}} if timeouts else values,
                inherited=tuple(f"timeouts.{key}" for key in timeouts if key not in own),
                filters=filters,
                secrets=self.facts.adapted.secrets,
                limits=limits_of(written.limits, written.windows, own_zone or self.facts.timezone),
                at=self.report.at(name),
            )

    def _timeouts(self, adapter: Adapter) -> dict[str, str]:
        """The workspace's time-outs that the adapter has, by its own names."""
        known = Shape.of(adapter.connection).at("timeouts").names
        names = {"connect": ("connect",), "read": ("read", "answer")}
        return {own: value for name, value in self.facts.timeouts.items() for own in names[name] if own in known}
