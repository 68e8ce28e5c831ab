"""The first schema."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0001"
down_revision = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
DIGEST = sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql")


def upgrade(operations: Operations) -> None:
    """Make all tables."""
    operations.create_table(
        "erasures",
        sa.Column("id", ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", TEXT, nullable=False, comment="a person, or retention"),
        sa.Column("reason", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    operations.create_table(
        "alarms",
        sa.Column("id", ID, nullable=False),
        sa.Column("channel", TEXT, nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False, comment="what is told, frozen"),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True, comment="sent, or given up"),
        sa.Column("sent", sa.Boolean(), nullable=False),
        sa.Column("error", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    operations.create_index(
        "alarms_due",
        "alarms",
        ["next_at"],
        unique=False,
        sqlite_where=sa.text("finished_at IS NULL"),
        postgresql_where=sa.text("finished_at IS NULL"),
    )
    operations.create_table(
        "artifacts",
        sa.Column("digest", DIGEST, nullable=False),
        sa.Column("kind", TEXT, nullable=False, comment="mapping, partner, xref NAME"),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("stored_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    operations.create_table(
        "blobs",
        sa.Column("digest", DIGEST, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column(
            "encoding",
            TEXT,
            nullable=False,
            comment="plain, zlib, or file: on a shelf; with ;aes=KEY: encrypted",
        ),
        sa.Column("data", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("digest"),
    )
    operations.create_table(
        "breakers",
        sa.Column("connection", TEXT, nullable=False),
        sa.Column("trips", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("open_until", sa.BigInteger(), nullable=False),
        sa.Column("settings", DIGEST, nullable=False, comment="digest of the partner's file: another one closes it"),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("connection"),
    )
    operations.create_table(
        "events",
        sa.Column("id", ID, nullable=False),
        sa.Column("lane", TEXT, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("what", TEXT, nullable=False),
        sa.Column("receipt_id", ID, nullable=True),
        sa.Column("document_id", ID, nullable=True),
        sa.Column("delivery_id", ID, nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("digest", DIGEST, nullable=True, comment="SHA-256 of the payload that it speaks of"),
        sa.Column("hash", DIGEST, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("lane", "sequence"),
    )
    operations.create_index(
        "events_delivery",
        "events",
        ["delivery_id"],
        unique=False,
        sqlite_where=sa.text("delivery_id IS NOT NULL"),
        postgresql_where=sa.text("delivery_id IS NOT NULL"),
    )
    operations.create_index("ix_events_document_id", "events", ["document_id"], unique=False)
    operations.create_index("ix_events_receipt_id", "events", ["receipt_id"], unique=False)
    operations.create_table(
        "expectations",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("judged_until", sa.BigInteger(), nullable=False, comment="everything due up to then is judged"),
        sa.Column("state", sa.Text(), nullable=False, comment="what it has learned or seen so far"),
        sa.PrimaryKeyConstraint("name"),
    )
    operations.create_table(
        "incidents",
        sa.Column("id", ID, nullable=False),
        sa.Column("key", TEXT, nullable=False, comment="what happened: it is told once"),
        sa.Column("subject", TEXT, nullable=False, comment="what it is about: one is open at a time"),
        sa.Column("source", TEXT, nullable=False, comment="arrival, acknowledgement, gap, silence, dead, breaker, ..."),
        sa.Column("severity", TEXT, nullable=False, comment="warning or error"),
        sa.Column("partner", TEXT, nullable=True),
        sa.Column("about", TEXT, nullable=False, comment="the route, lane, connection or folder"),
        sa.Column("title", TEXT, nullable=False),
        sa.Column("hint", TEXT, nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column(
            "lasting", sa.Boolean(), nullable=False, comment="it ends by itself, and cannot be closed while it lasts"
        ),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("acknowledged_at", sa.BigInteger(), nullable=True),
        sa.Column("acknowledged_by", TEXT, nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_by", TEXT, nullable=True, comment="a person; NULL: it ended by itself"),
        sa.Column("note", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    operations.create_index("incidents_closed", "incidents", ["closed_at"], unique=False)
    operations.create_index(
        "incidents_open",
        "incidents",
        ["subject"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    operations.create_table(
        "lanes",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column(
            "wait_until", sa.BigInteger(), nullable=True, comment="several calls in a row failed: rest until then"
        ),
        sa.Column(
            "begun", sa.Integer(), nullable=False, comment="times that its next batch was begun, and did not leave"
        ),
        sa.Column("sequence", sa.BigInteger(), nullable=False, comment="of the last event"),
        sa.Column("head", DIGEST, nullable=False, comment="hash of the last event"),
        sa.PrimaryKeyConstraint("name"),
    )
    operations.create_table(
        "memory",
        sa.Column("scope", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("scope", "name"),
    )
    operations.create_table(
        "meta",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    operations.create_table(
        "numbers",
        sa.Column("series", TEXT, nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("series"),
    )
    operations.create_table(
        "rates",
        sa.Column("connection", TEXT, nullable=False),
        sa.Column("paid_until", sa.BigInteger(), nullable=False, comment="calls up to then are paid for"),
        sa.PrimaryKeyConstraint("connection"),
    )
    operations.create_table(
        "ticks",
        sa.Column("schedule", TEXT, nullable=False),
        sa.Column("fire_time", sa.BigInteger(), nullable=False),
        sa.Column("fired_at", sa.BigInteger(), nullable=False),
        sa.Column("missed", sa.Integer(), nullable=False, comment="earlier times that passed while nobody was there"),
        sa.Column("tries", sa.Integer(), nullable=False, comment="how often what it asks for was tried in vain"),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True, comment="what it asked for is done, or given up"),
        sa.PrimaryKeyConstraint("schedule", "fire_time"),
    )
    operations.create_index(
        "ticks_open",
        "ticks",
        ["schedule"],
        unique=False,
        sqlite_where=sa.text("finished_at IS NULL"),
        postgresql_where=sa.text("finished_at IS NULL"),
    )
    operations.create_table(
        "alarm_notices",
        sa.Column("incident_id", ID, nullable=False),
        sa.Column("channel", TEXT, nullable=False),
        sa.Column("what", TEXT, nullable=False, comment="opened, repeated, closed"),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("alarm_id", ID, nullable=True, comment="NULL: not told yet"),
        sa.ForeignKeyConstraint(
            ["alarm_id"],
            ["alarms.id"],
        ),
        sa.ForeignKeyConstraint(
            ["incident_id"],
            ["incidents.id"],
        ),
        sa.PrimaryKeyConstraint("incident_id", "channel", "what", "number"),
    )
    operations.create_index(
        "alarm_notices_waiting",
        "alarm_notices",
        ["channel"],
        unique=False,
        sqlite_where=sa.text("alarm_id IS NULL"),
        postgresql_where=sa.text("alarm_id IS NULL"),
    )
    operations.create_table(
        "incident_members",
        sa.Column("source", TEXT, nullable=False),
        sa.Column("member", sa.BigInteger(), nullable=False, comment="a delivery, document or receipt: each once"),
        sa.Column("incident_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"],
            ["incidents.id"],
        ),
        sa.PrimaryKeyConstraint("source", "member"),
    )
    operations.create_index("ix_incident_members_incident_id", "incident_members", ["incident_id"], unique=False)
    operations.create_table(
        "receipts",
        sa.Column("id", ID, nullable=False),
        sa.Column("connection", TEXT, nullable=False),
        sa.Column("source_key", TEXT, nullable=False),
        sa.Column("route", TEXT, nullable=False),
        sa.Column("origin", TEXT, nullable=False),
        sa.Column("file", TEXT, nullable=True, comment="the last part of its origin, by which people look for it"),
        sa.Column("metadata", sa.Text(), nullable=False),
        sa.Column("digest", DIGEST, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False, comment="messages that are dealt with"),
        sa.Column("generation", sa.Integer(), nullable=False, comment="how often it was mapped again"),
        sa.Column("again", sa.Text(), nullable=True, comment="mapped again: which messages, and whether good ones too"),
        sa.Column("begun", sa.Integer(), nullable=False, comment="how often it was begun to be read since it got on"),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("fingerprint", TEXT, nullable=True, comment="of its errors"),
        sa.Column("origin_id", ID, nullable=True, comment="a person made it of that one"),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("erasure_id", ID, nullable=True, comment="its bytes were let go"),
        sa.Column("whole", sa.Boolean(), nullable=False, comment="not all that was made of it was let go"),
        sa.ForeignKeyConstraint(
            ["erasure_id"],
            ["erasures.id"],
        ),
        sa.ForeignKeyConstraint(
            ["digest"],
            ["blobs.digest"],
        ),
        sa.ForeignKeyConstraint(
            ["origin_id"],
            ["receipts.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("connection", "source_key"),
    )
    operations.create_index("receipts_payload", "receipts", ["digest"], unique=False)
    operations.create_index(
        "receipts_whole",
        "receipts",
        ["route", "id"],
        unique=False,
        sqlite_where=sa.text("whole = true"),
        postgresql_where=sa.text("whole = true"),
    )
    operations.create_index(
        "receipts_origin",
        "receipts",
        ["origin_id"],
        unique=False,
        sqlite_where=sa.text("origin_id IS NOT NULL"),
        postgresql_where=sa.text("origin_id IS NOT NULL"),
    )
    operations.create_index("receipts_file", "receipts", ["file"], unique=False)
    operations.create_index("receipts_received", "receipts", ["received_at"], unique=False)
    operations.create_index("receipts_state", "receipts", ["state", "id"], unique=False)
    operations.create_index("receipts_arrived", "receipts", ["route", "received_at"], unique=False)
    operations.create_index(
        "receipts_due",
        "receipts",
        ["route", "id"],
        unique=False,
        sqlite_where=sa.text("finished_at IS NULL"),
        postgresql_where=sa.text("finished_at IS NULL"),
    )
    operations.create_index(
        "receipts_quarantined",
        "receipts",
        ["id"],
        unique=False,
        sqlite_where=sa.text("state = 'QUARANTINED'"),
        postgresql_where=sa.text("state = 'QUARANTINED'"),
    )
    operations.create_table(
        "deliveries",
        sa.Column("id", ID, nullable=False),
        sa.Column("lane", TEXT, nullable=False),
        sa.Column("target", TEXT, nullable=False, comment="the send route, or the receive route that acknowledges"),
        sa.Column("connection", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False, comment="document or acknowledgement"),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False, comment="the idempotency key"),
        sa.Column("order_key", TEXT, nullable=True),
        sa.Column(
            "place",
            sa.BigInteger(),
            nullable=False,
            comment="in the lane's order: its number, or that of what it replaces",
        ),
        sa.Column("holds", sa.Boolean(), nullable=False, comment="when it fails, later ones of its order key wait"),
        sa.Column(
            "behind",
            sa.BigInteger(),
            nullable=False,
            comment="the failed delivery behind which it waits; or 0",
        ),
        sa.Column("body", DIGEST, nullable=True),
        sa.Column("content_type", TEXT, nullable=False),
        sa.Column("metadata", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False, comment="rows in attempts"),
        sa.Column("failures", sa.Integer(), nullable=False, comment="tries that count against the route's limit"),
        sa.Column("unsure", sa.Boolean(), nullable=False, comment="it may have landed: look before sending again"),
        sa.Column("epoch", sa.BigInteger(), nullable=False, comment="the lane's epoch in which it was last sent"),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("staged_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True, comment="when it became final; UNKNOWN is not final"),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("fingerprint", TEXT, nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("mapping_digest", DIGEST, nullable=True),
        sa.Column("partner_digest", DIGEST, nullable=True),
        sa.Column("product", TEXT, nullable=False),
        sa.Column("receipt_id", ID, nullable=True),
        sa.Column("origin_id", ID, nullable=True, comment="a replay: the delivery before it"),
        sa.Column("erasure_id", ID, nullable=True, comment="what it held was let go"),
        sa.ForeignKeyConstraint(
            ["erasure_id"],
            ["erasures.id"],
        ),
        sa.ForeignKeyConstraint(
            ["body"],
            ["blobs.digest"],
        ),
        sa.ForeignKeyConstraint(
            ["mapping_digest"],
            ["artifacts.digest"],
        ),
        sa.ForeignKeyConstraint(
            ["origin_id"],
            ["deliveries.id"],
        ),
        sa.ForeignKeyConstraint(
            ["partner_digest"],
            ["artifacts.digest"],
        ),
        sa.ForeignKeyConstraint(
            ["receipt_id"],
            ["receipts.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    operations.create_index("deliveries_body", "deliveries", ["body"], unique=False)
    operations.create_index(
        "deliveries_active",
        "deliveries",
        ["lane", "behind", "place"],
        unique=False,
        sqlite_where=sa.text("finished_at IS NULL"),
        postgresql_where=sa.text("finished_at IS NULL"),
    )
    failed = "holds = true AND state IN ('DEAD', 'REJECTED', 'QUARANTINED')"
    for name, columns, condition in (
        ("deliveries_order", ["lane", "order_key", "place"], f"finished_at IS NULL OR {failed}"),
        ("deliveries_heads", ["lane", "place"], f"state = 'UNKNOWN' OR {failed}"),
    ):
        where = sa.text(f"order_key IS NOT NULL AND behind = 0 AND ({condition})")
        operations.create_index(name, "deliveries", columns, unique=False, sqlite_where=where, postgresql_where=where)
    operations.create_index("deliveries_state", "deliveries", ["state", "id"], unique=False)
    operations.create_index("deliveries_target", "deliveries", ["target", "id"], unique=False)
    operations.create_index(
        "deliveries_origin",
        "deliveries",
        ["origin_id"],
        unique=False,
        sqlite_where=sa.text("origin_id IS NOT NULL"),
        postgresql_where=sa.text("origin_id IS NOT NULL"),
    )
    operations.create_index("ix_deliveries_receipt_id", "deliveries", ["receipt_id"], unique=False)
    operations.create_table(
        "documents",
        sa.Column("id", ID, nullable=False),
        sa.Column("receipt_id", ID, nullable=False),
        sa.Column("message", sa.Integer(), nullable=False, comment="position in the receipt, from 1"),
        sa.Column(
            "ordinal",
            sa.Integer(),
            nullable=False,
            comment="position among the message's documents, from 1; 0 for none",
        ),
        sa.Column("route", TEXT, nullable=False),
        sa.Column("partner", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("sender", TEXT, nullable=False),
        sa.Column("receiver", TEXT, nullable=False),
        sa.Column("interchange", TEXT, nullable=False),
        sa.Column("reference", TEXT, nullable=False),
        sa.Column("wire_digest", DIGEST, nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.Column("document", TEXT, nullable=True, comment="name and version of the model, such as order/1"),
        sa.Column("number", TEXT, nullable=True, comment="the document's own number, by which people know it"),
        sa.Column("about", TEXT, nullable=True, comment="the number of the order that it is about"),
        sa.Column("digest", DIGEST, nullable=True),
        sa.Column("mapping", TEXT, nullable=True),
        sa.Column("mapping_digest", DIGEST, nullable=True),
        sa.Column("partner_digest", DIGEST, nullable=True),
        sa.Column("product", TEXT, nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("fingerprint", TEXT, nullable=True, comment="of its errors"),
        sa.Column("targets", sa.Integer(), nullable=False, comment="deliveries that were made of it"),
        sa.Column("origin_id", ID, nullable=True, comment="a replay: the document before it"),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("erasure_id", ID, nullable=True, comment="what it held was let go"),
        sa.ForeignKeyConstraint(
            ["erasure_id"],
            ["erasures.id"],
        ),
        sa.ForeignKeyConstraint(
            ["mapping_digest"],
            ["artifacts.digest"],
        ),
        sa.ForeignKeyConstraint(
            ["origin_id"],
            ["documents.id"],
        ),
        sa.ForeignKeyConstraint(
            ["partner_digest"],
            ["artifacts.digest"],
        ),
        sa.ForeignKeyConstraint(
            ["receipt_id"],
            ["receipts.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    operations.create_table(
        "contents",
        sa.Column("document_id", ID, autoincrement=False, nullable=False),
        sa.Column("canonical", TEXT, nullable=False),
        sa.Column("residue", sa.Text(), nullable=True, comment="what else the message holds, if its mapping keeps it"),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["documents.id"],
        ),
        sa.PrimaryKeyConstraint("document_id"),
    )
    operations.create_index(
        "documents_about",
        "documents",
        ["about"],
        unique=False,
        sqlite_where=sa.text("about IS NOT NULL"),
        postgresql_where=sa.text("about IS NOT NULL"),
    )
    operations.create_index("documents_created", "documents", ["created_at"], unique=False)
    operations.create_index("documents_document", "documents", ["document", "id"], unique=False)
    operations.create_index("documents_kind", "documents", ["kind", "id"], unique=False)
    operations.create_index(
        "documents_origin",
        "documents",
        ["origin_id"],
        unique=False,
        sqlite_where=sa.text("origin_id IS NOT NULL"),
        postgresql_where=sa.text("origin_id IS NOT NULL"),
    )
    operations.create_index("documents_partner", "documents", ["partner", "id"], unique=False)
    operations.create_index("documents_reference", "documents", ["reference"], unique=False)
    operations.create_index("documents_number", "documents", ["number"], unique=False)
    operations.create_index("documents_route", "documents", ["route", "id"], unique=False)
    operations.create_index("documents_route_created", "documents", ["route", "created_at"], unique=False)
    operations.create_index("documents_state", "documents", ["state", "id"], unique=False)
    operations.create_index("documents_wire", "documents", ["interchange", "route", "reference"], unique=False)
    operations.create_index("ix_documents_receipt_id", "documents", ["receipt_id"], unique=False)
    operations.create_index("deliveries_staged", "deliveries", ["staged_at"], unique=False)
    for table in ("receipts", "documents", "deliveries"):
        operations.create_index(
            f"{table}_fingerprint",
            table,
            ["fingerprint", "id"],
            unique=False,
            sqlite_where=sa.text("fingerprint IS NOT NULL"),
            postgresql_where=sa.text("fingerprint IS NOT NULL"),
        )
        operations.create_index(
            f"{table}_findings",
            table,
            ["id"],
            unique=False,
            sqlite_where=sa.text("findings != '[]'"),
            postgresql_where=sa.text("findings != '[]'"),
        )
    operations.create_table(
        "pauses",
        sa.Column(
            "kind", TEXT, nullable=False, comment="partner, connection or route; lanes have a column of their own"
        ),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("by", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "name"),
    )
    operations.create_table(
        "bulks",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", TEXT, nullable=False, comment="redeliver, remap or reingest"),
        sa.Column("state", TEXT, nullable=False, comment="PREPARING, RUNNING, DONE, CANCELLED"),
        sa.Column(
            "asked",
            sa.Text(),
            nullable=False,
            comment="what was asked for: who asks for the same goes on with this one",
        ),
        sa.Column("by", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=True),
        sa.Column("total", sa.Integer(), nullable=False, comment="its items"),
        sa.Column("position", sa.Integer(), nullable=False, comment="the number of the last item that is done"),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    operations.create_table(
        "bulk_items",
        sa.Column("bulk_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="from 1, in the order in which they are done"),
        sa.Column("subject", sa.BigInteger(), nullable=False, comment="the delivery or receipt that is done again"),
        sa.Column(
            "messages", sa.Text(), nullable=True, comment="mapped again: which messages, and whether good ones too"
        ),
        sa.Column("state", TEXT, nullable=False, comment="WAITING, DONE, REFUSED or CANCELLED"),
        sa.Column("made", sa.BigInteger(), nullable=True, comment="the delivery or receipt that came of it"),
        sa.Column("note", TEXT, nullable=True, comment="why it was refused"),
        sa.ForeignKeyConstraint(
            ["bulk_id"],
            ["bulks.id"],
        ),
        sa.PrimaryKeyConstraint("bulk_id", "number"),
    )
    operations.create_table(
        "parts",
        sa.Column("receipt_id", ID, nullable=False),
        sa.Column("parent_id", ID, nullable=False, comment="what it was unpacked from"),
        sa.Column("number", sa.Integer(), nullable=False, comment="position among the parent's parts, from 1"),
        sa.Column("filters", TEXT, nullable=False, comment="by which, the outermost first"),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["receipts.id"],
        ),
        sa.ForeignKeyConstraint(
            ["receipt_id"],
            ["receipts.id"],
        ),
        sa.PrimaryKeyConstraint("receipt_id"),
        sa.UniqueConstraint("parent_id", "number"),
    )
    operations.create_table(
        "responses",
        sa.Column("receipt_id", ID, nullable=False, comment="of whose sender"),
        sa.Column("taken", sa.Boolean(), nullable=False, comment="whether he was told that we have taken it"),
        sa.Column("digest", DIGEST, nullable=True, comment="the body that a mapping wrote"),
        sa.Column("content_type", TEXT, nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("mapping_digest", DIGEST, nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["digest"],
            ["blobs.digest"],
        ),
        sa.ForeignKeyConstraint(
            ["mapping_digest"],
            ["artifacts.digest"],
        ),
        sa.ForeignKeyConstraint(
            ["receipt_id"],
            ["receipts.id"],
        ),
        sa.PrimaryKeyConstraint("receipt_id"),
    )
    operations.create_table(
        "acknowledgements",
        sa.Column("id", ID, nullable=False),
        sa.Column("receipt_id", ID, nullable=False),
        sa.Column("delivery_id", ID, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("reference", TEXT, nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["deliveries.id"],
        ),
        sa.ForeignKeyConstraint(
            ["receipt_id"],
            ["receipts.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    operations.create_index("ix_acknowledgements_receipt_id", "acknowledgements", ["receipt_id"], unique=False)
    operations.create_table(
        "attempts",
        sa.Column("delivery_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome", TEXT, nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["deliveries.id"],
        ),
        sa.PrimaryKeyConstraint("delivery_id", "number"),
    )
    operations.create_table(
        "control_numbers",
        sa.Column("delivery_id", ID, nullable=False),
        sa.Column("level", TEXT, nullable=False, comment="interchange or group"),
        sa.Column("number", TEXT, nullable=False),
        sa.Column("standard", TEXT, nullable=False),
        sa.Column("sender", TEXT, nullable=False),
        sa.Column("receiver", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["deliveries.id"],
        ),
        sa.PrimaryKeyConstraint("delivery_id", "level", "number"),
    )
    operations.create_index("control_numbers_number", "control_numbers", ["number", "level", "standard"], unique=False)
    operations.create_table(
        "delivery_documents",
        sa.Column("delivery_id", ID, nullable=False),
        sa.Column("document_id", ID, nullable=False),
        sa.Column(
            "position",
            sa.Integer(),
            nullable=True,
            comment="where a delivery holds several: which message it is, from 1",
        ),
        sa.Column("state", TEXT, nullable=True, comment="where the partner has judged them apart"),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["deliveries.id"],
        ),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["documents.id"],
        ),
        sa.PrimaryKeyConstraint("delivery_id", "document_id"),
    )
    operations.create_table(
        "gathered",
        sa.Column("document_id", ID, nullable=False),
        sa.Column("target", TEXT, nullable=False, comment="for which it waits"),
        sa.Column("receipt_id", ID, nullable=False),
        sa.Column("lane", TEXT, nullable=False, comment="in which it will leave"),
        sa.Column(
            "due_at",
            sa.BigInteger(),
            nullable=True,
            comment="when it leaves; NULL: once its receipt is read to the end",
        ),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["documents.id"],
        ),
        sa.ForeignKeyConstraint(
            ["receipt_id"],
            ["receipts.id"],
        ),
        sa.PrimaryKeyConstraint("document_id", "target"),
    )
    operations.create_index("ix_gathered_receipt_id", "gathered", ["receipt_id"], unique=False)
    operations.create_index(
        "gathered_due",
        "gathered",
        ["due_at", "lane"],
        unique=False,
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    operations.create_index("ix_delivery_documents_document_id", "delivery_documents", ["document_id"], unique=False)
    operations.create_table(
        "partner_verdicts",
        sa.Column("id", ID, nullable=False),
        sa.Column("receipt_id", ID, nullable=False),
        sa.Column("document_id", ID, nullable=False, comment="the acknowledgement"),
        sa.Column("delivery_id", ID, nullable=False),
        sa.Column("kind", TEXT, nullable=False, comment="CONTRL, 997, 999, TA1"),
        sa.Column("verdict", TEXT, nullable=True, comment="what it says; NULL: nothing that can be understood"),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("fingerprint", TEXT, nullable=True),
        sa.Column(
            "pending",
            sa.Boolean(),
            nullable=False,
            comment="the delivery was under way: it takes effect with the outcome",
        ),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["deliveries.id"],
        ),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["documents.id"],
        ),
        sa.ForeignKeyConstraint(
            ["receipt_id"],
            ["receipts.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    operations.create_index("ix_partner_verdicts_delivery_id", "partner_verdicts", ["delivery_id"], unique=False)
    operations.create_index("ix_partner_verdicts_receipt_id", "partner_verdicts", ["receipt_id"], unique=False)
    operations.create_table(
        "replies",
        sa.Column("receipt_id", ID, nullable=False, comment="what the target said later"),
        sa.Column("delivery_id", ID, nullable=False),
        sa.Column("judged", sa.Boolean(), nullable=False, comment="the delivery's state follows from it"),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["deliveries.id"],
        ),
        sa.ForeignKeyConstraint(
            ["receipt_id"],
            ["receipts.id"],
        ),
        sa.PrimaryKeyConstraint("receipt_id"),
    )
    operations.create_index("ix_replies_delivery_id", "replies", ["delivery_id"], unique=False)
    operations.create_index("ix_responses_digest", "responses", ["digest"], unique=False)
    operations.create_index(
        "blobs_erasing",
        "blobs",
        ["digest"],
        unique=False,
        sqlite_where=sa.text("encoding = 'erasing'"),
        postgresql_where=sa.text("encoding = 'erasing'"),
    )
    operations.create_table(
        "attachments",
        sa.Column("id", ID, nullable=False),
        sa.Column("digest", DIGEST, nullable=False),
        sa.Column("receipt_id", ID, nullable=True, comment="beside which it was kept"),
        sa.Column("delivery_id", ID, nullable=True, comment="to which it was the answer"),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["deliveries.id"],
        ),
        sa.ForeignKeyConstraint(
            ["digest"],
            ["blobs.digest"],
        ),
        sa.ForeignKeyConstraint(
            ["receipt_id"],
            ["receipts.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    operations.create_index("ix_attachments_delivery_id", "attachments", ["delivery_id"], unique=False)
    operations.create_index("ix_attachments_digest", "attachments", ["digest"], unique=False)
    operations.create_index("ix_attachments_receipt_id", "attachments", ["receipt_id"], unique=False)
    operations.create_table(
        "seals",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False, comment="from 1"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column(
            "lanes",
            sa.Integer(),
            nullable=False,
            comment="whose heads it has: those with events since the seal before",
        ),
        sa.Column("hash", DIGEST, nullable=False, comment="over the seal before and the heads"),
        sa.PrimaryKeyConstraint("number"),
    )
    operations.create_table(
        "seal_heads",
        sa.Column("lane", TEXT, nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("head", DIGEST, nullable=False),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["seal"],
            ["seals.number"],
        ),
        sa.PrimaryKeyConstraint("lane", "sequence"),
    )
    operations.create_index("ix_seal_heads_seal", "seal_heads", ["seal"], unique=False)
    _only_append(operations, "events", "seals", "seal_heads")


def _only_append(operations: Operations, *tables: str) -> None:
    """Let the database refuse what changes or removes a row of ``tables``."""
    if operations.get_bind().dialect.name == "sqlite":
        for table in tables:
            for what in ("UPDATE", "DELETE"):
                operations.execute(
                    f"CREATE TRIGGER {table}_no_{what.lower()} BEFORE {what} ON {table}"
                    f" BEGIN SELECT RAISE(ABORT, '{table} are append-only'); END"
                )
        return
    operations.execute(
        "CREATE FUNCTION only_append() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION '% are append-only', TG_TABLE_NAME; END $$"
    )
    for table in tables:
        operations.execute(
            f"CREATE TRIGGER {table}_only_append BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION only_append()"
        )
