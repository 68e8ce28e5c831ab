"""What stood around the documents of a fixed-width payload, so that it can be written as it was."""

from collections.abc import Sequence
from dataclasses import dataclass

from transload.adapters.base.rows.documents import Extent
from transload.adapters.base.rows.text import RowText
from transload.adapters.fixed.options import FixedOptions


@dataclass(frozen=True, kw_only=True, eq=False)
class FixedPayload:
    """The payload: ``preface`` is all before the first document, ``trailing`` all after the last."""

    source: RowText
    preface: str
    trailing: str
    options: FixedOptions


@dataclass(frozen=True, eq=False)
class FixedEnvelope:
    """One document's lines as they stood there; ``interchange`` is the payload that they came in."""

    interchange: FixedPayload
    extent: Extent
    lines: Sequence[str]
    spans: Sequence[tuple[int, int]]

    def line(self, index: int, text: str) -> str | None:
        """A line with its line end, as it was read, if it still says the same."""
        if index >= len(self.lines) or self.lines[index].rstrip() != text.rstrip():
            return None
        start = self.spans[index][0]
        end = self.spans[index + 1][0] if index + 1 < len(self.spans) else self.extent.end
        return self.interchange.source.text[start:end]
