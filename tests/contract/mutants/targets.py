"""Broken targets: each docstring says what is wrong, and ``caught_by`` which case must see it."""

import time
from contextlib import suppress
from typing import Any

from pydantic import Field
from tests.contract.mutants.shelf import (
    TOKEN,
    Late,
    NoAnswer,
    Refused,
    Shelf,
    ShelfConnection,
    ShelfOptions,
    ShelfTarget,
)
from tests.contract.mutants.sources import MuteConnection, OpenConnection

from transload.adapters.base import Answer, Landing, Outbound, Probe, Reject, Retry, Stop


class ReturnsTooEarly(ShelfTarget):
    """Returns before the partner has the delivery."""

    caught_by = "test_a_delivery_arrives_once_and_whole"

    def finish(self, outbound: Outbound, name: str) -> None:
        pass


class SendsInReverse(ShelfTarget):
    """Puts what comes later before what came earlier."""

    caught_by = "test_deliveries_arrive_in_order"

    def finish(self, outbound: Outbound, name: str) -> None:
        super().finish(outbound, name)
        shelf = self.shelf
        shelf.got = dict(reversed(shelf.got.items()))


class SaysIdempotentAndIsNot(ShelfTarget):
    """Makes a new key for each attempt, and promises that a second one has no effect."""

    caught_by = "test_the_same_key_again_has_no_second_effect"

    def deliver(self, outbound: Outbound) -> Answer:
        key = f"{outbound.key} {time.monotonic_ns()}"
        name = f"{self.name(outbound)} {time.monotonic_ns()}"
        return super().deliver(Outbound(key=key, content=outbound.content, metadata={"name": name}))


class VerifyAlwaysLanded(ShelfTarget):
    """Says of every delivery that it landed."""

    caught_by = "test_verify_tells_the_truth"

    def verify(self, outbound: Outbound) -> Landing:
        return Landing.LANDED


class VerifyByNumber(ShelfTarget):
    """Takes any delivery at the partner for the one that is asked for."""

    caught_by = "test_verify_tells_the_truth"

    def verify(self, outbound: Outbound) -> Landing:
        return Landing.LANDED if self.shelf.got else Landing.NOT_LANDED


class ForgetsWithTheProcess(ShelfTarget):
    """Knows what it delivered in its own memory only."""

    caught_by = "test_a_crash_before_the_outcome_is_known_doubles_nothing"

    def __init__(self, connection: ShelfConnection, options: ShelfOptions, shelf: Shelf) -> None:
        super().__init__(connection, options, shelf)
        self.known: set[str] = set()

    def deliver(self, outbound: Outbound) -> Answer:
        if outbound.key not in self.known:
            mine = f"{outbound.key} {id(self)}"
            metadata = {"name": f"{self.name(outbound)} {id(self)}"}
            super().deliver(Outbound(key=mine, content=outbound.content, metadata=metadata))
            self.known.add(outbound.key)
        return Answer(summary="the shelf has it")

    def verify(self, outbound: Outbound) -> Landing:
        return Landing.CANNOT_TELL


class LostIsNotSent(ShelfTarget):
    """Takes a lost answer for a delivery that was never sent, where a second one has an effect."""

    caught_by = "test_a_cut_anywhere_has_a_true_outcome"
    idempotent = False

    def finish(self, outbound: Outbound, name: str) -> None:
        self.call("finish", lambda shelf: shelf.finish(outbound.key, name))


class SwallowsTheError(ShelfTarget):
    """Returns an answer whatever went wrong."""

    caught_by = "test_a_cut_anywhere_has_a_true_outcome"

    def finish(self, outbound: Outbound, name: str) -> None:
        with suppress(Exception):
            super().finish(outbound, name)


class TearsUnderTheRealName(ShelfTarget):
    """Writes under the real name from the beginning, so that half a delivery can be seen."""

    caught_by = "test_a_cut_anywhere_has_a_true_outcome"

    def send(self, outbound: Outbound) -> None:
        name = self.name(outbound)
        half = len(outbound.content) // 2
        self.call("begin", lambda shelf: shelf.got.__setitem__(outbound.key, (name, outbound.content[:half])))
        self.call("piece", lambda shelf: shelf.got.__setitem__(outbound.key, (name, outbound.content)))


class StaysBroken(ShelfTarget):
    """Keeps a connection that broke."""

    caught_by = "test_the_same_object_goes_on_after_an_error"
    broken = False

    def call(self, name: str, work: Any, *, sent: bool = False) -> Any:
        if self.broken:
            raise Retry("the connection is closed", hint="it is tried again")
        try:
            return super().call(name, work, sent=sent)
        except Retry:
            self.broken = True
            raise


class UnknownAlthoughNothingWasSent(ShelfTarget):
    """Says that it may have arrived although nobody was there."""

    caught_by = "test_a_partner_who_is_not_there_is_retried"

    def call(self, name: str, work: Any, *, sent: bool = False) -> Any:
        return super().call(name, work, sent=True)


class WaitsForEver(ShelfTarget):
    """Has no time-out."""

    caught_by = "test_a_partner_who_keeps_silent_is_given_up"

    def __init__(self, connection: ShelfConnection, options: ShelfOptions, shelf: Shelf) -> None:
        super().__init__(connection.model_copy(update={"timeout": 0.5}), options, shelf)


class LeaksTheToken(ShelfTarget):
    """Lets the library's error, which quotes the token, be the cause of ours."""

    caught_by = "test_a_refused_login_stops_the_connection"

    def call(self, name: str, work: Any, *, sent: bool = False) -> Any:
        try:
            with self.shelf.call(name, self.connection.token.get_secret_value(), self.connection.timeout):
                return work(self.shelf)
        except Refused as error:
            raise Stop("the shelf refuses the token", hint="correct the token") from error
        except (NoAnswer, Late):
            return super().call(name, work, sent=sent)


