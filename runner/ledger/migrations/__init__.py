"""The ledger's tables through the versions of Transload: each step is a file in ``versions``, applied by Alembic.

A change of the schema is a change of `schema` with a higher `VERSION`, and a file ``versions/vNNNN_what_it_does.py``
that brings the tables of the version before to it; a test compares the two and prints what the file lacks.  A step
gets ``operations`` (`alembic.operations.Operations`) and runs in one transaction with all others, so that a ledger has
the tables of one version or of the other.  What has shipped is never changed.
"""

from pathlib import Path

from sqlalchemy import Column, Connection, MetaData, String, Table, select

VERSION_TABLE = "ledger_version"
STEPS = Path(__file__).parent
UNFINISHED_TABLE = "restore_unfinished"
"""It is there while a backup is being restored: between its tables and what holds its lanes."""
unfinished = Table(UNFINISHED_TABLE, MetaData(), Column("backup", String, nullable=False))
_version = Table(VERSION_TABLE, MetaData(), Column("version_num", String))


def version_of(connection: Connection) -> int:
    """The version of the tables, of which there are some."""
    return int(connection.execute(select(_version.c.version_num)).scalar_one())


def migrate(connection: Connection, steps: Path = STEPS) -> None:
    """Bring the tables up to the last version that ``steps`` has, in the transaction of ``connection``."""
    from alembic.operations import Operations  # needed where tables change, and not at each start
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    script = ScriptDirectory(str(steps))
    context = MigrationContext.configure(
        connection,
        opts={
            "version_table": VERSION_TABLE,
            "fn": lambda heads, _: script._upgrade_revs("head", heads),  # noqa: SLF001  # as Alembic's own command does
        },
    )
    context.run_migrations(operations=Operations(context))
