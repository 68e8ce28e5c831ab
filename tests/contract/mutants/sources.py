"""Broken sources: each docstring says what is wrong, and ``caught_by`` which case must see it."""

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import Field
from tests.contract.mutants.shelf import (
    Broken,
    Found,
    Late,
    NoAnswer,
    Refused,
    Shelf,
    ShelfConnection,
    ShelfOptions,
    ShelfSource,
)

from transload.adapters.base import Inbound, Memory, Probe, Reject, Retry, Settings, Stop
from transload.adapters.base.covered import Covered


class DropsTheLast(ShelfSource):
    """Gives all items but the last."""

    caught_by = "test_everything_offered_arrives_once_and_whole"

    def receive(self, memory: Memory) -> Iterator[Inbound]:
        items = list(super().receive(memory))
        yield from items[:-1]


class ShortRead(ShelfSource):
    """Takes the first piece for the whole, as who ignores a short read."""

    caught_by = "test_a_huge_item_takes_little_memory"

    def whole(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        yield from list(super().whole(pieces))[:1]


class KeyFromTheClock(ShelfSource):
    """Puts our own clock into the key."""

    caught_by = "test_the_key_stays_the_same_over_polls_and_restarts"

    def key(self, found: Found) -> str:
        return f"{super().key(found)}|{time.monotonic_ns()}"


class KeyFromTheName(ShelfSource):
    """Knows an item by its name alone."""

    caught_by = "test_new_content_under_a_known_name_is_a_new_item"

    def key(self, found: Found) -> str:
        return self.origin(found.name)


class ForgetsToSettleWhatItKnows(ShelfSource):
    """Skips an item that is committed already, and leaves it lying."""

    caught_by = "test_an_item_that_was_committed_and_not_settled_is_known"

    def again(self, found: Found) -> None:
        if isinstance(found.content, Path):
            found.content.unlink()


class SettlesBeforeTheCommit(ShelfSource):
    """Clears an item away as soon as it is read."""

    caught_by = "test_nothing_changes_at_the_partner_before_the_commit"

    def fetch(self, name: str) -> Found | None:
        found = super().fetch(name)
        if found is not None:
            self.settle(found)
        return found


class SettlesInFinally(ShelfSource):
    """Clears everything away when the pass is over, however it ended."""

    caught_by = "test_a_pass_may_end_after_any_item"

    def receive(self, memory: Memory) -> Iterator[Inbound]:
        settles = []
        try:
            for inbound in list(super().receive(memory)):
                settles.append(inbound.settle)
                yield inbound
                settles.remove(inbound.settle)
        finally:
            for name in list(self.shelf.items):
                self.shelf.archive[name] = self.shelf.items.pop(name)[0]


class SettlesOnce(ShelfSource):
    """Fails when an item is settled that is no longer there."""

    caught_by = "test_settling_twice_does_no_harm"

    def settle(self, found: Found) -> None:
        if found.name not in self.shelf.items:
            raise Reject("there is no such item", hint="look for it")
        super().settle(found)


class SettlesNoMoreAtTheEnd(ShelfSource):
    """Lets items wait for others, and settles none of them once all were given out."""

    caught_by = "test_items_that_are_settled_together_are_settled_as_usual"
    ended = False

    def receive(self, memory: Memory) -> Iterator[Inbound]:
        self.ended = False
        yield from super().receive(memory)
        self.ended = True

    def settle(self, found: Found) -> None:
        if not self.ended:
            super().settle(found)


class SettlesByName(ShelfSource):
    """Clears away whatever has the item's name by now."""

    caught_by = "test_what_replaces_an_item_before_it_is_settled_is_not_lost"

    def settle(self, found: Found) -> None:
        if found.name in self.shelf.items:
            super().settle(replace(found, version=self.shelf.items[found.name][1]))


class KeyFromTheRenamedItem(ShelfSource):
    """Moves an item aside before it is read, and knows it by its new name."""

    caught_by = "test_a_crash_between_any_two_steps_loses_nothing_and_doubles_nothing"

    def fetch(self, name: str) -> Found | None:
        moved = f"taken-{time.monotonic_ns()}-{name.rpartition('-')[2]}"
        self.shelf.items[moved] = self.shelf.items.pop(name)
        return super().fetch(moved)


class NotesTooEarly(ShelfSource):
    """Notes how far it has read before the items are committed."""

    caught_by = "test_a_crash_between_any_two_steps_loses_nothing_and_doubles_nothing"

    def receive(self, memory: Memory) -> Iterator[Inbound]:
        done = int(memory.get("mark") or 0)
        memory.put("mark", str(self.shelf.version))
        for inbound in super().receive(memory):
            if int(inbound.key.split("|")[1]) > done:
                yield inbound


class ReadsWithoutLooking(ShelfSource):
    """Does not look whether an item changed while it was read."""

    caught_by = "test_nothing_torn_is_given_out"

    def fetch(self, name: str) -> Found | None:
        version = self.version(name)
        content, digest = self.content(name)
        return Found(name, version, content, digest)


class SwallowsTheCut(ShelfSource):
    """Takes a connection that broke for the end of an item."""

    caught_by = "test_a_cut_anywhere_loses_nothing_and_doubles_nothing"

    def fetch(self, name: str) -> Found | None:
        version = self.version(name)
        content, digest = self.content(name)
        return Found(name, version, content, digest)

    def whole(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        with suppress(Exception):
            yield from super().whole(pieces)


class NobodyIsNothing(ShelfSource):
    """Takes a partner who is not there for one who offers nothing."""

    caught_by = "test_a_partner_who_is_not_there_is_retried"

    def receive(self, memory: Memory) -> Iterator[Inbound]:
        if self.shelf.up:
            yield from super().receive(memory)


class LetsTheirErrorsThrough(ShelfSource):
    """Raises what the library raises."""

    caught_by = "test_a_partner_who_is_not_there_is_retried"

    def call(self, name: str, work: Any, *, sent: bool = False) -> Any:
        with self.shelf.call(name, self.connection.token.get_secret_value(), self.connection.timeout):
            return work(self.shelf)


class SaysNoHint(ShelfSource):
    """Raises an error that does not say what to do."""

    caught_by = "test_a_partner_who_is_not_there_is_retried"

    def call(self, name: str, work: Any, *, sent: bool = False) -> Any:
        try:
            return super().call(name, work, sent=sent)
        except Stop:
            raise
        except Exception as error:
            raise type(error)(str(error)) from error


class WaitsForEver(ShelfSource):
    """Has no time-out."""

    caught_by = "test_a_partner_who_keeps_silent_is_given_up"

    def __init__(self, connection: ShelfConnection, options: ShelfOptions, shelf: Shelf) -> None:
        super().__init__(connection.model_copy(update={"timeout": 0.5}), options, shelf)


class RetriesTheLogin(ShelfSource):
    """Takes a refused login for a partner who is not there."""

    caught_by = "test_a_refused_login_stops_the_connection"

    def call(self, name: str, work: Any, *, sent: bool = False) -> Any:
        try:
            with self.shelf.call(name, self.connection.token.get_secret_value(), self.connection.timeout):
                return work(self.shelf)
        except Refused:
            raise Retry("the shelf does not answer", hint="it is tried again") from None
        except (NoAnswer, Late, Broken):
            return super().call(name, work, sent=sent)


class LeaksTheToken(ShelfSource):
    """Lets the library's error, which quotes the token, be the cause of ours."""

    caught_by = "test_a_refused_login_stops_the_connection"

    def call(self, name: str, work: Any, *, sent: bool = False) -> Any:
        try:
            with self.shelf.call(name, self.connection.token.get_secret_value(), self.connection.timeout):
                return work(self.shelf)
        except Refused as error:
            raise Stop("the shelf refuses the token", hint="correct the token") from error
        except (NoAnswer, Late, Broken):
            return super().call(name, work, sent=sent)


class AllInMemory(ShelfSource):
    """Holds a huge item in memory."""

    caught_by = "test_a_huge_item_takes_little_memory"

    def content(self, name: str) -> tuple[bytes | Path | Covered, str]:
        content, digest = super().content(name)
        return (content, digest) if isinstance(content, bytes) else (bytes(content.read_bytes()), digest)


class InPlain(ShelfSource):
    """Keeps a huge item on disk as it is, also where payloads are encrypted."""

    caught_by = "test_a_huge_item_takes_little_memory"

    def content(self, name: str) -> tuple[bytes | Path | Covered, str]:
        self.cover = None
        return super().content(name)


class BeginsAnew(ShelfSource):
    """Fetches all of a huge item again after it broke off."""

    caught_by = "test_a_huge_item_that_broke_off_is_gone_on_with"

    def receive(self, memory: Memory) -> Iterator[Inbound]:
        for file in memory.folder.iterdir():
            file.unlink()
        yield from super().receive(memory)


class GoesOnWithAnother(ShelfSource):
    """Goes on with a huge item by its name, also when another one has taken its place."""

    caught_by = "test_a_huge_item_that_broke_off_is_gone_on_with"

    def part(self, name: str) -> str:
        return self.origin(name)


class EmptyIsAnError(ShelfSource):
    """Refuses an empty item, and with it the pass."""

    caught_by = "test_an_empty_item_hides_no_other"

    def content(self, name: str) -> tuple[bytes | Path | Covered, str]:
        content, digest = super().content(name)
        if content == b"":
            raise Stop("an item is empty", hint="ask the partner")
        return content, digest


class RawNames(ShelfSource):
    """Puts the partner's names into origin and key as they are."""

    caught_by = "test_strange_names_are_data"

    def origin(self, name: str) -> str:
        return name


class FirstFaultEndsAll(ShelfSource):
    """Ends the pass at the first item that is wrong."""

    caught_by = "test_one_bad_item_hides_no_other"

    def receive(self, memory: Memory) -> Iterator[Inbound]:
        for name in self.call("list", lambda shelf: sorted(shelf.items)):
            found = self.fetch(name)
            if found is not None:
                yield Inbound(key=self.key(found), content=found.content, origin=self.origin(name))


class LeavesStrangeNamesOut(ShelfSource):
    """Leaves out, without a word, what has a name that it does not like."""

    caught_by = "test_strange_names_are_data"

    def fetch(self, name: str) -> Found | None:
        return super().fetch(name) if name.isalnum() or "-" in name else None


class LeavesBadItemsOut(ShelfSource):
    """Leaves out, without a word, what cannot be fetched."""

    caught_by = "test_one_bad_item_hides_no_other"

    def fetch(self, name: str) -> Found | None:
        try:
            return super().fetch(name)
        except (Reject, Refused, Late, NoAnswer):
            return None


class MuteConnection(Settings):
    shelf: str
    token: Any = Field(description="Our token there", examples=["x"])
    timeout: float = 0.05


class SaysNothingOfItsSettings(ShelfSource):
    """Describes no setting."""

    caught_by = "test_settings_are_described"
    Connection = MuteConnection


class ConnectsInTheConstructor(ShelfSource):
    """Logs in when it is made."""

    caught_by = "test_making_one_opens_nothing"

    def __init__(self, connection: ShelfConnection, options: ShelfOptions, shelf: Shelf) -> None:
        super().__init__(connection, options, shelf)
        self.ping_now()

    def ping_now(self) -> None:
        self.call("ping", lambda shelf: None)


class ClosesOnce(ShelfSource):
    """Fails when it is closed again."""

    caught_by = "test_close_is_safe"
    closed = False

    def close(self) -> None:
        if self.closed:
            raise ValueError("closed already")
        self.closed = True


class ProbeFetches(ShelfSource):
    """Tries out in a probe whether items can be moved."""

    caught_by = "test_a_probe_changes_nothing"

    def probe(self) -> Probe:
        self.shelf.archive["probe"] = b"x"
        return super().probe()


class ProbeRaises(ShelfSource):
    """Raises in a probe what went wrong."""

    caught_by = "test_a_probe_of_nobody_is_an_answer"

    def probe(self) -> Probe:
        self.call("ping", lambda shelf: None)
        return super().probe()


class OpenConnection(Settings):
    shelf: str = Field(description="Which shelf", examples=["north"])
    token: str = Field(description="Our token there", examples=["x"])
    timeout: float = Field(default=0.05, description="Seconds to wait for an answer")


class ShowsTheToken(ShelfSource):
    """Holds the token as plain text in its settings."""

    caught_by = "test_no_secret_is_seen"
    Connection = OpenConnection


MUTANTS: list[Any] = [
    kind
    for kind in list(globals().values())
    if isinstance(kind, type) and issubclass(kind, ShelfSource) and hasattr(kind, "caught_by")
]