class CopiesOfCopies(ShelfTarget):
    """Makes copies of what it sends."""

    caught_by = "test_a_huge_delivery_arrives_or_is_refused"

    def send(self, outbound: Outbound) -> None:
        copies = [bytes(bytearray(outbound.content)) for _ in range(3)]
        super().send(outbound)
        del copies


class LeavesTheEmptyOut(ShelfTarget):
    """Answers an empty delivery without handing it over."""

    caught_by = "test_an_empty_delivery_arrives_or_is_refused"

    def deliver(self, outbound: Outbound) -> Answer:
        return super().deliver(outbound) if outbound.content else Answer(summary="there is nothing to do")


class TrustsNames(ShelfTarget):
    """Makes a path of any name."""

    caught_by = "test_strange_names_lead_nowhere"

    def name(self, outbound: Outbound) -> str:
        return outbound.metadata["name"]

    def finish(self, outbound: Outbound, name: str) -> None:
        if "/" in name:
            self.shelf.archive[name] = self.shelf.parts.pop(outbound.key)
        else:
            super().finish(outbound, name)


class Overwrites(ShelfTarget):
    """Takes the name from whoever has it."""

    caught_by = "test_a_name_in_use_is_not_overwritten"

    def finish(self, outbound: Outbound, name: str) -> None:
        for key, (used, _) in list(self.shelf.got.items()):
            if used == name and key != outbound.key:
                del self.shelf.got[key]
        super().finish(outbound, name)


class OneTemporaryNameForAll(ShelfTarget):
    """Uses the same temporary name in every process."""

    caught_by = "test_two_workers_do_not_disturb_each_other"

    def send(self, outbound: Outbound) -> None:
        self.shelf.parts["temporary"] = outbound.content

    def finish(self, outbound: Outbound, name: str) -> None:
        time.sleep(0.02)
        self.shelf.parts[outbound.key] = self.shelf.parts["temporary"]
        super().finish(outbound, name)


class SaysNothingOfItsSettings(ShelfTarget):
    """Describes no setting."""

    caught_by = "test_settings_are_described"
    Connection = MuteConnection


class ConnectsInTheConstructor(ShelfTarget):
    """Logs in when it is made."""

    caught_by = "test_making_one_opens_nothing"

    def __init__(self, connection: ShelfConnection, options: ShelfOptions, shelf: Shelf) -> None:
        super().__init__(connection, options, shelf)
        self.call("ping", lambda shelf: None)


class ClosesOnce(ShelfTarget):
    """Fails when it is closed again."""

    caught_by = "test_close_is_safe"
    closed = False

    def close(self) -> None:
        if self.closed:
            raise Reject("closed already", hint="close it once")
        self.closed = True


class ProbeDelivers(ShelfTarget):
    """Tries out in a probe whether something can be put there."""

    caught_by = "test_a_probe_changes_nothing"

    def probe(self) -> Probe:
        self.shelf.got["probe"] = ("probe", b"x")
        return super().probe()


class ProbeSaysYes(ShelfTarget):
    """Says in a probe that all is well, and connects to nobody."""

    caught_by = "test_a_probe_of_nobody_is_an_answer"

    def probe(self) -> Probe:
        return Probe(ok=True, summary="all is well")


class ShowsTheToken(ShelfTarget):
    """Holds the token as plain text in its settings."""

    caught_by = "test_no_secret_is_seen"
    Connection = OpenConnection


class StopsForADocument(ShelfTarget):
    """Stops the connection for one delivery that the partner refuses."""

    caught_by = "test_a_delivery_that_is_refused_hides_no_other"

    def finish(self, outbound: Outbound, name: str) -> None:
        try:
            super().finish(outbound, name)
        except Reject as error:
            raise Stop(error.message, hint=error.hint) from error


class TriesARefusalAgain(ShelfTarget):
    """Takes a refusal for a fault that goes away."""

    caught_by = "test_a_delivery_that_is_refused_hides_no_other"

    def finish(self, outbound: Outbound, name: str) -> None:
        try:
            super().finish(outbound, name)
        except Reject as error:
            raise Retry(error.message, hint=error.hint) from error


class DoesNotReadTheAnswer(ShelfTarget):
    """Returns whatever the partner answers."""

    caught_by = "test_a_delivery_that_is_refused_hides_no_other"

    def finish(self, outbound: Outbound, name: str) -> None:
        with suppress(Reject):
            super().finish(outbound, name)


class NeverGoesOn(ShelfTarget):
    """Refuses all that follows a delivery that was refused."""

    caught_by = "test_a_delivery_that_is_refused_hides_no_other"
    refused: Reject | None = None

    def finish(self, outbound: Outbound, name: str) -> None:
        try:
            if self.refused is not None:
                raise self.refused
            super().finish(outbound, name)
        except Reject as error:
            self.refused = error
            raise


class OpenOptions(ShelfOptions):
    signed_with: str = Field(default=TOKEN, description="What deliveries are signed with")


class ShowsASecretOfItsOptions(ShelfTarget):
    """Holds a secret as plain text in its options."""

    caught_by = "test_no_secret_is_seen"
    Options = OpenOptions


MUTANTS: list[Any] = [
    kind
    for kind in list(globals().values())
    if isinstance(kind, type) and issubclass(kind, ShelfTarget) and hasattr(kind, "caught_by")
]
