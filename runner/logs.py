"""The runner's log: facts as key and value, for people on a console or as JSON lines; never a payload or a secret.

Where work on a document begins, ``about`` says so, and every line has its ids until that work ends: also
the lines of adapters and of the libraries inside.  Nothing is printed before `configure_logging` is called: a command
that a person runs reports by itself.
"""

import logging
import re
import sys
from collections.abc import Callable, Mapping, MutableMapping
from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Any, Literal, TextIO

import structlog

from transload.adapters.base.masking import STARS

_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]
_ROOT = "transload"
_SECRET_NAME = re.compile(
    r"passw|passphrase|pwd|secret|token|authori[sz]ation|credential|cookie|api[_-]?key|private[_-]?key|signature",
    re.IGNORECASE,
)
_SHAPES = (
    (re.compile(r"(://[^\s/:@]*:)[^\s/@]+(?=@)"), rf"\1{STARS}"),
    (re.compile(r"(\bauthorization[\\\"']*\s*[:=]\s*[\\\"']*(?:\w+\s+)?)[^\s\\\"',}]+", re.IGNORECASE), rf"\1{STARS}"),
    (re.compile(r"(\bbearer\s+)[A-Za-z0-9+/=._~-]{12,}", re.IGNORECASE), rf"\1{STARS}"),
    (
        re.compile(
            r"(\b(?:password|passwd|pwd|client_secret|access_token|api_key)[\\\"']*[=:]\s*[\\\"']*)[^\s\\\"'&,;}]+",
            re.IGNORECASE,
        ),
        rf"\1{STARS}",
    ),
    (
        re.compile(
            r"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----|\Z)",
            re.DOTALL,
        ),
        STARS,
    ),
)
"""What looks like a credential: in an address, a header, a form, a key."""
_MAYBE = re.compile(r"[:=]|bearer|-----BEGIN", re.IGNORECASE)
"""What each of these has in it: most values of a line have none, so that one look is enough."""
_TRACE = re.compile(r"\s*[+|]?\s*(Exception Group )?Traceback \(most recent call last\):$")
_FRAME = re.compile(r"\s*\|?\s*File \"[^\"]*\", line \d+, in \S+$")
_OWN = frozenset({"timestamp", "level"})
logging.getLogger(_ROOT).addHandler(logging.NullHandler())


def get_logger(name: str) -> Any:
    """The logger of a part of the runner; ``name`` is put below ``transload``."""
    return structlog.wrap_logger(
        logging.getLogger(f"{_ROOT}.{name}"),
        processors=[structlog.stdlib.filter_by_level, *_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def about(**facts: Any) -> AbstractContextManager[None]:
    """What the work inside is about: each line of this thread's log has these ``facts`` beside its own.

    ``route``, ``partner``, ``lane``, ``connection`` are names of the workspace; ``receipt``, ``document`` and
    ``delivery`` are written as people name them: ``r12``, ``d12``, ``s12``.
    """
    known = {name: value for name, value in facts.items() if value is not None}
    return structlog.contextvars.bound_contextvars(**known)


def configure_logging(
    form: Literal["console", "json"] = "console",
    *,
    stream: TextIO | None = None,
    level: int = logging.INFO,
    mask: Callable[[str], str] = str,
    quotes: Callable[[], bool] = lambda: True,
) -> None:
    """Print the log to ``stream`` (standard error) from now on; called again, it replaces what was set before.

    Warnings of all other libraries are printed too, in the same form.  ``mask`` takes the known secrets out of a line
    (`transload.runner.workspace.hidden.Hidden.mask`); what looks like a credential is taken out without it.  Where
    ``quotes`` gives False exceptions are told by their classes and places: their texts may quote documents.
    """
    renderer: Any = (
        structlog.processors.JSONRenderer(sort_keys=True, ensure_ascii=False)
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=bool(stream is None and sys.stderr.isatty()))
    )
    handler = _Handler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _Masking(mask, quotes=quotes),
                renderer,
            ],
            foreign_pre_chain=[*_SHARED[:-1], _told],
        )
    )
    logger = logging.getLogger(_ROOT)
    logger.handlers = [handler]
    logger.setLevel(level)
    logger.propagate = False
    others = _Handler(stream)
    others.setFormatter(handler.formatter)
    others.setLevel(max(level, logging.WARNING))
    root = logging.getLogger()
    root.handlers = [*(one for one in root.handlers if not isinstance(one, _Handler)), others]


def _told(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """What a library says of an error that it met, without its traceback: that is about its own insides."""
    info = event.pop("exc_info", None)
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["error"] = f"{type(error).__name__}: {' '.join(str(error).split())}"
    return event


class _Handler(logging.StreamHandler[TextIO]):
    """A handler of ours, which the next call of `configure_logging` knows again."""


class _Masking:
    """A processor that takes secrets out of the values of a line, just before it is written."""

    def __init__(self, mask: Callable[[str], str], *, quotes: Callable[[], bool]) -> None:
        self._mask = mask
        self._quotes = quotes

    def __call__(self, logger: Any, method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
        if isinstance(trace := event.get("exception"), str) and not self._quotes():
            event = {**event, "exception": without_texts(trace)}
        return {
            name: value if name in _OWN else STARS if value and _is_secret(name) else self._shown(value)
            for name, value in event.items()
        }

    def _shown(self, value: Any) -> Any:
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, Mapping):
            return {str(name): STARS if _is_secret(str(name)) else self._shown(item) for name, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._shown(item) for item in value]
        text = self._mask(str(value))
        if _MAYBE.search(text):
            for shape, stars in _SHAPES:
                text = shape.sub(stars, text)
        return text


def without_texts(trace: str) -> str:
    """A traceback as Python writes it: files and lines, and the classes of the exceptions, but not their texts.

    The first line behind the places names the class; what follows up to the next traceback is text, of several lines
    too, as those of pydantic are.
    """
    kept: list[str] = []
    inside = False
    for line in trace.splitlines():
        if _TRACE.match(line):
            inside = True
            kept.append(line)
        elif inside and _FRAME.match(line):
            kept.append(line)
        elif inside and not line.startswith(" "):
            inside = False
            kept.append(line.partition(":")[0])
    return "\n".join(kept)


@lru_cache(maxsize=1024)
def _is_secret(name: str) -> bool:
    return _SECRET_NAME.search(name) is not None
