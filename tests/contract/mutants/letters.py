"""A letterbox that keeps to the contract of endpoints, and broken ones made of it.

A letter has a number, a moment and a signature over both and its content (HMAC, SHA-256).
"""

import hmac
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from pydantic import Field

from transload.adapters.base import (
    Adapter,
    Finding,
    Inbound,
    RespondingEndpoint,
    Result,
    Secret,
    Settings,
    Stop,
    Wanted,
)
from transload.adapters.base.endpoint import Refused, Request, Response
from transload.adapters.contract import EndpointHarness

SECRET = "Kaffee-und-Kuchen"
TOLERANCE = timedelta(minutes=5)


class LetterConnection(Settings):
    address: str = Field(description="Path of the address", examples=["/letters"])
    plate: Path = Field(description="File with what stands on the letterbox", examples=["plate.txt"])
    secret: Secret = Field(description="What both sides know")


class LetterOptions(Settings):
    most: int = Field(default=1000, description="Bytes that a letter may have")


def signature(number: str, moment: str, content: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), f"{number} {moment} ".encode() + content, sha256).hexdigest()


class Letterbox(RespondingEndpoint[LetterConnection, LetterOptions]):
    Options = LetterOptions

    @property
    def path(self) -> str:
        return self.connection.address

    @property
    def largest(self) -> int:
        return self.options.most

    def prepare(self) -> None:
        try:
            self.plate = self.connection.plate.read_text()
        except OSError as error:
            raise Stop(f"the plate cannot be read: {error.strerror}", hint="put it where 'plate' says") from error

    def accept(self, request: Request, now: datetime) -> Inbound:
        assert self.plate
        self.prove(request)
        self.near(request, now)
        if not request.content:
            raise self.refusal(400, "the letter is empty")
        return self.taken(request)

    def prove(self, request: Request) -> None:
        number, moment = request.header("number"), request.header("moment")
        wanted = signature(number, moment, request.content, self.connection.secret.get_secret_value())
        if not hmac.compare_digest(wanted.encode(), request.header("signature").encode()):
            raise self.refusal(401, "the signature is wrong")

    def near(self, request: Request, now: datetime) -> None:
        try:
            away = now - datetime.fromtimestamp(int(request.header("moment")), UTC)
        except (ValueError, OverflowError):
            raise self.refusal(401, "the moment is no number") from None
        if abs(away) > TOLERANCE:
            raise self.refusal(401, "it was signed too long ago")

    def taken(self, request: Request) -> Inbound:
        return Inbound(key=self.key(request), content=request.content, origin=f"letter {request.header('number')}")

    def key(self, request: Request) -> str:
        return request.header("number")

    def refusal(self, status: int, why: str) -> Refused:
        return Refused(Response(status=status, content=b"no\n"), Finding(code="W-CALL", message=why))

    def respond(self, inbound: Inbound, *, earlier: Mapping[str, str] | None) -> Response:
        return Response(status=202)

    def wanted(self, inbound: Inbound) -> Wanted | None:
        return Wanted(request="letter")

    def respond_with(self, inbound: Inbound, result: Result) -> Response:
        if result.content is None:
            return Response(status=422, content="; ".join(f"{one.message}" for one in result.findings).encode())
        return Response(status=200 if result.taken else 422, content=result.content)


class LetterHarness(EndpointHarness):
    secrets = (SECRET,)
    tolerance = TOLERANCE

    def __init__(self, kind: type[Any]) -> None:
        self.kind = kind
        with NamedTemporaryFile(prefix="plate-", delete=False) as file:
            file.write(b"Ann")
        self.plate = Path(file.name)
        connection = getattr(kind, "Connection", LetterConnection)
        self.adapter = Adapter(summary="", connection=connection, endpoint=kind)

    def endpoint(self) -> Letterbox:
        given = {"address": "/letters", "secret": SECRET, "plate": self.plate}
        connection = self.adapter.connection.model_validate(given)
        made: Letterbox = self.kind(connection, self.kind.Options())
        return made

    def close(self) -> None:
        self.plate.unlink()

    @contextmanager
    def away(self) -> Iterator[None]:
        self.plate.unlink()
        try:
            yield
        finally:
            self.plate.write_text("Ann")

    def request(self, number: int, *, content: bytes | None = None, moment: datetime | None = None) -> Request:
        body = b"letter %d" % number if content is None else content
        seconds = str(int((moment or self.now).timestamp()))
        signed = signature(str(number), seconds, body)
        headers = {"number": str(number), "moment": seconds, "signature": signed}
        return Request(method="POST", path="/letters", headers=headers, content=body, client="127.0.0.1")

    def written(self, wanted: Wanted, text: str) -> tuple[bytes, str]:
        return f"Dear sir, {text}".encode(), "text/plain"

    def forged(self, request: Request) -> Mapping[str, Request]:
        number, moment = request.header("number"), request.header("moment")
        other = signature(number, moment, request.content, "Wasser-und-Brot")
        return {
            "another secret": replace(request, headers={**request.headers, "signature": other}),
            "no signature": replace(request, headers={"number": number, "moment": moment}),
            "another content": replace(request, content=b"another content"),
        }


