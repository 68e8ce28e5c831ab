"""Values as anybody may see them: names, addresses, numbers and prices masked as in tests made of real documents."""

from collections.abc import Iterable
from functools import cached_property

from transload.mappings.testing.masks import Masks
from transload.mappings.testing.secrets import How, names_of, of_fields, unread
from transload.runner.engine.lines import Line
from transload.runner.impact.comparing import What

_CODED = (What.QUARANTINED, What.PASSES, What.UNWRITABLE, What.WRITABLE)
"""Kinds of differences whose values are findings: a code, and a text that holds what was found."""
_OPEN = (What.MAPPING, What.TREATED, What.TARGET, What.NO_TARGET)


class Hiding:
    """Masks the values in differences of some lines; one value has one mask everywhere."""

    def __init__(self, lines: Iterable[Line], masks: Masks | None = None) -> None:
        self._lines = {line.route.ref: line for line in lines}
        self._masks = masks or Masks()
        self._fields: dict[str, dict[str, How]] = {}

    def __call__(self, route: str, target: str, what: What, name: str, value: str | None) -> str | None:
        """``value`` masked, where it is somebody's business."""
        if not value or what in _OPEN:
            return value
        if what in _CODED:
            return value.partition(" ")[0]
        how = self._of_field(route, name) if what is What.FIELD else unread(value, self._public)
        if how is How.KEEP:
            return value
        if how is How.NUMBER:
            return self._masks.number(value)
        return self._masks.of(value, keep=2 if how is How.VAT else 0)

    def _of_field(self, route: str, name: str) -> How:
        """What the mappings of a route say of a field; one that none of them knows is masked."""
        if route not in self._fields:
            found: dict[str, How] = {}
            for mapping in self._lines[route].route.mappings:
                for field, how in of_fields(mapping).items():
                    if found.get(field, How.KEEP) is How.KEEP:
                        found[field] = how
            self._fields[route] = found
        return self._fields[route].get(name, How.TEXT)

    @cached_property
    def _public(self) -> frozenset[str]:
        """The texts that the mappings themselves name."""
        mappings = [mapping for line in self._lines.values() for mapping in line.route.mappings]
        mappings += [writer.mapping for line in self._lines.values() for writer in line.writers]
        return frozenset().union(*(names_of(mapping) for mapping in mappings))
