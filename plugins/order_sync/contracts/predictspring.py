"""The TLog of PredictSpring (Salesforce Point of Sale): the fields we know, their types, and a decoder for them.

Sources: the two complete TLogs in hotwax/oms-documentation (integrations/predictspring/order-import) and the vendor's
"JSON sample payloads" page. The data model varies by tenant and year, so every field may be absent or null, numbers may
come as text and ids as numbers; unknown fields are skipped while parsing.

Traps that the samples show:

* status, itemStatus and orderSource are the same for in-store and send-sale orders; only the fulfilment fields differ.
* productList repeats orderProductList (with wrong line ids in mixed carts): only orderProductList counts.
* price and subTotal are before discount, discount is a positive amount, and may be null.
* creationDate has no zone; it is the same instant as orderDate, in UTC.
* countryCode may be an empty string, currency is usually absent, store.timeZoneId is not to be trusted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum
from typing import Any

import msgspec

from order_sync.errors import BadInput


class Kind(Enum):
    """What a field holds; decides how it is decoded and what a mapping may do with it."""

    TEXT = "text"
    MONEY = "money"
    WHOLE = "whole"
    INSTANT = "instant"
    FLAG = "flag"


#: Fields of the order, by path.
ORDER_FIELDS: dict[str, Kind] = {
    **dict.fromkeys(
        (
            "orderId",
            "displayOrderId",
            "requestId",
            "cartId",
            "fulfillmentType",
            "storeId",
            "storeAssociateId",
            "email",
            "phoneNumber",
            "currency",
            "creationDate",
            "shippingMethodId",
            "shippingName",
            "shippingDescription",
            "paymentSource",
            "orderAttribution.storeRegisterId",
            "orderAttribution.registerTransactionId",
            "customerProfile.customerId",
            "customerProfile.email",
            "customerProfile.firstName",
            "customerProfile.lastName",
            "customerProfile.phoneMobile",
            "billingAddress.firstName",
            "billingAddress.lastName",
            "store.name",
        ),
        Kind.TEXT,
    ),
    **{
        f"{holder}.{field}": Kind.TEXT
        for holder in ("shippingAddress", "store", "customerProfile.address")
        for field in ("addressLine1", "addressLine2", "city", "state", "postalCode", "country", "countryCode")
    },
    **{f"shippingAddress.{field}": Kind.TEXT for field in ("firstName", "lastName", "phone", "emailAddress")},
    **dict.fromkeys(("orderDate", "updateDate"), Kind.INSTANT),
    **dict.fromkeys(
        ("totalAmount", "orderSubTotal", "taxSubTotal", "discount", "shippingSubTotal", "shippingTax"), Kind.MONEY
    ),
}

#: Fields of a line (``orderProductList[]``), by path.
LINE_FIELDS: dict[str, Kind] = {
    **dict.fromkeys(
        (
            "orderItemId",
            "productId",
            "variantGroupId",
            "gtin",
            "name",
            "color",
            "size",
            "fulfillmentType",
            "omniFulfillmentType",
            "fulfillmentSubType",
            "salesAssociateId",
        ),
        Kind.TEXT,
    ),
    "quantity": Kind.WHOLE,
    **dict.fromkeys(("price", "discount", "subTotal", "tax", "total", "productTax.totalTax"), Kind.MONEY),
    "isReturnRelated": Kind.FLAG,
}

_TYPES: dict[Kind, Any] = {
    Kind.TEXT: str | int | float | None,
    Kind.MONEY: float | str | None,
    Kind.WHOLE: int | float | str | None,
    Kind.INSTANT: int | float | str | None,
    Kind.FLAG: bool | str | None,
}


class Anything(msgspec.Struct, gc=False, frozen=True):
    """An object of which only the presence counts."""


class Tender(msgspec.Struct, gc=False, frozen=True):
    """A payment (``tenders[]``)."""

    paymentMethod: str | int | None = None
    amountAuthorized: float | str | None = None
    totalAmountCarriedOverForExchange: float | str | None = None


class _TransactionData(msgspec.Struct, gc=False, frozen=True):
    transactionType: str | None = None


class _Activity(msgspec.Struct, gc=False, frozen=True):
    transactionData: _TransactionData | None = None


class Amount(msgspec.Struct, gc=False, frozen=True):
    """One of several taxes (``taxAmount``) or price adjustments (``price``) of a line."""

    taxAmount: float | str | None = None
    price: float | str | None = None


#: Parts that the rules read whatever the mapping uses: (field, type, default).
_ORDER_EXTRAS: list[tuple[str, Any, Any]] = [
    ("tenders", list[Tender] | None, None),
    ("returnProductList", list[Anything] | None, None),
    ("refundPaymentDetails", list[Anything] | None, None),
    ("orderActivityLog", list[_Activity] | None, None),
]
_ABSENT = msgspec.Raw(b"null")
#: Lists that are read only where the sum they make up is missing: they stay raw until then.
_LINE_EXTRAS: list[tuple[str, Any, Any]] = [("priceAdjustments", msgspec.Raw, _ABSENT)]
_TAX_EXTRAS: list[tuple[str, Any, Any]] = [("taxRates", msgspec.Raw, _ABSENT)]

_amounts = msgspec.json.Decoder(list[Amount] | None)
_ORDER_ID = re.compile(rb'"orderId"\s*:\s*(?:"([^"\\]{1,64})"|(\d{1,20}))')


def decoder(order_paths: Iterable[str], line_paths: Iterable[str]) -> msgspec.json.Decoder[Any]:
    """A decoder of one TLog into a struct that has just these fields and what the rules need besides.

    :param order_paths: paths of :data:`ORDER_FIELDS`.
    :param line_paths: paths of :data:`LINE_FIELDS`.
    :raises KeyError: a path is not a known field.
    """
    line = _struct("Line", {path: LINE_FIELDS[path] for path in line_paths}, _LINE_EXTRAS)
    lines = ("orderProductList", list[line] | None, None)  # type: ignore[valid-type]
    order = _struct("Order", {path: ORDER_FIELDS[path] for path in order_paths}, [*_ORDER_EXTRAS, lines])
    return msgspec.json.Decoder(order)


def _struct(name: str, fields: dict[str, Kind], extras: list[tuple[str, Any, Any]]) -> type:
    """A struct with the plain fields, the extras, and one nested struct per first part of a dotted path."""
    plain = [(path, _TYPES[kind], None) for path, kind in fields.items() if "." not in path]
    nested = []
    for holder in dict.fromkeys(path.split(".")[0] for path in fields if "." in path):
        inner = {path.split(".", 1)[1]: kind for path, kind in fields.items() if path.startswith(f"{holder}.")}
        struct = _struct(holder, inner, _TAX_EXTRAS if holder == "productTax" else [])
        nested.append((holder, struct | None, None))
    return msgspec.defstruct(name, [*plain, *nested, *extras], gc=False)


def decode_all(json_decoder: msgspec.json.Decoder[Any], data: list[bytes]) -> list[Any] | None:
    """Decode several TLogs in one go; None if any of them needs a closer look by :func:`decode`."""
    together = b"".join(data)
    if b"\\u0000" in together:
        return None
    try:
        together.decode()
        return [json_decoder.decode(one) for one in data]
    except (UnicodeDecodeError, msgspec.DecodeError, RecursionError):
        return None


def decode(json_decoder: msgspec.json.Decoder[Any], data: bytes) -> Any:
    """Decode one TLog.

    :raises BadInput: ``FILE_ENCODING``, ``RECORD_NOT_JSON``, ``RECORD_WRONG_TYPE`` (with the path of the field) or
        ``RECORD_TOO_DEEP``.
    """
    try:
        if not data.isascii():
            data.decode()
        if b"\\u0000" in data:
            raise BadInput("RECORD_WRONG_TYPE", "a text holds the character NUL (\\u0000).")
        return json_decoder.decode(data)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$.")
        field = path.rstrip("`")
        raise BadInput(
            "RECORD_WRONG_TYPE", f"field {field or '(the whole record)'}: {message}.", field=field
        ) from error
    except msgspec.DecodeError as error:
        raise BadInput("RECORD_NOT_JSON", f"{error}.") from error
    except UnicodeDecodeError as error:
        raise BadInput("FILE_ENCODING", f"byte {error.start} of the record is not UTF-8 (Latin-1 perhaps).") from error
    except RecursionError as error:
        raise BadInput("RECORD_TOO_DEEP", "it is nested more deeply than any genuine order.") from error


def amounts(raw: msgspec.Raw) -> list[Amount]:
    """The entries of a list of taxes or price adjustments; an unreadable entry if it is no such list."""
    if raw is _ABSENT:
        return []
    try:
        return _amounts.decode(raw) or []
    except msgspec.ValidationError:
        return [Amount("no list of amounts", "no list of amounts")]


def guess_order_id(data: bytes) -> str:
    """The order id in a record that could not be decoded, for naming it in messages; blank when there is none."""
    match = _ORDER_ID.search(data)
    return (match[1] or match[2]).decode("ascii", "replace") if match else ""


def canonical(data: bytes) -> bytes:
    """The content of a TLog without its layout and its clock: equal for two arrivals that say the same.

    ``updateDate`` and ``lastDateToReturnTimeStamp`` move when a TLog is exported again without any change.
    """
    order = msgspec.json.decode(data)
    for clock in ("updateDate", "lastDateToReturnTimeStamp"):
        order.pop(clock, None)
    return msgspec.json.encode(order, order="deterministic")
