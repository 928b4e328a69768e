"""Many rows at once: one parameter per column instead of one per value, in the way each database does best.

The general route through SQLAlchemy costs several times what the databases themselves need: it handles every value of
every row, and the PostgreSQL driver parses a statement of 5,000 placeholders for seconds.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, repeat
from operator import itemgetter
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect

from order_sync.ledger.schema import storable

#: How many keys one look-up names.
CHUNK = 5_000

#: Up to so many rows PostgreSQL takes in one INSERT, which is one exchange where COPY is several.
_FEW = 16

T = TypeVar("T")


def chunks(items: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    """Cut a sequence into pieces of at most ``size``."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def among(connection: Connection, column: sa.Column[Any], values: Sequence[Any]) -> sa.ColumnElement[bool]:
    """Return the condition that a column holds one of the values; all of them travel as one parameter.

    Text that no database can hold is left out of the question, for it is nowhere.
    """
    wanted = [value for value in values if not isinstance(value, str) or storable(value) == value]
    if connection.dialect.name == "postgresql":
        # As text of any length: a cast to the column's own length would cut longer keys and find others for them.
        kind = sa.Text() if isinstance(column.type, sa.String) else column.type
        return column == sa.any_(sa.literal(wanted, sa.ARRAY(kind)))
    listed = sa.func.json_each(json.dumps(wanted)).table_valued("value")
    return column.in_(sa.select(listed.c.value))


def insert_one(connection: Connection, table: sa.Table, row: Mapping[str, Any]) -> int:
    """Insert one row and return its id."""
    key = connection.execute(sa.insert(table).values(row)).inserted_primary_key
    return int(key[0]) if key else 0


def insert_rows(connection: Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert many rows that name the same columns, two at least."""
    if rows:
        insert_tuples(connection, table, list(rows[0]), map(itemgetter(*rows[0]), rows), {})


def insert_tuples(
    connection: Connection,
    table: sa.Table,
    names: Sequence[str],
    rows: Iterable[tuple[Any, ...]],
    constants: Mapping[str, Any],
) -> None:
    """Insert many rows.

    :param names: the columns of the values in each row.
    :param constants: columns with the same value in every row.
    """
    dialect = connection.dialect
    columns: list[Iterable[Any]] = []
    for name, values in zip(names, zip(*rows, strict=True), strict=False):
        convert = converter(table.c[name], dialect)
        columns.append(map(convert, values) if convert else values)
    if not columns:
        return
    for name, value in constants.items():
        convert = converter(table.c[name], dialect)
        columns.append(repeat(convert(value) if convert else value))
    quote = dialect.identifier_preparer.quote
    target = f"{quote(table.name)} ({', '.join(quote(name) for name in (*names, *constants))})"
    prepared = list(zip(*columns, strict=False))
    if dialect.name != "postgresql":
        marks = ", ".join("?" for _ in columns)
        connection.exec_driver_sql(f"INSERT INTO {target} VALUES ({marks})", prepared)  # noqa: S608 - names only
    elif len(prepared) > _FEW:
        _copy(connection, f"COPY {target} FROM STDIN", prepared)
    else:
        marks = ", ".join([f"({', '.join('%s' for _ in columns)})"] * len(prepared))
        statement = f"INSERT INTO {target} VALUES {marks}"  # noqa: S608 - names only
        connection.exec_driver_sql(statement, tuple(chain.from_iterable(prepared)))


@functools.lru_cache(maxsize=1_000)
def converter(column: sa.Column[Any], dialect: Dialect) -> Any:
    """What turns a value into what the driver takes; None if it takes it as it is."""
    return column.type.dialect_impl(dialect).bind_processor(dialect)


def _copy(connection: Connection, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
    cursor: Any = connection.connection.cursor()
    with cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
