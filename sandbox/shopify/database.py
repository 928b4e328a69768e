"""The SQLite database of the simulated shop. What stands here is the truth about its orders."""

from __future__ import annotations

import sqlite3
import threading
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from sandbox.shopify.catalogue import gid

Order = dict[str, Any]
Row = dict[str, Any]

#: Never hidden.
FOREVER = 1e18
_SORTS = {
    "CREATED_AT": "created_at",
    "UPDATED_AT": "updated_at",
    "PROCESSED_AT": "processed_at",
    "ORDER_NUMBER": "number",
    "TOTAL_PRICE": "total",
    "ID": "num",
}
_CHUNK = 500


class Version(NamedTuple):
    """One version of an order.

    :param order_id: GraphQL's.
    :param updated_at: in seconds.
    """

    order_id: str
    updated_at: int


class Found(NamedTuple):
    """One order that a search found.

    :param num: its number in GraphQL's id.
    :param value: what it is sorted by, as the index has it.
    """

    num: int
    value: int


class Wanted(NamedTuple):
    """What a page of a search is to hold.

    :param sql: condition on the index.
    :param values: its parameters.
    :param sort_key: as GraphQL names it; one that is not known sorts by id.
    :param descending: the largest first.
    :param after: only what comes after this one, None from the beginning.
    :param most: so many at most.
    """

    sql: str
    values: list[Any]
    sort_key: str = "ID"
    descending: bool = False
    after: Found | None = None
    most: int = 250


class ShopifyDatabase:
    """One connection, shared by the server's threads and the tests under a lock.

    :param path: file of the database; made if missing.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=20)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.executescript((Path(__file__).parent / "schema.sql").read_text(encoding="utf-8"))

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Run statements in one transaction, undone when an exception leaves the block; one within another joins it."""
        with self._lock:
            if self._connection.in_transaction:
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def rows(self, query: str, *values: object) -> list[Row]:
        """Read rows.

        :param query: a SELECT statement.
        :param values: its parameters.
        """
        with self._lock:
            return [dict(row) for row in self._connection.execute(query, values)]

    def execute(self, statement: str, *values: object) -> int:
        """Change rows.

        :param statement: one statement.
        :param values: its parameters.
        :returns: the id of an inserted row.
        """
        with self._lock:
            return self._connection.execute(statement, values).lastrowid or 0

    def put(self, order: Order, *, visible_at: float) -> None:
        """Keep a new version of an order.

        :param order: the whole document.
        :param visible_at: when the search sees it, in seconds.
        """
        num = number_of(order["id"])
        with self.transaction():
            known = self.rows("SELECT version FROM orders WHERE num = ?", num)
            version = known[0]["version"] + 1 if known else 1
            columns = {"num": num, "version": version, "visible_at": visible_at, "hidden_at": FOREVER}
            columns |= index_columns(order)
            self.execute("UPDATE versions SET hidden_at = min(hidden_at, ?) WHERE num = ?", visible_at, num)
            names, places = ", ".join(columns), ", ".join(f":{name}" for name in columns)
            with self._lock:
                self._connection.execute(f"INSERT INTO versions ({names}) VALUES ({places})", columns)
            self.execute(
                "INSERT OR REPLACE INTO orders VALUES (?, ?, ?, ?, ?, NULL)",
                *(num, version, order["updatedAt"], order.get("kind", ""), _packed(order)),
            )

    def delete(self, order_id: str, *, at: int) -> None:
        """Delete an order: it is found no more, its history stays.

        :param order_id: GraphQL's.
        :param at: seconds.
        :raises KeyError: there is no such order.
        """
        self.order(order_id)
        self.execute("UPDATE orders SET deleted_at = ? WHERE num = ?", at, number_of(order_id))

    def order(self, order_id: str) -> Order:
        """An order as it stands; amounts are ``[shop, presented]`` in minor units, times are seconds.

        :param order_id: GraphQL's.
        :raises KeyError: there is none, or it was deleted.
        """
        found = self.documents([number_of(order_id)])
        if not found:
            raise KeyError(order_id)
        return found[0]

    def documents(self, nums: Iterable[int]) -> list[Order]:
        """Orders in the order of their numbers given; deleted and unknown ones are left out.

        :param nums: numbers of GraphQL's ids, not too many at a time.
        """
        wanted = list(nums)
        places = ", ".join("?" * len(wanted))
        query = f"SELECT num, content FROM orders WHERE deleted_at IS NULL AND num IN ({places})"
        with self._lock:
            found = {row["num"]: row["content"] for row in self._connection.execute(query, wanted)}
        return [msgspec.json.decode(zlib.decompress(found[num])) for num in wanted if num in found]

    def search(self, wanted: Wanted, now: float) -> list[Found]:
        """Find orders by what the search knows at a time.

        :param wanted: condition, sort, place and number.
        :param now: seconds.
        """
        column = _SORTS.get(wanted.sort_key, "num")
        way, beyond = ("DESC", "<") if wanted.descending else ("ASC", ">")
        values: list[Any] = [now, now, *wanted.values]
        after = ""
        if wanted.after is not None:
            after = f" AND ({column}, num) {beyond} (?, ?)"
            values += [wanted.after.value, wanted.after.num]
        query = (
            f"SELECT num, {column} AS value FROM versions WHERE visible_at <= ? AND hidden_at > ? AND EXISTS"
            " (SELECT 1 FROM orders WHERE orders.num = versions.num AND deleted_at IS NULL)"
            f" AND ({wanted.sql}){after} ORDER BY {column} {way}, num {way} LIMIT ?"
        )
        with self._lock:
            return [Found(*row) for row in self._connection.execute(query, [*values, wanted.most])]

    def count(self, sql: str, values: list[Any], now: float, most: int | None) -> int:
        """Count what a search finds; orders that were deleted are not counted.

        :param sql: condition on the index.
        :param values: its parameters.
        :param now: seconds.
        :param most: stop counting there, None for never.
        """
        inner = (
            f"SELECT 1 FROM versions WHERE visible_at <= ? AND hidden_at > ? AND ({sql})"
            f" AND num IN (SELECT num FROM orders WHERE deleted_at IS NULL) LIMIT {-1 if most is None else int(most)}"
        )
        return int(self.rows(f"SELECT count(*) AS n FROM ({inner})", now, now, *values)[0]["n"])

    def truth(self) -> Iterator[Version]:
        """The present version of every order that was not deleted, by id."""
        last = 0
        query = "SELECT num, updated_at FROM orders WHERE deleted_at IS NULL AND num > ? ORDER BY num LIMIT ?"
        while rows := self.rows(query, last, _CHUNK):
            for row in rows:
                yield Version(gid("Order", row["num"]), row["updated_at"])
            last = rows[-1]["num"]

    def history(self, order_id: str | None = None) -> list[Version]:
        """Every version that ever was, deleted orders' too.

        :param order_id: only of this one.
        """
        where, values = ("", ()) if order_id is None else (" WHERE num = ?", (number_of(order_id),))
        rows = self.rows(f"SELECT num, updated_at FROM versions{where} ORDER BY num, version", *values)
        return [Version(gid("Order", row["num"]), row["updated_at"]) for row in rows]

    def deleted(self) -> list[str]:
        """Ids of orders that were deleted."""
        rows = self.rows("SELECT num FROM orders WHERE deleted_at IS NOT NULL ORDER BY num")
        return [gid("Order", row["num"]) for row in rows]

    def of_kind(self, kind: str) -> list[str]:
        """Ids of orders that were made as one kind, deleted ones, too.

        :param kind: its name.
        """
        return [gid("Order", row["num"]) for row in self.rows("SELECT num FROM orders WHERE kind = ?", kind)]


