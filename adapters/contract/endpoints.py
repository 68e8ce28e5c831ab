"""What every endpoint must keep to: who may call it, what becomes of a repeat, and when it answers."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from transload.adapters.base.endpoint import Endpoint, Refused, Request, Response
from transload.adapters.contract.calling import EndpointHarness, ready
from transload.adapters.contract.described import mute_settings
from transload.adapters.contract.harness import NotPossible
from transload.adapters.contract.judging import Breach, as_text, failure, hold, only_ours, see_no_secret
from transload.adapters.contract.ledger import Ledger, Notes
from transload.adapters.contract.responses import ResponseCases
from transload.canonical.errors import Stop, TransloadError

_STRANGE = (
    "",
    " ",
    "\x1b[2J",
    "a\tb",
    "\x7f",
    "ÿ",
    ",",
    "=" * 5,
    "x" * 70_000,
    "-1",
    "9" * 400,
    "t=,v1=",
    "Basic %%%",
    '"',
    "٣",
)
"""Values that headers can have when somebody tries what happens."""
_WORKERS = 8


@dataclass(frozen=True, kw_only=True)
class Call:
    """What came of a request: the ``response``, and whether it was ``new``; None where nothing was taken from it."""

    response: Response
    new: bool | None = None


class EndpointContract(ResponseCases):
    """The cases of an endpoint; derive a ``Test`` class from it, with a fixture ``harness``."""

    def test_settings_are_described(self, harness: EndpointHarness) -> None:
        """Every setting has a description; one that must be given and is free text or a number has an example."""
        endpoint = harness.adapter.endpoint
        for kind in (harness.adapter.connection, *((endpoint.Options,) if endpoint else ())):
            mute = list(mute_settings(kind))
            hold(not mute, f"{kind.__name__}: {'; '.join(mute)}", do="Field(description=..., examples=[...])")

    def test_it_has_one_address_and_a_limit(self, harness: EndpointHarness) -> None:
        """``path`` begins with a slash and stays the same, and ``largest`` is a number of bytes."""
        one, other = ready(harness), ready(harness)
        hold(
            one.path.startswith("/") and one.path == other.path,
            f"the path is {one.path!r} and then {other.path!r}",
            do="take the path from the settings",
        )
        hold(one.largest > 0, f"largest is {one.largest!r}", do="give the bytes that a request may have, as a setting")

    def test_making_one_opens_nothing(self, harness: EndpointHarness) -> None:
        """A constructor opens nothing: it succeeds without what the endpoint needs; ``prepare`` is ``Stop`` then."""
        with harness.away():
            try:
                with only_ours("the constructor"):
                    one = harness.endpoint()
            except TransloadError as error:
                raise Breach(
                    f"the constructor raised {type(error).__name__}: {error}",
                    do="read what is needed to take requests in prepare",
                ) from error
            missing = failure(one.prepare, harness, during="prepare without what it needs")
        hold(
            isinstance(missing, Stop),
            f"without what it needs, prepare raised {type(missing).__name__ if missing else 'nothing'}",
            do="raise Stop with a hint: somebody must mend it before anybody can call",
        )
        ready(harness)

    def test_a_request_arrives_once_and_whole(self, harness: EndpointHarness) -> None:
        """What a partner brings becomes an inbound byte for byte, and he is told so with a status 2xx."""
        ledger = Ledger()
        for number in range(1, 4):
            request = harness.request(number)
            _must_be_taken(bring(harness, ready(harness), request, ledger), new=True, what="a good request")
            [*_, receipt] = ledger.receipts.values()
            hold(
                receipt.content == harness.kept(request) and receipt.origin,
                f"a request of {len(request.content)} bytes arrived with {receipt.size}, from {receipt.origin!r}",
                do="give the body as it came as content, and as origin what a person calls it",
            )

    def test_a_repeat_is_known_and_answered_alike(self, harness: EndpointHarness) -> None:
        """The same request again, also to a new process: it has the same key, and is answered with 2xx again."""
        ledger = Ledger()
        endpoint, request = ready(harness), harness.request(1)
        _must_be_taken(bring(harness, endpoint, request, ledger), new=True, what="a good request")
        for again in (endpoint, ready(harness)):
            call = bring(harness, again, request, ledger)
            _must_be_taken(call, new=False, what="a repeat, whose sender may not have heard the first answer,")

    def test_what_was_not_committed_is_taken_when_it_comes_again(self, harness: EndpointHarness) -> None:
        """Accepted and not committed (the disk was full, we were killed): the same request is taken the next time."""
        ledger = Ledger()
        endpoint, request = ready(harness), harness.request(1)
        bring(harness, endpoint, request, Ledger())  # whose receipts are lost
        call = bring(harness, endpoint, request, ledger)
        _must_be_taken(call, new=True, what="a request that was accepted and not committed")

    def test_two_messages_are_two(self, harness: EndpointHarness) -> None:
        """Messages that differ have keys that differ, in whatever order they come."""
        ledger = Ledger()
        for number in (2, 1, 3):
            call = bring(harness, ready(harness), harness.request(number), ledger)
            _must_be_taken(call, new=True, what="another message")

    def test_what_is_not_proved_is_refused(self, harness: EndpointHarness) -> None:
        """Whoever is not the partner is refused as ``denied`` says, and learns no more: each refusal reads the same."""
        ledger = Ledger()
        endpoint = ready(harness)
        told: dict[tuple[object, ...], str] = {}
        for wrong, request in harness.forged(harness.request(1)).items():
            call = bring(harness, endpoint, request, ledger)
            hold(
                call.new is None and call.response.status in harness.denied,
                f"a request with {wrong} was answered with {call.response.status}",
                do="check the proof before anything else, over the bytes as they came, and raise Refused with 401",
            )
            said = call.response
            told.setdefault((said.status, said.content, said.content_type, *sorted(said.headers.items())), wrong)
        hold(told, "the harness has no request in forged()", do="give one at least, or leave forged out")
        hold(
            len(told) == 1,
            f"who is refused is told what was wrong: {' and '.join(told.values())} are answered differently",
            do="answer every request that is not proved with the same few words; say in the finding what was wrong",
        )
        call = bring(harness, endpoint, harness.request(1), ledger)
        _must_be_taken(call, new=True, what="a good request after forged ones")

    def test_a_replay_is_refused(self, harness: EndpointHarness) -> None:
        """A request that was signed too long ago, or far ahead of our clock, is refused; one within tolerance not."""
        if harness.tolerance is None:
            raise NotPossible("requests have no moment of signing")
        second = timedelta(seconds=1)
        for away in (-harness.tolerance - second, harness.tolerance + second):
            call = bring(harness, ready(harness), harness.request(1, moment=harness.now + away), Ledger())
            hold(
                call.new is None,
                f"a request that was signed {away.total_seconds():+.0f} seconds from now was taken",
                do="compare the signed moment with now, both ways, and raise Refused",
            )
        for away in (second - harness.tolerance, harness.tolerance - second):
            call = bring(harness, ready(harness), harness.request(1, moment=harness.now + away), Ledger())
            _must_be_taken(call, new=True, what=f"a request signed {away.total_seconds():+.0f} seconds from now")

    def test_the_largest_arrives_and_nothing_is_no_document(self, harness: EndpointHarness) -> None:
        """A body of ``largest`` bytes arrives whole; one of no bytes is refused, or arrives empty."""
        ledger = Ledger()
        endpoint = ready(harness)
        request = harness.request(1, content=b"x" * endpoint.largest)
        _must_be_taken(bring(harness, endpoint, request, ledger), new=True, what=f"a body of {endpoint.largest} bytes")
        [receipt] = ledger.receipts.values()
        hold(receipt.size == endpoint.largest, f"it arrived with {receipt.size}", do="give the body as it came")
        call = bring(harness, endpoint, harness.request(2, content=b""), ledger)
        hold(
            call.new or call.response.status >= 400,
            f"a request without a body was answered with {call.response.status} and is not there",
            do="raise Refused with 400, or give an inbound with no bytes",
        )

    def test_strange_requests_are_refused(self, harness: EndpointHarness) -> None:
        """Whatever stands in method, path, query and headers: an inbound, or `Refused`; no other exception."""
        for request in _strange(harness.request(1)):
            bring(harness, ready(harness), request, Ledger())

    def test_several_call_at_a_time(self, harness: EndpointHarness) -> None:
        """One object is called in several threads at a time: each request gets its own answer."""
        endpoint = ready(harness)
        requests = [harness.request(number) for number in range(1, 65)]

        def work(request: Request) -> bool:
            ledger = Ledger()
            _must_be_taken(bring(harness, endpoint, request, ledger), new=True, what="one of several at a time")
            [receipt] = ledger.receipts.values()
            return receipt.content == harness.kept(request)

        with ThreadPoolExecutor(_WORKERS) as workers:
            hold(
                all(workers.map(work, requests)),
                "a request got what another one brought",
                do="keep nothing of a request in the object",
            )

    def test_no_secret_is_seen(self, harness: EndpointHarness) -> None:
        """Neither ``repr`` nor the settings as text shows a password, token or key; nor does any refusal."""
        if not harness.secrets:
            raise NotPossible("the harness has no secrets")
        one = ready(harness)
        for text in as_text(one, one.connection, one.options):
            see_no_secret(text, harness, "the endpoint as text")
        for request in _strange(harness.request(1)):
            bring(harness, one, request, Ledger())  # which looks at each refusal


def bring(harness: EndpointHarness, endpoint: Endpoint[Any, Any], request: Request, ledger: Ledger) -> Call:
    """The runner's part: greet, accept, commit, and only then respond."""
    try:
        greeting = endpoint.greet(request)
        if greeting is not None:
            return Call(response=greeting)
        inbound = endpoint.accept(request, harness.now)
    except Refused as refusal:
        _judge(refusal, harness)
        return Call(response=refusal.response)
    except Exception as error:
        raise Breach(
            f"a request raised {type(error).__module__}.{type(error).__qualname__}: {error}",
            do="headers are data from strangers: check them, and raise Refused",
        ) from error
    new = ledger.commit(inbound, Notes(ledger))
    response = endpoint.respond(inbound, earlier=None if new else ledger.receipts[inbound.key].metadata)
    hold(
        200 <= response.status < 300,
        f"a request that is committed is answered with {response.status}",
        do="answer with 2xx: whoever hears anything else sends it again",
    )
    return Call(response=response, new=new)


