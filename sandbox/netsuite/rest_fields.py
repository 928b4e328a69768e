"""Fields of REST records, and the columns of the CSV files that mean the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from sandbox.netsuite.csv_table import RecordError, Row
from sandbox.netsuite.settings import DateOrder

_PRICE_LEVELS = {"-1": "Custom", "1": "Base Price"}


class InvalidContentError(Exception):
    """The body does not have the shape of the record."""


class Field(NamedTuple):
    """One field.

    :param column: column of the CSV files, blank when the field is taken and forgotten.
    :param read: turns its JSON into the text of that column.
    """

    column: str
    read: Callable[[Any], str]


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise TypeError
    return value if isinstance(value, str) else format(Decimal(value), "f")


def _flag(value: Any) -> str:
    if not isinstance(value, bool):
        raise TypeError
    return "T" if value else "F"


def _reference(value: Any) -> str:
    """``{"id": "5"}`` or ``{"refName": "Custom"}``."""
    if not isinstance(value, dict):
        raise TypeError
    return _text(value["id"] if "id" in value else value["refName"])


def _price_level(value: Any) -> str:
    key = _reference(value)
    return _PRICE_LEVELS.get(key, key)


def _forgotten(_: Any) -> str:
    return ""


def _country(value: Any) -> str:
    return _reference(value) if isinstance(value, dict) else _text(value)


_IGNORED = Field("", _forgotten)

CUSTOMER: dict[str, Field] = {
    "externalId": Field("externalId", _text),
    "isPerson": Field("individual", _flag),
    "firstName": Field("firstName", _text),
    "lastName": Field("lastName", _text),
    "email": Field("email", _text),
    "phone": Field("phone", _text),
    "subsidiary": Field("subsidiary", _reference),
    "entityStatus": Field("status", _reference),
    "leadSource": Field("accountSource", _reference),
    "taxable": Field("taxable", _flag),
    "defaultOrderPriority": Field("defaultOrderPriority", _text),
    "custentity_hc_shop_cust_id": Field("HCShopifyCustomerId", _text),
    "custentity_hc_customer_id": Field("HCCustomerId", _text),
    **dict.fromkeys(("entityId", "companyName", "addressBook"), _IGNORED),
}

_HEADER: dict[str, Field] = {
    "externalId": Field("externalId", _text),
    "entity": Field("customer", _reference),
    "tranDate": Field("date", _text),
    "otherRefNum": Field("orderId", _text),
    "subsidiary": Field("subsidiary", _reference),
    "location": Field("location", _reference),
    "department": Field("department", _reference),
    "memo": Field("orderNote", _text),
    "discountItem": Field("discountItem", _reference),
    "discountRate": Field("rate", _text),
    "custbody_hc_order_id": Field("HCOrderId", _text),
    "custbody_hc_sales_channel": Field("salesChannel", _text),
    **dict.fromkeys(("currency", "exchangeRate"), _IGNORED),
}

SALES_ORDER: dict[str, Field] = {
    **_HEADER,
    "custbody_hc_shopify_order_id": Field("HCShopifySalesOrderId", _text),
    "email": Field("email", _text),
    "shipMethod": Field("shippingMethod", _reference),
    "shippingCost": Field("shippingCost", _text),
    "shippingTaxCode": Field("shippingTaxCode", _reference),
    "orderStatus": _IGNORED,
}

CASH_SALE: dict[str, Field] = {
    **_HEADER,
    "custbody_hc_shopify_order_id": Field("HCShopifyPOSOrderId", _text),
    **dict.fromkeys(("undepFunds", "account", "paymentMethod"), _IGNORED),
}

LINE: dict[str, Field] = {
    "line": Field("line", _text),
    "item": Field("item", _reference),
    "quantity": Field("quantity", _text),
    "rate": Field("price", _text),
    "price": Field("priceLevel", _price_level),
    "location": Field("itemLocation", _reference),
    "taxCode": Field("taxCode", _reference),
    "isClosed": Field("closed", _flag),
    "custcol_hc_order_line_id": Field("orderLineId", _text),
    "custcol_hc_orderline_type_id": Field("orderLineTypeId", _text),
    "custcol_hc_item_tag": Field("tag", _text),
    **dict.fromkeys(("amount", "description"), _IGNORED),
}

DEPOSIT: dict[str, Field] = {
    "externalId": Field("externalId", _text),
    "customer": Field("customer", _reference),
    "salesOrder": Field("salesOrder", _reference),
    "payment": Field("payment", _text),
    "paymentMethod": Field("paymentMethod", _reference),
    "tranDate": Field("date", _text),
    **dict.fromkeys(("currency", "exchangeRate", "undepFunds", "account", "memo", "checkNum"), _IGNORED),
    "paymentOption": _IGNORED,
}

_ADDRESS: dict[str, Field] = {
    "addressee": Field("addressee", _text),
    "addr1": Field("address1", _text),
    "addr2": Field("address2", _text),
    "city": Field("city", _text),
    "state": Field("state", _country),
    "country": Field("country", _country),
    "zip": Field("zip", _text),
    "addrPhone": Field("phone", _text),
}


def read(body: dict[str, Any], fields: dict[str, Field], at: str = "") -> dict[str, str]:
    """Read the fields of a record; null is a blank.

    :param body: the JSON object.
    :param fields: what may stand there.
    :param at: path of the object, for messages.
    :returns: texts by column name.
    :raises InvalidContentError: a field is unknown or has another type.
    """
    values: dict[str, str] = {}
    for name, value in body.items():
        field = fields.get(name)
        if field is None:
            raise InvalidContentError(f"Unknown reference or field {at}{name}.")
        try:
            values[field.column] = "" if value is None else field.read(value)
        except (TypeError, KeyError) as error:
            raise InvalidContentError(f"Invalid value for the field {at}{name}.") from error
    values.pop("", None)
    return values


def read_address(body: dict[str, Any], name: str, prefix: str = "") -> dict[str, str]:
    """Read an address out of a transaction.

    :param body: the transaction; the address is taken out of it.
    :param name: ``shippingAddress`` or ``billingAddress``.
    :param prefix: of the column names.
    :returns: texts by column name, none when there is no address.
    :raises InvalidContentError: it is none.
    """
    address = body.pop(name, None)
    if address is None:
        return {}
    if not isinstance(address, dict):
        raise InvalidContentError(f"Invalid value for the field {name}.")
    values = read(address, _ADDRESS, f"{name}.")
    return {f"{prefix}{key[0].upper()}{key[1:]}" if prefix else key: value for key, value in values.items()}


def read_lines(body: dict[str, Any]) -> list[Row]:
    """Read the lines of a transaction.

    :param body: the transaction; the lines are taken out of it.
    :returns: one row each.
    :raises InvalidContentError: they are no list of lines.
    """
    sublist = body.pop("item", None)
    items = [] if sublist is None else sublist.get("items") if isinstance(sublist, dict) else None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise InvalidContentError("Invalid value for the field item.")
    return [Row(place, read(item, LINE, f"item.items[{place}].")) for place, item in enumerate(items)]


def account_date(text: str, order: DateOrder) -> str:
    """Turn the date of a REST record into one of a CSV file.

    :param text: ISO 8601.
    :param order: of day and month.
    :raises RecordError: there is no such day.
    """
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise RecordError(f"Invalid date value (must be YYYY-MM-DD): {text}") from error
    first, second = (day.month, day.day) if order == "M/D/YYYY" else (day.day, day.month)
    return f"{first}/{second}/{day.year}"