def number_of(order_id: str) -> int:
    """The number in GraphQL's id, 0 when it has none.

    :param order_id: ``gid://shopify/Order/1``, or the number alone.
    """
    digits = order_id.rpartition("/")[2].partition("?")[0]
    return int(digits) if digits.isdecimal() else 0


def index_columns(order: Order) -> Row:
    """What the search knows of an order.

    :param order: the document.
    """
    ships = bool(order["shippingAddress"]) and bool(order["shippingLines"])
    pickup = any(line["code"] == "pickup" for line in order["shippingLines"])
    place, person = order["retailLocation"], order["customer"]
    return {
        "created_at": order["createdAt"],
        "updated_at": order["updatedAt"],
        "processed_at": order["processedAt"],
        "closed_at": order["closedAt"],
        "cancelled_at": order["cancelledAt"],
        "name": order["name"],
        "number": order["number"],
        "total": order["totalPriceSet"][0],
        "source_name": order["sourceName"],
        "source_identifier": order["sourceIdentifier"] or "",
        "confirmation_number": order["confirmationNumber"],
        "po_number": order["poNumber"] or "",
        "financial_status": order["displayFinancialStatus"].lower(),
        "fulfillment_status": order["displayFulfillmentStatus"].lower(),
        "return_status": order["returnStatus"].lower(),
        "delivery_method": "pick-up" if pickup else "shipping" if ships else "",
        "location_num": number_of(place["id"]) if place else 0,
        "customer_num": number_of(person["id"]) if person else 0,
        "email": order["email"] or "",
        "test": str(order["test"]).lower(),
        "tags": _listed(order["tags"]),
        "skus": _listed(line["sku"] or "" for line in order["lineItems"]),
    }


def _listed(words: Iterable[str]) -> str:
    """Words between line breaks, so that a whole one can be looked for."""
    return f"\n{chr(10).join(words)}\n"


def _packed(order: Order) -> bytes:
    return zlib.compress(msgspec.json.encode(order), 1)
