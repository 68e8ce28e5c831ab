"""The service characters of an interchange: what separates, terminates and releases."""

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Self

from transload.adapters.base.format import COMPONENT, ELEMENT, REPETITION

SEGMENT = "\x1c"
"""Stands for the segment terminator while a message is put together or taken apart."""


@dataclass(frozen=True, kw_only=True)
class Separators:
    """The characters themselves, one each; an empty text where the interchange has none.

    EDIFACT takes them from UNA or the defaults of ISO 9735, X12 from fixed positions of
    ISA.  ``release`` takes the next character's service meaning away and exists in
    EDIFACT and TRADACOMS; ``repetition`` exists from EDIFACT syntax version 4 and X12 00402 on.
    ``tag`` is what follows a segment's tag where it is not the element separator (TRADACOMS: ``=``).
    """

    element: str
    component: str
    terminator: str
    repetition: str = ""
    release: str = ""
    decimal: str = "."
    tag: str = ""

    @cached_property
    def service(self) -> str:
        """All characters with a meaning of their own, the decimal mark not counted."""
        return self.terminator + self.element + self.component + self.repetition + self.release

    @cached_property
    def ends(self) -> tuple[bytes, bytes]:
        """Terminator and release character as bytes; empty where there is no release character."""
        return self.terminator.encode("latin-1"), self.release.encode("latin-1")

    @cached_property
    def sound(self) -> bool:
        """Whether the characters can be told apart, and from letters, digits and blanks between segments."""
        service = self.service
        needed = self.terminator and self.element
        return bool(needed) and len(set(service)) == len(service) and not any(c.isalnum() or c == " " for c in service)

    @cached_property
    def una(self) -> str:
        """The nine characters of the service string advice that announce these (ISO 9735, UNA)."""
        return (
            f"UNA{self.component}{self.element}{self.decimal}{self.release or ' '}{self.repetition or ' '}"
            f"{self.terminator}"
        )

    @classmethod
    @lru_cache(maxsize=64)  # what follows from the characters is worked out once, not for each interchange
    def from_una(cls, text: str) -> Self:
        """The separators that the nine characters ``text`` announce; a blank means that there is none."""
        component, element, decimal, release, repetition, terminator = tuple(text[3:9])
        return cls(
            component=component.strip(" "),
            element=element,
            decimal=decimal,
            release=release.strip(" "),
            repetition=repetition.strip(" "),
            terminator=terminator,
        )

    @cached_property
    def without_repetition(self) -> Self:
        """These separators for a syntax that knows no repetition: its character is then ordinary text."""
        return replace(self, repetition="") if self.repetition else self

    @cached_property
    def taking_apart(self) -> dict[int, str]:
        """A table for `str.translate` from these characters to the control characters that stand for them.

        Control characters that stand in the text already become their visible pictures
        (U+2400 and on), so that they are not taken for separators.
        """
        table = {point: chr(0x2400 + point) for point in range(0x1C, 0x20)}
        table.update({ord(own): control for own, control in self.controls})
        return table

    @cached_property
    def controls(self) -> tuple[tuple[str, str], ...]:
        """Each separator with the control character that stands for it."""
        pairs = (
            (self.terminator, SEGMENT),
            (self.element, ELEMENT),
            (self.component, COMPONENT),
            (self.repetition, REPETITION),
        )
        return tuple((own, control) for own, control in pairs if own)

    @cached_property
    def taking_bytes_apart(self) -> bytes:
        """A table for `bytes.translate` from these characters to the control characters that stand for them."""
        table = bytearray(range(256))
        for own, control in self.controls:
            table[ord(own)] = ord(control)
        return bytes(table)

    @cached_property
    def pictures(self) -> dict[int, str]:
        """Only the part of `taking_apart` that makes control characters in a value visible."""
        return {point: chr(0x2400 + point) for point in range(0x1C, 0x20)}

    def put(self, text: str) -> str:
        """``text`` with its control-character separators replaced by these, and its own such characters released.

        ``text`` must hold no service character where there is no release character.
        """
        if self.release:
            for own in (self.release, self.terminator, self.element, self.component, self.repetition):
                if own and own in text:
                    text = text.replace(own, self.release + own)
        text = text.replace(ELEMENT, self.element).replace(COMPONENT, self.component)
        return text.replace(REPETITION, self.repetition) if REPETITION in text else text


EDIFACT_DEFAULT = Separators(component=":", element="+", terminator="'", release="?")
"""What holds without UNA (ISO 9735:1988, section 5); syntax version 4 adds ``*`` for repetitions."""
EDIFACT_LEVEL_B = Separators(component="\x1f", element="\x1d", terminator="\x1c")
"""The control characters that ISO 9735:1988 gives to the level B character set, where an interchange uses them."""
TRADACOMS_DEFAULT = Separators(component=":", element="+", terminator="'", release="?", tag="=")
"""The fixed characters of TRADACOMS."""
X12_DEFAULT = Separators(component=">", element="*", terminator="~", repetition="^")
"""What we write by default: the characters that the X12 standards suggest and most partners use."""
