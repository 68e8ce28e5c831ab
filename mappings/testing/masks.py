"""Masking values: the same length and the same classes of characters, check digits still right, one value one mask."""

import re
import string
from random import Random, SystemRandom

_GS1 = (8, 12, 13, 14, 17, 18)
"""How long numbers of GS1 are, GTIN, GLN and SSCC among them: their last digit is a check digit."""
_TRIES = 200
_LETTERS = re.compile(r"[^\W\d_]")


class Masks:
    """Gives each value its mask, the same one whenever it comes again, and none that another value has.

    ``chance`` is what masks are drawn from, by default the system's; they cannot be computed from what they hide.
    """

    def __init__(self, chance: Random | None = None) -> None:
        self._chance = chance or SystemRandom()
        self._given: dict[str, str] = {}

    def items(self) -> list[tuple[str, str]]:
        """All values that were masked so far, with their masks."""
        return list(self._given.items())

    def of(self, value: str, *, keep: int = 0) -> str:
        """The mask of a value; its first ``keep`` characters stay, and so does what has neither letters nor digits."""
        bare = value.strip()
        if not bare or not any(character.isalnum() for character in bare):
            return value
        if bare not in self._given:
            self._given[bare] = self._new(bare, keep)
        return value.replace(bare, self._given[bare])

    def number(self, value: str) -> str:
        """The mask of an amount or a price: other digits, the decimal mark where it was; zero stays zero."""
        if not value.strip("-+0., "):
            return value
        return self.of(value)

    def _new(self, value: str, keep: int) -> str:
        taken = set(self._given.values()) | set(self._given)
        found = value
        for _ in range(_TRIES):
            found = value[:keep] + "".join(self._character(value, at) for at in range(keep, len(value)))
            if _checked(value):
                found = found[:-1] + check_digit(found[:-1])
            if found != value and found not in taken:
                return found
        return found

    def _character(self, value: str, at: int) -> str:
        character = value[at]
        if character.isdigit():
            first = at == 0 or not value[at - 1].isdigit()
            if first and character == "0":
                return "0"
            return self._chance.choice(string.digits[1:] if first else string.digits)
        if not _LETTERS.fullmatch(character):
            return character
        return self._chance.choice(string.ascii_uppercase if character.isupper() else string.ascii_lowercase)


def check_digit(digits: str) -> str:
    """The check digit of GS1 (General Specifications, section 7.9) for the digits before it."""
    total = sum(int(digit) * (3 if number % 2 == 0 else 1) for number, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def _checked(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) in _GS1 and check_digit(value[:-1]) == value[-1]
