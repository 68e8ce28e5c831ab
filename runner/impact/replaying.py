"""Reading what arrived once more: nothing is written, nothing sent, no number used."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import Any

from transload.adapters.base import Message
from transload.adapters.base.format import Format
from transload.canonical.errors import Retry, Stop, TransloadError
from transload.runner.impact.made import Made, Outcome, Way, of_parsed
from transload.runner.ledger import Ledger
from transload.runner.ledger.receipts import Receipt
from transload.runner.lines.lines import Line
from transload.runner.reading.drafting import Origin
from transload.runner.reading.reading import Reader
from transload.runner.workspace.model import ReceiveRoute


def unfiltered(route: ReceiveRoute) -> ReceiveRoute:
    """The route without filters: they are between it and the wire, and their keys may be of another day."""
    return replace(route, filters=(), to=tuple(replace(send, filters=()) for send in route.to))


class Side:
    """One side of the comparison: a line that reads."""

    def __init__(self, line: Line, ledger: Ledger) -> None:
        self.line = line
        self._carrier = ledger.reconciled.carrier

    @cached_property
    def formats(self) -> Mapping[str, Format[Any]]:
        """The formats that read what goes to the line's targets."""
        return {writer.outlet.target: writer.format for writer in self.line.writers}

    def read(self, receipt: Receipt, payload: bytes) -> "Replay":
        """Begin to read a payload."""
        return Replay(self, Reader(line=self.line, carriers=self._carrier), receipt, payload)


class Replay:
    """The messages of one payload as one side reads them, in their order."""

    def __init__(self, side: Side, reader: Reader, receipt: Receipt, payload: bytes) -> None:
        self._side = side
        self._reader = reader
        self._receipt = receipt
        self._payload = payload
        self._messages = self._read()
        self._current: tuple[int, Message] | None = None
        self._shared: dict[str, Way] = {}
        self.trouble = ""
        """Why the payload could not be read to its end."""

    def _read(self) -> Iterator[tuple[int, Message]]:
        try:
            _, messages = self._reader.messages(self._payload, self._origin(self._receipt.received_at))
            yield from messages
        except (Retry, Stop):
            raise
        except TransloadError as error:
            first = error.findings[0]
            self.trouble = f"{first.code} {first.message}"

    def __iter__(self) -> Iterator[int]:
        """The numbers of the messages, from 1; `made` then speaks of the one that was given last."""
        while self.advance():
            assert self._current is not None  # there is one more
            yield self._current[0]

    def advance(self, to: int | None = None) -> bool:
        """Go on to the next message, or to the one with the number ``to``; False where there is none."""
        while True:
            if self._current is not None and to is not None and self._current[0] >= to:
                return self._current[0] == to
            self._current = next(self._messages, None)
            if self._current is None or to is None:
                return self._current is not None

    def made(self, moment: datetime) -> list[Made]:
        """What comes of the current message, written as at ``moment``.

        Raises `Retry` or `Stop` where something that mappings look up cannot be had.
        """
        if self._current is None:
            return [Made(ordinal=0, outcome=Outcome.REFUSED, reason=self.trouble or "E-GONE the message is not found")]
        number, message = self._current
        parsed = self._reader.parse(number, message, self._payload, self._origin(moment))
        return [of_parsed(one, self._side.formats, self._shared) for one in parsed]

    def _origin(self, moment: datetime) -> Origin:
        return Origin(receipt=self._receipt, now=moment)