def _judge(refusal: Refused, harness: EndpointHarness) -> None:
    """That a refusal says to us what was wrong, and shows no secret to anybody."""
    finding = refusal.finding
    hold(
        finding.code and finding.message.strip() and "\n" not in finding.message,
        f"a refusal has the code {finding.code!r} and the message {finding.message!r}",
        do="say in one sentence what was wrong; it stands in our log only",
    )
    response = refusal.response
    see_no_secret(f"{finding.as_dict()} {response.headers} {response.content!r}", harness, "a refusal")


def _must_be_taken(call: Call, *, new: bool, what: str) -> None:
    hold(
        call.new is not None,
        f"{what} was answered with {call.response.status} and not taken",
        do="take what is proved; the ledger knows what it has already, so let accept remember nothing",
    )
    hold(
        call.new == new,
        f"{what} was taken for {'a repeat' if new else 'another message'}",
        do="build the key of the message's own number, or of its content; never of our clock or a counter",
    )


def _strange(request: Request) -> Iterator[Request]:
    """``request`` with one thing changed in each."""
    yield replace(request, headers={})
    yield replace(request, content=b"\xff\x00{")
    for client in ("", "unix", "::1%lo", "999.1.1.1"):
        yield replace(request, client=client)
    for method in ("GET", "HEAD", "DELETE", "", "post", "\x00"):
        yield replace(request, method=method)
    for query in ("", "%", "validationToken=%00", "challenge=" + "x" * 70_000):
        yield replace(request, query=query)
    for name in request.headers:
        for value in _STRANGE:
            yield replace(request, headers={**request.headers, name: value})
