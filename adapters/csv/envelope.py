"""What stood around the documents of a CSV payload, so that it can be written as it was."""

from collections.abc import Sequence
from dataclasses import dataclass

from transload.adapters.base.rows.documents import Extent
from transload.adapters.base.rows.text import RowText
from transload.adapters.csv.options import CsvOptions
from transload.adapters.csv.records import CsvRecords


@dataclass(frozen=True, kw_only=True, eq=False)
class CsvPayload:
    """The payload: ``preface`` is all before the first document, ``trailing`` all after the last."""

    source: RowText
    header: tuple[str, ...]
    preface: str
    trailing: str
    options: CsvOptions


@dataclass(frozen=True, eq=False)
class CsvEnvelope:
    """One document's rows as they stood there; ``interchange`` is the payload that they came in."""

    interchange: CsvPayload
    extent: Extent
    body: CsvRecords

    def row(self, index: int, cells: Sequence[str]) -> str | None:
        """The text of a row with its line end, as it was read, if these are still its cells."""
        rows, segments = self.body.rows, self.body.segments
        if index >= len(rows) or segments[index][1:] != [*cells]:
            return None
        start = rows[index].start
        end = rows[index + 1].start if index + 1 < len(rows) else self.extent.end
        return self.interchange.source.text[start:end]
