"""CRT_SHOPIFY_ORDER and its siblings: a list of Shopify orders in JSON, each turned into one HotWax order.

An element is an order in the shape of Shopify's webhooks, alone or as ``{"order": {…}}``. What HotWax maps by its own
tables (channel, shipment method, payments, adjustments) may be given under HotWax's names; then that counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from sandbox.hotwax.json_list import elements, error_list
from sandbox.hotwax.models import Record, RecordError
from sandbox.hotwax.settings import ADJUSTMENT_TYPES, HotWaxSettings

NULL = "Service [createShopifyOrder] target threw an unexpected exception (null)"
BAD_EMAIL = "E-mail address not formatted correctly, must be like: name@domain"
BAD_NOTE = "Rollback called in Entity Engine SQLProcessor java.lang.Exception"

_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+")
#: What a database that stores up to three bytes a character does not take, and control characters.
_NOT_STORED = re.compile("[\U00010000-\U0010ffff\x00-\x08\x0b\x0c\x0e-\x1f]")
_CHANNELS = {
    "android": "PHONE_SALES_CHANNEL",
    "iphone": "PHONE_SALES_CHANNEL",
    "exchange": "EXCHG_SALES_CHANNEL",
    "pos": "POS_SALES_CHANNEL",
    "shopify_draft_order": "CSR_SALES_CHANNEL",
    "web": "WEB_SALES_CHANNEL",
}
_CARDS = {"visa": "EXT_SHOP_VISA", "american express": "EXT_SHOP_AMEX", "mastercard": "EXT_SHOP_MASTERCARD"}
_GATEWAYS = {
    "paypal": "EXT_SHOP_PAYPAL",
    "gift_card": "EXT_GIFT_CARD",
    "Klarna": "EXT_SHOP_KLARNA",
    "shopify_installments": "EXT_SHOP_PAY_INSTALL",
    "Cash on Delivery (COD)": "EXT_SHOP_CASH_ON_DEL",
    "Exchange Credit": "EXCHANGE_CREDIT",
    "Store Credit": "SHOP_STORE_CREDIT",
}
_METHODS = {"next day": "NEXT_DAY", "second day": "SECOND_DAY", "pickup": "STOREPICKUP"}
_STATUSES = {"fulfilled": "ORDER_COMPLETED"}


@dataclass(frozen=True)
class ShopifyOrder:
    """An order as HotWax understood it.

    :param shopify_id: Shopify's number, as text.
    :param updated_at: of the version, ISO text in UTC with a Z; blank when the file has none.
    :param status: that it gets when it is created.
    :param items: each of quantity 1: a Shopify line of quantity 2 becomes two.
    """

    shopify_id: str
    name: str
    number: str
    updated_at: str
    order_date: str
    status: str
    channel: str
    shipment_method: str
    grand_total: str
    currency: str
    items: list[dict[str, Any]] = field(default_factory=list)
    adjustments: list[dict[str, str]] = field(default_factory=list)
    payments: list[dict[str, str]] = field(default_factory=list)


class ShopifyOrdersJson:
    """One file of Shopify orders.

    :param data: its bytes.
    :param read: turns an element into an order; raises :class:`RecordError`.
    :param keep: stores it; raises :class:`RecordError`.
    :param refused: is told of what is refused: the element and the reason.
    :param reason: name of the member that tells why, in the error file.
    """

    error_suffix = ".json"

    def __init__(
        self,
        data: bytes,
        read: Callable[[dict[str, Any]], ShopifyOrder],
        keep: Callable[[ShopifyOrder], None],
        refused: Callable[[dict[str, Any], str], None],
        reason: str,
    ) -> None:
        self._text = data.decode("utf-8-sig", errors="replace")
        self._read, self._keep, self._refused, self._reason = read, keep, refused, reason

    def records(self) -> Iterator[Record]:
        """Read the orders one by one.

        :returns: one record per element.
        :raises FileError: when the root is not an array, or where the JSON breaks off.
        """
        for element, text in elements(self._text):
            order = order_of(element)
            yield Record(str(order.get("id") or ""), partial(self._import, order), text=text)

    def error_file(self, refused: list[tuple[Record, str]]) -> bytes:
        """Write the error file: the refused elements, each with its reason added.

        :param refused: the records with their reasons.
        """
        for record, message in refused:
            self._refused(order_of(next(elements(f"[{record.text}]"))[0]), message)
        return error_list(refused, reason=self._reason)

    def _import(self, order: dict[str, Any]) -> None:
        self._keep(self._read(order))


def order_of(element: object) -> dict[str, Any]:
    """The order of an element, empty when there is none.

    :param element: of the list.
    """
    inner = element.get("order", element) if isinstance(element, dict) else None
    return inner if isinstance(inner, dict) else {}


@dataclass
class ShopifyReader:
    """Checks an order and turns it into HotWax's.

    :param settings: what HotWax knows.
    :ivar unknown_products: variant ids and SKUs that match no product.
    :ivar known_skus: SKUs of lines without a variant that match one all the same.
    :ivar refuse: Shopify ids of orders to refuse with the error text, whatever they hold.
    :ivar strict_tills: orders of a till that take nothing home need address and phone, too.
    """

    settings: HotWaxSettings
    unknown_products: set[str] = field(default_factory=set)
    known_skus: set[str] = field(default_factory=set)
    strict_tills: bool = False
    refuse: dict[str, str] = field(default_factory=dict)

    def read(self, order: dict[str, Any]) -> ShopifyOrder:
        """Check and turn an order.

        :param order: in Shopify's shape.
        :raises RecordError: it cannot be imported.
        """
        if text := self.refuse.get(str(order.get("id"))):
            raise RecordError(text)
        if faults := list(dict.fromkeys(self._faults(order))):
            raise RecordError("; ".join(faults))
        channel = str(order.get("salesChannelEnumId") or _channel(order))
        method = str(order.get("shipmentMethodTypeId") or _method(order))
        return ShopifyOrder(
            shopify_id=str(order["id"]),
            name=str(order["name"]),
            number=str(order.get("order_number") or ""),
            updated_at=utc_text(order.get("updated_at")),
            order_date=utc_text(order["created_at"]),
            status=_status(order, channel, method),
            channel=channel,
            shipment_method=method,
            grand_total=str(order.get("total_price") or ""),
            currency=str(order.get("currency") or ""),
            items=list(_items(order)),
            adjustments=_adjustments(order),
            payments=_payments(order),
        )

    def _faults(self, order: dict[str, Any]) -> Iterator[str]:
        lines = objects(order, "line_items")
        if not order.get("id") or not order.get("name") or not order.get("created_at") or not lines:
            yield NULL
            return
        places = [one for one in map(order.get, ("shipping_address", "billing_address")) if one]
        person = order.get("customer") or {}
        places += [person["default_address"]] if person.get("default_address") else []
        if self.strict_tills or not _is_till_sale(order):
            if not any(place.get("address1") for place in places):
                yield "Required Field: customer address is missing"
            if not any(holder.get("phone") for holder in (order, person, *places)):
                yield "Required Field: phone is missing"
        email = order.get("email") or person.get("email")
        if email and _EMAIL.fullmatch(email) is None:
            yield BAD_EMAIL
        if _NOT_STORED.search(order.get("note") or ""):
            yield BAD_NOTE
        for line in lines:
            yield from self._line_faults(line)
        yield from self._unknown_codes(order)

    def _line_faults(self, line: dict[str, Any]) -> Iterator[str]:
        names = {str(line[name]) for name in ("variant_id", "sku") if line.get(name)}
        matched = line.get("variant_id") or str(line.get("sku") or "") in self.known_skus
        if not matched or names & self.unknown_products:
            yield f"Invalid Data: no product with SHOPIFY_PROD_ID or SKU for line {line.get('id')}"

    def _unknown_codes(self, order: dict[str, Any]) -> Iterator[str]:
        known = (
            ("sales channel", order.get("salesChannelEnumId"), self.settings.sales_channels),
            ("shipment method", order.get("shipmentMethodTypeId"), self.settings.shipment_methods),
            ("product store", order.get("productStoreId"), self.settings.product_stores),
        )
        payments = [(one.get("paymentMethodTypeId"), self.settings.payment_methods) for one in _given_payments(order)]
        adjustments = [(one.get("type"), ADJUSTMENT_TYPES) for one in _given_adjustments(order)]
        for what, value, codes in (
            *known,
            *(("payment method", *one) for one in payments),
            *(("adjustment type", *one) for one in adjustments),
        ):
            if value and value not in codes:
                yield f"Invalid Data: {what} {value!r} is not known"


def objects(holder: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The objects of a list, none when there is no list.

    :param holder: that has it.
    :param name: of the member.
    """
    value = holder.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def utc_text(text: object) -> str:
    """A time in UTC, as GraphQL writes it; blank for none.

    :param text: ISO text with a zone.
    :raises RecordError: it is no time.
    """
    if not text:
        return ""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise RecordError(f"Invalid Format: {text!r} is no date") from error
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _is_till_sale(order: dict[str, Any]) -> bool:
    return _channel(order) == "POS_SALES_CHANNEL" and not order.get("shipping_lines")


