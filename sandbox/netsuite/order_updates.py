"""HC_SC_UpdateSalesOrders: lines of a sales order, found by internal ids, are changed."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sandbox.netsuite import values
from sandbox.netsuite.csv_table import RecordError, Row
from sandbox.netsuite.database import NetSuiteDatabase
from sandbox.netsuite.database import Row as Columns
from sandbox.netsuite.records import SHIP_TO, Records


def update_order(database: NetSuiteDatabase, records: Records, rows: Sequence[Row]) -> None:
    """Change an order; columns that the file lacks, and blank ones, stay as they are.

    :param database: where it stands.
    :param records: checks references.
    :param rows: one per line, with one internal id.
    :raises RecordError: NetSuite refuses the change.
    """
    key = rows[0]["internalId"]
    query = "SELECT internal_id, subsidiary, ship_to FROM sales_orders WHERE internal_id = ?"
    found = database.rows(query, values.internal_id(key))
    if not found:
        raise RecordError(f"Invalid salesorder reference key {key}")
    order = found[0]
    for row in rows:
        _update_line(database, records, order, row)
    _update_header(database, records, order, rows[0])
    records.touch(order["internal_id"])


def _update_line(database: NetSuiteDatabase, records: Records, order: Columns, row: Row) -> None:
    changes: Columns = {}
    if row["item"]:
        changes["item"] = records.references.item(row["item"])
    if row["quantity"]:
        changes["quantity"] = values.quantity(row["quantity"])
    if row["location"]:
        changes["location"] = records.references.location(row["location"], order["subsidiary"])
    if row["tags"]:
        changes["tag"] = row["tags"]
    for name in ("closed", "rejected"):
        if row[name]:
            changes[name] = int(values.flag(row[name], name))
    line = row["lineId"]
    place = (order["internal_id"], values.internal_id(line))
    if not database.rows("SELECT 1 FROM order_lines WHERE order_id = ? AND line_id = ?", *place):
        raise RecordError(f"Line item not found with line: {line}")
    if changes:
        sets = ", ".join(f"{name} = ?" for name in changes)
        database.execute(f"UPDATE order_lines SET {sets} WHERE order_id = ? AND line_id = ?", *changes.values(), *place)


def _update_header(database: NetSuiteDatabase, records: Records, order: Columns, row: Row) -> None:
    address = {name: row[name] for name in SHIP_TO if row[name]}
    if address:
        values.check_lengths(address)
        ship_to = json.dumps({**json.loads(order["ship_to"]), **address}, ensure_ascii=False)
        database.execute("UPDATE sales_orders SET ship_to = ? WHERE internal_id = ?", ship_to, order["internal_id"])
    if row["shippingMethod"]:
        method = records.references.shipping_method(row["shippingMethod"])
        database.execute(
            "UPDATE sales_orders SET shipping_method = ? WHERE internal_id = ?", method, order["internal_id"]
        )
