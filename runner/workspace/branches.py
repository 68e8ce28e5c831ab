"""Values that differ by environment: ``{test: ..., production: ...}`` wherever a value may stand."""

from collections.abc import Sequence
from dataclasses import dataclass

from transload.adapters.base.positioned import Entries, Items, Node
from transload.runner.workspace.report import Report
from transload.runner.workspace.suggestions import suggestion


@dataclass(frozen=True, kw_only=True)
class Environments:
    """The names that a workspace knows, and the one in force."""

    names: Sequence[str] = ("test", "production")
    chosen: str = "test"

    def choose(self, node: Node, report: Report) -> Node | None:
        """``node`` with each branch replaced by its value for the environment in force.

        A block is a branch when all its keys are names of environments.  None when a
        branch has no value for it, which is a finding.
        """
        if isinstance(node, Items):
            items = [self.choose(item, report) for item in node.values]
            return None if None in items else Items(tuple(item for item in items if item), node.line, node.column)
        if not isinstance(node, Entries):
            return node
        if node.pairs and all(key.text in self.names for key, _ in node.pairs):
            value = node.get(self.chosen)
            if value is None:
                message = f"there is no value for the environment {self.chosen!r} here"
                report.add("C-BRANCH", message, node, hint=f"add {self.chosen}: beside {node.pairs[0][0].text}:")
                return None
            return self.choose(value, report)
        pairs = [(key, self.choose(value, report)) for key, value in node.pairs]
        if any(value is None for _, value in pairs):
            return None
        return Entries(tuple((key, value) for key, value in pairs if value is not None), node.line, node.column)

    def fault(self) -> tuple[str, str] | None:
        """Message and hint when the environment in force is none of the known."""
        if self.chosen in self.names:
            return None
        return (
            f"there is no environment {self.chosen!r}",
            suggestion(self.chosen, self.names, "environments are"),
        )
