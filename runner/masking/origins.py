"""Where values come from, told without the masked ones."""

from dataclasses import replace

from transload.mappings.views.extents import Extent
from transload.mappings.views.origins import Origin, Why
from transload.runner.masking.fields import MASKED, Fields
from transload.runner.masking.values import Values
from transload.runner.masking.veil import UNSAID, Veil


def answer_without(answer: Why, veil: Veil, values: Values, document: str) -> Why:
    """What ``why`` answers of a ``document`` (``order/1``): places, bytes' extents and rules stay.

    A value of another field that stands in the same place of the payload is told without the masked ``values``.
    """
    fields = veil.fields.of(values.partners)
    if not fields:
        return answer
    reason = answer.reason
    if reason is not None:
        reason = UNSAID if answer.field and fields.cover(document, answer.field) else values.out_of(reason)
    return replace(
        answer,
        value=fields.within(document, answer.field, answer.value),
        origins=tuple(_origin(origin, fields, values, document) for origin in answer.origins),
        reason=reason,
        findings=tuple(veil.findings(answer.findings, values, document)),
    )


def _origin(origin: Origin, fields: Fields, values: Values, document: str) -> Origin:
    if fields.cover(document, origin.field):
        source = replace(origin.source, value=MASKED, raw=MASKED)
        value = None if origin.value is None else MASKED
        return replace(origin, value=value, source=source, bytes=_extent(origin.bytes, MASKED), rows=())
    source = replace(origin.source, value=values.out_of(origin.source.value))
    text = values.out_of(origin.bytes.text) if origin.bytes is not None else ""
    return replace(origin, source=source, bytes=_extent(origin.bytes, text))


def _extent(extent: Extent | None, text: str) -> Extent | None:
    return replace(extent, text=text) if extent is not None else None
