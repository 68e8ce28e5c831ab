"""What stood around the documents of a fixed-width payload, so that it can be written as it was."""

from dataclasses import dataclass

from transload.adapters.base.rows.documents import Extent
from transload.adapters.base.rows.text import RowText
from transload.adapters.fixed.options import FixedOptions
from transload.adapters.fixed.records import FixedRecords


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
    body: FixedRecords

    def line(self, index: int, text: str) -> str | None:
        """A line with its line end, as it was read, if it still says the same."""
        lines, spans = self.body.lines, self.body.spans
        if index >= len(lines) or lines[index].rstrip() != text.rstrip():
            return None
        start = spans[index][0]
        end = spans[index + 1][0] if index + 1 < len(spans) else self.extent.end
        return self.interchange.source.text[start:end]
