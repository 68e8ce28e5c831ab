"""Routes as a partner's file writes them, made into route objects that are linked with each other."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from transload.adapters.base.positioned import Entries, Node, Scalar
from transload.adapters.base.registry import adapter as find_adapter
from transload.adapters.base.responding import RespondingEndpoint
from transload.adapters.base.settings import template_fields
from transload.canonical.documents import DOCUMENTS, document_model
from transload.canonical.errors import ConfigurationError
from transload.mappings import library_names
from transload.mappings.matching import FACTS
from transload.runner.templates import template_fault
from transload.runner.workspace.batches import batching, check_room
from transload.runner.workspace.connection import Connection
from transload.runner.workspace.examine import examine
from transload.runner.workspace.expecting import expectations_of
from transload.runner.workspace.filters import FilterSetting
from transload.runner.workspace.model import LIBRARY, Acknowledge, ReceiveRoute, RetryPolicy, SendRoute
from transload.runner.workspace.partners import PartnerFile
from transload.runner.workspace.report import texts_of, without
from transload.runner.workspace.schedules import schedule
from transload.runner.workspace.suggestions import misspelt, suggestion
from transload.runner.workspace.take import Passing, Take, missing_step
from transload.runner.workspace.written import WrittenReceive, WrittenSend

_DOCUMENT_HOLE = re.compile(r"\{document\.([\w.]+)")
_PLACE = re.compile(r"[A-Z][A-Z0-9]{1,2} \S.*")
Everybody = Mapping[str, PartnerFile]


def route_out(file: PartnerFile, everybody: Everybody) -> None:
    """Make the send routes of ``file``."""
    file.each("send", "send route", lambda name, block: _send(file, name, block, everybody))


def route_in(file: PartnerFile, everybody: Everybody) -> None:
    """Make the receive routes of ``file``; all send routes of ``everybody`` must be made."""
    file.each("receive", "receive route", lambda name, block: _receive(file, name, block, everybody))


def _send(file: PartnerFile, name: Scalar, block: Entries, everybody: Everybody) -> None:
    what = f"the send route {name.text!r}"
    written = examine(block, WrittenSend, file.report, what)
    for further in texts_of(block.get("order_by"))[1:]:
        first = texts_of(block.get("order_by"))[0]
        message = f"order_by of {what} names {further.text!r} besides {first.text!r}, and nothing sorts by it"
        hint = f"write order_by: [{first.text}]; what has it in common leaves in the order in which it came"
        file.report.add("C-VALUE", message, further, hint=hint)
    if block.get("when_failed") is not None and block.get("order_by") is None:
        message = f"'when_failed' of {what} says what becomes of those behind, and there is no 'order_by'"
        hint = "name the field whose documents keep their sequence, or leave it out"
        file.report.add("C-VALUE", message, block.key("when_failed") or name, hint=hint)
    if block.get("batch") is not None and block.get("order_by") is not None:
        message = f"{what} has 'batch' and 'order_by', and what leaves together has many values of that field"
        hint = "remove one of them; batches leave one after the other"
        file.report.add("C-VALUE", message, block.key("order_by") or name, hint=hint)
    delivery = _delivery(file, block, "to", what, everybody)
    _mapping(file, block.get("mapping"))
    take = _take(file, block, what)
    agrees = _with_or_without_mapping(file, name, block, take, what)
    if written is None or delivery is None or take is None or file.partner is None or not agrees:
        return
    file.send[name.text] = SendRoute(
        partner=file.partner,
        name=name.text,
        take=take,
        mapping_reference=written.mapping,
        **delivery.parts,
        order_by=tuple(written.order_by),
        holds=written.when_failed == "hold",
        batch=batching(written, block, file.partner.calendar, file.facts.timezone, file.report, what),
        written=written.format or {},
        retry=RetryPolicy(**written.retry.model_dump()) if written.retry else file.facts.retry,
        expect_acknowledgement=written.expect_acknowledgement,
        guides=file.facts.guides,
        at=file.report.at(name),
    )


def _receive(file: PartnerFile, name: Scalar, block: Entries, everybody: Everybody) -> None:
    what = f"the receive route {name.text!r}"
    written = examine(block, WrittenReceive, file.report, what)
    expected = expectations_of(block.get("expect"), file.report, what)
    answers = _answers(file, block, what, everybody)
    origin = _answered(answers) if answers is not None else _origin(file, block, what, everybody)
    kind, options = _format(file, block.get("format"), what)
    acknowledge = _acknowledge(file, block, what, kind, everybody)
    for reference in (*texts_of(block.get("mappings")), *texts_of(block.get("response"))):
        _mapping(file, reference)
    if written is not None and not written.mappings and kind is None:
        hint = "mapping files; or format: {type: x12}, say, where only acknowledgements arrive"
        file.report.add("C-MISSING", f"{what} needs 'mappings'", name, hint=hint)
        return
    called = origin is not None and origin.connection.is_called
    brought = "reads answers" if answers else "is called by the partner" if called else None
    if brought is not None and written is not None and (written.every or written.cron):
        key = block.key("every") or block.key("cron") or name
        hint = "leave the schedule out"
        file.report.add("C-VALUE", f"{what} {brought}, so there is nothing to be fetched", key, hint=hint)
    if brought is not None and written is not None and written.at_most_waiting is not None:
        key = block.key("at_most_waiting") or name
        message = f"{what} {brought}, so there is no source that could be left alone"
        file.report.add("C-VALUE", message, key, hint="leave at_most_waiting out")
    to = [_target(file, reference, everybody) for reference in texts_of(block.get("to"))]
    if written is None or origin is None or file.partner is None:
        return
    if written.at_most_waiting is not None:
        check_room(written.at_most_waiting, [route for route in to if route is not None], block, file.report, what)
    _check_response(file, block, what, origin)
    file.receive[name.text] = ReceiveRoute(
        partner=file.partner,
        name=name.text,
        **origin.parts,
        schedule=schedule(written, block, file.partner.calendar, file.facts.timezone, file.report),
        format_type=kind,
        written=options,
        mapping_references=tuple(written.mappings),
        response_references=tuple(written.response),
        to=tuple(route for route in to if route is not None),
        acknowledge=acknowledge,
        guides=file.facts.guides,
        answers=answers,
        expect=expected,
        at_most_waiting=written.at_most_waiting,
        keep_payloads=written.keep_payloads or file.facts.keep_payloads,
        at=file.report.at(name),
    )


def _answers(file: PartnerFile, block: Entries, what: str, everybody: Everybody) -> SendRoute | None:
    """The send route of ``from: {answers: NAME}``, of the same partner where no other is named; None without one."""
    node = block.get("from")
    name = node.get("answers") if isinstance(node, Entries) else None
    if not isinstance(node, Entries) or name is None:
        return None
    if not isinstance(name, Scalar):
        hint = "write the name of one send route: from: {answers: orders}"
        file.report.add("C-VALUE", f"'answers' of {what} names no send route", name, hint=hint)
        return None
    others = without(node, "answers")
    if others.pairs:
        hint = "answers come from the target's own connection"
        file.report.add("C-KEY", f"'from' of {what} has 'answers', and nothing else beside it", others, hint=hint)
    whole = name.text if "/" in name.text else f"{file.name}/{name.text}"
    found = _target(file, Scalar(whole, name.line, name.column), everybody)
    heard = [route for partner in everybody.values() for route in partner.receive.values() if route.answers is found]
    if found is not None and heard:
        message = f"the answers of {found.ref} are read by {heard[0].ref} already"
        file.report.add("C-VALUE", message, name, hint="one route reads them, and sends on to many under to:")
        return None
    return found


@dataclass(frozen=True, kw_only=True)
class _Way:
    """What stands under from:, to: or acknowledge:."""

    connection: Connection
    options: dict[str, Any]
    filters: tuple[FilterSetting, ...]

    @property
    def parts(self) -> dict[str, Any]:
        """As the routes take it."""
        return {"connection": self.connection, "options": self.options, "filters": self.filters}


def _answered(route: SendRoute) -> _Way:
    """Where answers come from: the target's own connection, and nothing has packed them."""
    return _Way(connection=route.connection, options={}, filters=())


