"""What a JSON format takes."""

from itertools import permutations
from typing import Literal, Self

from pydantic import Field, model_validator

from transload.adapters.base.settings import Settings

WHOLE_ARRAY = "$"


def steps(path: str) -> tuple[str, ...]:
    """The keys of a path such as ``result.orders``; none for ``$``, the whole payload."""
    return () if path == WHOLE_ARRAY else tuple(path.split("."))


class JsonOptions(Settings):
    """What a JSON format takes."""

    items: str | None = Field(
        default=None,
        min_length=1,
        description='Where the messages of a page stand, keys joined by points, as in "data" or "result.orders"; '
        '"$" is a payload that is itself an array. Without it the payload is one message.',
    )
    next: str | None = Field(
        default=None, min_length=1, description="Where a page names the next one, by an address or a token."
    )
    size: int | None = Field(default=None, ge=1, description="How many items a page may have; more are not written.")
    count: str | None = Field(default=None, min_length=1, description="Where a page says how many items it has.")
    total: str | None = Field(default=None, min_length=1, description="Where a page says how many items all have.")
    page: str | None = Field(default=None, min_length=1, description="Where a page says its own number, from 1.")
    kind: str = Field(default="", description="What to call the kind of message; JSON has no name of its own for it.")
    encoding: Literal["utf-8", "utf-16", "utf-16-le", "utf-16-be", "iso-8859-1", "windows-1252"] = Field(
        default="utf-8", description="Character encoding; RFC 8259 allows UTF-8 only, so others are a partner's wish."
    )
    indent: int | None = Field(
        default=None, ge=0, le=8, description="Blanks a level when writing; without it all stands in one line."
    )
    deepest: int = Field(default=100, ge=1, le=400, description="How deep objects and arrays may be nested.")
    largest: int = Field(default=100_000_000, ge=1, description="Bytes that a payload may have.")

    @model_validator(mode="after")
    def _only_of_pages(self) -> Self:
        paths = {name: getattr(self, name) for name in ("next", "count", "total", "page") if getattr(self, name)}
        if self.items is None and (paths or self.size is not None):
            raise ValueError(f"{next(iter(paths), 'size')} speaks of a page, which needs items")
        if self.items == WHOLE_ARRAY and paths:
            raise ValueError(f"{next(iter(paths))} has no place in a payload that is an array")
        used = [steps(path) for path in (self.items, *paths.values()) if path is not None]
        for one, other in permutations(used, 2):
            if one == other[: len(one)]:
                raise ValueError(f"{'.'.join(one)} and {'.'.join(other)} are in each other's place")
        return self
