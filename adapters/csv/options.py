"""What a CSV format takes."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from transload.adapters.base.rows.documents import RowOptions
from transload.adapters.base.rows.text import known_charset

Charset = Annotated[str, AfterValidator(known_charset)]
_LINE_ENDS = "\r\n"


class CsvOptions(RowOptions):
    """What a CSV format takes."""

    delimiter: str = Field(default=",", min_length=1, max_length=1, description='Between cells; a tab is "\\t".')
    quote: str = Field(default='"', max_length=1, description='Around cells that hold a delimiter; "" for none.')
    escape: str = Field(
        default="", max_length=1, description="Before a quote inside quotes, such as a backslash; else it is doubled."
    )
    header: bool = Field(default=True, description="Whether a row of column names comes first.")
    skip: int = Field(default=0, ge=0, description="Lines before the header, or before the first row without one.")
    aliases: dict[str, list[str]] = Field(
        default_factory=dict, description="Other names that a column may have in the header: {OrderNo: [Order, PO]}."
    )
    optional: list[str] = Field(default_factory=list, description="Columns that a header need not have.")
    ragged: bool = Field(default=False, description="Whether rows may end before the last column.")
    trim: bool = Field(default=False, description="Whether blanks around values are taken off.")
    charset: Charset = Field(default="utf-8", description="Character set, as in windows-1252.")
    bom: bool = Field(default=False, description="Whether a byte order mark is written; when read it need not be told.")
    quoting: Literal["needed", "always"] = Field(default="needed", description="Which cells are written in quotes.")
    newline: Literal["lf", "crlf", "cr"] = Field(default="crlf", description="Line ends when writing (RFC 4180: crlf).")

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        marks = [mark for mark in (self.delimiter, self.quote, self.escape) if mark]
        if any(mark in _LINE_ENDS for mark in marks):
            raise ValueError("delimiter, quote and escape are no line ends")
        if len(set(marks)) < len(marks):
            raise ValueError("delimiter, quote and escape are different characters")
        if self.escape and not self.quote:
            raise ValueError("escape stands inside quotes, and quote is empty")
        return self
