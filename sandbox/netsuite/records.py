"""Records as NetSuite makes them, whichever way they come: checked, then written."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal

from sandbox.netsuite import values
from sandbox.netsuite.csv_table import RecordError, Row
from sandbox.netsuite.database import NetSuiteDatabase
from sandbox.netsuite.database import Row as Columns
from sandbox.netsuite.references import References
from sandbox.netsuite.settings import NetSuiteSettings

SHIP_TO = ("addressee", "address1", "address2", "city", "state", "country", "zip", "phone")
BILL_TO = tuple(f"billing{name[0].upper()}{name[1:]}" for name in SHIP_TO)
PENDING_FULFILMENT = "B"


class Records:
    """Makes customers, sales orders, cash sales and deposits; every method belongs inside a transaction.

    Column names are those of the newer CSV files, whatever the source.

    :param database: where they go.
    :param settings: what is known.
    :param clock: gives the present time, aware UTC.
    """

    def __init__(self, database: NetSuiteDatabase, settings: NetSuiteSettings, clock: Callable[[], datetime]) -> None:
        self.references = References(database, settings)
        self._database = database
        self._settings = settings
        self._clock = clock

    def now(self) -> str:
        """The present time, ISO 8601."""
        return self._clock().isoformat()

    def customer_columns(self, row: Row) -> Columns:
        """Check a customer.

        :param row: its values.
        :returns: what is written, without ids, source and time.
        :raises RecordError: NetSuite refuses it.
        """
        values.check_lengths(row.values)
        return {
            "individual": row["individual"],
            "first_name": row["firstName"],
            "last_name": row["lastName"],
            "status": row["status"],
            "subsidiary": self.references.subsidiary(row["subsidiary"]),
            "taxable": row["taxable"],
            "default_order_priority": values.number(row["defaultOrderPriority"], "defaultorderpriority"),
            "account_source": values.number(row["accountSource"], "leadsource"),
            "email": row["email"],
            "phone": row["phone"],
            "shopify_customer_id": row["HCShopifyCustomerId"],
            "hc_customer_id": row["HCCustomerId"],
        }

    def create_customer(self, row: Row, source: str) -> int:
        """Make a customer.

        :param row: its values.
        :param source: csv, rest or history.
        :returns: its internal id.
        :raises RecordError: NetSuite refuses it.
        """
        external_id = self.references.new("customers", row["externalId"])
        columns = self.customer_columns(row)
        if not (columns["first_name"] and columns["last_name"]) and columns["individual"]:
            raise RecordError("Please enter value(s) for: First Name, Last Name")
        made: Columns = {"external_id": external_id, "is_active": 1, "source": source, "created_at": self.now()}
        internal_id = self._database.next_id("customer")
        self._database.insert("customers", {"internal_id": internal_id, **made, **columns})
        return internal_id

    def order_columns(self, row: Row) -> Columns:
        """Check the header of a sales order.

        :param row: its values; those of the lines are not looked at.
        :returns: what is written, without ids, source and times.
        :raises RecordError: NetSuite refuses it.
        """
        return {
            **self._header(row),
            "shopify_order_id": row["HCShopifySalesOrderId"],
            "shipping_method": self.references.shipping_method(row["shippingMethod"]),
            "shipping_cost": values.number(row["shippingCost"], "shippingcost"),
            "shipping_tax_code": row["shippingTaxCode"],
            "email": row["email"],
            "status": PENDING_FULFILMENT,
            "ship_to": _address(row, SHIP_TO),
            "bill_to": _address(row, BILL_TO),
        }

    def line_columns(self, row: Row, subsidiary: str) -> Columns:
        """Check a line of a sales order.

        :param row: its values.
        :param subsidiary: of the order.
        :returns: what is written, without ids.
        :raises RecordError: NetSuite refuses it.
        """
        return {
            **self._line(row),
            "line_type_id": row["orderLineTypeId"],
            "tag": row["tag"],
            "closed": int(values.flag(row["closed"], "closed")),
            "location": self.references.location(row["itemLocation"], subsidiary),
            "rejected": 0,
        }

    def create_order(self, rows: Sequence[Row], source: str) -> int:
        """Make a sales order; the header is that of the first row.

        :param rows: one per line, at least one.
        :param source: csv or rest.
        :returns: its internal id.
        :raises RecordError: NetSuite refuses it.
        """
        header = rows[0]
        external_id = self.references.new("sales_orders", header["externalId"])
        columns = self.order_columns(header)
        lines = [self.line_columns(row, columns["subsidiary"]) for row in rows]
        now, order_id = self.now(), self._database.next_id("transaction")
        made: Columns = {"external_id": external_id, "source": source, "created_at": now, "modified_at": now}
        self._database.insert("sales_orders", {"internal_id": order_id, **made, **columns})
        for line_id, line in enumerate(lines, start=1):
            self._database.insert("order_lines", {"order_id": order_id, "line_id": line_id, **line})
        return order_id

    def cash_sale_columns(self, row: Row) -> Columns:
        """Check the header of a cash sale, as :meth:`order_columns` does.

        :param row: its values.
        :raises RecordError: NetSuite refuses it.
        """
        return {
            **self._header(row),
            "shopify_order_id": row["HCShopifyPOSOrderId"],
            "ship_to": _address(row, SHIP_TO),
        }

    def create_cash_sale(self, rows: Sequence[Row], source: str) -> int:
        """Make a cash sale, as :meth:`create_order` does.

        :param rows: one per line, at least one.
        :param source: csv or rest.
        :returns: its internal id.
        :raises RecordError: NetSuite refuses it.
        """
        header = rows[0]
        external_id = self.references.new("cash_sales", header["externalId"])
        columns, lines = self.cash_sale_columns(header), [self._line(row) for row in rows]
        sale_id = self._database.next_id("transaction")
        made: Columns = {"external_id": external_id, "source": source, "created_at": self.now()}
        self._database.insert("cash_sales", {"internal_id": sale_id, **made, **columns})
        self.write_cash_sale_lines(sale_id, lines)
        return sale_id

    def cash_sale_line(self, row: Row) -> Columns:
        """Check a line of a cash sale, as :meth:`line_columns` does.

        :param row: its values.
        :raises RecordError: NetSuite refuses it.
        """
        return self._line(row)

    def write_cash_sale_lines(self, sale_id: int, lines: Sequence[Columns], *, after: int = 0) -> None:
        """Write checked lines of a cash sale.

        :param sale_id: internal id.
        :param lines: as :meth:`cash_sale_line` made them.
        :param after: the line id before the first.
        """
        for line_id, line in enumerate(lines, start=after + 1):
            self._database.insert("cash_sale_lines", {"cash_sale_id": sale_id, "line_id": line_id, **line})

    def create_deposit(
        self, order_key: str, amount: Decimal, payment_method: str, external_id: str, source: str
    ) -> int:
        """Make a customer deposit.

        :param order_key: internal id of the sales order.
        :param amount: above 0.
        :param payment_method: internal id or name.
        :param external_id: perhaps blank.
        :param source: json or rest.
        :returns: its internal id.
        :raises RecordError: NetSuite refuses it.
        """
        query = "SELECT modified_at FROM sales_orders WHERE internal_id = ?"
        orders = self._database.rows(query, values.internal_id(order_key))
        if not orders:
            raise RecordError(
                f"You have entered an Invalid Field Value {order_key} for the following field: salesorder"
            )
        deposit: Columns = {
            "internal_id": self._database.next_id("transaction"),
            "external_id": self.references.new("deposits", external_id),
            "order_id": int(order_key),
            "amount": format(amount, "f"),
            "payment_method": self.references.payment_method(payment_method),
            "tran_date": orders[0]["modified_at"][:10],
            "source": source,
            "created_at": self.now(),
        }
        self._database.insert("deposits", deposit)
        return int(deposit["internal_id"])

    def touch(self, order_id: int) -> None:
        """Note that a sales order was changed now.

        :param order_id: internal id.
        """
        self._database.execute("UPDATE sales_orders SET modified_at = ? WHERE internal_id = ?", self.now(), order_id)

    def _header(self, row: Row) -> Columns:
        values.check_lengths(row.values)
        subsidiary = self.references.subsidiary(row["subsidiary"])
        return {
            "order_name": row["orderId"],
            "hc_order_id": row["HCOrderId"],
            "sales_channel": row["salesChannel"],
            "customer_id": self.references.customer(row["customer"]),
            "tran_date": values.day(row["date"], self._settings.date_order),
            "subsidiary": subsidiary,
            "department": self.references.department(row["department"]),
            "location": self.references.location(row["location"], subsidiary),
            "memo": row["orderNote"],
            "discount_item": row["discountItem"],
            "discount_rate": values.discount(row["rate"]),
        }

    def _line(self, row: Row) -> Columns:
        return {
            "hc_order_line_id": row["orderLineId"],
            "item": self.references.item(row["item"]),
            "quantity": values.quantity(row["quantity"]),
            "rate": values.number(row["price"], "rate"),
            "price_level": self.references.price_level(row["priceLevel"]),
            "tax_code": row["taxCode"],
        }


def _address(row: Row, names: tuple[str, ...]) -> str:
    filled = {short: row[name] for short, name in zip(SHIP_TO, names, strict=True)}
    return json.dumps(filled, ensure_ascii=False)
