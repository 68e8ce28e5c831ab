"""Pydantic's errors about a document as findings at the places of the values."""

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from transload.canonical.findings import Finding
from transload.mappings.reports.origins import Location, field_text
from transload.mappings.reports.reading import ReadingReport

_WORDS = {
    "string_too_short": "is empty",
    "greater_than_equal": "is less than {ge}",
    "greater_than": "is not more than {gt}",
    "less_than_equal": "is more than {le}",
    "less_than": "is not less than {lt}",
    "string_pattern_mismatch": "does not have the form {pattern}",
    "string_too_long": "is longer than {max_length} characters",
    "literal_error": "is not one of {expected}",
    "finite_number": "is no finite number",
    "decimal_type": "is no number",
    "decimal_parsing": "is no number",
    "string_type": "is no text",
    "date_type": "is no date",
    "extra_forbidden": "is no field of the document",
}


def invalid(error: ValidationError, report: ReadingReport, number: int | None = None) -> Iterator[Finding]:
    """The findings of a document that the model refuses; ``number`` is its index where a message holds several.

    What is missing because its value could not be read is said already, and not said again.
    """
    for detail in error.errors(include_url=False):
        location: Location = detail["loc"]
        if number is not None and location not in report.origins.by_location and location not in report.failed:
            location = ("documents", number, *location)  # a field of its own, and none that all documents share
        place, mapping, raw = report.where_of(location)
        text = field_text(location)
        if detail["type"] == "missing":
            if any(failed[: len(location)] == location for failed in report.failed):
                continue
            yield Finding(
                code="E-MISSING",
                message=f"{text} is required, and was not found",
                hint=f"it is read from {mapping.place}" if mapping and mapping.place else None,
                place=place,
                mapping=mapping,
                field=text,
            )
        elif location not in report.failed:
            yield Finding(
                code="E-VALUE",
                message=f"{text} {_words(detail)}",
                value=raw if raw is not None else str(detail["input"]),
                place=place,
                mapping=mapping,
                field=text,
            )


def _words(detail: Any) -> str:
    words = _WORDS.get(detail["type"])
    if words is None:
        return f"is not valid: {detail['msg'][:1].lower()}{detail['msg'][1:]}"
    return words.format(**detail.get("ctx", {}))