def _channel(order: dict[str, Any]) -> str:
    return _CHANNELS.get(str(order.get("source_name") or "web").lower(), "UNKNWN_SALES_CHANNEL")


def _method(order: dict[str, Any]) -> str:
    if _is_till_sale(order):
        return "POS_COMPLETED"
    lines = objects(order, "shipping_lines")
    name = str(lines[0].get("code") or lines[0].get("title") or "").lower() if lines else ""
    return _METHODS.get(name, "STANDARD") if lines else "NO_SHIPPING"


def _status(order: dict[str, Any], channel: str, method: str) -> str:
    if order.get("cancelled_at"):
        return "ORDER_CANCELLED"
    taken = channel == "POS_SALES_CHANNEL" and method == "POS_COMPLETED"
    fulfilled = _STATUSES.get(str(order.get("fulfillment_status") or ""))
    return fulfilled if taken and fulfilled else "ORDER_CREATED"


def _items(order: dict[str, Any]) -> Iterator[dict[str, Any]]:
    sequence = 0
    for line in objects(order, "line_items"):
        quantity = line.get("current_quantity")
        for _ in range(int(line.get("quantity", 1) if quantity is None else quantity)):
            sequence += 1
            yield {
                "orderItemSeqId": f"{sequence:05d}",
                "orderItemExternalId": str(line.get("id") or ""),
                "productId": str(line.get("variant_id") or line.get("sku") or ""),
                "quantity": "1",
                "unitPrice": str(line.get("price") or ""),
            }


