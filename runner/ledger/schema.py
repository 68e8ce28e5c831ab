"""The ledger's tables.

Receipts are what arrived; documents what was read from them; deliveries what is on
its way to a target.  Events are append-only and chained by hash within a lane.
"""

import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

VERSION = 1
"""The version of this schema: the newest step of `migrations`; a ledger with a newer one is refused."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


def fitted(text: str, longest: int | None = None) -> str:
    """The form of ``text`` that every database takes, as `Words` says."""
    if not text.isascii():
        text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    if "\x00" in text:
        text = text.replace("\x00", "\u2400")
    if longest is not None and len(text) > longest:
        text = f"{text[: longest - 65]}#{sha256(text.encode()).hexdigest()}"
    return text


class Words(TypeDecorator[str]):
    """Text that partners may have written, in a form that every database takes.

    NUL becomes its picture (U+2400), half a surrogate pair is escaped.  With ``longest``, text of more characters ends
    in a hash of the whole: so it fits into an index, and the same text is still the same.
    """

    impl = Text
    cache_ok = True

    def __init__(self, longest: int | None = None) -> None:
        super().__init__()
        self.longest = longest

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Gives the text as it is stored, and as it is looked for."""
        return None if value is None else fitted(value, self.longest)


class Moment(TypeDecorator[datetime]):
    """An aware datetime, stored as microseconds since 1970 in UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Refuses naive datetimes."""
        return None if value is None else microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Gives the datetime in UTC."""
        return None if value is None else _EPOCH + timedelta(microseconds=value)


class Json(TypeDecorator[Any]):
    """JSON values as compact text with sorted keys."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Gives the text; None stays NULL."""
        return None if value is None else compact_json(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Gives the values back."""
        return None if value is None else json.loads(value)


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970 in UTC.  Raises `ValueError` for a naive datetime."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return (moment - _EPOCH) // _MICROSECOND


def compact_json(value: Any) -> str:
    """The one text of a JSON value: sorted keys, no blanks; half a surrogate pair, which no database takes, escaped."""
    text = _encode(value)
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


metadata = MetaData()
_Id = BigInteger().with_variant(Integer, "sqlite")
_Digest = String(64)
_Name = Words()
_Key = Words(500)
"""A key of an index, which holds 2,704 bytes at most on PostgreSQL, for all its columns."""
_ShortKey = Words(200)
"""Two of these are in one index."""
LONGEST_NAME = 640
"""Characters of the name of a note in a source's memory, which holds the path of a file, as a rule."""


def _unfinished(table: Table) -> dict[str, Any]:
    """The condition of a partial index, so that finished rows cost it nothing."""
    condition = table.c.finished_at.is_(None)
    return {f"{dialect}_where": condition for dialect in ("sqlite", "postgresql")}


meta = Table(
    "meta",
    metadata,
    Column("name", _Name, primary_key=True),
    Column("value", _Name, nullable=False),
)

blobs = Table(
    "blobs",
    metadata,
    Column("digest", _Digest, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("encoding", _Name, nullable=False, comment="plain, zlib, or file: kept on a shelf"),
    Column("data", LargeBinary),
)

artifacts = Table(
    "artifacts",
    metadata,
    Column("digest", _Digest, primary_key=True),
    Column("kind", _Name, nullable=False, comment="mapping, partner, xref NAME"),
    Column("name", _Name, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("stored_at", Moment, nullable=False),
)

receipts = Table(
    "receipts",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("connection", _Name, nullable=False),
    Column("source_key", _Key, nullable=False),
    Column("route", _Name, nullable=False),
    Column("origin", _Name, nullable=False),
    Column("metadata", Json, nullable=False),
    Column("digest", _Digest, ForeignKey("blobs.digest"), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("state", _Name, nullable=False),
    Column("position", Integer, nullable=False, default=0, comment="messages that are dealt with"),
    Column("generation", Integer, nullable=False, default=0, comment="how often it was mapped again"),
    Column("again", Json, comment="mapped again: which messages, and whether good ones too"),
    Column("begun", Integer, nullable=False, default=0, comment="how often it was begun to be read since it got on"),
    Column("findings", Json, nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("finished_at", Moment),
    UniqueConstraint("connection", "source_key"),
)
Index("receipts_due", receipts.c.route, receipts.c.id, **_unfinished(receipts))

parts = Table(
    "parts",
    metadata,
    Column("receipt_id", _Id, ForeignKey("receipts.id"), primary_key=True),
    Column("parent_id", _Id, ForeignKey("receipts.id"), nullable=False, comment="what it was unpacked from"),
    Column("number", Integer, nullable=False, comment="position among the parent's parts, from 1"),
    Column("filters", _Name, nullable=False, comment="by which, the outermost first"),
    UniqueConstraint("parent_id", "number"),
)

documents = Table(
    "documents",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("receipt_id", _Id, ForeignKey("receipts.id"), nullable=False, index=True),
    Column("message", Integer, nullable=False, comment="position in the receipt, from 1"),
    Column("ordinal", Integer, nullable=False, comment="position among the message's documents, from 1; 0 for none"),
    Column("route", _Name, nullable=False),
    Column("partner", _Name, nullable=False),
    Column("state", _Name, nullable=False),
    Column("kind", _Name, nullable=False),
    Column("version", _Name, nullable=False),
    Column("sender", _Name, nullable=False),
    Column("receiver", _Name, nullable=False),
    Column("interchange", _ShortKey, nullable=False),
    Column("reference", _ShortKey, nullable=False),
    Column("wire_digest", _Digest, nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger, nullable=False),
    Column("document", _Name, comment="name and version of the model, such as order/1"),
    Column("number", _Key, comment="the document's own number, by which people know it"),
    Column("canonical", _Name),
    Column("residue", Json, comment="what the message holds besides, where its mapping keeps it"),
    Column("digest", _Digest),
    Column("mapping", _Name),
    Column("mapping_digest", _Digest, ForeignKey("artifacts.digest")),
    Column("partner_digest", _Digest, ForeignKey("artifacts.digest")),
    Column("product", _Name, nullable=False),
    Column("findings", Json, nullable=False),
    Column("targets", Integer, nullable=False, comment="deliveries that were made of it"),
    Column("origin_id", _Id, ForeignKey("documents.id"), comment="a replay: the document before it"),
    Column("created_at", Moment, nullable=False),
)
Index("documents_number", documents.c.number)
Index("documents_state", documents.c.state, documents.c.id)
Index("documents_wire", documents.c.interchange, documents.c.reference, documents.c.route)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("lane", _Name, nullable=False),
    Column("target", _Name, nullable=False, comment="the send route, or the receive route that acknowledges"),
    Column("connection", _Name, nullable=False),
    Column("kind", _Name, nullable=False, comment="document or acknowledgement"),
    Column("state", _Name, nullable=False),
    Column("key", _Key, nullable=False, unique=True, comment="the idempotency key"),
    Column("order_key", _Key),
    Column("body", _Digest, ForeignKey("blobs.digest")),
    Column("content_type", _Name, nullable=False),
    Column("metadata", Json, nullable=False),
    Column("tries", Integer, nullable=False, comment="rows in attempts"),
    Column("failures", Integer, nullable=False, comment="tries that count against the route's limit"),
    Column("unsure", Boolean, nullable=False, comment="it may have landed: look before sending again"),
    Column("epoch", BigInteger, nullable=False, comment="the lane's epoch in which it was last sent"),
    Column("next_at", Moment, nullable=False),
    Column("staged_at", Moment, nullable=False),
    Column("finished_at", Moment, comment="when it became final; UNKNOWN is not final"),
    Column("findings", Json, nullable=False),
    Column("fingerprint", _Name),
    Column("answer", Json),
    Column("mapping_digest", _Digest, ForeignKey("artifacts.digest")),
    Column("partner_digest", _Digest, ForeignKey("artifacts.digest")),
    Column("product", _Name, nullable=False),
    Column("receipt_id", _Id, ForeignKey("receipts.id"), index=True),
    Column("origin_id", _Id, ForeignKey("deliveries.id"), index=True, comment="a replay: the delivery before it"),
)
Index("deliveries_active", deliveries.c.lane, deliveries.c.id, **_unfinished(deliveries))
Index("deliveries_state", deliveries.c.state, deliveries.c.id)

delivery_documents = Table(
    "delivery_documents",
    metadata,
    Column("delivery_id", _Id, ForeignKey("deliveries.id"), primary_key=True),
    Column("document_id", _Id, ForeignKey("documents.id"), primary_key=True, index=True),
)

attempts = Table(
    "attempts",
    metadata,
    Column("delivery_id", _Id, ForeignKey("deliveries.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("started_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("outcome", _Name),
    Column("detail", Json),
)

events = Table(
    "events",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("lane", _Name, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("at", Moment, nullable=False),
    Column("what", _Name, nullable=False),
    Column("receipt_id", _Id, index=True),
    Column("document_id", _Id, index=True),
    Column("delivery_id", _Id, index=True),
    Column("detail", Json),
    Column("digest", _Digest, comment="SHA-256 of the payload that it speaks of"),
    Column("hash", _Digest, nullable=False),
    UniqueConstraint("lane", "sequence"),
)

lanes = Table(
    "lanes",
    metadata,
    Column("name", _Name, primary_key=True),
    Column("epoch", BigInteger, nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("wait_until", Moment, comment="several calls in a row failed: rest until then"),
    Column("sequence", BigInteger, nullable=False, comment="of the last event"),
    Column("head", _Digest, nullable=False, comment="hash of the last event"),
)

breakers = Table(
    "breakers",
    metadata,
    Column("connection", _Name, primary_key=True),
    Column("trips", Integer, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("open_until", Moment, nullable=False),
    Column("settings", _Digest, nullable=False, comment="digest of the partner's file: another one closes it"),
    Column("findings", Json, nullable=False),
)

acknowledgements = Table(
    "acknowledgements",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("receipt_id", _Id, ForeignKey("receipts.id"), nullable=False, index=True),
    Column("delivery_id", _Id, ForeignKey("deliveries.id"), nullable=False),
    Column("kind", _Name, nullable=False),
    Column("reference", _Name, nullable=False),
    Column("accepted", Boolean, nullable=False),
)

control_numbers = Table(
    "control_numbers",
    metadata,
    Column("delivery_id", _Id, ForeignKey("deliveries.id"), primary_key=True),
    Column("level", _Name, primary_key=True, comment="interchange or group"),
    Column("number", _Key, primary_key=True),
    Column("standard", _Name, nullable=False),
    Column("sender", _Name, nullable=False),
    Column("receiver", _Name, nullable=False),
)
Index("control_numbers_number", control_numbers.c.number, control_numbers.c.level, control_numbers.c.standard)

partner_verdicts = Table(
    "partner_verdicts",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("receipt_id", _Id, ForeignKey("receipts.id"), nullable=False, index=True),
    Column("document_id", _Id, ForeignKey("documents.id"), nullable=False, comment="the acknowledgement"),
    Column("delivery_id", _Id, ForeignKey("deliveries.id"), nullable=False, index=True),
    Column("kind", _Name, nullable=False, comment="CONTRL, 997, 999, TA1"),
    Column("verdict", _Name, comment="what it says; NULL: nothing that can be understood"),
    Column("findings", Json, nullable=False),
    Column("fingerprint", _Name),
    Column("pending", Boolean, nullable=False, comment="the delivery was under way: it takes effect with the outcome"),
    Column("at", Moment, nullable=False),
)

replies = Table(
    "replies",
    metadata,
    Column("receipt_id", _Id, ForeignKey("receipts.id"), primary_key=True, comment="what the target said later"),
    Column("delivery_id", _Id, ForeignKey("deliveries.id"), nullable=False, index=True),
    Column("judged", Boolean, nullable=False, comment="the delivery's state follows from it"),
)

responses = Table(
    "responses",
    metadata,
    Column("receipt_id", _Id, ForeignKey("receipts.id"), primary_key=True, comment="of whose sender"),
    Column("taken", Boolean, nullable=False, comment="whether he was told that we have taken it"),
    Column("digest", _Digest, ForeignKey("blobs.digest"), comment="the body that a mapping wrote"),
    Column("content_type", _Name, nullable=False),
    Column("findings", Json, nullable=False),
    Column("mapping_digest", _Digest, ForeignKey("artifacts.digest")),
    Column("at", Moment, nullable=False),
)

ticks = Table(
    "ticks",
    metadata,
    Column("schedule", _Name, primary_key=True),
    Column("fire_time", Moment, primary_key=True),
    Column("fired_at", Moment, nullable=False),
    Column("missed", Integer, nullable=False, comment="earlier times that passed while nobody was there"),
)

memory = Table(
    "memory",
    metadata,
    Column("scope", _Name, primary_key=True),
    Column("name", Words(LONGEST_NAME), primary_key=True),
    Column("value", _Name, nullable=False),
)

numbers = Table(
    "numbers",
    metadata,
    Column("series", _Key, primary_key=True),
    Column("last", BigInteger, nullable=False),
)
