"""How a list is cut into pages, as the partner file writes it."""

from datetime import timedelta
from typing import Literal, Self

from pydantic import Field, model_validator

from transload.adapters.base.settings import Duration, Settings


class Pages(Settings):
    """How a list is cut into pages, and where the next one is.

    Places in a body are keys joined by points, numbers for the items of a list (-1 is the last).
    """

    style: Literal["none", "offset", "page", "cursor", "next", "link"] = Field(
        default="none",
        description="offset: number of the first item; page: number of the page; cursor: a text from the page before; "
        "next: the next page's address in the body; link: the same in the Link header (RFC 8288).",
    )
    items: str | None = Field(default=None, description='Where the items stand, keys joined by points; "$" is the top.')
    each: Literal["page", "item"] = Field(
        default="page", description="What becomes a receipt: each page as it is, or each item of it by itself."
    )
    identity: tuple[str, ...] = Field(
        default=(),
        description="Fields that tell one version of an item from all others, such as [id, updated_at], for "
        "each: item; by default the whole item.",
    )
    next: str | None = Field(
        default=None,
        description="Where the cursor or the next address stands in the body; data.-1.id is the id of the last item.",
    )
    more: str | None = Field(default=None, description="Where the body says whether there is a next page, if it does.")
    total: str | None = Field(default=None, description="Where the number of all items stands, if the body says so.")
    parameter: str | None = Field(
        default=None, description="Parameter of offset, page or cursor; by default the style's name."
    )
    size: int | None = Field(default=None, ge=1, description="Items to ask for in one page.")
    size_parameter: str = Field(default="limit", description="Parameter of the size.")
    first: int = Field(default=1, ge=0, description="Number of the first page, for style page.")
    empty: Literal["next", "end"] = Field(
        default="next", description="Whether an empty page that names a next one is followed (cursor, next, link)."
    )
    max: int = Field(default=1000, ge=1, description="Pages that one pass may take; more are a fault, not cut off.")
    resume: Duration = Field(
        default=timedelta(hours=1),
        description="How long after its beginning a pass that was cut goes on at the page where it stopped; 0s: it "
        "always begins anew. Pages that are known do no harm.",
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.style in ("cursor", "next") and not self.next:
            raise ValueError(f"style {self.style} needs next: where the next page is named")
        if self.style in ("offset", "page") and not self.items:
            raise ValueError(f"style {self.style} needs items: an empty list ends it")
        if self.each == "item" and not self.items:
            raise ValueError("each: item needs items: where they stand")
        return self

    @property
    def name(self) -> str:
        """The parameter that says which page is meant."""
        return self.parameter or self.style


class Since(Settings):
    """Ask only for what changed since the last pass."""

    field: str = Field(
        description="Field of an item that holds the time or number of its change.", examples=["updated_at"]
    )
    parameter: str | None = Field(default=None, description="Parameter; by default named like the field.")
    overlap: Duration = Field(
        default=timedelta(0),
        description="How far to step back, for changes that show up late; times only. With each: item, what comes "
        "again is known again.",
    )
    start: str | None = Field(default=None, description="Where to begin; without it the first pass takes everything.")
