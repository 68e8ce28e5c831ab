"""The CSV format: a payload is a header and rows, which are one document or many."""

from collections.abc import Sequence
from typing import Any

from transload.adapters.base.format import Encoded, Format, Reading
from transload.adapters.base.rows.documents import Nothing
from transload.adapters.base.rows.text import decoded, too_large
from transload.adapters.csv.options import CsvOptions
from transload.adapters.csv.reading import CsvReading
from transload.adapters.csv.writing import CsvWriting
from transload.canonical.context import Context
from transload.canonical.errors import ConfigurationError
from transload.canonical.findings import Finding


class CsvFormat(Format[CsvOptions]):
    """Reads and writes CSV (RFC 4180, and its relatives).

    Findings: ``E-CHARSET``, ``E-CONTROL``, ``E-SIZE``; ``E-HEADER``, ``E-COLUMN`` (a column that the options name is
    not there), ``E-RAGGED`` (a row with another number of cells), ``E-QUOTE``, ``E-SPLIT`` (rows of one document stand
    apart), ``E-STRAY`` (rows before the first document), ``E-FILE`` and ``E-FILE-COUNT`` (what stands around them).
    """

    Options = CsvOptions
    content_type = "text/csv"

    def read(self, payload: bytes, *, file: str | None = None) -> Reading:
        """Find the documents in ``payload``."""
        if len(payload) > self.options.largest:
            return Nothing(too_large(len(payload), self.options.largest, file))
        source = decoded(payload, self.options.charset, file)
        return Nothing(source) if isinstance(source, Finding) else CsvReading(source, self.options)

    def write(self, messages: Sequence[Encoded], *, envelope: Any = None, context: Context) -> bytes:
        """The rows of ``messages`` in one file.

        With the envelope of a message that was read, or a list of one for each, the file has that one's header, line
        ends and character set, and rows that hold the same as there are as they were, byte for byte.  Raises `Reject`.
        """
        envelopes = list(envelope) if isinstance(envelope, list | tuple) else [envelope] * len(messages)
        if len(envelopes) != len(messages):
            raise ConfigurationError(f"{len(envelopes)} envelopes are given for {len(messages)} documents")
        writing = self.writing(envelope=envelopes[0] if envelopes else None, context=context)
        parts = [writing.add(message, given) for message, given in zip(messages, envelopes, strict=True)]
        return b"".join([*parts, writing.close()])

    def writing(self, *, envelope: Any = None, context: Context) -> CsvWriting:
        """Begin a file that is written document by document."""
        del context
        return CsvWriting(self.options, envelope)
