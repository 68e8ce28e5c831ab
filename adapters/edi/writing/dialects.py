"""What differs between the standards when an interchange is written."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """Tags of headers and trailers, outermost first, and where a message's header holds its reference.

    A trailer repeats its header's reference where ``paired``; the interchange's trailer counts groups where there
    are any, with ``counts_messages`` always messages.
    """

    headers: tuple[str, str, str]
    trailers: tuple[str, str, str]
    references: tuple[int, int, int]
    paired: bool = True
    counts_messages: bool = False


DIALECTS = {
    "edifact": Dialect(headers=("UNB", "UNG", "UNH"), trailers=("UNZ", "UNE", "UNT"), references=(5, 5, 1)),
    "x12": Dialect(headers=("ISA", "GS", "ST"), trailers=("IEA", "GE", "SE"), references=(13, 6, 2)),
    "tradacoms": Dialect(
        headers=("STX", "BAT", "MHD"),
        trailers=("END", "EOB", "MTR"),
        references=(5, 1, 1),
        paired=False,
        counts_messages=True,
    ),
}
