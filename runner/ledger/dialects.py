"""Statements that SQL leaves to each database, or that each does its own way; the ledger's other SQL is the same."""

import json
from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Executable, Table, any_, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite


def insert_missing(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert the rows that no unique key of ``table`` holds already.

    Whoever inserts the same key at the same time is waited for.
    """
    if rows:
        connection.execute(_insert_missing(table, connection.dialect.name), rows)


def insert_new(connection: Connection, table: Table, row: dict[str, Any]) -> Any:
    """Insert a row; gives its primary key (of several columns the first), or None where a unique key is held already.

    Whoever inserts the same key at the same time is waited for.
    """
    return connection.execute(_insert_new(table, connection.dialect.name), row).scalar_one_or_none()


def insert_plain(connection: Connection, table: Table, names: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows whose values are as the database keeps them: SQLAlchemy's way of each value is left out.

    For what comes several times with each document; the types of its columns must not change what is stored.
    """
    connection.exec_driver_sql(_insert_plain(table, names, connection.dialect.name), [*rows])


def upsert(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert the rows, or change those that have the same primary key."""
    if rows:
        connection.execute(_upsert(table, connection.dialect.name, tuple(rows[0])), rows)


def reviving(table: Table, dialect: str, gone: ColumnElement[bool]) -> Any:
    """The statement that inserts rows, or changes those with the same primary key that are ``gone``.

    Also those that are not are locked until the commit, so that nobody lets them go meanwhile.  Build it once.
    """
    statement = _kind(dialect).insert(table)
    keys = [column.name for column in table.primary_key]
    changed = {column.name: statement.excluded[column.name] for column in table.columns if column.name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=changed, where=gone)


def among(connection: Connection, column: ColumnElement[Any], ids: Collection[int]) -> ColumnElement[bool]:
    """The condition that ``column`` is one of ``ids``, of which there may be more than a statement takes values."""
    if connection.dialect.name == "postgresql":
        return column == any_(bindparam(None, list(ids), type_=postgresql.ARRAY(BigInteger), unique=True))
    values = func.json_each(json.dumps(list(ids))).table_valued("value")
    return column.in_(select(values.c.value))


# Statements are built once: building one and finding its compiled form costs more than running it.


@cache
def _insert_missing(table: Table, dialect: str) -> Executable:
    statement: Executable = _kind(dialect).insert(table).on_conflict_do_nothing()
    return statement


@cache
def _insert_new(table: Table, dialect: str) -> Any:
    return _kind(dialect).insert(table).on_conflict_do_nothing().returning(*list(table.primary_key)[:1])


@cache
def _insert_plain(table: Table, names: tuple[str, ...], dialect: str) -> str:
    mark = "%s" if dialect == "postgresql" else "?"
    columns = ", ".join(f'"{name}"' for name in names)
    return f"INSERT INTO {table.name} ({columns}) VALUES ({', '.join([mark] * len(names))})"  # noqa: S608  # our own


@cache
def _upsert(table: Table, dialect: str, names: tuple[str, ...]) -> Executable:
    statement = _kind(dialect).insert(table)
    keys = [column.name for column in table.primary_key]
    changed = {name: statement.excluded[name] for name in names if name not in keys}
    changing: Executable = statement.on_conflict_do_update(index_elements=keys, set_=changed)
    return changing


def _kind(dialect: str) -> Any:
    return postgresql if dialect == "postgresql" else sqlite
