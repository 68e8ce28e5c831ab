"""Units of measure: the field in one, the wire in another, by an exact factor."""

from decimal import Decimal
from fractions import Fraction

from transload.mappings.language.converters.base import Converter, ConverterError, DomainError, Setting, need
from transload.mappings.language.converters.numbers import exact_ratio
from transload.mappings.language.fields import Kind
from transload.mappings.source.problems import suggest

_OF: dict[str, dict[str, str]] = {
    "mass": {
        "kg": "1", "g": "0.001", "mg": "0.000001", "t": "1000", "lb": "0.45359237", "oz": "0.028349523125",
        "KGM": "1", "GRM": "0.001", "MGM": "0.000001", "TNE": "1000", "LBR": "0.45359237", "ONZ": "0.028349523125",
    },
    "length": {
        "m": "1", "cm": "0.01", "mm": "0.001", "km": "1000", "in": "0.0254", "ft": "0.3048", "yd": "0.9144",
        "MTR": "1", "CMT": "0.01", "MMT": "0.001", "KMT": "1000", "INH": "0.0254", "FOT": "0.3048", "YRD": "0.9144",
    },
    "area": {"m2": "1", "cm2": "0.0001", "mm2": "0.000001", "MTK": "1", "CMK": "0.0001", "MMK": "0.000001"},
    "volume": {
        "l": "0.001", "ml": "0.000001", "cl": "0.00001", "hl": "0.1", "m3": "1", "cm3": "0.000001",
        "LTR": "0.001", "MLT": "0.000001", "CLT": "0.00001", "HLT": "0.1", "MTQ": "1", "CMQ": "0.000001",
    },
    "time": {"s": "1", "min": "60", "h": "3600", "d": "86400", "SEC": "1", "MIN": "60", "HUR": "3600", "DAY": "86400"},
    "number": {"EA": "1", "pair": "2", "dozen": "12", "gross": "144", "C62": "1", "PR": "2", "DZN": "12", "GRO": "144",
               "CEN": "100", "MIL": "1000"},
}  # fmt: skip
"""Units by what they measure, in the SI unit of it: symbols, and codes of UN/ECE Recommendation 20.

The pound and the inch are defined exactly (international yard and pound agreement of 1959).
"""


def unit(argument: str | None, setting: Setting) -> Converter:
    """``unit(kg g)``: the field in kilograms, the wire in grams."""
    need(setting, "unit", Kind.DECIMAL)
    words = (argument or "").split()
    if len(words) != 2:
        raise ConverterError("unit needs two units: the field's and the wire's", "for example  unit(kg g)")
    ours, theirs = (_measure(word) for word in words)
    if ours[0] != theirs[0]:
        message = f"{words[0]} is a unit of {ours[0]}, and {words[1]} of {theirs[0]}"
        raise ConverterError(message, "both measure the same")
    factor = Fraction(ours[1]) / Fraction(theirs[1])

    def read(value: Decimal) -> Decimal:
        return exact_ratio(value, 1 / factor, f"{value} {words[1]} is no exact number of {words[0]}")

    def write(value: Decimal) -> Decimal:
        written = exact_ratio(value, factor, f"{value} {words[0]} is no exact number of {words[1]}")
        if read(written) != value:
            raise DomainError(f"{value} {words[0]} cannot be read back from {words[1]}")
        return written

    return Converter(name="unit", read=read, write=write, gives=Kind.DECIMAL)


def _measure(word: str) -> tuple[str, str]:
    for kind, units in _OF.items():
        if word in units:
            return kind, units[word]
    known = [name for units in _OF.values() for name in units]
    raise ConverterError(f"there is no unit {word!r}", suggest(word, known, f"units are: {', '.join(known)}"))
