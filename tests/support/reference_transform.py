"""The second opinion: PredictSpring TLogs to HotWax's order feed and inventory variance feed, slowly and plainly.

Written from the partners' public pages alone (hotwax/oms-documentation: PredictSpring order import, import sales
orders, inventory update): one order, one line at a time, exact decimals. The fast transform must give the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple, TextIO
from zoneinfo import ZoneInfo

from tests.support.tlog_values import DECIMALS, OrderError, block, entries, first, money, placed_at, quantity, text

#: HotWax's import header (`IMP_ORDER`), without the empty column that a stray comma makes of its published form.
ORDER_HEADER = (
    "order-id,external-id,order-name,order-identification,product-store-id,external-product-store-id,item-status-id,"
    "facility-id,external-facility-id,placing-facility-id,external-placing-facility-id,customer-id,customer-external-id,"
    "first-name,last-name,address-line-1,address-line-2,city,postal-code,state,country,phone,email,order-date,product-id,"
    "product-id-type,product-id-value,item-external-id,quantity,unit-price,unit-list-price,item-total-discount,grand-total,"
    "payment-method,shipping-charges,shipping-tax,item-total-tax,shipment-method-type-id,carrier-party-id,"
    "sales-channel-code,origin-facility-id,origin-external-facility-id"
)
ORDER_COLUMNS: tuple[str, ...] = tuple(ORDER_HEADER.split(","))
VARIANCE_HEADER = "facilityId,externalFacilityId,idType,idValue,availableDelta,locationSeqId,varianceReasonId,comments"
VARIANCE_COLUMNS: tuple[str, ...] = tuple(VARIANCE_HEADER.split(","))
#: Columns that must not be empty. HotWax counts address-line-2 among them, but most addresses have no second line.
_REQUIRED = (
    "external-id,product-store-id,item-status-id,first-name,last-name,address-line-1,city,postal-code,state,country,phone,"
    "email,order-date,product-id-value,item-external-id"
)
REQUIRED_COLUMNS: tuple[str, ...] = tuple(_REQUIRED.split(","))

_SHIPPED_WORDS = ("ONLINE", "SHIP_TO_HOME", "SHIP_TO_HOME_CURRENT_STORE")
_WORDS: dict[str, str] = {"IN_STORE": "in_store", **dict.fromkeys(_SHIPPED_WORDS, "shipped")}


@dataclass(frozen=True)
class Lookups:
    """From PredictSpring's words to HotWax's ids. A value that is not in its table rejects the order."""

    facilities: Mapping[str, str]
    payments: Mapping[str, str]
    shipping: Mapping[str, str]


DEFAULT_LOOKUPS = Lookups(
    facilities={store: store for store in ("254", "301", "412", "077")},
    payments={"Cash": "CASH", "Credit Card": "CREDIT_CARD", "Gift Card": "GIFT_CARD", "Miscellaneous": "EXT_MISC"},
    shipping={"Next Day": "NEXT_DAY", "Second Day": "SECOND_DAY", "Ground": "STANDARD", "Standard": "STANDARD"},
)


@dataclass(frozen=True)
class Options:
    """What a retailer may choose; the defaults are the default retailer's."""

    zone: str = "UTC"
    currency: str = "USD"
    product_store: str = "STORE"
    external_product_store: str = "STORE"
    id_type: str = "UPCA"
    in_store_status: str = "ITEM_COMPLETED"
    shipped_status: str = "ITEM_APPROVED"
    first_name: str = "Guest"
    last_name: str = "Customer"
    phone: str = "0000000000"
    email: str = "noreply@example.com"
    country: str = "US"
    comment: str = ""  # what the comments of the inventory variance begin with


class Reject(NamedTuple):
    """One order that was left out, with the code of its cause and the field at fault."""

    order_id: str
    reason: str
    field: str


class Feeds(NamedTuple):
    """Both feeds as bytes, and what was left out of them."""

    orders: bytes
    variance: bytes
    rejects: list[Reject]


