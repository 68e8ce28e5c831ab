"""The tables of what people have decided: what stands still, and what is done again in bulk."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, literal_column

from transload.runner.ledger.columns import Json, Moment, Words
from transload.runner.ledger.schema import deliveries, documents, metadata, receipts, where_known

Number = BigInteger().with_variant(Integer, "sqlite")

pauses = Table(
    "pauses",
    metadata,
    Column("kind", Words(), primary_key=True, comment="partner, connection or route; lanes have a column of their own"),
    Column("name", Words(), primary_key=True),
    Column("by", Words(), nullable=False),
    Column("reason", Words()),
    Column("at", Moment, nullable=False),
)

bulks = Table(
    "bulks",
    metadata,
    Column("id", Number, primary_key=True),
    Column("kind", Words(), nullable=False, comment="redeliver, remap or reingest"),
    Column("state", Words(), nullable=False, comment="PREPARING, RUNNING, DONE, CANCELLED"),
    Column("asked", Json, nullable=False, comment="what was asked for: who asks for the same goes on with this one"),
    Column("by", Words(), nullable=False),
    Column("reason", Words()),
    Column("total", Integer, nullable=False, comment="its items"),
    Column("position", Integer, nullable=False, comment="the number of the last item that is done"),
    Column("made_at", Moment, nullable=False),
    Column("ended_at", Moment),
)

bulk_items = Table(
    "bulk_items",
    metadata,
    Column("bulk_id", Number, ForeignKey("bulks.id"), primary_key=True),
    Column("number", Integer, primary_key=True, comment="from 1, in the order in which they are done"),
    Column("subject", BigInteger, nullable=False, comment="the delivery or receipt that is done again"),
    Column("messages", Json, comment="mapped again: which messages, and whether good ones too"),
    Column("state", Words(), nullable=False, comment="WAITING, DONE, REFUSED or CANCELLED"),
    Column("made", BigInteger, comment="the delivery or receipt that came of it"),
    Column("note", Words(), comment="why it was refused"),
)

# What people look for.

Index("receipts_file", receipts.c.file)
Index("receipts_state", receipts.c.state, receipts.c.id)
Index("receipts_received", receipts.c.received_at)
Index("documents_about", documents.c.about, **where_known(documents.c.about))
Index("documents_number", documents.c.number)
Index("documents_reference", documents.c.reference)
Index("documents_document", documents.c.document, documents.c.id)
Index("documents_kind", documents.c.kind, documents.c.id)
Index("documents_partner", documents.c.partner, documents.c.id)
Index("documents_route", documents.c.route, documents.c.id)
Index("documents_route_created", documents.c.route, documents.c.created_at)
Index("documents_state", documents.c.state, documents.c.id)
Index("documents_created", documents.c.created_at)
Index("deliveries_staged", deliveries.c.staged_at)
Index("documents_origin", documents.c.origin_id, **where_known(documents.c.origin_id))

with_findings = {table.name: table.c.findings != literal_column("'[]'") for table in (receipts, documents, deliveries)}
"""The conditions of the indexes below: only what has findings is read where their words are looked for."""
for _table in (receipts, documents, deliveries):
    Index(f"{_table.name}_fingerprint", _table.c.fingerprint, _table.c.id, **where_known(_table.c.fingerprint))
    Index(
        f"{_table.name}_findings",
        _table.c.id,
        sqlite_where=with_findings[_table.name],
        postgresql_where=with_findings[_table.name],
    )
