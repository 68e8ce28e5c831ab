"""One field: its bytes as text, and text or a number as its bytes.

A number's text has all digits that its picture has, so that ``00012`` of a ``PIC 9(5)`` stays
what a date or an order number needs; a field of blanks, or of low values, has no value.
"""

import re
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, InvalidOperation

from transload.adapters.cobol import numbers
from transload.adapters.cobol.codepages import CodePage
from transload.adapters.cobol.items import Item

_NUMBER = re.compile(r"[+-]?(?:\d{1,60}(?:\.\d{0,60})?|\.\d{1,60})", re.ASCII)
_FARTHEST = 200
"""The largest power of ten of a number that is looked at."""
_EXACT = Context(prec=120, traps=[Inexact, InvalidOperation])


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What stands in a field that cannot be read, as ``X'..'``; ``reason`` says why."""

    reason: str
    content: bytes

    def __str__(self) -> str:
        return f"X'{self.content[:40].hex().upper()}'"


@dataclass(frozen=True, kw_only=True)
class Machine:
    """How a machine keeps what a copybook says: its code page, byte order and floats."""

    page: CodePage
    little: bool = False
    ibm_floats: bool = True


def read_field(item: Item, content: bytes, machine: Machine) -> str | Unreadable:
    """The text of a field; an empty one where it has no value."""
    page = machine.page
    if item.is_numeric:
        if item.usage != "binary" and item.usage != "native" and _is_void(content, page, item):
            return ""
        try:
            return number_text(item, _read_number(item, content, machine))
        except ValueError as error:
            return Unreadable(f"{item.name} ({item.kind}): {error}", content)
    assert item.picture is not None
    if not content.strip(b"\0"):
        return ""
    if item.picture.national:
        try:
            return content.decode("utf-16-be").rstrip(" \0")
        except UnicodeDecodeError:
            return Unreadable(f"{item.name} ({item.kind}): X'{content[:20].hex().upper()}' is no UTF-16", content)
    text = page.text(content)
    if "\ufffd" in text:
        byte = content[text.index("\ufffd")]
        return Unreadable(f"{item.name} ({item.kind}): the byte X'{byte:02X}' is no character in {page.name}", content)
    text = text.rstrip("\0")
    return text.lstrip(" ") if item.right else text.rstrip(" \0")


def _is_void(content: bytes, page: CodePage, item: Item) -> bool:
    if item.usage in ("float", "double"):
        return False
    return not content.strip(b"\0") or not content.strip(bytes([page.blank]))


def _read_number(item: Item, content: bytes, machine: Machine) -> Decimal:
    if item.usage in ("float", "double"):
        return numbers.read_float(content, ibm=machine.ibm_floats, little=machine.little)
    picture = item.picture
    assert picture is not None
    if item.usage == "packed":
        value = numbers.read_packed(content, digits=picture.digits, signed=picture.signed)
    elif item.usage in ("binary", "native"):
        value = int.from_bytes(content, "little" if machine.little else "big", signed=picture.signed)
    else:
        text = machine.page.text(content)
        if picture.point:
            return _read_pointed(item, text)
        if item.apart:
            value = numbers.read_apart(text, leading=item.sign == "leading")
        else:
            value = numbers.read_zoned(
                text, content, machine.page, leading=item.sign == "leading", signed=picture.signed
            )
    return Decimal(value).scaleb(-picture.scale, _EXACT)


def _read_pointed(item: Item, text: str) -> Decimal:
    """A number whose point stands there, as in PIC 9(8).99; digits before it may be blanked."""
    plain = text.strip()
    if item.picture is not None and item.picture.signed and not item.apart:
        at = 0 if item.sign == "leading" else -1
        for marks, sign in (("{ABCDEFGHI", ""), ("}JKLMNOPQR", "-")):
            if plain and plain[at] in marks:
                digit = str(marks.index(plain[at]))
                plain = sign + (digit + plain[1:] if at == 0 else plain[:-1] + digit)
                break
    elif item.apart and item.sign == "trailing" and plain[-1:] in ("+", "-"):
        plain = plain[-1] + plain[:-1]
    if not _NUMBER.fullmatch(plain):
        raise ValueError(f"{text!r} is no number with a point")
    number = Decimal(plain)
    _whole(item, number)
    return number


def number_text(item: Item, value: Decimal) -> str:
    """The number with the digits of its picture, without exponent."""
    if item.picture is None:
        return format(value, "f") if value else "0"
    picture = item.picture
    scale = max(picture.scale, 0)
    text = (
        format(value.copy_abs(), f".{scale}f")
        if value == value.to_integral_value() or scale
        else format(value.copy_abs(), "f")
    )
    whole, _, part = text.partition(".")
    whole = whole.rjust(max(picture.digits - picture.scale, 1) if picture.digits > picture.scale else 1, "0")
    return ("-" if value < 0 else "") + whole + (f".{part}" if part else "")


def write_field(item: Item, value: str | Decimal | int, machine: Machine) -> bytes:
    """The bytes of a field.  Raises `ValueError` for a value that it cannot hold as it is.

    A text for a number must have its form, all digits of its picture: it is read back as the same text.
    """
    if not isinstance(value, str) and abs(Decimal(value).adjusted()) > _FARTHEST:
        raise ValueError(f"{value} does not fit {item.kind}")
    if not item.is_numeric:
        text = value if isinstance(value, str) else format(Decimal(value), "f")
        return _write_text(item, text, machine)
    if isinstance(value, str):
        if not _NUMBER.fullmatch(value):
            raise ValueError(f"{value!r} is no number")
        number = Decimal(value)
        if number_text(item, number) != value and item.picture is not None:
            raise ValueError(f"{value!r} would be read back as {number_text(item, number)!r}")
        return _write_number(item, number, machine)
    return _write_number(item, Decimal(value), machine)


def _write_text(item: Item, text: str, machine: Machine) -> bytes:
    cut = text.rstrip("\0").lstrip(" ") if item.right else text.rstrip(" \0")
    if cut != text:
        raise ValueError(f"{text!r} would be read back as {cut!r}")
    assert item.picture is not None
    if item.picture.national:
        content, fill = text.encode("utf-16-be"), b"\0 "
    else:
        content, fill = machine.page.bytes(text), bytes([machine.page.blank])
    missing = item.size - len(content)
    if missing < 0:
        raise ValueError(f"{text!r} is longer than {item.size // len(fill)} characters")
    blanks = fill * (missing // len(fill))
    return blanks + content if item.right else content + blanks


def _write_number(item: Item, number: Decimal, machine: Machine) -> bytes:
    if not number.is_finite():
        raise ValueError(f"{number} is no finite number")
    if item.usage in ("float", "double"):
        content = numbers.write_float(number, size=item.size, ibm=machine.ibm_floats, little=machine.little)
        if numbers.read_float(content, ibm=machine.ibm_floats, little=machine.little) != number:
            raise ValueError(f"{number} has more digits than a float of {item.size} bytes")
        return content
    picture = item.picture
    assert picture is not None
    value = _whole(item, number)
    if item.usage == "packed":
        return numbers.write_packed(value, size=item.size, signed=picture.signed)
    if item.usage in ("binary", "native"):
        return value.to_bytes(item.size, "little" if machine.little else "big", signed=picture.signed)
    leading = item.sign == "leading"
    if picture.point:
        return _write_pointed(item, value, machine)
    if item.apart:
        return numbers.write_apart(value, machine.page, size=item.size, leading=leading)
    return numbers.write_zoned(value, machine.page, size=item.size, leading=leading, signed=picture.signed)


def _whole(item: Item, number: Decimal) -> int:
    """The digits that are stored."""
    picture = item.picture
    assert picture is not None
    if number < 0 and not picture.signed and not item.apart:
        raise ValueError(f"{number} is negative, and {item.kind} has no sign")
    try:
        scaled = number.scaleb(picture.scale, _EXACT)
    except (Inexact, InvalidOperation):
        raise ValueError(f"{number} does not fit {item.kind}") from None
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{number} has more decimals than {item.kind}")
    value = int(scaled)
    most = 10**picture.digits
    if item.usage == "native":  # the whole range of its bytes
        most = 1 << (8 * item.size - picture.signed)
    if abs(value) >= most:
        raise ValueError(f"{number} does not fit {item.kind}")
    return value


def _write_pointed(item: Item, value: int, machine: Machine) -> bytes:
    picture = item.picture
    assert picture is not None
    leading = item.sign == "leading"
    if item.apart:
        content = numbers.write_apart(value, machine.page, size=picture.digits + 1, leading=leading)
    else:
        content = numbers.write_zoned(value, machine.page, size=picture.digits, leading=leading, signed=picture.signed)
    at = picture.digits - picture.scale + (item.apart and leading)
    return content[:at] + machine.page.bytes(".") + content[at:]


def default_of(item: Item, machine: Machine) -> bytes:
    """What a field without a value holds: zero, or blanks."""
    if item.is_numeric:
        if item.usage in ("float", "double"):
            return bytes(item.size)
        return _write_number(item, Decimal(0), machine)
    assert item.picture is not None
    return b"\0 " * (item.size // 2) if item.picture.national else bytes([machine.page.blank]) * item.size