def read_json_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The orders of a JSON lines file, their decimals exact."""
    with path.open("rb") as file:
        for line in file:
            yield json.loads(line, parse_float=Decimal)


def transform(
    orders: Iterable[Mapping[str, Any]], lookups: Lookups = DEFAULT_LOOKUPS, options: Options | None = None
) -> Feeds:
    """Both feeds of `orders`.

    :param orders: TLogs, decoded with ``parse_float=Decimal``.
    """
    order_file, variance_file = StringIO(), StringIO()
    rejects = write_feeds(orders, order_file, variance_file, lookups, options)
    return Feeds(order_file.getvalue().encode(), variance_file.getvalue().encode(), rejects)


def write_feeds(
    orders: Iterable[Mapping[str, Any]],
    order_file: TextIO,
    variance_file: TextIO,
    lookups: Lookups = DEFAULT_LOOKUPS,
    options: Options | None = None,
) -> list[Reject]:
    """Write both feeds, headers first; an order comes out whole or not at all.

    :returns: the orders left out.
    """
    rejects: list[Reject] = []
    order_file.write(_csv_line(ORDER_COLUMNS))
    variance_file.write(_csv_line(VARIANCE_COLUMNS))
    for raw in orders:
        try:
            rows, variance = _rows(raw, lookups, options or Options())
        except OrderError as error:
            rejects.append(Reject(str(raw.get("orderId") or ""), error.reason, error.field))
            continue
        order_file.writelines(_csv_line([row[column] for column in ORDER_COLUMNS]) for row in rows)
        variance_file.writelines(_csv_line([row[column] for column in VARIANCE_COLUMNS]) for row in variance)
    return rejects


def _rows(
    raw: Mapping[str, Any], lookups: Lookups, options: Options
) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """The rows of one order for both feeds."""
    if not text(raw, "orderId"):
        raise OrderError("MISSING_ORDER_ID", "orderId")
    _refuse_returns(raw)
    lines = entries(raw, "orderProductList")
    if not lines:
        raise OrderError("NO_LINES", "orderProductList")
    ids = [text(line, "orderItemId") for line in lines]
    if len(set(ids)) < len(ids):
        raise OrderError("DUPLICATE_LINE", "orderProductList[].orderItemId")
    order = _Order(raw, lookups, options)
    kinds = [order.kind(line) for line in lines]
    shared = order.shared_columns()
    rows = [shared | order.line_columns(line, kind) for line, kind in zip(lines, kinds, strict=True)]
    for row in rows:
        for column in REQUIRED_COLUMNS:
            if not row[column]:
                raise OrderError("REQUIRED_FIELD", column)
    order.refuse_open_totals()
    sold = [row for row, kind in zip(rows, kinds, strict=True) if kind == "in_store"]
    return rows, [_variance_columns(row, options) for row in sold]


def _refuse_returns(raw: Mapping[str, Any]) -> None:
    """Only plain sales belong in the feed."""
    for name in ("returnProductList", "refundPaymentDetails"):
        if entries(raw, name):
            raise OrderError("RETURN", name)
    for line in entries(raw, "orderProductList"):
        if line.get("isReturnRelated"):
            raise OrderError("RETURN", "orderProductList[].isReturnRelated")
    for tender in entries(raw, "tenders"):
        if tender.get("totalAmountCarriedOverForExchange"):
            raise OrderError("RETURN", "tenders[].totalAmountCarriedOverForExchange")
    for entry in entries(raw, "orderActivityLog"):
        if text(block(entry, "transactionData"), "transactionType") not in ("", "SALE"):
            raise OrderError("RETURN", "orderActivityLog[].transactionData.transactionType")


class _Order:
    """One order on its way to rows."""

    def __init__(self, raw: Mapping[str, Any], lookups: Lookups, options: Options) -> None:
        self._raw, self._lookups, self._options = raw, lookups, options
        self._profile, self._shipping = block(raw, "customerProfile"), block(raw, "shippingAddress")
        self._store = block(raw, "store")
        currency = first(text(raw, "currency"), options.currency)
        if currency not in DECIMALS:
            raise OrderError("BAD_CURRENCY", "currency")
        self._decimals = DECIMALS[currency]
        self._facility = _looked_up(lookups.facilities, text(raw, "storeId"), "storeId")

    def kind(self, line: Mapping[str, Any]) -> str:
        """``in_store`` or ``shipped``: the line decides; status and source are the same for both and say nothing."""
        words = [text(line, name) for name in ("fulfillmentType", "omniFulfillmentType") if text(line, name)]
        kinds = {_WORDS.get(word, "") for word in words or [text(self._raw, "fulfillmentType")]}
        if len(kinds) > 1 or kinds == {""}:
            raise OrderError("UNKNOWN_FULFILMENT", "orderProductList[].fulfillmentType")
        return kinds.pop()

    def shared_columns(self) -> dict[str, str]:
        """The columns that are the same on all rows of the order."""
        raw, options = self._raw, self._options
        return {
            **dict.fromkeys(("order-id", "order-identification", "placing-facility-id", "origin-facility-id"), ""),
            **dict.fromkeys(("external-id", "order-name"), text(raw, "orderId")),
            **dict.fromkeys(("external-placing-facility-id", "origin-external-facility-id"), self._facility),
            "product-store-id": options.product_store,
            "external-product-store-id": options.external_product_store,
            **self._customer_columns(),
            "order-date": f"{placed_at(raw).astimezone(ZoneInfo(options.zone)):%m/%d/%Y}",
            "grand-total": self._shown(self._money(raw, "totalAmount")),
            "payment-method": self._payment_method(),
            "shipping-charges": self._shown(self._money(raw, "shippingSubTotal", missing="0")),
            "shipping-tax": self._shown(self._money(raw, "shippingTax", missing="0")),
            "carrier-party-id": "_NA_",
            "sales-channel-code": "POS_SALES_CHANNEL",
        }

    def line_columns(self, line: Mapping[str, Any], kind: str) -> dict[str, str]:
        """The columns that differ from row to row."""
        price = self._shown(self._money(line, "price"))
        item_id = text(line, "orderItemId")
        own = {
            "product-id": "",
            "product-id-type": self._options.id_type,
            "product-id-value": text(line, "gtin"),
            "item-external-id": f"{text(self._raw, 'orderId')}-{item_id}" if item_id else "",
            "quantity": str(quantity(line)),
            "unit-price": price,
            "unit-list-price": price,
            "item-total-discount": self._shown(0 - self._money(line, "discount", missing="0")),
            "item-total-tax": self._shown(self._tax(line)),
        }
        return own | (self._in_store_columns() if kind == "in_store" else self._shipped_columns())

    def refuse_open_totals(self) -> None:
        """Each line against its own figures, then header against lines, to the last decimal.

        :raises OrderError: they differ.
        """
        raw, lines = self._raw, entries(self._raw, "orderProductList")
        for line in lines:
            own_sub_total, own_tax = self._money(line, "price") * quantity(line), self._tax(line)
            own_total = own_sub_total - self._money(line, "discount", missing="0") + own_tax
            self._refuse_other(line, {"subTotal": own_sub_total, "tax": own_tax, "total": own_total})
        sub_total = sum((self._money(line, "price") * quantity(line) for line in lines), Decimal(0))
        discount = sum((self._money(line, "discount", missing="0") for line in lines), Decimal(0))
        tax = sum((self._tax(line) for line in lines), Decimal(0))
        shipping = sum(self._money(raw, name, missing="0") for name in ("shippingSubTotal", "shippingTax"))
        self._refuse_other(raw, {"orderSubTotal": sub_total, "discount": discount, "taxSubTotal": tax})
        if self._money(raw, "totalAmount") != sub_total - discount + tax + shipping:
            raise OrderError("TOTALS_MISMATCH", "totalAmount")

    def _refuse_other(self, holder: Mapping[str, Any], amounts: Mapping[str, Decimal]) -> None:
        """Compare the amounts that are there with those that they must be."""
        for name, amount in amounts.items():
            if self._money(holder, name, missing=str(amount)) != amount:
                raise OrderError("TOTALS_MISMATCH", name)

    def _customer_columns(self) -> dict[str, str]:
        raw, options, profile, shipping = self._raw, self._options, self._profile, self._shipping
        people = (block(raw, "billingAddress"), profile, shipping)
        customer_id = text(profile, "customerId")
        phones = (text(profile, "phoneMobile"), text(raw, "phoneNumber"), text(shipping, "phone"))
        emails = (text(profile, "email"), text(raw, "email"), text(shipping, "emailAddress"))
        return {
            "customer-id": "" if customer_id else "NA",
            "customer-external-id": customer_id,
            "first-name": first(*(text(person, "firstName") for person in people), options.first_name),
            "last-name": first(*(text(person, "lastName") for person in people), options.last_name),
            "phone": first(*phones, options.phone),
            "email": first(*emails, options.email),
        }

    def _in_store_columns(self) -> dict[str, str]:
        """A sale over the counter: complete, at the store's own address."""
        return {
            "item-status-id": self._options.in_store_status,
            "facility-id": "",
            "external-facility-id": self._facility,
            "shipment-method-type-id": "POS_COMPLETED",
            **self._address_columns(self._store),
        }

    def _shipped_columns(self) -> dict[str, str]:
        """A line to be brokered: no facility yet, at the shopper's address."""
        name = text(self._raw, "shippingName")
        method = _looked_up(self._lookups.shipping, name, "shippingName") if name else "STANDARD"
        return {
            "item-status-id": self._options.shipped_status,
            "facility-id": "_NA_",
            "external-facility-id": "",
            "shipment-method-type-id": method,
            **self._address_columns(self._shipping),
        }

    def _address_columns(self, address: Mapping[str, Any]) -> dict[str, str]:
        countries = (text(address, "countryCode"), text(address, "country"), text(self._store, "countryCode"))
        return {
            "address-line-1": text(address, "addressLine1"),
            "address-line-2": text(address, "addressLine2"),
            "city": text(address, "city"),
            "postal-code": text(address, "postalCode"),
            "state": text(address, "state"),
            "country": first(*countries, self._options.country),
        }

    def _payment_method(self) -> str:
        """The tender that paid most, the first of several; the feed has one column for all."""
        tenders = entries(self._raw, "tenders")
        if not tenders:
            return ""
        largest = max(tenders, key=lambda tender: self._money(tender, "amountAuthorized"))
        return _looked_up(self._lookups.payments, text(largest, "paymentMethod"), "tenders[].paymentMethod")

    def _tax(self, line: Mapping[str, Any]) -> Decimal:
        product_tax = block(line, "productTax")
        if product_tax.get("totalTax") is not None:
            return self._money(product_tax, "totalTax")
        if line.get("tax") is not None:
            return self._money(line, "tax")
        return sum((self._money(rate, "taxAmount") for rate in entries(product_tax, "taxRates")), Decimal(0))

    def _money(self, holder: Mapping[str, Any], name: str, *, missing: str = "") -> Decimal:
        return money(holder, name, self._decimals, missing=missing)

    def _shown(self, amount: Decimal) -> str:
        return f"{amount:.{self._decimals}f}"


def _variance_columns(row: Mapping[str, str], options: Options) -> dict[str, str]:
    return {
        "facilityId": "",
        "externalFacilityId": row["external-facility-id"],
        "idType": row["product-id-type"],
        "idValue": row["product-id-value"],
        "availableDelta": f"-{row['quantity']}",
        "locationSeqId": "TLTLTLLL01",
        "varianceReasonId": "POS_SALE",
        "comments": f"{options.comment}{row['item-external-id']}",
    }


def _looked_up(table: Mapping[str, str], value: str, name: str) -> str:
    if value not in table:
        raise OrderError("UNMAPPED_VALUE", name)
    return table[value]


def _csv_line(values: Iterable[str]) -> str:
    """One line, quoted only where a value holds a comma, a quote or a line end."""
    quoted = ('"' + v.replace('"', '""') + '"' if set(v) & set(',"\r\n') else v for v in values)
    return ",".join(quoted) + "\n"
