"""What the migrations lack to give the tables of `schema`, as the body of a step that has it."""

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.runtime.migration import MigrationContext
from sqlalchemy import BigInteger, Integer, String, Text, TypeDecorator

from transload.runner.ledger.columns import Words
from transload.runner.ledger.migrations import VERSION_TABLE
from transload.runner.ledger.schema import metadata


def rendered(kind, item, context):
    """Types as they are in the database, whatever becomes of our classes for them."""
    if kind != "type":
        return False
    if isinstance(item, Words):
        return "TEXT"
    if isinstance(item, String) and item.length == 64:
        return "DIGEST"
    if isinstance(item, TypeDecorator):
        return f"sa.{type(item.impl).__name__}()"
    if isinstance(item, BigInteger) and isinstance(item._variant_mapping.get("sqlite"), Integer):
        return "ID"
    return False


def other_type(context, column, declared, there, wanted):
    """Whether a column of `Words` is of another type: Alembic does not see what a decorator says for each database."""
    if not isinstance(wanted, Words):
        return None
    collation = "C" if context.dialect.name == "postgresql" else None
    return not isinstance(there, Text) or there.collation != collation


def lacking(connection, metadata=metadata):
    """The code; "" where nothing is lacking."""
    options = {"version_table": VERSION_TABLE, "compare_type": other_type, "target_metadata": metadata}
    context = MigrationContext.configure(connection, opts=options)
    found = produce_migrations(context, metadata)
    if found.upgrade_ops.is_empty():
        return ""
    return render_python_code(found.upgrade_ops, alembic_module_prefix="operations.", render_item=rendered)
