"""Commands whose parameters are texts and flags, which are taken as they were typed.

Typer (0.29) loads pydantic to make a text of a text, and that takes longer than reading a file.
"""

from functools import partial
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand, TyperGroup

if TYPE_CHECKING:
    _Base = TyperCommand
else:
    _Base = object


class _Plain(_Base):
    def get_params(self, ctx: Any) -> list[Any]:
        """The parameters, the one for help too, that will be asked for their values."""
        parameters: list[Any] = super().get_params(ctx)
        for parameter in parameters:
            parameter.process_value = partial(_taken, parameter)
        return parameters


class PlainCommand(_Plain, TyperCommand):
    """A command that checks and converts its texts itself, by callbacks or in its function."""


class PlainGroup(_Plain, TyperGroup):
    """A group whose own parameters are flags."""


def _taken(parameter: Any, ctx: typer.Context, value: Any) -> Any:
    """What `process_value` of a parameter gives, without conversion."""
    if parameter.required and not value:
        return type(parameter).process_value(parameter, ctx, value)  # which says that it is missing
    if parameter.multiple:
        value = list(value or ())
    return value if parameter.callback is None else parameter.callback(ctx, parameter, value)
