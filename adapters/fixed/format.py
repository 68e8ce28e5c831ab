"""The fixed-width format: a payload is records of one length, or lines, which are one document or many."""

from collections.abc import Sequence
from typing import Any

from transload.adapters.base.format import Encoded, Format, Reading
from transload.adapters.base.rows.documents import Nothing
from transload.adapters.base.rows.text import decoded, too_large
from transload.adapters.fixed.options import FixedOptions
from transload.adapters.fixed.reading import FixedReading
from transload.adapters.fixed.writing import FixedWriting
from transload.canonical.context import Context
from transload.canonical.errors import ConfigurationError
from transload.canonical.findings import Finding


class FixedFormat(Format[FixedOptions]):
    """Reads and writes fixed-width records.

    Findings: ``E-CHARSET``, ``E-CONTROL``, ``E-SIZE``; ``E-LENGTH`` (a record of another length), ``E-UNIT`` (nobody
    said whether ranges count characters or bytes), ``E-SPLIT`` (records of one document stand apart), ``E-STRAY``
    (records before the first document), ``E-FILE`` and ``E-FILE-COUNT`` (what stands around the documents).
    """

    Options = FixedOptions
    content_type = "text/plain"

    def read(self, payload: bytes, *, file: str | None = None) -> Reading:
        """Find the documents in ``payload``."""
        if len(payload) > self.options.largest:
            return Nothing(too_large(len(payload), self.options.largest, file))
        source = decoded(payload, self.options.charset, file)
        return Nothing(source) if isinstance(source, Finding) else FixedReading(source, self.options)

    def write(self, messages: Sequence[Encoded], *, envelope: Any = None, context: Context) -> bytes:
        """The records of ``messages`` in one file.

        With the envelope of a message that was read, or a list of one for each, lines that say the same as there are
        as they were, byte for byte.  Raises `Reject`.
        """
        envelopes = list(envelope) if isinstance(envelope, list | tuple) else [envelope] * len(messages)
        if len(envelopes) != len(messages):
            raise ConfigurationError(f"{len(envelopes)} envelopes are given for {len(messages)} documents")
        writing = self.writing(envelope=envelopes[0] if envelopes else None, context=context)
        parts = [writing.add(message, given) for message, given in zip(messages, envelopes, strict=True)]
        return b"".join([*parts, writing.close()])

    def writing(self, *, envelope: Any = None, context: Context) -> FixedWriting:
        """Begin a file that is written document by document."""
        del context
        return FixedWriting(self.options, envelope)
