"""Statements that SQL leaves to each database, or that each does its own way; the ledger's other SQL is the same."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Dialect,
    Executable,
    Table,
    Text,
    any_,
    bindparam,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.elements import BindParameter
from sqlalchemy.sql.schema import ScalarElementColumnDefault
from sqlalchemy.types import TypeEngine

Way = Callable[[Any], Any]
"""What makes of a value what the database keeps."""
_ways_of: WeakKeyDictionary[Dialect, dict[tuple[Table, tuple[str, ...]], list[tuple[str, Way | None]]]]
_ways_of = WeakKeyDictionary()


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
    row = _defaults(table) | row
    names = tuple(row)
    values = _bound(connection.dialect, table, names, [row])[0]
    (key, *_) = table.primary_key
    ending = f' ON CONFLICT DO NOTHING RETURNING "{key.name}"'
    statement = _insert_plain(table, names, connection.dialect.name) + ending
    return connection.exec_driver_sql(statement, values).scalar_one_or_none()


def insert_plain(connection: Connection, table: Table, names: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows whose values are as the database keeps them: SQLAlchemy's way of each value is left out.

    For what comes several times with each document; the types of its columns must not change what is stored.
    """
    connection.exec_driver_sql(_insert_plain(table, names, connection.dialect.name), [*rows])


def insert_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all have the columns of the first, their values bound by the types of these.

    Of many rows it takes a quarter less time than the statement that SQLAlchemy makes, since there is one text of it
    and one way of each column.  Columns with a default must be among them.
    """
    if rows:
        names = tuple(rows[0])
        insert_plain(connection, table, names, _bound(connection.dialect, table, names, rows))


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
    dialect = connection.dialect.name
    return listed(column, dialect, None, id_list(dialect, ids))


def listed(column: ColumnElement[Any], dialect: str, name: str | None, value: Any = None) -> ColumnElement[bool]:
    """The condition that ``column`` is in the `id_list` that the parameter ``name`` has, or that is ``value``."""
    if dialect == "postgresql":
        return column == any_(_parameter(name, value, postgresql.ARRAY(BigInteger)))
    values = func.json_each(_parameter(name, value, Text())).table_valued("value")
    return column.in_(select(values.c.value))


def _parameter(name: str | None, value: Any, type_: TypeEngine[Any]) -> BindParameter[Any]:
    if name is None:
        return bindparam(None, value, type_=type_, unique=True)
    return bindparam(name, type_=type_)


def id_list(dialect: str, ids: Collection[int]) -> Any:
    """``ids`` as the value of one parameter."""
    return list(ids) if dialect == "postgresql" else json.dumps(list(ids))


def _bound(
    dialect: Dialect, table: Table, names: tuple[str, ...], rows: Sequence[Mapping[str, Any]]
) -> list[tuple[Any, ...]]:
    ways = _ways(dialect, table, names)
    return [tuple([row[name] if way is None else way(row[name]) for name, way in ways]) for row in rows]


def _ways(dialect: Dialect, table: Table, names: tuple[str, ...]) -> list[tuple[str, Way | None]]:
    """How the values of the columns ``names`` are bound; None where they are passed on as they are."""
    known = _ways_of.setdefault(dialect, {})
    if (table, names) not in known:
        left = [column.name for column in table.columns if column.default is not None and column.name not in names]
        if left:
            raise ValueError(f"rows of {table.name} need {', '.join(left)}")
        types = [(name, table.c[name].type.dialect_impl(dialect)) for name in names]
        known[table, names] = [(name, type_.bind_processor(dialect)) for name, type_ in types]
    return known[table, names]


# Statements are built once: building one and finding its compiled form costs more than running it.


@cache
def _insert_missing(table: Table, dialect: str) -> Executable:
    statement: Executable = _kind(dialect).insert(table).on_conflict_do_nothing()
    return statement


@cache
def _defaults(table: Table) -> dict[str, Any]:
    given = ((column.name, column.default) for column in table.columns)
    return {name: default.arg for name, default in given if isinstance(default, ScalarElementColumnDefault)}


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
