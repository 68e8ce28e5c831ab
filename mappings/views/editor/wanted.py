"""What an editor schema is for: a format, the message's guide where there is one, and the canonical document."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from transload.adapters.edi.guides import Guide, find_guide
from transload.canonical.documents import document_model
from transload.canonical.errors import ConfigurationError
from transload.canonical.model import Model
from transload.mappings.language.meaning import FAMILIES

_FORMATS = tuple(name for name in FAMILIES if name not in ("edifact", "x12"))


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """``message`` and ``version`` are those of EDIFACT and X12; ``guide`` is None where none is known."""

    format_type: str
    document: str
    model: type[Model]
    message: str = ""
    version: str = ""
    guide: Guide | None = None

    @property
    def family(self) -> str:
        """``records``, ``rows``, ``xml`` or ``json``."""
        return FAMILIES[self.format_type]


def wanted(text: str, document: str, guides: Sequence[Path] = ()) -> Wanted:
    """What ``text`` names: ``ORDERS:D:96A:UN``, ``850:004010``, or a format such as ``xml``.

    Raises `ConfigurationError` for anything else, and for an unknown document.
    """
    model = document_model(document)
    if text in _FORMATS:
        return Wanted(format_type=text, document=document, model=model)
    kind, colon, version = text.partition(":")
    if not colon or not kind or not version:
        formats = ", ".join(_FORMATS)
        hint = f"write ORDERS:D:96A, 850:004010, or one of {formats}"
        raise ConfigurationError(f"{text!r} is no message and no format", hint=hint)
    format_type = "edifact" if ":" in version else "x12"
    if format_type == "edifact" and version.count(":") == 1:
        version += ":UN"
    guide = find_guide(format_type, kind, version, tuple(guides))
    return Wanted(format_type=format_type, document=document, model=model, message=kind, version=version, guide=guide)
