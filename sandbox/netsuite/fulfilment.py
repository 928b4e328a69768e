"""Item fulfilments: from HotWax's JSON, from lines that HotWax tagged, and NetSuite's own."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any

from sandbox.netsuite.csv_table import RecordError
from sandbox.netsuite.database import NetSuiteDatabase, Row
from sandbox.netsuite.folders import Folders
from sandbox.netsuite.outbox import Outbox
from sandbox.netsuite.records import Records
from sandbox.netsuite.settings import FULFILLED_ORDERS, ORDER_UPDATE
from sandbox.netsuite.values import internal_id, js_number, read_json

SCRIPT = "HC_SC_CreateItemFulfillment"
FULFILLED_TAG = "hotwax-fulfilled"
_ERROR_HEADER = "orderId,errorMessage"


class FulfilmentScripts:
    """Makes item fulfilments.

    :param database: the truth.
    :param records: checks references.
    :param folders: where files wait.
    :param outbox: takes error files.
    """

    def __init__(self, database: NetSuiteDatabase, records: Records, folders: Folders, outbox: Outbox) -> None:
        self._database = database
        self._records = records
        self._folders = folders
        self._outbox = outbox

    def run_json(self) -> None:
        """The older way: JSON files, one element per order and facility; a file that is no JSON stays where it is."""
        for path in self._folders.waiting(FULFILLED_ORDERS):
            if not (content := self._folders.read(path)):
                continue
            try:
                elements = read_json(content)
            except ValueError as error:
                self._folders.note_blocked(SCRIPT, path.name, content, str(error))
                continue
            results = [
                (number, *self._from_element(element))
                for number, element in enumerate(elements if isinstance(elements, list) else [], start=1)
            ]
            self._folders.note_rows(self._folders.note(SCRIPT, path.name, content, "COMPLETE"), results)
            failures = [(order, message) for _, order, result, message in results if result == "refused"]
            self._outbox.error(f"{FULFILLED_ORDERS}/error", "ErrorFulfilledOrders", _ERROR_HEADER, failures, ",")
            self._folders.move(path, "archive")

    def run_tagged(self) -> None:
        """The newer way: lines that HotWax tagged as fulfilled through an order update, per order and location."""
        query = (
            "SELECT * FROM order_lines WHERE tag = ? AND closed = 0 AND NOT EXISTS (SELECT 1 FROM fulfilments"
            " WHERE fulfilments.order_id = order_lines.order_id AND fulfilments.line_id = order_lines.line_id)"
            " ORDER BY order_id, location, line_id"
        )
        failures = []
        lines = self._database.rows(query, FULFILLED_TAG)
        for (order_id, location), group in groupby(lines, key=lambda line: (line["order_id"], line["location"])):
            items = [(line["line_id"], line["quantity"]) for line in group]
            try:
                with self._database.transaction():
                    self._fulfil(order_id, location, items, made_by="hotwax")
            except RecordError as error:
                failures.append((str(order_id), str(error)))
        suffix = "ErrorCreateSalesOrderItemFulfillment"
        self._outbox.error(f"{ORDER_UPDATE}/error", suffix, _ERROR_HEADER, failures, ",")

    def fulfil(
        self,
        order: Row,
        location: str,
        lines: Sequence[str] | None,
        *,
        tracking: Sequence[str],
        carrier: str,
        shipping_method: str,
    ) -> int:
        """Let NetSuite itself ship lines of an order.

        :param order: with its lines.
        :param location: internal id.
        :param lines: HotWax's ids of the lines; None: every open one that has such an id.
        :param tracking: tracking numbers.
        :param carrier: its name.
        :param shipping_method: its name.
        :returns: internal id of the fulfilment.
        :raises RecordError: a line is shipped already, closed or not there, or the location is not known.
        """
        open_lines = {line["hc_order_line_id"]: line for line in order["lines"] if line["hc_order_line_id"]}
        wanted = lines if lines is not None else [name for name, line in open_lines.items() if not line["closed"]]
        if missing := [name for name in wanted if name not in open_lines]:
            raise RecordError(f"Line item not found with line: {', '.join(missing)}")
        items = [(open_lines[name]["line_id"], open_lines[name]["quantity"]) for name in wanted]
        more = {"tracking_number": " | ".join(tracking), "carrier": carrier, "shipping_method": shipping_method}
        with self._database.transaction():
            return self._fulfil(order["internal_id"], location, items, made_by="netsuite", **more)

    def _from_element(self, element: Any) -> tuple[str, str, str]:
        """Order, result and message."""
        fields = element if isinstance(element, dict) else {}
        order = str(fields.get("order_id") or "")
        if not order:
            return "", "skipped", ""
        try:
            groups = _by_location(fields.get("items"))
            order_id = internal_id(order) or 0
            with self._database.transaction():
                for location, items in groups.items():
                    lines = [(line_id, quantity) for line_id, quantity, _ in items]
                    self._fulfil(order_id, location, lines, made_by="hotwax")
                    for line_id, _, tags in items:
                        self._change_line(order_id, line_id, location, tags)
                self._records.touch(order_id)
        except RecordError as error:
            return order, "refused", str(error)
        return order, "created", ""

    def _change_line(self, order_id: int, line_id: int, location: str, tags: str) -> None:
        update = (
            "UPDATE order_lines SET location = ?, tag = coalesce(nullif(?, ''), tag) WHERE order_id = ? AND line_id = ?"
        )
        self._database.execute(update, location, tags, order_id, line_id)

    def _fulfil(
        self, order_id: int, location: str, items: Sequence[tuple[int, str]], *, made_by: str, **shipment: str
    ) -> int:
        found = self._database.rows("SELECT subsidiary FROM sales_orders WHERE internal_id = ?", order_id)
        if not found:
            raise RecordError(f"That record does not exist. path: salesorder, id {order_id}")
        self._records.references.location(location, found[0]["subsidiary"])
        new = self._database.next_id("transaction")
        for line_id, quantity in items:
            self._check_open(order_id, line_id, quantity)
            columns = {
                "internal_id": new,
                "order_id": order_id,
                "line_id": line_id,
                "location": location,
                "quantity": quantity,
                "made_by": made_by,
                "shipped_at": self._records.now(),
                **dict.fromkeys(("tracking_number", "carrier", "shipping_method"), ""),
                **shipment,
            }
            self._database.insert("fulfilments", columns)
        return new

    def _check_open(self, order_id: int, line_id: int, quantity: str) -> None:
        query = "SELECT quantity, closed FROM order_lines WHERE order_id = ? AND line_id = ?"
        lines = self._database.rows(query, order_id, line_id)
        if not lines or lines[0]["closed"]:
            raise RecordError(f"Line item not found with line: {line_id}")
        query = "SELECT quantity FROM fulfilments WHERE order_id = ? AND line_id = ?"
        shipped = sum((Decimal(row["quantity"]) for row in self._database.rows(query, order_id, line_id)), Decimal(0))
        if shipped + Decimal(quantity) > Decimal(lines[0]["quantity"]):
            raise RecordError(f"Nothing left to fulfill on line {line_id}, or the quantity is too high")


def _by_location(items: Any) -> dict[str, list[tuple[int, str, str]]]:
    """Line id, quantity and tags of each item by location; line ids are texts, as the script compares them."""
    groups: dict[str, list[tuple[int, str, str]]] = {}
    for item in items if isinstance(items, list) else []:
        fields = item if isinstance(item, dict) else {}
        line, quantity = fields.get("line_id"), js_number(fields.get("quantity"))
        line_id = internal_id(line) if isinstance(line, str) else None
        if line_id is None or quantity is None or quantity <= 0:
            raise RecordError(f"Please enter value(s) for: line and quantity: {line}")
        location = str(fields.get("location_id") or "")
        groups.setdefault(location, []).append((line_id, format(quantity, "f"), str(fields.get("tags") or "")))
    if not groups:
        raise RecordError("You must have at least one line item for this transaction.")
    return groups
