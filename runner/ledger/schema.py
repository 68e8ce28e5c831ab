"""The ledger's tables: receipts are what arrived, documents what was read from them, deliveries what is on its way.

Events are append-only and chained by hash within a lane.  What people have decided is in `decisions`.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    literal_column,
)

from transload.runner.ledger.columns import Json, Moment, Private, PrivateJson, Words

VERSION = 1
"""The version of this schema: the newest step of `migrations`; a ledger with a newer one is refused."""

metadata = MetaData()
_Id = BigInteger().with_variant(Integer, "sqlite")
_Digest = String(64).with_variant(String(64, collation="C"), "postgresql")
_Name = Words()
_Key = Words(500)
"""A key of an index, which holds 2,704 bytes at most on PostgreSQL, for all its columns."""
_ShortKey = Words(200)
"""Two of these are in one index."""
LONGEST_NAME = 640
"""Characters of the name of a note in a source's memory, which holds the path of a file, as a rule."""


def _where(condition: ColumnElement[bool]) -> dict[str, Any]:
    return {f"{dialect}_where": condition for dialect in ("sqlite", "postgresql")}


def where_known(column: Column[Any]) -> dict[str, Any]:
    """The condition of a partial index, so that rows without ``column`` cost it nothing."""
    return _where(column.is_not(None))


def _unfinished(table: Table) -> dict[str, Any]:
    """The condition of a partial index, so that finished rows cost it nothing."""
    return _where(table.c.finished_at.is_(None))


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
    Column(
        "encoding",
        _Name,
        nullable=False,
        comment="plain, zlib, or file: on a shelf; with ;aes=KEY: encrypted",
    ),
    Column("data", LargeBinary),
)

Index("blobs_erasing", blobs.c.digest, **_where(blobs.c.encoding == literal_column("'erasing'")))

erasures = Table(
    "erasures",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("by", _Name, nullable=False, comment="a person, or retention"),
    Column("reason", _Name, nullable=False),
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
    Column("file", _ShortKey, comment="the last part of its origin, by which people look for it"),
    Column("metadata", Json, nullable=False),
    Column("digest", _Digest, ForeignKey("blobs.digest"), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("state", _Name, nullable=False),
    Column("position", Integer, nullable=False, default=0, comment="messages that are dealt with"),
    Column("generation", Integer, nullable=False, default=0, comment="how often it was mapped again"),
    Column("again", Json, comment="mapped again: which messages, and whether good ones too"),
    Column("begun", Integer, nullable=False, default=0, comment="how often it was begun to be read since it got on"),
    Column("findings", PrivateJson("receipts.findings"), nullable=False),
    Column("fingerprint", _Name, comment="of its errors"),
    Column("origin_id", _Id, ForeignKey("receipts.id"), comment="a person made it of that one"),
    Column("received_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Column("erasure_id", _Id, ForeignKey("erasures.id"), comment="its bytes were let go"),
    Column("whole", Boolean, nullable=False, default=True, comment="not all that was made of it was let go"),
    UniqueConstraint("connection", "source_key"),
)
Index("receipts_payload", receipts.c.digest)
Index("receipts_origin", receipts.c.origin_id, **where_known(receipts.c.origin_id))
still_whole = receipts.c.whole == literal_column("true")
"""A condition that the index below is for."""
Index("receipts_whole", receipts.c.route, receipts.c.id, **_where(still_whole))
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
    Column("kind", _ShortKey, nullable=False),
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
    Column("about", _Key, comment="the number of the order that it is about"),
    Column("digest", _Digest),
    Column("mapping", _Name),
    Column("mapping_digest", _Digest, ForeignKey("artifacts.digest")),
    Column("partner_digest", _Digest, ForeignKey("artifacts.digest")),
    Column("product", _Name, nullable=False),
    Column("findings", PrivateJson("documents.findings"), nullable=False),
    Column("fingerprint", _Name, comment="of its errors"),
    Column("targets", Integer, nullable=False, comment="deliveries that were made of it"),
    Column("origin_id", _Id, ForeignKey("documents.id"), comment="a replay: the document before it"),
    Column("created_at", Moment, nullable=False),
    Column("erasure_id", _Id, ForeignKey("erasures.id"), comment="what it held was let go"),
)
Index("documents_wire", documents.c.interchange, documents.c.route, documents.c.reference)

contents = Table(
    "contents",
    metadata,
    Column("document_id", _Id, ForeignKey("documents.id"), primary_key=True, autoincrement=False),
    Column("canonical", Private("contents.canonical"), nullable=False),
    Column(
        "residue",
        PrivateJson("contents.residue"),
        comment="what else the message holds, if its mapping keeps it",
    ),
)
"""What documents say.  A row is written once, and erased; those of `documents` change, and are short for that."""

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
    Column("place", BigInteger, nullable=False, comment="in the lane's order: its number, or that of what it replaces"),
    Column("holds", Boolean, nullable=False, default=False, comment="when it fails, later ones of its order key wait"),
    Column("behind", BigInteger, nullable=False, default=0, comment="the failed delivery behind which it waits; or 0"),
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
    Column("findings", PrivateJson("deliveries.findings"), nullable=False),
    Column("fingerprint", _Name),
    Column("answer", PrivateJson("deliveries.answer")),
    Column("mapping_digest", _Digest, ForeignKey("artifacts.digest")),
    Column("partner_digest", _Digest, ForeignKey("artifacts.digest")),
    Column("product", _Name, nullable=False),
    Column("receipt_id", _Id, ForeignKey("receipts.id"), index=True),
    Column("origin_id", _Id, ForeignKey("deliveries.id"), comment="a replay: the delivery before it"),
    Column("erasure_id", _Id, ForeignKey("erasures.id"), comment="what it held was let go"),
)
Index("deliveries_body", deliveries.c.body)
Index("deliveries_origin", deliveries.c.origin_id, **where_known(deliveries.c.origin_id))
Index("deliveries_active", deliveries.c.lane, deliveries.c.behind, deliveries.c.place, **_unfinished(deliveries))
Index("deliveries_state", deliveries.c.state, deliveries.c.id)