class MuteConnection(Settings):
    address: str
    plate: Path
    secret: Any = Field(description="What both sides know", examples=["x"])


class SaysNothingOfItsSettings(Letterbox):
    """Describes no setting."""

    caught_by = "test_settings_are_described"
    Connection = MuteConnection


class HasManyAddresses(Letterbox):
    """Makes an address of its own each time."""

    caught_by = "test_it_has_one_address_and_a_limit"

    @property
    def path(self) -> str:
        return f"/letters/{id(self)}"


class ReadsWhenItIsMade(Letterbox):
    """Reads a file when it is made."""

    caught_by = "test_making_one_opens_nothing"

    def __init__(self, connection: Any, options: LetterOptions) -> None:
        super().__init__(connection, options)
        super().prepare()

    def prepare(self) -> None:
        pass


class ReadsWhenItIsCalled(Letterbox):
    """Sees only when somebody calls that a file is missing."""

    caught_by = "test_making_one_opens_nothing"
    plate = "Ann"

    def prepare(self) -> None:
        pass


class TrimsTheContent(Letterbox):
    """Takes the content as text and trims it."""

    caught_by = "test_a_request_arrives_once_and_whole"

    def taken(self, request: Request) -> Inbound:
        return replace(super().taken(request), content=request.content[:-1])


class AnswersWhatItTook(Letterbox):
    """Greets whoever comes, and takes nothing."""

    caught_by = "test_a_request_arrives_once_and_whole"

    def greet(self, request: Request) -> Response | None:
        return Response(status=200)


class RefusesARepeat(Letterbox):
    """Answers a repeat with an error, so that its sender goes on sending."""

    caught_by = "test_a_repeat_is_known_and_answered_alike"

    def respond(self, inbound: Inbound, *, earlier: Mapping[str, str] | None) -> Response:
        return Response(status=202 if earlier is None else 409)


class KeyOfTheClock(Letterbox):
    """Puts our own clock into the key."""

    caught_by = "test_a_repeat_is_known_and_answered_alike"

    def key(self, request: Request) -> str:
        return f"{request.header('number')} {id(request)} {datetime.now(UTC).timestamp()}"


class RemembersWhatItAccepted(Letterbox):
    """Refuses for a replay what it accepted before, whether it was committed or not."""

    caught_by = "test_what_was_not_committed_is_taken_when_it_comes_again"

    def __init__(self, connection: Any, options: LetterOptions) -> None:
        super().__init__(connection, options)
        self.known: set[str] = set()

    def taken(self, request: Request) -> Inbound:
        if self.key(request) in self.known:
            raise self.refusal(409, "it was here before")
        self.known.add(self.key(request))
        return super().taken(request)


class OneKeyForAll(Letterbox):
    """Knows a message by its address alone."""

    caught_by = "test_two_messages_are_two"

    def key(self, request: Request) -> str:
        return request.path


class SignsTheHeadersOnly(Letterbox):
    """Does not look whether the content is the one that was signed."""

    caught_by = "test_what_is_not_proved_is_refused"

    def prove(self, request: Request) -> None:
        if len(request.header("signature")) != 64:
            raise self.refusal(401, "the signature is wrong")


class TellsStrangersWhatWasWrong(Letterbox):
    """Tells whoever calls what was wrong with the signature."""

    caught_by = "test_what_is_not_proved_is_refused"

    def prove(self, request: Request) -> None:
        if not request.header("signature"):
            raise Refused(Response(status=401, content=b"sign it\n"), Finding(code="W-CALL", message="not signed"))
        super().prove(request)


