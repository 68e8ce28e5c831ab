"""What a user says about picking files up."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from transload.adapters.base.folders.stability import Quiet, Stability
from transload.adapters.base.folders.starred import Starred
from transload.adapters.base.settings import ONE_OR_MORE, Settings

Patterns = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], ONE_OR_MORE]


class Marker(Settings):
    """A file that tells that another one is complete."""

    marker: Starred = Field(description="Its name; * is the other file's", examples=["*.done"])
    of: Literal["name", "stem"] = Field(
        default="name", description="What * stands for: the other file's whole name, or the name without its extension"
    )


class Claim(Settings):
    """Where files lie while we work on them."""

    into: str = Field(
        min_length=1,
        description="Folder for them, written like folder; made when it is missing. Whoever else reads the same files"
        " needs another one",
        examples=["taken"],
    )


class Move(Settings):
    """Where a file goes once its content is safe with us."""

    move: str = Field(
        min_length=1,
        description="Archive folder, written like folder; made when it is missing; a name in use gets a suffix",
        examples=["done"],
    )


class PickUp(Settings):
    """What is taken from a folder, and what becomes of it there."""

    folder: str = Field(
        default=".", min_length=1, description="Folder to look in; a relative one counts from where the login begins"
    )
    pattern: Patterns = Field(
        default=("*",), min_length=1, description="Shell pattern of the names, or a list of them; case counts"
    )
    ignore: Patterns = Field(
        default=(".*", "*.tmp", "*.part", "*.filepart", "*.writing"),
        description="Names that are never taken: hidden and unfinished files",
    )
    stable: Stability | Marker = Field(
        default=Quiet(polls=2),
        json_schema_extra={"default": "2 polls"},
        description="How long size and time must stay the same first: none, 2 polls, 30s or '2 polls, 30s'; or the file"
        " that the partner writes last: {marker: '*.done'}. Where the partner renames a complete file, choose the final"
        " name by pattern, and none",
    )
    claim: Claim | None = Field(
        default=None,
        description="Rename a file into a folder of ours before it is read, so that nobody else takes or changes it:"
        " {into: folder}; where the partner allows no rename the ledger alone tells what was taken",
    )
    afterwards: Literal["keep", "delete"] | Move = Field(
        default="keep",
        description="What becomes of a file once its content is safe: keep, delete, or {move: folder}; a kept file"
        " is taken again when its size or time of change differs",
    )
    empty: Literal["skip", "take"] = Field(default="skip", description="What to do with files of zero bytes")
    at_most: int = Field(default=1000, ge=1, description="Most files taken in one pass; the others wait for the next")

    @model_validator(mode="after")
    def _claims_end(self) -> Self:
        if self.claim is not None and self.afterwards == "keep":
            raise ValueError(
                "a claimed file does not stay where it was: claim needs afterwards: delete or {move: folder}"
            )
        return self