def _origin(file: PartnerFile, block: Entries, what: str, everybody: Everybody) -> _Way | None:
    node = block.get("from")
    if not isinstance(node, Entries) or node.get("answers") is not None:
        return None
    found = file.connection_of(node, ("source", "endpoint"), f"'from' of {what}", everybody)
    if found is None:
        return None
    connection, adapter = found
    kind = adapter.source or adapter.endpoint
    assert kind is not None
    if adapter.endpoint is not None and not file.facts.listens:
        hint = "say in transload.yaml where: http: {listen: 127.0.0.1:8080}"
        file.report.add("C-MISSING", f"{what} is called by the partner, and we listen nowhere", node, hint=hint)
    called, also = f"'from' of {what}", ["connection", "filters"]
    values = file.facts.adapted.values(without(node, *also), kind.Options, file.report, called, also)
    filters = file.filters_of(node, called, connection.filters)
    return None if values is None or filters is None else _Way(connection=connection, options=values, filters=filters)


def _check_response(file: PartnerFile, block: Entries, what: str, origin: _Way) -> None:
    """Report responses where nobody waits for one, or where what arrives must be unwrapped first."""
    key = block.key("response")
    if key is None:
        return
    endpoint = find_adapter(origin.connection.adapter).endpoint
    if endpoint is None or not issubclass(endpoint, RespondingEndpoint):
        message = f"{what} has 'response', and nobody waits for one over {origin.connection.ref}"
        hint = "leave it out; http and soap-service are adapters whose callers wait"
        file.report.add("C-VALUE", message, key, hint=hint)
    elif origin.filters:
        hint = "a response is written while the sender waits, before filters are at work; leave one of them out"
        file.report.add("C-VALUE", f"{what} has 'response' and filters", key, hint=hint)