def _given_adjustments(order: dict[str, Any]) -> list[dict[str, Any]]:
    lines = [one for line in objects(order, "line_items") for one in objects(line, "itemAdjustments")]
    return [*objects(order, "orderAdjustments"), *lines]


def _adjustments(order: dict[str, Any]) -> list[dict[str, str]]:
    if given := _given_adjustments(order):
        return [{"type": str(one.get("type")), "amount": str(one.get("amount"))} for one in given]
    found = []
    for holder, tax, discount in (("line_items", "SALES_TAX", "EXT_PROMO_ADJUSTMENT"), ("shipping_lines", "", "")):
        for line in objects(order, holder):
            if holder == "shipping_lines":
                found.append(("SHIPPING_CHARGES", str(line.get("price") or "0")))
            found += [(tax or "SHIPPING_SALES_TAX", str(one.get("price"))) for one in objects(line, "tax_lines")]
            off = objects(line, "discount_allocations")
            found += [(discount or "EXT_SHIP_ADJUSTMENT", f"-{one.get('amount')}") for one in off]
    return [{"type": kind, "amount": amount} for kind, amount in found]


def _given_payments(order: dict[str, Any]) -> list[dict[str, Any]]:
    return objects(order, "orderPaymentPref")


def _payments(order: dict[str, Any]) -> list[dict[str, str]]:
    if given := _given_payments(order):
        names = ("paymentMethodTypeId", "maxAmount", "statusId")
        return [{name: str(one.get(name) or "") for name in names} for one in given]
    found = []
    for one in objects(order, "transactions"):
        if one.get("kind") in {"sale", "capture", "authorization"} and one.get("status") in {"success", "pending"}:
            card = _CARDS.get(str(one.get("credit_card_company") or "").lower())
            method = _GATEWAYS.get(str(one.get("gateway")), card or "EXT_SHOP_OTHR_GTWAY")
            settled = "PAYMENT_SETTLED" if one["status"] == "success" else "PAYMENT_NOT_RECEIVED"
            found.append({"paymentMethodTypeId": method, "maxAmount": str(one.get("amount")), "statusId": settled})
    return found
