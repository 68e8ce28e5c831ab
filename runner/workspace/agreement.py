"""Whether the mappings of a workspace compile, and agree with the routes that use them."""

from collections.abc import Iterator

from transload.adapters.base.registry import adapter as find_adapter
from transload.adapters.base.responding import RespondingEndpoint
from transload.canonical.application_advice import ApplicationAdvice
from transload.canonical.errors import ConfigurationError
from transload.canonical.findings import Finding, Severity
from transload.mappings.routing import findings_of
from transload.runner.workspace.model import ReceiveRoute, SendRoute, Workspace
from transload.runner.workspace.suggestions import suggestion
from transload.runner.workspace.take import Passing, Take

TREES = ("xml", "soap", "json")
"""The formats whose messages are no records."""


def check_routes(workspace: Workspace) -> list[Finding]:
    """Compile every mapping that a route uses; the findings of all, and where routes and mappings disagree."""
    found: list[Finding] = []
    for send in workspace.send_routes.values():
        found += [finding for finding in _send_faults(send) if finding not in found]
    for receive in workspace.receive_routes.values():
        found += [finding for finding in _receive_faults(receive) if finding not in found]
    return found


def _send_faults(route: SendRoute) -> Iterator[Finding]:
    if not isinstance(route.take, Take):
        return
    try:
        mapping = route.mapping
        route.format()
    except ConfigurationError as error:
        yield from error.findings
        return
    if mapping.document != route.take.document:
        yield Finding(
            code="C-DOCUMENT",
            message=f"{route.ref} takes {route.take.document}, but its mapping writes {mapping.document}",
            hint="choose another mapping, or change take:",
            mapping=route.at,
        )


def _receive_faults(route: ReceiveRoute) -> Iterator[Finding]:
    try:
        mappings = route.mappings
        reader = route.format()
    except ConfigurationError as error:
        yield from error.findings
        return
    kind = mappings[0].format_type if mappings else route.format_type
    for wanted in route.acknowledge.kinds if route.acknowledge else ():
        if wanted in reader.acknowledgements:
            continue
        hint = suggestion(wanted, reader.acknowledgements, "it makes") if reader.acknowledgements else None
        message = f"the format {kind} makes no acknowledgement {wanted!r}"
        yield Finding(code="C-VALUE", message=message, hint=hint, mapping=route.at)
    taken = {target.take.document for target in route.to if isinstance(target.take, Take)}
    yield from (finding for finding in findings_of(mappings) if not finding.is_error)
    for mapping in mappings:
        if route.to and mapping.document not in taken:
            yield Finding(
                code="C-DOCUMENT",
                severity=Severity.WARNING,
                message=f"{route.ref} reads {mapping.document} with {mapping.name}, and none of its 'to' takes that",
                hint="such documents are kept, but go nowhere",
                mapping=route.at,
            )
    yield from _response_faults(route)
    for target in route.to:
        if isinstance(target.take, Passing):
            yield from _passing_faults(route, target, target.take, str(kind))


def _response_faults(route: ReceiveRoute) -> Iterator[Finding]:
    """Mappings of responses that write what the endpoint cannot put into one, or from what the route never has."""
    try:
        responses = route.responses
    except ConfigurationError as error:
        yield from error.findings
        return
    endpoint = find_adapter(route.connection.adapter).endpoint
    formats = sorted(endpoint.formats) if endpoint and issubclass(endpoint, RespondingEndpoint) else []
    read = {mapping.document for mapping in route.mappings} | {ApplicationAdvice.document}
    seen: dict[tuple[str, str, str], str] = {}
    for mapping in responses:
        if formats and mapping.format_type not in formats:
            yield Finding(
                code="C-RESPONSE",
                message=f"{mapping.name} writes {mapping.format_type}, and responses of {route.ref} are"
                f" {' or '.join(formats)}",
                hint="choose another mapping under response:",
                mapping=route.at,
            )
        if mapping.document not in read:
            yield Finding(
                code="C-RESPONSE",
                message=f"{mapping.name} writes a response from {mapping.document}, and {route.ref} reads"
                f" {', '.join(sorted(read - {ApplicationAdvice.document})) or 'nothing'}",
                hint=f"a response is written from what was read, or from {ApplicationAdvice.document}",
                mapping=route.at,
            )
        key = (mapping.document, mapping.kind, mapping.message_version)
        if mapping.valid is None and seen.setdefault(key, mapping.name) != mapping.name:
            yield Finding(
                code="C-RESPONSE",
                message=f"{seen[key]} and {mapping.name} both write {mapping.kind} from {mapping.document}",
                hint="the first one is always taken: leave the other out",
                mapping=route.at,
            )


def _passing_faults(route: ReceiveRoute, target: SendRoute, passing: Passing, kind: str) -> Iterator[Finding]:
    """Messages that are named for passing on and never are, and places where the format has none."""
    for mapping in route.mappings:
        if passing.names(mapping.meaning.kind):
            yield Finding(
                code="C-PASS",
                severity=Severity.WARNING,
                message=f"{target.ref} is to pass on {mapping.meaning.kind}, but in {route.ref} the mapping"
                f" {mapping.name} reads such messages, and what a mapping reads is not passed on",
                hint="receive them by a route without that mapping, or take them from message:",
                mapping=target.at,
            )
    if passing.places and kind in TREES:
        yield Finding(
            code="C-PASS",
            message=f"{target.ref} looks at {passing.places[0]}, and messages of the format {kind} have no such places",
            hint="tell them apart by message:, sender: or receiver:",
            mapping=target.at,
        )