def _delivery(file: PartnerFile, block: Entries, key: str, what: str, everybody: Everybody) -> _Way | None:
    """Connection, target options and filters of the block under ``key`` (to, acknowledge)."""
    node = block.get(key)
    if not isinstance(node, Entries):
        return None
    found = file.connection_of(node, ("target",), f"{key!r} of {what}", everybody)
    if found is None:
        return None
    connection, adapter = found
    assert adapter.target is not None
    called = f"{key!r} of {what}"
    rest = without(node, "connection", "with", "filters")
    also = ["connection", "filters", *(["with"] if key == "acknowledge" else [])]
    values = file.facts.adapted.values(rest, adapter.target.Options, file.report, called, also)
    for name in template_fields(adapter.target.Options):
        written = node.get(name)
        for text in [value for _, value in written.pairs] if isinstance(written, Entries) else [written]:
            _template(file, text, block.get("take"))
    filters = file.filters_of(node, called, connection.filters)
    for one in filters or ():
        _filter_templates(file, one, block.get("take"))
    return None if values is None or filters is None else _Way(connection=connection, options=values, filters=filters)


def _filter_templates(file: PartnerFile, one: FilterSetting, take: Node | None) -> None:
    """Report templates of a filter, where they are said by the route's or the connection's place."""
    for text in one.templates.values():
        _template(file, Scalar(text, one.at.line, one.at.column), take)


def _template(file: PartnerFile, node: Node | None, take: Node | None) -> None:
    """Report a template with a fault in its form, or with a field that the route's document does not have."""
    if not isinstance(node, Scalar):
        return
    fault = template_fault(node.text)
    if fault:
        file.report.add("C-TEMPLATE", fault, node, hint="such as {document.number}, {number:06} or {now:%Y%m%d}")
        return
    document = take.get("document") if isinstance(take, Entries) else None
    passes = document is None and isinstance(take, Entries) and any(take.get(name) is not None for name in FACTS)
    if passes and _DOCUMENT_HOLE.search(node.text):
        message = "the template names a document, and what is passed on as it was received is none"
        file.report.add("C-TEMPLATE", message, node, hint="such as {receipt.name}, {message.reference} or {number:06}")
        return
    name = document.text if isinstance(document, Scalar) else ""
    model = DOCUMENTS.get(name)
    for path in _DOCUMENT_HOLE.findall(node.text):
        missing = missing_step(model, path) if model else None
        if missing:
            message = f"the template names {path!r}, but {name} has no {missing[0]!r}"
            hint = suggestion(missing[0], missing[1], "fields are") if missing[1] else None
            file.report.add("C-TEMPLATE", message, node, hint=hint)


def _format(file: PartnerFile, node: Node | None, what: str) -> tuple[str | None, dict[str, Any]]:
    """The format's type and options; without a type they are checked once the mappings tell it."""
    if not isinstance(node, Entries):
        return None, {}
    kind = node.get("type")
    if not isinstance(kind, Scalar):
        file.report.add("C-MISSING", f"'format' of {what} needs 'type'", node, hint=misspelt("type", node))
        return None, {}
    adapter = file.facts.adapted.find(kind, file.report, "format")
    if adapter is None or adapter.format is None:
        return None, {}
    rest = without(node, "type")
    values = file.facts.adapted.values(rest, adapter.format.Options, file.report, f"'format' of {what}", ["type"])
    return kind.text, values or {}


def _acknowledge(
    file: PartnerFile, block: Entries, what: str, kind: str | None, everybody: Everybody
) -> Acknowledge | None:
    node = block.get("acknowledge")
    if not isinstance(node, Entries):
        return None
    delivery = _delivery(file, block, "acknowledge", what, everybody)
    given = texts_of(node.get("with"))
    if not given:
        file.report.add("C-MISSING", f"'acknowledge' of {what} needs 'with'", node, hint="such as contrl or 997")
        return None
    if kind is not None:
        given = [each for each in given if _can_acknowledge(file, node, kind, each)]
    if not given:
        return None
    kinds = tuple(dict.fromkeys(each.text for each in given))
    return Acknowledge(kinds=kinds, **delivery.parts) if delivery else None


def _can_acknowledge(file: PartnerFile, node: Entries, kind: str, given: Scalar) -> bool:
    adapter = file.facts.adapted.find(Scalar(kind, node.line, node.column), file.report, "format")
    kinds = adapter.format.acknowledgements if adapter and adapter.format else frozenset()
    if given.text in kinds:
        return True
    hint = suggestion(given.text, kinds, "it makes") if kinds else "remove acknowledge:"
    file.report.add("C-VALUE", f"the format {kind} makes no acknowledgement {given.text!r}", given, hint=hint)
    return False


