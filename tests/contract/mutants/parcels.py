"""A filter for parcels that keeps to the contract of filters, and broken ones made of it.

A parcel is ``PARCEL``, a seal (HMAC, SHA-256) over all that follows, and for each thing in it the length of its name,
its name, the length of its content packed, and the content packed (zlib).  The seal is made with the secret and a
book that both sides have.
"""

import hmac
import json
import os
import struct
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, ClassVar

from pydantic import Field

from transload.adapters.base import Adapter, Finding, Reject, Secret, Settings, Stop, Template
from transload.adapters.base.bounds import Bounds, Meter, refused
from transload.adapters.base.filter import Filter, Payload
from transload.adapters.base.folders.names import shown
from transload.adapters.contract import FilterHarness

SECRET, WRONG = "Kaffee-und-Kuchen", "kurz"
BOOK = b"a book that both sides have"
MARK, SEAL, LENGTHS = b"PARCEL", 32, struct.Struct(">HI")
HEAD = len(MARK) + SEAL


class ParcelOptions(Bounds):
    secret: Secret = Field(description="What both sides know")
    book: Path = Field(description="A book that both sides have", examples=["book.txt"])
    label: Template = Field(default="{number}", description="What the thing in a parcel is called")


class ParcelFilter(Filter[Any]):
    Options: ClassVar[type[Settings]] = ParcelOptions
    content_type = "application/x-parcel"

    def unwrap(self, payload: Payload, remark: Callable[[Finding], None]) -> Iterator[Payload]:
        content = payload.content
        if not content.startswith(MARK):
            raise self.refusal(f"{payload.name} is no parcel", 0)
        self.check(content, payload.name)
        meter = Meter(self.options, len(content), payload.name)
        yield from self.things(content, meter, payload, remark)

    def things(
        self, content: bytes, meter: Meter, payload: Payload, remark: Callable[[Finding], None]
    ) -> Iterator[Payload]:
        at = HEAD
        while at < len(content):
            name_size, size = LENGTHS.unpack_from(content, at)
            at += LENGTHS.size
            name = content[at : at + name_size].decode("utf-8", "surrogateescape")
            at += name_size
            thing = self.unpacked(content[at : at + size], meter, at)
            at += size
            yield Payload(content=thing, name=self.called(name) or payload.name, metadata=self.facts(payload))

    def check(self, content: bytes, name: str) -> None:
        if not hmac.compare_digest(content[len(MARK) : HEAD], self.seal(content[HEAD:])):
            raise self.refusal(f"the seal of {name} is broken", len(MARK))

    def unpacked(self, packed: bytes, meter: Meter, at: int) -> bytes:
        machine = zlib.decompressobj()
        pieces = []
        while not machine.eof:
            piece = machine.decompress(packed, meter.left)
            meter.add(len(piece))
            pieces.append(piece)
            packed = machine.unconsumed_tail
            if not piece and not packed:
                break
        return b"".join(pieces)

    def called(self, name: str) -> str:
        return shown(name)

    def facts(self, payload: Payload) -> Mapping[str, str]:
        return {**payload.metadata, "sealed": "yes"}

    def wrap(self, content: bytes, filled: Mapping[str, str]) -> bytes:
        if content.startswith(MARK):
            raise self.refusal("a parcel is not put into another", None)
        label = filled["label"].encode("utf-8", "surrogateescape")[:1000]
        body = packed([(label, content)])
        return MARK + self.seal(body) + body

    def seal(self, body: bytes) -> bytes:
        secret = self.options.secret.get_secret_value()
        if len(secret) < 8:
            raise Stop("the secret is too short to seal with", hint="agree on a longer one")
        return hmac.new(secret.encode() + self.book(), body, sha256).digest()

    def book(self) -> bytes:
        try:
            return bytes(self.options.book.read_bytes())
        except OSError as error:
            raise Stop(f"the book cannot be read: {error.strerror}", hint="put it where 'book' says") from error

    def refusal(self, message: str, byte: int | None) -> Reject:
        return refused("E-PARCEL", message, "ask the partner to send it again", byte=byte)


def packed(things: Sequence[tuple[bytes, bytes]]) -> bytes:
    pieces = []
    for name, content in things:
        thing = zlib.compress(content, 1)
        pieces += [LENGTHS.pack(len(name), len(thing)), name, thing]
    return b"".join(pieces)


