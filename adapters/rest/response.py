"""What an answer says, as the partner file writes it: taken or refused, and the partner's reasons."""

from typing import Literal, Self

from pydantic import Field, model_validator

from transload.adapters.base.settings import Settings

Consequence = Literal["accepted", "retry", "reject", "stop", "unknown"]


class Success(Settings):
    """A place in the answer that says whether it was taken, for partners who answer 200 in any case."""

    at: str = Field(description="Where it stands.", examples=["result.accepted"])
    values: tuple[str, ...] = Field(
        default=("true",), min_length=1, description="The values that mean: taken. Anything else is a refusal."
    )


class Response(Settings):
    """How an answer in JSON is read.

    Places are keys joined by points, numbers for the items of a list; $ is the top.
    """

    reference: str | None = Field(default=None, description="Where the partner's own number of the document stands.")
    success: Success | None = Field(default=None, description="Where an answer says whether it was taken.")
    errors: str | None = Field(
        default=None, description='Where the reasons of a refusal stand: a list, or one alone; "$" is the top.'
    )
    code: str = Field(default="code", description="Where a reason's code stands, seen from the reason.")
    message: str = Field(default="message", description="Where its words stand.")
    field: str = Field(
        default="field",
        description="Where the field stands that it speaks of: /lines/2/qty, lines[2].qty, $.lines[2].qty.",
    )
    fields: dict[str, str] = Field(
        default_factory=dict,
        description="The partner's names of fields and ours, [] for any number: lines[].qty: lines[].quantity.",
    )
    codes: dict[str, Consequence] = Field(
        default_factory=dict,
        description="What codes mean, whatever the status: accepted, retry, reject, stop or unknown.",
    )
    items: str | None = Field(
        default=None, description="Where an answer lists a status for each item of what was sent (207 and its like)."
    )
    status: str = Field(default="status", description="Where an item's status stands, seen from the item.")

    @model_validator(mode="after")
    def _has_reasons(self) -> Self:
        if self.codes and self.errors is None and self.items is None:
            raise ValueError("codes stand in reasons: write errors: where they are")
        return self
