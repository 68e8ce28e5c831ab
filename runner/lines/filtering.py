"""Filters at work: receipts are unwrapped before a format reads them, deliveries wrapped before they are frozen."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from typing import Any

from transload.adapters.base import Filter, Payload
from transload.canonical.errors import Reject, Retry, Stop
from transload.canonical.findings import Finding
from transload.canonical.places import Place
from transload.runner.lines.guarding import guarded
from transload.runner.templates import fill_all
from transload.runner.workspace.filters import FilterSetting

MOST_UNPACKED = 2 * 1024**3
"""Bytes that one receipt may become, whatever each of its filters allows."""


def named(filters: Sequence[FilterSetting]) -> str:
    """The names of filters, the outermost first."""
    return ", ".join(one.adapter for one in filters)


def unwrapped(
    filters: Sequence[FilterSetting], payload: Payload, remark: Callable[[Finding], None]
) -> Iterator[Payload]:
    """The payloads in ``payload``, one at a time, so that no more than one is in memory for each filter.

    Raises `Reject` when a filter refuses; its findings then speak of the bytes that this filter was given, with the
    name that these have.  Raises `Stop` and `Retry` as `FilterSetting.filter` does.
    """
    size = 0
    with ExitStack() as stack:
        made = [(one, stack.enter_context(closing(one.filter()))) for one in filters]
        for found in _through(made, payload, remark):
            size += len(found.content)
            if size > MOST_UNPACKED:
                message = f"{payload.name} becomes more than {MOST_UNPACKED} bytes when it is unpacked"
                finding = Finding(code="E-BOMB", message=message, hint="ask the partner to send it in several pieces")
                raise Reject(message, findings=[finding])
            yield found


def _through(
    filters: Sequence[tuple[FilterSetting, Filter[Any]]], payload: Payload, remark: Callable[[Finding], None]
) -> Iterator[Payload]:
    if not filters:
        yield payload
        return
    setting, first = filters[0]
    place = Place(file=payload.name)
    inner = _asked(setting, lambda: first.unwrap(payload, lambda finding: remark(finding.within(place))))
    while True:
        try:
            found = _asked(setting, lambda: next(inner, None))
        except Reject as error:
            raise Reject(error.message, findings=[finding.within(place) for finding in error.findings]) from error
        if found is None:
            return
        yield from _through(filters[1:], found, remark)


def _asked(setting: FilterSetting, call: Callable[[], Any]) -> Any:
    """``call()``; an error that is about the filter and not about a payload says where the filter is written."""
    try:
        return guarded(f"the filter {setting.adapter}", call)
    except (Stop, Retry) as error:
        raise error.at(setting.at) from None


class Wrapping:
    """The filters of one way out, made ready: their secrets are resolved."""

    def __init__(self, filters: Sequence[FilterSetting]) -> None:
        self._filters = [(one, one.filter()) for one in filters]

    @property
    def any(self) -> bool:
        """Whether it has any filter."""
        return bool(self._filters)

    def wrap(self, content: bytes, content_type: str, facts: Mapping[str, Any]) -> tuple[bytes, str]:
        """``content`` as it leaves, with its media type; ``facts`` are what templates may name.

        Raises `Reject` when a filter cannot wrap it, `Stop` when a key is wrong.
        """
        for setting, filter_ in reversed(self._filters):
            filled = fill_all(setting.templates, facts)
            content = _asked(setting, lambda: filter_.wrap(content, filled))  # noqa: B023  # called at once
            content_type = filter_.content_type or content_type
        return content, content_type

    def close(self) -> None:
        """Close the filters."""
        for _, filter_ in self._filters:
            filter_.close()


class Wrappings:
    """The wrappings of the ways out that one receipt's deliveries take, each made at its first use."""

    def __init__(self) -> None:
        self._made: dict[str, Wrapping] = {}

    @property
    def are_filtering(self) -> bool:
        """Whether one of those that are open has filters."""
        return any(wrapping.any for wrapping in self._made.values())

    def close(self) -> None:
        """Close all of them; the next use makes them again."""
        while self._made:
            self._made.popitem()[1].close()

    def of(self, lane: str, filters: Sequence[FilterSetting]) -> Wrapping:
        """The wrapping of a lane.  Raises `Stop` and `Retry` as `FilterSetting.filter` does."""
        if lane not in self._made:
            self._made[lane] = Wrapping(filters)
        return self._made[lane]
