"""What all canonical models share: frozen, strict about unknown fields, exact numbers, never an empty text."""

from datetime import date
from decimal import Decimal
from operator import methodcaller, not_
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer, StringConstraints


class Model(BaseModel):
    """Base of every canonical document and its parts.

    Instances are frozen and compare by value.  A field without a value is None, or an
    empty tuple for a list; an empty text is refused, so that "nothing" has one form.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=False, hide_input_in_errors=False)


def known(description: str, *places: str, default: Any = None, required: bool = False, **constraints: Any) -> Any:
    """Declare a field: what it means, and its usual places on the wire (``NAD 3251``, ``N4 03``, ``cbc:PostalZone``).

    The places stand in the JSON Schema as ``known_at``; checking a mapping uses them to
    warn of a value that is bound to another field's usual place.
    """
    extra: dict[str, Any] = {"known_at": list(places)} if places else {}
    if default == ():
        constraints["exclude_if"] = not_  # a list without items is not written, and need not be looked for afterwards
    return Field(... if required else default, description=description, json_schema_extra=extra or None, **constraints)


Text = Annotated[str, StringConstraints(min_length=1)]
Exact = Annotated[
    Decimal,
    Field(allow_inf_nan=False),
    PlainSerializer(methodcaller("__format__", "f"), return_type=str, when_used="json"),  # a lambda takes longer
]
"""An exact decimal number; in JSON a text without exponent."""
Gln = Annotated[str, StringConstraints(pattern=r"^\d{13}$")]
Gtin = Annotated[str, StringConstraints(pattern=r"^(\d{8}|\d{12,14})$")]
Duns = Annotated[str, StringConstraints(pattern=r"^\d{9}(\d{4})?$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Unit = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{1,3}$")]
"""A unit of measure by its UN/ECE Recommendation 20 code: EA, KGM, MTR, ..."""
Day = date
Instant = AwareDatetime
