"""Writing interchanges: from message bodies to bytes, with envelopes, counts and control numbers.

`writer` puts one message after the other into interchange and group, `headers` and `numbers` fill in what an envelope
leaves open, `carrier` turns segments into bytes, and `domain` says what cannot be carried and why.
"""

from transload.adapters.edi.writing.writer import Writer

__all__ = ["Writer"]
