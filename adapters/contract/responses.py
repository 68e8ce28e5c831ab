"""What an endpoint must keep to whose responses are written by mappings."""

from typing import Any

from transload.adapters.base.endpoint import Endpoint, Response
from transload.adapters.base.responding import RespondingEndpoint, Result
from transload.adapters.base.transport import Inbound
from transload.adapters.contract.calling import EndpointHarness, ready
from transload.adapters.contract.harness import NotPossible
from transload.adapters.contract.judging import hold, only_ours
from transload.canonical.findings import Finding
from transload.canonical.places import MappingPlace

_MARK = "contract-4711"
_WRONG = "the quantity is no number"
_OURS = ("ask whoever writes the mapping", "our-orders.yaml")


class ResponseCases:
    """The cases of a `RespondingEndpoint`; skipped for any other."""

    def test_a_response_holds_what_was_written(self, harness: EndpointHarness) -> None:
        """The body that a mapping wrote is in the response, whether the message was taken (2xx) or not."""
        one, inbound = _called(harness)
        body = _written(harness, one, inbound)
        for taken in (True, False):
            content, kind = body
            response = _given(one, inbound, Result(taken=taken, content=content, content_type=kind))
            hold(
                _MARK.encode() in response.content,
                f"a body with {_MARK!r} was written, and the response is {response.content[:200]!r}",
                do="put the content of the result into the response",
            )
            hold(
                not taken or 200 <= response.status < 300,
                f"a message that was taken is answered with {response.status}",
                do="answer with 2xx: whoever hears anything else sends it again",
            )

    def test_who_was_not_taken_hears_why(self, harness: EndpointHarness) -> None:
        """Without a body, a message that was not taken is answered with an error and its findings; nothing of ours."""
        one, inbound = _called(harness)
        _written(harness, one, inbound)
        place = MappingPlace(file=_OURS[1], line=1, column=1)
        finding = Finding(code="E-DOMAIN", message=_WRONG, hint=_OURS[0], mapping=place)
        response = _given(one, inbound, Result(taken=False, findings=(finding,)))
        hold(
            response.status >= 400,
            f"a message that was not taken is answered with {response.status}",
            do="answer with an error: whoever hears 2xx thinks that we have it",
        )
        hold(
            _WRONG.encode() in response.content,
            f"a message was not taken, and the sender hears {response.content[:200]!r}",
            do="tell him code and message of each finding",
        )
        hold(
            not any(text.encode() in response.content for text in _OURS),
            "the sender hears of our files, or what our own people should do",
            do="tell him code, message and place of a finding, and no more",
        )


def _called(harness: EndpointHarness) -> tuple[RespondingEndpoint[Any, Any], Inbound]:
    one: Endpoint[Any, Any] = ready(harness)
    if not isinstance(one, RespondingEndpoint):
        raise NotPossible("no mapping writes the responses of this endpoint")
    return one, one.accept(harness.request(1), harness.now)


def _written(harness: EndpointHarness, one: RespondingEndpoint[Any, Any], inbound: Inbound) -> tuple[bytes, str]:
    wanted = one.wanted(inbound)
    if wanted is None:
        raise NotPossible("this request wants no body that mappings write")
    return harness.written(wanted, _MARK)


def _given(one: RespondingEndpoint[Any, Any], inbound: Inbound, result: Result) -> Response:
    with only_ours("respond_with"):
        return one.respond_with(inbound, result)