delivery_documents = Table(
    "delivery_documents",
    metadata,
    Column("delivery_id", _Id, ForeignKey("deliveries.id"), primary_key=True),
    Column("document_id", _Id, ForeignKey("documents.id"), primary_key=True, index=True),
    Column("position", Integer, comment="where a delivery holds several: which message it is, from 1"),
    Column("state", _Name, comment="where the partner has judged them apart"),
)

gathered = Table(
    "gathered",
    metadata,
    Column("document_id", _Id, ForeignKey("documents.id"), primary_key=True),
    Column("target", _Name, primary_key=True, comment="for which it waits"),
    Column("receipt_id", _Id, ForeignKey("receipts.id"), nullable=False, index=True),
    Column("lane", _Name, nullable=False, comment="in which it will leave"),
    Column("due_at", Moment, comment="when it leaves; NULL: once its receipt is read to the end"),
)
Index("gathered_due", gathered.c.due_at, gathered.c.lane, **_where(gathered.c.due_at.is_not(None)))

attachments = Table(
    "attachments",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("digest", _Digest, ForeignKey("blobs.digest"), nullable=False, index=True),
    Column("receipt_id", _Id, ForeignKey("receipts.id"), index=True, comment="beside which it was kept"),
    Column("delivery_id", _Id, ForeignKey("deliveries.id"), index=True, comment="to which it was the answer"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("delivery_id", _Id, ForeignKey("deliveries.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("started_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("outcome", _Name),
    Column("detail", PrivateJson("attempts.detail")),
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
    Column("delivery_id", _Id),
    Column("detail", Json),
    Column("digest", _Digest, comment="SHA-256 of the payload that it speaks of"),
    Column("hash", _Digest, nullable=False),
    UniqueConstraint("lane", "sequence"),
)
Index("events_delivery", events.c.delivery_id, **where_known(events.c.delivery_id))

seals = Table(
    "seals",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False, comment="from 1"),
    Column("at", Moment, nullable=False),
    Column("lanes", Integer, nullable=False, comment="whose heads it has: those with events since the seal before"),
    Column("hash", _Digest, nullable=False, comment="over the seal before and the heads"),
)

seal_heads = Table(
    "seal_heads",
    metadata,
    Column("lane", _Name, primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("head", _Digest, nullable=False),
    Column("seal", BigInteger, ForeignKey("seals.number"), nullable=False, index=True),
)

lanes = Table(
    "lanes",
    metadata,
    Column("name", _Name, primary_key=True),
    Column("epoch", BigInteger, nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("wait_until", Moment, comment="several calls in a row failed: rest until then"),
    Column("begun", Integer, nullable=False, comment="times that its next batch was begun, and did not leave"),
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

rates = Table(
    "rates",
    metadata,
    Column("connection", _Name, primary_key=True),
    Column("paid_until", Moment, nullable=False, comment="calls up to then are paid for"),
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
    Column("findings", PrivateJson("partner_verdicts.findings"), nullable=False),
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
    Column("digest", _Digest, ForeignKey("blobs.digest"), index=True, comment="the body that a mapping wrote"),
    Column("content_type", _Name, nullable=False),
    Column("findings", PrivateJson("responses.findings"), nullable=False),
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
    Column("tries", Integer, nullable=False, default=0, comment="how often what it asks for was tried in vain"),
    Column("next_at", Moment, nullable=False),
    Column("finished_at", Moment, comment="what it asked for is done, or given up"),
)
Index("ticks_open", ticks.c.schedule, **_unfinished(ticks))

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

# What should happen, what is wrong, and who was told.

Index("receipts_arrived", receipts.c.route, receipts.c.received_at)
Index("deliveries_target", deliveries.c.target, deliveries.c.id)


quarantined_receipt = receipts.c.state == literal_column("'QUARANTINED'")
"""A condition that the index below is for; with a parameter no database knows that it is the same."""
Index("receipts_quarantined", receipts.c.id, **_where(quarantined_receipt))

expectations = Table(
    "expectations",
    metadata,
    Column("name", _Key, primary_key=True),
    Column("judged_until", Moment, nullable=False, comment="everything due up to then is judged"),
    Column("state", Json, nullable=False, comment="what it has learned or seen so far"),
)

incidents = Table(
    "incidents",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("key", _Key, nullable=False, unique=True, comment="what happened: it is told once"),
    Column("subject", _Key, nullable=False, comment="what it is about: one is open at a time"),
    Column("source", _Name, nullable=False, comment="arrival, acknowledgement, gap, silence, dead, breaker, ..."),
    Column("severity", _Name, nullable=False, comment="warning or error"),
    Column("partner", _Name),
    Column("about", _Name, nullable=False, comment="the route, lane, connection or folder"),
    Column("title", _Name, nullable=False),
    Column("hint", _Name, nullable=False),
    Column("detail", Json, nullable=False),
    Column("count", Integer, nullable=False),
    Column("lasting", Boolean, nullable=False, comment="it ends by itself, and cannot be closed while it lasts"),
    Column("opened_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("acknowledged_at", Moment),
    Column("acknowledged_by", _Name),
    Column("closed_at", Moment),
    Column("closed_by", _Name, comment="a person; NULL: it ended by itself"),
    Column("note", _Name),
)
Index("incidents_open", incidents.c.subject, unique=True, **_where(incidents.c.closed_at.is_(None)))
Index("incidents_closed", incidents.c.closed_at)

incident_members = Table(
    "incident_members",
    metadata,
    Column("source", _Name, primary_key=True),
    Column("member", BigInteger, primary_key=True, comment="a delivery, document or receipt: each once"),
    Column("incident_id", _Id, ForeignKey("incidents.id"), nullable=False, index=True),
)

alarms = Table(
    "alarms",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("channel", _Name, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("body", Json, nullable=False, comment="what is told, frozen"),
    Column("tries", Integer, nullable=False),
    Column("next_at", Moment, nullable=False),
    Column("finished_at", Moment, comment="sent, or given up"),
    Column("sent", Boolean, nullable=False),
    Column("error", _Name),
)
Index("alarms_due", alarms.c.next_at, **_unfinished(alarms))

alarm_notices = Table(
    "alarm_notices",
    metadata,
    Column("incident_id", _Id, ForeignKey("incidents.id"), primary_key=True),
    Column("channel", _Name, primary_key=True),
    Column("what", _Name, primary_key=True, comment="opened, repeated, closed"),
    Column("number", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("alarm_id", _Id, ForeignKey("alarms.id"), comment="NULL: not told yet"),
)
Index("alarm_notices_waiting", alarm_notices.c.channel, **_where(alarm_notices.c.alarm_id.is_(None)))
