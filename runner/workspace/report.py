"""Collecting the findings of one configuration file."""

from transload.adapters.base.positioned import Entries, Items, Node, Scalar
from transload.canonical.findings import Finding, Severity
from transload.canonical.places import MappingPlace


class Report:
    """The findings of ``file``, each at the line and column of a node of it."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.findings: list[Finding] = []

    def at(self, node: Node) -> MappingPlace:
        """Where ``node`` stands."""
        return MappingPlace(file=self.file, line=node.line, column=node.column)

    def add(
        self,
        code: str,
        message: str,
        node: Node,
        *,
        hint: str | None = None,
        severity: Severity = Severity.ERROR,
        value: str | None = None,
        field: str | None = None,
    ) -> None:
        """Add a finding at ``node``."""
        place = self.at(node)
        found = Finding(
            code=code, message=message, severity=severity, hint=hint, value=value, mapping=place, field=field
        )
        if found not in self.findings:
            self.findings.append(found)

    def sorted(self) -> list[Finding]:
        """The findings in the order of the file."""
        return sorted(
            self.findings, key=lambda found: (found.mapping.line, found.mapping.column) if found.mapping else (0, 0)
        )


def words_for(node: Node) -> str:
    """What kind of thing ``node`` is, for messages."""
    if isinstance(node, Entries):
        return "a block of keys"
    if isinstance(node, Items):
        return "a list"
    return f"{node.text!r}" if node.text else "nothing"


def without(node: Entries, *keys: str) -> Entries:
    """``node`` without the entries called ``keys``."""
    pairs = tuple((key, value) for key, value in node.pairs if key.text not in keys)
    return Entries(pairs, node.line, node.column)


def only(node: Entries, *keys: str) -> Entries:
    """``node`` with no entries but those called ``keys``."""
    pairs = tuple((key, value) for key, value in node.pairs if key.text in keys)
    return Entries(pairs, node.line, node.column)


def text_of(node: Node | None) -> str | None:
    """The text of a scalar; None for anything else."""
    return node.text if isinstance(node, Scalar) else None


def texts_of(node: Node | None) -> list[Scalar]:
    """The scalars of a list, or the one scalar that stands in its place."""
    if isinstance(node, Items):
        return [item for item in node if isinstance(item, Scalar)]
    return [node] if isinstance(node, Scalar) else []