class TakesAnyMoment(Letterbox):
    """Does not look when a request was signed."""

    caught_by = "test_a_replay_is_refused"

    def near(self, request: Request, now: datetime) -> None:
        pass


class LooksBackOnly(Letterbox):
    """Takes what was signed far ahead of our clock."""

    caught_by = "test_a_replay_is_refused"

    def near(self, request: Request, now: datetime) -> None:
        if now.timestamp() - int(request.header("moment")) > TOLERANCE.total_seconds():
            raise self.refusal(401, "it was signed too long ago")


class LeavesTheEmptyOut(Letterbox):
    """Answers an empty request as if it had been taken."""

    caught_by = "test_the_largest_arrives_and_nothing_is_no_document"

    def greet(self, request: Request) -> Response | None:
        return None if request.content else Response(status=202)


class FailsOnAStrangeHeader(Letterbox):
    """Trusts that a header is what it should be."""

    caught_by = "test_strange_requests_are_refused"

    def accept(self, request: Request, now: datetime) -> Inbound:
        int(request.header("moment"))
        return super().accept(request, now)


class KeepsTheRequest(Letterbox):
    """Keeps the request in the object while it looks at it."""

    caught_by = "test_several_call_at_a_time"

    def accept(self, request: Request, now: datetime) -> Inbound:
        self.kept = request
        self.prove(request)
        time.sleep(0.002)  # long enough for another thread to come between
        return self.taken(self.kept)


class OpenConnection(LetterConnection):
    secret: Any = Field(description="What both sides know", examples=["x"])


class ShowsTheSecret(Letterbox):
    """Holds the secret as plain text in its settings."""

    caught_by = "test_no_secret_is_seen"
    Connection = OpenConnection


class OpenOptions(LetterOptions):
    former: str = Field(default=SECRET, description="What both sides knew before")


class ShowsASecretOfItsOptions(Letterbox):
    """Holds a secret as plain text in its options."""

    caught_by = "test_no_secret_is_seen"
    Options = OpenOptions


class QuotesTheSecret(Letterbox):
    """Quotes the secret in what it notes of a request that is not proved."""

    caught_by = "test_no_secret_is_seen"

    def prove(self, request: Request) -> None:
        try:
            super().prove(request)
        except Refused as refusal:
            secret = self.connection.secret.get_secret_value()
            raise self.refusal(401, f"{refusal}: no signature by {secret}") from None


class SaysTheSameToAll(Letterbox):
    """Answers what its options say, whatever a mapping wrote."""

    caught_by = "test_a_response_holds_what_was_written"

    def respond_with(self, inbound: Inbound, result: Result) -> Response:
        return replace(super().respond_with(inbound, result), content=b"received")


class AnErrorForWhatWasTaken(Letterbox):
    """Answers a message that was taken with an error."""

    caught_by = "test_a_response_holds_what_was_written"

    def respond_with(self, inbound: Inbound, result: Result) -> Response:
        return replace(super().respond_with(inbound, result), status=422)


class ThanksForWhatWasNotTaken(Letterbox):
    """Answers a message that was not taken as if it had been."""

    caught_by = "test_who_was_not_taken_hears_why"

    def respond_with(self, inbound: Inbound, result: Result) -> Response:
        return replace(super().respond_with(inbound, result), status=200)


class SaysNothingOfWhy(Letterbox):
    """Does not tell what is wrong with a message."""

    caught_by = "test_who_was_not_taken_hears_why"

    def respond_with(self, inbound: Inbound, result: Result) -> Response:
        return replace(super().respond_with(inbound, result), content=b"no\n" if result.content is None else b"")


class TellsOfOurFiles(Letterbox):
    """Shows the whole finding, with our files in it."""

    caught_by = "test_who_was_not_taken_hears_why"

    def respond_with(self, inbound: Inbound, result: Result) -> Response:
        told = super().respond_with(inbound, result)
        return replace(told, content="; ".join(one.line() for one in result.findings).encode() or told.content)


MUTANTS: list[Any] = [
    kind
    for kind in list(globals().values())
    if isinstance(kind, type) and issubclass(kind, Letterbox) and hasattr(kind, "caught_by")
]
