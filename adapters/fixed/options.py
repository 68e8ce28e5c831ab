"""What a fixed-width format takes."""

import re
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from transload.adapters.base.rows.documents import RowOptions
from transload.adapters.base.rows.text import known_charset

Charset = Annotated[str, AfterValidator(known_charset)]
_RANGE = re.compile(r"([1-9]\d{0,5})(?:-([1-9]\d{0,5}))?", re.ASCII)


class FixedOptions(RowOptions):
    """What a fixed-width format takes."""

    length: int | None = Field(
        default=None, ge=1, le=100_000, description="How long a record is; without it lines may differ."
    )
    tails: Literal["any", "padded", "trimmed"] = Field(
        default="any",
        description="Blanks at the end of a line: any reads both and writes them, padded insists on them, "
        "trimmed reads both and writes none.",
    )
    newline: Literal["lf", "crlf", "cr", "none"] = Field(
        default="crlf", description="Line ends when writing; none is for records that follow each other without any."
    )
    skip: int = Field(default=0, ge=0, description="Lines before the first record.")
    charset: Charset = Field(default="utf-8", description="Character set, as in windows-1252.")
    unit: Literal["characters", "bytes"] | None = Field(
        default=None,
        description="What ranges count. It must be said where texts are not ASCII and a character may have "
        "several bytes, as in UTF-8.",
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.newline == "none" and self.length is None:
            raise ValueError("records without line ends need their length")
        if self.newline == "none" and self.tails == "trimmed":
            raise ValueError("records without line ends cannot be trimmed")
        if self.charset.startswith("utf-16"):
            raise ValueError("fixed width knows no utf-16")
        for place in [*self.by, *self.start, *(p for row in (*self.file.header, *self.file.trailer) for p in row)]:
            if not _RANGE.fullmatch(place):
                raise ValueError(f"{place!r} is no range of characters, such as 1-3")
        return self

    @cached_property
    def begins(self) -> re.Pattern[str] | None:
        """Finds the line feeds before lines that begin a document: the search goes from one line feed to the next.

        None where more than one range of each line decides what it is.
        """
        if self.by or not self.start or self.skip or self.newline == "none" or self.file.header or self.file.trailer:
            return None
        (place, texts) = next(iter(self.start.items()))
        first, last = bounds(place)
        if not all(len(text) == last - first and text.strip() and not set("\r\n") & set(text) for text in texts):
            return None
        return re.compile(rf"\n(?=[^\n]{{{first}}}(?:{'|'.join(map(re.escape, texts))}))")


def bounds(place: str) -> tuple[int, int]:
    """The offsets of a range: ``4-18`` is 3 and 18."""
    found = _RANGE.fullmatch(place)
    assert found is not None
    return int(found[1]) - 1, int(found[2] or found[1])
