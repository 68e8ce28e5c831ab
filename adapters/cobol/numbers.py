"""Numbers as mainframes keep them: zoned, packed, binary and floating.

Every reader gives the whole number that stands there, without its decimal point, and raises
`ValueError` with what is wrong; every writer takes one that is known to fit.
"""

import struct
from decimal import ROUND_HALF_EVEN, Context, Decimal

from transload.adapters.cobol.codepages import CodePage

_PLUS, _MINUS = {0xA, 0xC, 0xE, 0xF}, {0xB, 0xD}
_POSITIVE = {character: digit for digit, character in enumerate("{ABCDEFGHI")}
_NEGATIVE = {character: digit for digit, character in enumerate("}JKLMNOPQR")}
_NEGATIVE_ASCII = {character: digit for digit, character in enumerate("pqrstuvwxy")}


def read_packed(content: bytes, *, digits: int, signed: bool) -> int:
    """COMP-3: two digits a byte, the last half a sign: A, C, E, F for plus, B, D for minus."""
    text = content.hex()
    number, sign = text[:-1], int(text[-1], 16)
    if not number.isdecimal():
        raise ValueError(f"X'{text.upper()}' is no packed number: a half before the last is no digit")
    if sign not in _PLUS and sign not in _MINUS:
        raise ValueError(f"X'{text.upper()}' is no packed number: its last half {text[-1].upper()} is no sign")
    value = int(number)
    if len(number) > digits and number[0] != "0":
        raise ValueError(f"X'{text.upper()}' has more than {digits} digits")
    if sign in _MINUS and not signed:
        raise ValueError(f"X'{text.upper()}' is negative, and the field has no sign")
    return -value if sign in _MINUS else value


def write_packed(value: int, *, size: int, signed: bool) -> bytes:
    """COMP-3, with C and D for the signs, F where the field has none."""
    sign = ("d" if value < 0 else "c") if signed else "f"
    return bytes.fromhex(f"{abs(value):0{2 * size - 1}d}{sign}")


def read_zoned(text: str, content: bytes, page: CodePage, *, leading: bool, signed: bool) -> int:
    """Digits of which the first or last carries the sign: in its zone (EBCDIC), or as an overpunched character."""
    at = 0 if leading else len(content) - 1
    rest = text[1:] if leading else text[:-1]
    digit, minus = _ebcdic_sign(content[at]) if page.ebcdic else _text_sign(text[at])
    if digit is None or not (rest.isascii() and (not rest or rest.isdigit())):
        raise ValueError(f"{text!r} is no number of digits")
    if minus and not signed:
        raise ValueError(f"{text!r} is negative, and the field has no sign")
    value = int(f"{digit}{rest}" if leading else f"{rest}{digit}")
    return -value if minus else value


def _ebcdic_sign(code: int) -> tuple[int | None, bool]:
    zone, digit = divmod(code, 16)
    if digit > 9 or zone not in _PLUS | _MINUS:
        return None, False
    return digit, zone in _MINUS


def _text_sign(character: str) -> tuple[int | None, bool]:
    if character.isascii() and character.isdigit():
        return int(character), False
    if character in _POSITIVE:
        return _POSITIVE[character], False
    return _NEGATIVE.get(character, _NEGATIVE_ASCII.get(character)), True


def write_zoned(value: int, page: CodePage, *, size: int, leading: bool, signed: bool) -> bytes:
    """Digits; where the field has a sign it is in the zone of the first or last: C or D, as { to I and } to R."""
    digits = f"{abs(value):0{size}d}"
    content = bytearray(page.bytes(digits))
    if signed:
        at = 0 if leading else size - 1
        if page.ebcdic:
            content[at] = (0xD0 if value < 0 else 0xC0) | int(digits[at])
        else:
            content[at] = page.codes[("}JKLMNOPQR" if value < 0 else "{ABCDEFGHI")[int(digits[at])]]
    return bytes(content)


def read_apart(text: str, *, leading: bool) -> int:
    """Digits with a sign character before or after them; a blank counts as plus."""
    sign, digits = (text[0], text[1:]) if leading else (text[-1], text[:-1])
    if sign not in "+- " or not (digits.isascii() and digits.isdigit()):
        raise ValueError(f"{text!r} is no number with its sign {'in front' if leading else 'at the end'}")
    return -int(digits) if sign == "-" else int(digits)


def write_apart(value: int, page: CodePage, *, size: int, leading: bool) -> bytes:
    """Digits with + or - before or after them."""
    digits, sign = f"{abs(value):0{size - 1}d}", "-" if value < 0 else "+"
    return page.bytes(sign + digits if leading else digits + sign)


def read_float(content: bytes, *, ibm: bool, little: bool) -> Decimal:
    """A float of 4 or 8 bytes as the shortest decimal that stands for it."""
    if little:
        content = content[::-1]
    exact = _hexadecimal(content) if ibm else _ieee(content)
    for digits in range(1, 18):
        short = Context(prec=digits, rounding=ROUND_HALF_EVEN).plus(exact)
        if write_float(short, size=len(content), ibm=ibm, little=False) == content:
            return short
    return exact


def _ieee(content: bytes) -> Decimal:
    value: float = struct.unpack(">f" if len(content) == 4 else ">d", content)[0]
    found = Decimal(value)
    if not found.is_finite():
        raise ValueError(f"X'{content.hex().upper()}' is no finite number")
    return found


def _hexadecimal(content: bytes) -> Decimal:
    """IBM's format: sign, exponent of 16 with 64 added, and a fraction of 6 or 14 hexadecimal digits."""
    places = 2 * len(content) - 2
    fraction = int.from_bytes(content[1:], "big")
    exponent = (content[0] & 0x7F) - 64 - places
    power = Decimal(16) ** abs(exponent)
    context = Context(prec=120)
    value = context.multiply(Decimal(fraction), power) if exponent >= 0 else context.divide(Decimal(fraction), power)
    return value.copy_negate() if content[0] & 0x80 and value else value


def write_float(value: Decimal, *, size: int, ibm: bool, little: bool) -> bytes:
    """The nearest float.  Raises `ValueError` when the number is too large for it."""
    content = _to_hexadecimal(value, size) if ibm else _to_ieee(value, size)
    return content[::-1] if little else content


def _to_ieee(value: Decimal, size: int) -> bytes:
    try:
        return struct.pack(">f" if size == 4 else ">d", float(value))
    except OverflowError:
        raise ValueError(f"{value} is too large for a float of {size} bytes") from None


def _to_hexadecimal(value: Decimal, size: int) -> bytes:
    places = 2 * size - 2
    sign, number = (0x80 if value < 0 else 0), value.copy_abs()
    if not number:
        return bytes(size)
    numerator, denominator = number.as_integer_ratio()
    exponent = 0
    while numerator >= denominator * 16**exponent:
        exponent += 1
    while numerator * 16 ** max(-exponent + 1, 0) < denominator * 16 ** max(exponent - 1, 0):
        exponent -= 1
    shift = places - exponent
    top, bottom = (numerator * 16**shift, denominator) if shift >= 0 else (numerator, denominator * 16**-shift)
    fraction = (2 * top + bottom) // (2 * bottom)
    if fraction >> (4 * places):  # rounded up to the next power of sixteen
        fraction >>= 4
        exponent += 1
    if exponent + 64 > 127:
        raise ValueError(f"{value} is too large for a float of {size} bytes")
    if exponent + 64 < 0:
        return bytes(size)
    return bytes([sign | (exponent + 64)]) + fraction.to_bytes(size - 1, "big")
