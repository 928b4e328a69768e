"""Upserts by external id: one record for one id, however often it is put. Only its lines may double."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from sandbox.netsuite import rest_fields, values
from sandbox.netsuite.csv_table import RecordError, Row
from sandbox.netsuite.database import NetSuiteDatabase
from sandbox.netsuite.database import Row as Columns
from sandbox.netsuite.records import BILL_TO, SHIP_TO, Records
from sandbox.netsuite.rest_fields import account_date, read, read_address, read_lines
from sandbox.netsuite.settings import NetSuiteSettings

#: Record type of the REST API → table.
TABLES = {
    "customer": "customers",
    "salesOrder": "sales_orders",
    "customerDeposit": "deposits",
    "cashSale": "cash_sales",
}

_CUSTOMER_COLUMNS = {
    "individual": "individual",
    "firstName": "first_name",
    "lastName": "last_name",
    "status": "status",
    "subsidiary": "subsidiary",
    "taxable": "taxable",
    "defaultOrderPriority": "default_order_priority",
    "accountSource": "account_source",
    "email": "email",
    "phone": "phone",
    "HCShopifyCustomerId": "shopify_customer_id",
    "HCCustomerId": "hc_customer_id",
}
_HEADER_COLUMNS = {
    "orderId": "order_name",
    "HCOrderId": "hc_order_id",
    "HCShopifySalesOrderId": "shopify_order_id",
    "HCShopifyPOSOrderId": "shopify_order_id",
    "salesChannel": "sales_channel",
    "customer": "customer_id",
    "date": "tran_date",
    "subsidiary": "subsidiary",
    "department": "department",
    "location": "location",
    "orderNote": "memo",
    "discountItem": "discount_item",
    "rate": "discount_rate",
    "shippingMethod": "shipping_method",
    "shippingCost": "shipping_cost",
    "shippingTaxCode": "shipping_tax_code",
    "email": "email",
    **dict.fromkeys(SHIP_TO, "ship_to"),
    **dict.fromkeys(BILL_TO, "bill_to"),
}
_LINE_COLUMNS = {
    "orderLineId": "hc_order_line_id",
    "item": "item",
    "quantity": "quantity",
    "price": "rate",
    "priceLevel": "price_level",
    "taxCode": "tax_code",
    "orderLineTypeId": "line_type_id",
    "tag": "tag",
    "closed": "closed",
    "itemLocation": "location",
}


class RestRecords:
    """Writes records from REST bodies; :meth:`put` belongs inside a transaction.

    :param database: where they go.
    :param records: checks and makes them.
    :param settings: the account.
    """

    def __init__(self, database: NetSuiteDatabase, records: Records, settings: NetSuiteSettings) -> None:
        self._database = database
        self._records = records
        self._settings = settings
        self._writers: dict[str, Callable[[str, dict[str, Any], bool], int]] = {
            "customer": self._put_customer,
            "salesOrder": self._put_order,
            "customerDeposit": self._put_deposit,
            "cashSale": self._put_cash_sale,
        }

    def put(self, record: str, external_id: str, body: dict[str, Any], *, replace_lines: bool) -> int:
        """Make a record, or change the one with this external id.

        :param record: its type.
        :param external_id: the id.
        :param body: its fields; those that are missing stay as they are.
        :param replace_lines: whether the lines take the place of those that are there; if not, a line with the number
            of one that is there changes it, and every other one is added.
        :returns: its internal id.
        :raises RecordError: NetSuite refuses the record.
        :raises InvalidContentError: the body has not the shape of the record.
        """
        return self._writers[record](external_id, dict(body), replace_lines)

    def _put_customer(self, external_id: str, body: dict[str, Any], _: bool) -> int:
        given = {**read(body, rest_fields.CUSTOMER), "externalId": external_id}
        known = self._database.one("customers", external_id)
        if known is None:
            _require(given, {"subsidiary": "Primary Subsidiary"})
            return self._records.create_customer(Row(0, given), "rest")
        columns = self._records.customer_columns(Row(0, given))
        self._update("customers", known["internal_id"], columns, _named(_CUSTOMER_COLUMNS, given))
        return int(known["internal_id"])

    def _put_order(self, external_id: str, body: dict[str, Any], replace_lines: bool) -> int:
        header, lines = self._transaction(body, rest_fields.SALES_ORDER, external_id)
        known = self._database.one("sales_orders", external_id)
        if known is None:
            _require_new(header, lines)
            return self._records.create_order([Row(0, {**header, **row.values}) for row in lines], "rest")
        order_id = int(known["internal_id"])
        checked = self._records.order_columns(Row(0, self._completed(header, known)))
        self._update("sales_orders", order_id, checked, _named(_HEADER_COLUMNS, header))
        if replace_lines and lines:
            self._drop_lines(order_id)
        for row in lines:
            self._put_line(order_id, checked["subsidiary"], row)
        self._records.touch(order_id)
        return order_id

    def _put_cash_sale(self, external_id: str, body: dict[str, Any], replace_lines: bool) -> int:
        header, lines = self._transaction(body, rest_fields.CASH_SALE, external_id)
        known = self._database.one("cash_sales", external_id)
        if known is None:
            _require_new(header, lines)
            return self._records.create_cash_sale([Row(0, {**header, **row.values}) for row in lines], "rest")
        sale_id = int(known["internal_id"])
        checked = self._records.cash_sale_columns(Row(0, self._completed(header, known)))
        self._update("cash_sales", sale_id, checked, _named(_HEADER_COLUMNS, header))
        if replace_lines and lines:
            self._database.execute("DELETE FROM cash_sale_lines WHERE cash_sale_id = ?", sale_id)
        query = "SELECT coalesce(max(line_id), 0) AS last FROM cash_sale_lines WHERE cash_sale_id = ?"
        last = self._database.rows(query, sale_id)[0]["last"]
        self._records.write_cash_sale_lines(sale_id, [self._records.cash_sale_line(row) for row in lines], after=last)
        return sale_id

    def _put_deposit(self, external_id: str, body: dict[str, Any], _: bool) -> int:
        given = read(body, rest_fields.DEPOSIT)
        known = self._database.one("deposits", external_id)
        if known is None or "payment" in given:
            amount = Decimal(values.number(given.get("payment", ""), "payment") or 0)
            if amount <= 0:
                raise RecordError("Please enter value(s) for: Payment Amount")
        if known is None:
            _require(given, {"customer": "Customer", "salesOrder": "Sales Order"})
            self._check_customer(given)
            method = given.get("paymentMethod", "")
            return self._records.create_deposit(given["salesOrder"], amount, method, external_id, "rest")
        columns = {"amount": given.get("payment"), "payment_method": given.get("paymentMethod")}
        names = [name for name, value in columns.items() if value is not None]
        self._update("deposits", known["internal_id"], columns, names)
        return int(known["internal_id"])

    def _check_customer(self, given: Mapping[str, str]) -> None:
        """A deposit refers to an order of its own customer only."""
        query = "SELECT 1 FROM sales_orders WHERE internal_id = ? AND customer_id = ?"
        order, customer = given["salesOrder"], given["customer"]
        if not self._database.rows(query, values.internal_id(order), values.internal_id(customer)):
            raise RecordError(
                f"You have entered an Invalid Field Value {order} for the following field: salesOrder. "
                f"It is no order of customer {customer}."
            )

    def _transaction(
        self, body: dict[str, Any], fields: dict[str, rest_fields.Field], external_id: str
    ) -> tuple[dict[str, str], list[Row]]:
        """Header and lines of a transaction."""
        lines = read_lines(body)
        ship_to = read_address(body, "shippingAddress")
        bill_to = read_address(body, "billingAddress", "billing")
        header = {**read(body, fields), **ship_to, **bill_to, "externalId": external_id}
        if header.get("date"):
            header["date"] = account_date(header["date"], self._settings.date_order)
        return header, lines

    def _completed(self, header: dict[str, str], known: Columns) -> dict[str, str]:
        """A header with what every header must have, taken from the record that is there."""
        day = account_date(known["tran_date"], self._settings.date_order)
        return {"customer": str(known["customer_id"]), "date": day, "subsidiary": known["subsidiary"], **header}

    def _put_line(self, order_id: int, subsidiary: str, row: Row) -> None:
        query = "SELECT * FROM order_lines WHERE order_id = ? AND line_id = ?"
        line_id = values.internal_id(row["line"])
        known = self._database.rows(query, order_id, line_id)
        if known:
            full = Row(0, {"item": known[0]["item"], "quantity": known[0]["quantity"], **row.values})
            checked = self._records.line_columns(full, subsidiary)
            for name in _named(_LINE_COLUMNS, row.values):
                update = f"UPDATE order_lines SET {name} = ? WHERE order_id = ? AND line_id = ?"
                self._database.execute(update, checked[name], order_id, line_id)
            return
        query = "SELECT coalesce(max(line_id), 0) AS last FROM order_lines WHERE order_id = ?"
        place = {"order_id": order_id, "line_id": self._database.rows(query, order_id)[0]["last"] + 1}
        self._database.insert("order_lines", {**place, **self._records.line_columns(row, subsidiary)})

    def _drop_lines(self, order_id: int) -> None:
        if self._database.rows("SELECT 1 FROM fulfilments WHERE order_id = ?", order_id):
            raise RecordError("You cannot delete line items that have been fulfilled.")
        self._database.execute("DELETE FROM rejections WHERE order_id = ?", order_id)
        self._database.execute("DELETE FROM order_lines WHERE order_id = ?", order_id)

    def _update(self, table: str, internal_id: int, columns: Columns, names: Iterable[str]) -> None:
        for name in columns.keys() & set(names):
            update = f"UPDATE {table} SET {name} = ? WHERE internal_id = ?"
            self._database.execute(update, columns[name], internal_id)


def _named(columns: dict[str, str], given: Mapping[str, str]) -> list[str]:
    """The columns of a table that a body fills."""
    return sorted({columns[name] for name in given if name in columns})


def _require(given: Mapping[str, str], labels: dict[str, str]) -> None:
    missing = [label for name, label in labels.items() if not given.get(name)]
    if missing:
        raise RecordError(f"Please enter value(s) for: {', '.join(missing)}")


def _require_new(header: Mapping[str, str], lines: list[Row]) -> None:
    _require(header, {"customer": "Customer", "date": "Date"})
    if not lines:
        raise RecordError("You must enter at least one line item for this transaction.")
