"""Making an adapter's settings from resolved values: the one place where a refused value becomes our error."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from transload.adapters.base import Format, Settings
from transload.adapters.base.registry import adapter as find_adapter
from transload.canonical.errors import ConfigurationError, Stop
from transload.canonical.findings import Finding
from transload.canonical.places import MappingPlace

S = TypeVar("S", bound=Settings)


def build_settings(kind: type[S], values: Mapping[str, Any], what: str, at: MappingPlace) -> S:
    """The settings object of ``values``, their references resolved.

    Raises `Stop`: all that can be known without the secrets was checked when the
    workspace was loaded, so what is refused now is a resolved value.  Values are
    not repeated in the findings.
    """
    try:
        return kind.model_validate(dict(values))
    except ValidationError as error:
        message = f"{what} is refused with its references resolved"
        details = error.errors(include_input=False, include_url=False, include_context=False)
        findings = [
            Finding(
                code="C-SECRET",
                message=message,
                hint="look at what the reference stands for",
                field=".".join(str(step) for step in detail["loc"]) or None,
                mapping=at,
            )
            for detail in details
        ]
        raise Stop(message, findings=findings) from None  # the cause would print the resolved values


def make_format(kind: str, options: Mapping[str, Any], at: MappingPlace, guides: Sequence[Path]) -> Format[Any]:
    """The format called ``kind`` with ``options`` and the folders of ``guides``.

    Raises `ConfigurationError` at ``at`` when it takes them not, or in a guide's file that they name.
    """
    declared = find_adapter(kind)
    if declared.format is None:
        raise wrong(f"the adapter {kind!r} has no format", at)
    try:
        made = declared.format(declared.format.Options.model_validate(dict(options)))
    except ValidationError as error:
        details = error.errors(include_url=False)
        findings = [
            Finding(
                code="C-FORMAT",
                message=f"the format {kind} refuses {'.'.join(str(step) for step in detail['loc'])}: {detail['msg']}",
                mapping=at,
            )
            for detail in details
        ]
        raise ConfigurationError(findings[0].message, findings=findings) from error
    try:
        return made.with_guides(guides)
    except ConfigurationError as error:
        raise error.at(at) from error


def wrong(message: str, at: MappingPlace, hint: str | None = None) -> ConfigurationError:
    """A `ConfigurationError` about a format, with one finding at ``at``."""
    return ConfigurationError(message, findings=[Finding(code="C-FORMAT", message=message, hint=hint, mapping=at)])
