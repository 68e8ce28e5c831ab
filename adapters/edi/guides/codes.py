"""Code lists: long or short, in the order of their file, and those that are read only when they are needed."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import overload

from transload.adapters.edi.guides.files import GuideFile
from transload.canonical.errors import ConfigurationError

SHOWN = 20
"""So many codes are named in a hint; of longer lists, the ones that look alike."""
_MOST_ALIKE = 3
_LONGEST_ALIKE = 8


class Codes(Sequence[str]):
    """The codes that an element may hold, in the order of the file; whether one is among them takes one look.

    ``codes`` may be a function that gives them: it is called when somebody asks for the first time.
    Empty means that any value is right.  ``published`` ones are a standard's whole list (``codes.yaml``), to which
    associations add codes of their own; others were chosen by who wrote the guide.
    """

    def __init__(self, codes: Iterable[str] | Callable[[], Iterable[str]] = (), *, published: bool = False) -> None:
        self._given = codes
        self.published = published

    @cached_property
    def known(self) -> dict[str, None]:
        """The codes as the keys of a dictionary."""
        return dict.fromkeys(self._given() if callable(self._given) else self._given)

    def __contains__(self, code: object) -> bool:
        return code in self.known

    def __iter__(self) -> Iterator[str]:
        return iter(self.known)

    def __len__(self) -> int:
        return len(self.known)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[str, ...]: ...
    def __getitem__(self, index: int | slice) -> str | tuple[str, ...]:
        return tuple(self.known)[index]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Codes) and self.known == other.known

    def __hash__(self) -> int:
        return hash(tuple(self.known))

    def __repr__(self) -> str:
        return f"Codes({' '.join(self.known)!r})"

    def hint(self, value: str) -> str:
        """What to write instead of ``value``: all codes where they are few, else those that look alike."""
        if len(self) <= SHOWN:
            return f"codes are: {', '.join(self)}"
        like = " or ".join(repr(code) for code in self._alike(value)[:_MOST_ALIKE])
        guess = f"did you mean {like}? " if like else ""
        return f"{guess}the list has {len(self)} codes, from {self[0]} to {self[-1]}"

    def _alike(self, value: str) -> list[str]:
        """The codes that one letter more, less or other makes of ``value``, in the order of the list.

        Looked up instead of compared, since a partner may send thousands of wrong codes.
        """
        if len(value) > _LONGEST_ALIKE:
            return []
        marks = self._marks
        cuts = range(len(value) + 1)
        near = {value.upper()}
        near.update(value[:cut] + value[cut + 1 :] for cut in cuts)
        near.update(value[:cut] + value[cut + 1 : cut + 2] + value[cut : cut + 1] + value[cut + 2 :] for cut in cuts)
        near.update(value[:cut] + mark + value[cut + skip :] for cut in cuts for skip in (0, 1) for mark in marks)
        found = near & self.known.keys()
        return [code for code in self.known if code in found] if found else []

    @cached_property
    def _marks(self) -> str:
        """The characters that the codes are made of."""
        return "".join(sorted(set().union(*self.known)))


NO_CODES = Codes()
"""Any value is right."""


class CodeBook:
    """A ``codes.yaml``: the code lists of a directory, read when the first of them is asked for.

    ``elements`` are the numbers that the directory declares.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.elements: Collection[str] = ()

    def late(self, element: str) -> Codes:
        """The codes of an element, to be read later; empty where the file has none."""
        return Codes(lambda: self.lists.get(element, ()), published=True)

    @cached_property
    def lists(self) -> dict[str, tuple[str, ...]]:
        """All code lists by the number of their element.

        Raises `ConfigurationError` with a finding for every fault at its line and column.
        """
        file = GuideFile(path=self.path, name=str(self.path))
        root = file.read(("source", "codes"), "a file of codes")
        file.text(root, "source")
        found: dict[str, tuple[str, ...]] = {}
        for key, node in file.entries(root, "codes"):
            found[key.text] = file.codes(node, f"the codes of {key.text}")
            if key.text not in self.elements:
                file.refuse(key, f"codes are given for {key.text}, which is no element", "add it to elements")
        if file.faults:
            raise ConfigurationError(f"the codes {self.path} have {len(file.faults)} faults", findings=file.faults)
        return found
