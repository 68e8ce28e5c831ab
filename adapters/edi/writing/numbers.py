"""Control numbers: the series that they come from, their wrapping, and the references of messages.

Numbers of interchanges and groups come from `Context.numbers`, one series for each standard, sender, receiver and
level: ``edifact/9520001000003:14/9520002000002:14/interchange``, ``x12/ZZ.../group``.  Messages are counted from 1 in
their interchange (EDIFACT 0062, TRADACOMS MSRF) or group (X12 ST02), as partners expect.
"""

from transload.adapters.base.format import Identity
from transload.adapters.edi.envelope import Envelope
from transload.canonical.context import Context

_GREATEST = {"edifact": 99_999_999_999_999, "x12": 999_999_999, "tradacoms": 99_999_999_999_999}
"""The greatest number that a reference of interchange or group can be: EDIFACT 0020 and 0048 have 14 characters, X12
I12 has 9 digits and 28 up to 9, TRADACOMS SNRF has 14 characters."""


def series(envelope: Envelope, level: str) -> str:
    """The name of the number series of an envelope at ``level``, ``interchange`` or ``group``."""
    return named(envelope.standard, envelope.sender, envelope.receiver, level)


def named(standard: str, sender: Identity | None, receiver: Identity | None, level: str) -> str:
    """The name of the number series of a sender and a receiver."""
    return "/".join((standard, _name(sender), _name(receiver), level))


def greatest(standard: str) -> int | None:
    """The greatest number of ``standard``; None where it has no control numbers."""
    return _GREATEST.get(standard)


def wrapped(standard: str, number: int) -> int:
    """``number`` as it is written: after the greatest one that its element holds comes 1."""
    most = greatest(standard)
    return (number - 1) % most + 1 if most is not None else number


def _name(identity: Identity | None) -> str:
    if identity is None:
        return ""
    return f"{identity.id}:{identity.qualifier}" if identity.qualifier else identity.id


def drawn(envelope: Envelope, level: str, context: Context) -> int:
    """The next number of the envelope's series, as it is written."""
    return wrapped(envelope.standard, context.numbers.next(series(envelope, level)))


class References:
    """The references of the messages of one interchange, or of one X12 group: those given, and new ones beside them.

    New ones are numbers of at least ``width`` digits after ``last``.
    """

    def __init__(self, width: int = 1, *, last: int = 0) -> None:
        self._width = width
        self.last = last
        self._given: set[str] = set()

    def new(self) -> str:
        """The next free number, which is not taken yet: `take` does that."""
        number = self.last + 1
        while (reference := f"{number:0{self._width}}") in self._given:
            number += 1
        return reference

    def made(self, reference: str) -> bool:
        """Whether ``reference`` was made here and taken."""
        plain = reference.isascii() and reference.isdigit() and len(reference) < 20
        if not plain or reference in self._given:
            return False
        return 1 <= int(reference) <= self.last and reference == f"{int(reference):0{self._width}}"

    def given(self, reference: str) -> bool:
        """Whether ``reference`` was given, and taken."""
        return reference in self._given

    def take(self, reference: str, *, made: bool) -> None:
        """Note that a message has ``reference``, which was ``made`` by `new` or given."""
        if made:
            self.last = int(reference)
        else:
            self._given.add(reference)