def _mapping(file: PartnerFile, node: Node | None) -> None:
    """Report a mapping file that is not there; what stands in it is checked when it is compiled."""
    if not isinstance(node, Scalar) or file.partner is None:
        return
    if node.text.startswith(LIBRARY):
        if node.text not in library_names():
            hint = suggestion(node.text, library_names(), "library mappings are")
            file.report.add("C-MAPPING", f"there is no mapping {node.text!r}", node, hint=hint)
        return
    folder = file.partner.folder
    if os.path.isfile(folder / node.text):  # noqa: PTH113 - Path.is_file raises for names that are too long
        return
    here = [path.name for path in sorted(folder.glob("*.yaml")) if path != file.partner.file]
    hint = suggestion(node.text, here, "files here are") if here else f"write it, or use one that begins with {LIBRARY}"
    file.report.add("C-MAPPING", f"there is no mapping file {folder / node.text}", node, hint=hint)


def _target(file: PartnerFile, name: Scalar, everybody: Everybody) -> SendRoute | None:
    owner, _, local = name.text.partition("/")
    other = everybody.get(owner)
    if other and local in other.send:
        return other.send[local]
    if other is None or not other.declares("send", local):
        known = [route.ref for partner in everybody.values() for route in partner.send.values()]
        hint = suggestion(name.text, known, "send routes are")
        file.report.add("C-ROUTE", f"there is no send route {name.text!r}", name, hint=hint)
    return None


def _take(file: PartnerFile, block: Entries, what: str) -> Take | Passing | None:
    node, order_by = block.get("take"), block.get("order_by")
    document = node.get("document") if isinstance(node, Entries) else None
    if not isinstance(node, Entries):
        return None
    named = [name for name in FACTS if node.get(name) is not None]
    if document is None:
        if named:
            return _passing(file, node, named, what)
        lead = "or, to pass messages on as they are, message, version, sender or receiver"
        file.report.add(
            "C-MISSING", f"'take' of {what} needs 'document'", node, hint=misspelt("document", node) or lead
        )
        return None
    if named:
        message = f"'take' of {what} names a document, and with {named[0]!r} messages that no mapping reads"
        way_out = "write document: for what a mapping writes, and no document: for what is passed on as it is"
        file.report.add("C-VALUE", message, node.key(named[0]) or node, hint=way_out)
        return None
    if not isinstance(document, Scalar):
        return None
    try:
        model = document_model(document.text)
    except ConfigurationError as error:
        file.report.add("C-VALUE", error.message, document, hint=error.hint)
        return None
    when = node.get("when")
    conditions = list(when.pairs) if isinstance(when, Entries) else []
    for path in [key for key, _ in conditions] + texts_of(order_by):
        missing = missing_step(model, path.text)
        if missing:
            message = f"{document.text} has no field {path.text!r}: there is no {missing[0]!r}"
            hint = suggestion(missing[0], missing[1], "fields are") if missing[1] else None
            file.report.add("C-FIELD", message, path, hint=hint)
    texts = {key.text: tuple(text.text for text in texts_of(value)) for key, value in conditions}
    return Take(document=document.text, when=texts)


def _passing(file: PartnerFile, node: Entries, named: Sequence[str], what: str) -> Passing | None:
    facts = {name: tuple(text.text for text in texts_of(node.get(name))) for name in named}
    when = node.get("when")
    for key, value in when.pairs if isinstance(when, Entries) else ():
        if not _PLACE.fullmatch(key.text):
            message = f"{key.text!r} is no place, as 'take' of {what} is for messages and not for documents"
            file.report.add("C-FIELD", message, key, hint="write segment and element, such as BGM 1001 or BGM 01")
            return None
        facts[key.text] = tuple(text.text for text in texts_of(value))
    return Passing(facts=facts)


def _with_or_without_mapping(
    file: PartnerFile, name: Scalar, block: Entries, take: Take | Passing | None, what: str
) -> bool:
    """Whether a route for documents has a mapping, and one that passes on has nothing that only documents need."""
    if isinstance(take, Take) and block.get("mapping") is None:
        file.report.add("C-MISSING", f"{what} needs 'mapping'", name, hint=misspelt("mapping", block))
        return False
    if not isinstance(take, Passing):
        return True
    found = [
        key for key in (block.key(other) for other in ("mapping", "order_by", "batch", "format")) if key is not None
    ]
    for key in found:
        message = f"{what} passes on what was received as it is, so it can have no {key.text!r}"
        file.report.add("C-VALUE", message, key, hint="remove it, or take a document: instead of messages")
    return not found