class ParcelHarness(FilterHarness):
    adapter = Adapter(summary="", filter=ParcelFilter)
    secrets = (SECRET, WRONG)
    repeatable = True
    most = 60
    huge = 3_000_000
    hostile_size = 30_000
    limit = 200_000

    def __init__(self, kind: type[Any]) -> None:
        self.kind = kind
        with NamedTemporaryFile(prefix="book-", delete=False) as file:
            file.write(BOOK)
        self.book = Path(file.name)

    def close(self) -> None:
        self.book.unlink()
        for number in getattr(self.kind, "opened", ()):
            os.close(number)

    def made(self, **options: Any) -> Any:
        return self.kind(self.kind.Options.model_validate({"secret": SECRET, "book": self.book, **options}))

    def filter(self) -> Filter[Any]:
        made: Filter[Any] = self.made()
        return made

    def sealed(self, body: bytes) -> bytes:
        return MARK + hmac.new(SECRET.encode() + BOOK, body, sha256).digest() + body

    def samples(self) -> Mapping[str, tuple[bytes, Sequence[bytes]]]:
        return {"two things": (self.sealed(packed([(b"b", b"one"), (b"a", b"two")])), [b"one", b"two"])}

    def packed(self, entries: Sequence[tuple[str, bytes]]) -> bytes:
        return self.sealed(packed([(name.encode("utf-8", "surrogateescape"), thing) for name, thing in entries]))

    def limited(self) -> Filter[Any]:
        made: Filter[Any] = self.made(largest=self.limit)
        return made

    def bombs(self, size: int) -> Mapping[str, bytes]:
        return {
            "one thing": self.sealed(packed([(b"zeros", bytes(size))])),
            "many things": self.sealed(packed([(b"zeros", bytes(size // 100))]) * 100),
        }

    def broken(self) -> Mapping[str, bytes]:
        return {"another seal": MARK + bytes(SEAL) + packed([(b"a", b"a")])}

    def unwrappable(self) -> Mapping[str, bytes]:
        return {"a parcel": self.sealed(b"")}

    def strangers(self) -> Mapping[str, Filter[Any]]:
        return {"a secret that is too short": self.made(secret=WRONG)}

    @contextmanager
    def away(self) -> Iterator[None]:
        self.book.unlink()
        try:
            yield
        finally:
            self.book.write_bytes(BOOK)


class MuteOptions(ParcelOptions):
    wish: str = ""


class SaysNothingOfItsOptions(ParcelFilter):
    """Describes no option."""

    caught_by = "test_options_are_described"
    Options = MuteOptions


class NamesNoMediaType(ParcelFilter):
    """Gives the ending of a file's name as media type."""

    caught_by = "test_the_media_type_is_one"
    content_type = ".parcel"


class ReadsTheBookAtOnce(ParcelFilter):
    """Reads the key's file when it is made."""

    caught_by = "test_making_one_opens_nothing"

    def __init__(self, options: Any) -> None:
        super().__init__(options)
        self.book()


class RefusesForWhatItNeeds(ParcelFilter):
    """Refuses every payload while a file that it needs is not there."""

    caught_by = "test_making_one_opens_nothing"

    def book(self) -> bytes:
        try:
            return super().book()
        except Stop as error:
            raise self.refusal(error.message, 0) from None


class EndsLines(ParcelFilter):
    """Gives what it unwraps another line end."""

    caught_by = "test_what_was_wrapped_unwraps_the_same"

    def unpacked(self, packed: bytes, meter: Meter, at: int) -> bytes:
        return super().unpacked(packed, meter, at).replace(b"\n", b"\r\n")


class UnwrapsAllThereIs(ParcelFilter):
    """Unwraps a payload in a payload too."""

    caught_by = "test_what_was_wrapped_unwraps_the_same"

    def wrap(self, content: bytes, filled: Mapping[str, str]) -> bytes:
        body = packed([(b"a", content)])
        return MARK + self.seal(body) + body

    def unwrap(self, payload: Payload, remark: Callable[[Finding], None]) -> Iterator[Payload]:
        for found in super().unwrap(payload, remark):
            if found.content.startswith(MARK):
                yield from self.unwrap(found, remark)
            else:
                yield found


class LeavesNothingOut(ParcelFilter):
    """Leaves a content without bytes out."""

    caught_by = "test_an_empty_content_comes_back_or_is_refused"

    def unwrap(self, payload: Payload, remark: Callable[[Finding], None]) -> Iterator[Payload]:
        yield from (found for found in super().unwrap(payload, remark) if found.content)


class TakesTheFirst(ParcelFilter):
    """Gives the first of several contents, which is all that it packs itself."""

    caught_by = "test_what_partners_pack_is_unwrapped"

    def things(
        self, content: bytes, meter: Meter, payload: Payload, remark: Callable[[Finding], None]
    ) -> Iterator[Payload]:
        yield next(super().things(content, meter, payload, remark))


class WritesTheTime(ParcelFilter):
    """Writes the time into what it wraps, and states that it does not."""

    caught_by = "test_wrapping_again_gives_the_same"

    def wrap(self, content: bytes, filled: Mapping[str, str]) -> bytes:
        return super().wrap(content, {"label": time.ctime()})


class KeepsCopies(ParcelFilter):
    """Holds a copy of what it works on for each step."""

    caught_by = "test_a_huge_content_takes_little_memory"

    def wrap(self, content: bytes, filled: Mapping[str, str]) -> bytes:
        steps = [bytearray(content) for _ in range(6)]
        return super().wrap(bytes(steps[-1]), filled)


class TakesWhatIsThere(ParcelFilter):
    """Takes what is there of a payload that was cut off."""

    caught_by = "test_a_payload_that_was_cut_off_is_refused"

    def check(self, content: bytes, name: str) -> None:
        if len(content) < HEAD + 20:
            raise self.refusal(f"{name} ends too early", len(content))


class SaysNotWhere(ParcelFilter):
    """Refuses a torn payload and does not say at which byte."""

    caught_by = "test_a_payload_that_was_cut_off_is_refused"

    def refusal(self, message: str, byte: int | None) -> Reject:
        return super().refusal(message, None)


class ChecksNothing(ParcelFilter):
    """Does not look at the seal, and takes what can be unpacked."""

    caught_by = "test_a_payload_that_was_changed_is_refused_or_reads_the_same"

    def check(self, content: bytes, name: str) -> None:
        pass

    def unpacked(self, packed: bytes, meter: Meter, at: int) -> bytes:
        return zlib.decompressobj().decompress(packed)[:100]

    def things(
        self, content: bytes, meter: Meter, payload: Payload, remark: Callable[[Finding], None]
    ) -> Iterator[Payload]:
        try:
            yield from super().things(content, meter, payload, remark)
        except (zlib.error, struct.error):
            raise self.refusal(f"{payload.name} is damaged", HEAD) from None


class PointsBeyond(ParcelFilter):
    """Counts the byte of a fault from somewhere else."""

    caught_by = "test_a_payload_that_was_changed_is_refused_or_reads_the_same"

    def refusal(self, message: str, byte: int | None) -> Reject:
        return super().refusal(message, None if byte is None else byte + 1_000_000)


class PassesOthersOn(ParcelFilter):
    """Passes on as it is what is no such payload."""

    caught_by = "test_what_is_no_such_payload_is_refused"

    def unwrap(self, payload: Payload, remark: Callable[[Finding], None]) -> Iterator[Payload]:
        if not payload.content.startswith(MARK):
            yield payload
            return
        yield from super().unwrap(payload, remark)


class RaisesWhatTheLibraryRaises(ParcelFilter):
    """Lets the library's own errors through."""

    caught_by = "test_what_is_no_such_payload_is_refused"

    def check(self, content: bytes, name: str) -> None:
        json.loads(content[:2])


class StopsForAPayload(ParcelFilter):
    """Stops the connection for one payload that is broken."""

    caught_by = "test_what_is_no_such_payload_is_refused"

    def check(self, content: bytes, name: str) -> None:
        try:
            super().check(content, name)
        except Reject as error:
            raise Stop(error.message, hint="look at the secret") from None


class MakesRoom(ParcelFilter):
    """Makes room for each byte that could come."""

    caught_by = "test_hostile_bytes_cost_little"

    def unwrap(self, payload: Payload, remark: Callable[[Finding], None]) -> Iterator[Payload]:
        self.room = bytearray(200 * len(payload.content))
        yield from super().unwrap(payload, remark)


class UnpacksAll(ParcelFilter):
    """Unpacks a thing whole, and counts it then."""

    caught_by = "test_a_bomb_is_refused_in_time"

    def unpacked(self, packed: bytes, meter: Meter, at: int) -> bytes:
        thing = zlib.decompress(packed)
        meter.add(len(thing))
        return thing


class CountsEachAlone(ParcelFilter):
    """Counts each thing in a parcel alone."""

    caught_by = "test_a_bomb_is_refused_in_time"

    def unpacked(self, packed: bytes, meter: Meter, at: int) -> bytes:
        return super().unpacked(packed, Meter(self.options, len(packed), "a thing"), at)


class GivesThemTogether(ParcelFilter):
    """Unpacks all things before it gives the first."""

    caught_by = "test_several_payloads_come_one_after_the_other"

    def things(
        self, content: bytes, meter: Meter, payload: Payload, remark: Callable[[Finding], None]
    ) -> Iterator[Payload]:
        yield from list(super().things(content, meter, payload, remark))


class GivesTheLastFirst(ParcelFilter):
    """Gives the things in another order."""

    caught_by = "test_several_payloads_come_one_after_the_other"

    def things(
        self, content: bytes, meter: Meter, payload: Payload, remark: Callable[[Finding], None]
    ) -> Iterator[Payload]:
        yield from reversed(list(super().things(content, meter, payload, remark)))


class UnpacksIntoTheFolder(ParcelFilter):
    """Unpacks a thing into a file of its name."""

    caught_by = "test_names_in_a_payload_are_data"

    def called(self, name: str) -> str:
        with suppress(OSError, ValueError):
            Path(name).write_bytes(b"")
        return super().called(name)


class GivesNamesAsTheyAre(ParcelFilter):
    """Gives the partner's names on as they are."""

    caught_by = "test_names_in_a_payload_are_data"

    def called(self, name: str) -> str:
        return name


class KnowsThingsByName(ParcelFilter):
    """Leaves out a thing whose name begins with a dot."""

    caught_by = "test_names_in_a_payload_are_data"

    def unwrap(self, payload: Payload, remark: Callable[[Finding], None]) -> Iterator[Payload]:
        yield from (found for found in super().unwrap(payload, remark) if not found.name.startswith("."))


class ForgetsWhatWasKnown(ParcelFilter):
    """Gives facts of its own in place of those that were known."""

    caught_by = "test_what_was_known_before_is_kept"

    def facts(self, payload: Payload) -> Mapping[str, str]:
        return {"sealed": "yes"}


class TrustsTheLabel(ParcelFilter):
    """Trusts that what a template was filled with can be written."""

    caught_by = "test_strange_values_in_templates_lead_nowhere"

    def wrap(self, content: bytes, filled: Mapping[str, str]) -> bytes:
        return super().wrap(content, {"label": filled["label"].encode("ascii").decode()})


class DropsWithTheLabel(ParcelFilter):
    """Wraps nothing under a label that is empty."""

    caught_by = "test_strange_values_in_templates_lead_nowhere"

    def wrap(self, content: bytes, filled: Mapping[str, str]) -> bytes:
        return super().wrap(content if filled["label"] else b"", filled)


class WrapsAnything(ParcelFilter):
    """Wraps a part of what it cannot carry."""

    caught_by = "test_what_cannot_be_wrapped_is_refused"

    def wrap(self, content: bytes, filled: Mapping[str, str]) -> bytes:
        return super().wrap(content.removeprefix(MARK), filled)


class RefusesForTheKey(ParcelFilter):
    """Refuses each payload for a key that is wrong for all."""

    caught_by = "test_a_wrong_key_stops_the_connection"

    def seal(self, body: bytes) -> bytes:
        try:
            return super().seal(body)
        except Stop as error:
            raise self.refusal(error.message, 0) from None


class ShowsTheWrongKey(ParcelFilter):
    """Quotes a key that is wrong in the error."""

    caught_by = "test_a_wrong_key_stops_the_connection"

    def seal(self, body: bytes) -> bytes:
        try:
            return super().seal(body)
        except Stop as error:
            secret = self.options.secret.get_secret_value()
            raise Stop(f"{error.message}: {secret}", hint=error.hint) from None


class StaysBroken(ParcelFilter):
    """Goes on refusing once it has refused."""

    caught_by = "test_the_same_object_goes_on_after_a_refusal"
    broken = False

    def check(self, content: bytes, name: str) -> None:
        if self.broken:
            raise self.refusal("an earlier parcel was broken", 0)
        self.broken = True
        super().check(content, name)
        self.broken = False


class ClosesWhatIsNotOpen(ParcelFilter):
    """Fails when it is closed before it was used."""

    caught_by = "test_close_gives_everything_back"
    opened_book: Any = None

    def book(self) -> bytes:
        self.opened_book = super().book()
        return bytes(self.opened_book)

    def close(self) -> None:
        self.opened_book.strip()


class LeavesItsBookOpen(ParcelFilter):
    """Leaves a file open when it is closed."""

    caught_by = "test_close_gives_everything_back"
    opened: ClassVar[list[int]] = []

    def book(self) -> bytes:
        self.opened.append(os.open(self.options.book, os.O_RDONLY))
        return super().book()


class SharesItsDesk(ParcelFilter):
    """Keeps what it works on where all filters see it."""

    caught_by = "test_several_work_at_a_time"
    desk: ClassVar[dict[str, bytes]] = {}

    def wrap(self, content: bytes, filled: Mapping[str, str]) -> bytes:
        self.desk["content"] = content
        time.sleep(0.002)  # long enough for another thread to come between
        return super().wrap(self.desk["content"], filled)


class OpenOptions(ParcelOptions):
    secret: Any = Field(description="What both sides know", examples=["x"])


class ShowsTheSecret(ParcelFilter):
    """Holds the secret as plain text in its options."""

    caught_by = "test_no_secret_is_seen"
    Options = OpenOptions

    def seal(self, body: bytes) -> bytes:
        return hmac.new(self.options.secret.encode() + self.book(), body, sha256).digest()


MUTANTS: list[Any] = [
    kind
    for kind in list(globals().values())
    if isinstance(kind, type) and issubclass(kind, ParcelFilter) and hasattr(kind, "caught_by")
]
