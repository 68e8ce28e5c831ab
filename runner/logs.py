"""The runner's log: facts as key and value, for people on a console or as JSON lines; never a payload or a secret.

Nothing is printed before `configure_logging` is called: a command that a person runs
reports by itself.
"""

import logging
import sys
from typing import Any, Literal, TextIO

import structlog

_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]
_ROOT = "transload"
logging.getLogger(_ROOT).addHandler(logging.NullHandler())


def get_logger(name: str) -> Any:
    """The logger of a part of the runner; ``name`` is put below ``transload``."""
    return structlog.wrap_logger(
        logging.getLogger(f"{_ROOT}.{name}"),
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def configure_logging(
    form: Literal["console", "json"] = "console", *, stream: TextIO | None = None, level: int = logging.INFO
) -> None:
    """Print the log to ``stream`` (standard error) from now on; called again, it replaces what was set before."""
    renderer: Any = (
        structlog.processors.JSONRenderer(sort_keys=True, ensure_ascii=False)
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=bool(stream is None and sys.stderr.isatty()))
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            foreign_pre_chain=_SHARED,
        )
    )
    logger = logging.getLogger(_ROOT)
    logger.handlers = [handler]
    logger.setLevel(level)
    logger.propagate = False
