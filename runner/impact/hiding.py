"""Values as anybody may see them: names, addresses, numbers and prices masked as in tests made of real documents."""

from collections.abc import Iterable
from functools import cached_property

from transload.mappings.testing.masks import Masks
from transload.mappings.testing.secrets import How, names_of, of_fields, unread
from transload.runner.impact.comparing import What
from transload.runner.lines.lines import Line
from transload.runner.masking.fields import MASKED, Fields

_CODED = (What.QUARANTINED, What.PASSES, What.UNWRITABLE, What.WRITABLE)
"""Kinds of differences whose values are findings: a code, and a text that holds what was found."""
_OPEN = (What.MAPPING, What.TREATED, What.TARGET, What.NO_TARGET)


class Hiding:
    """Masks the values in differences of some lines; one value has one mask everywhere.

    ``fields`` are those that the workspace masks: nothing of their values is told, and where it is not known whether a
    value is one of theirs, nothing of that.  ``others``: whether all other values are masked too.
    """

    def __init__(
        self, lines: Iterable[Line], masks: Masks | None = None, *, fields: Fields | None = None, others: bool = True
    ) -> None:
        self._masked = fields or Fields()
        self._others = others
        self._lines = {line.route.ref: line for line in lines}
        self._masks = masks or Masks()
        self._fields: dict[str, dict[str, How]] = {}

    def __call__(self, route: str, target: str, what: What, name: str, value: str | None) -> str | None:
        """``value`` masked, where it is somebody's business."""
        if not value or what in _OPEN or not (self._masked or self._others):
            return value
        if what in _CODED:
            return value.partition(" ")[0]
        if self._masked and (what is not What.FIELD or self._masked.cover(None, name)):
            return MASKED
        if not self._others:
            return value
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
