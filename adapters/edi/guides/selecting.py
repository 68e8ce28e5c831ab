"""Which use of its tag a segment is meant to be: the selectors of a structure, looked up by the values they ask for."""

from collections.abc import Iterable, Sequence

from transload.adapters.edi.guides.model import Selector

Key = str | tuple[str, int]
"""A tag, or a tag and which of its uses hold."""

_MOST_KEYS = 10_000


class Uses:
    """The uses of one tag in a structure.

    Each set of selectors has a bit; what is known of a segment is which of them hold for it.
    The key of a segment is its tag with these bits, and the tag alone where the tag has no selectors.
    """

    def __init__(self, tag: str, uses: Iterable[tuple[Selector, ...]]) -> None:
        self.tag = tag
        self.bits = {use: 1 << number for number, use in enumerate(dict.fromkeys(use for use in uses if use))}
        self._codes: dict[tuple[int, int | None], set[str]] = {}
        for selector in (selector for use in self.bits for selector in use):
            self._codes.setdefault((selector.element, selector.component), set()).update(selector.codes)
        self._places = list(self._codes.items())
        self._keys: dict[tuple[str, ...], Key] = {}

    def key(self, segment: Sequence[str], component: str, repetition: str) -> Key:
        """The key of a segment, with the message's own separators."""
        values = tuple(
            [
                value if (value := value_at(segment, place[0], place[1], component, repetition)) in codes else ""
                for place, codes in self._places
            ]
        )
        found = self._keys.get(values)
        if found is None:
            if len(self._keys) >= _MOST_KEYS:  # values come from partners
                self._keys.clear()
            found = self._keys[values] = (self.tag, self._mask(values))
        return found

    def _mask(self, values: tuple[str, ...]) -> int:
        held = dict(zip(self._codes, values, strict=True))
        return sum(
            bit
            for use, bit in self.bits.items()
            if all(held[selector.element, selector.component] in selector.codes for selector in use)
        )


def value_at(segment: Sequence[str], element: int, component: int | None, separator: str, repetition: str) -> str:
    """What stands at a place of a segment, of its first repetition; empty where nothing does."""
    if len(segment) <= element:
        return ""
    value = segment[element]
    if repetition and repetition in value:
        value = value.partition(repetition)[0]
    if component is None:
        return value
    parts = value.split(separator) if separator else [value]
    return parts[component - 1] if len(parts) >= component else ""
