"""The TLog of PredictSpring (Salesforce Point of Sale): the fields we know and their types.

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
from collections.abc import Iterable, Mapping
from enum import Enum

import msgspec
import pyarrow as pa


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

#: Amounts and quantities are read as exact decimals with this many decimals; none needs more.
SCALE = 4
_DECIMAL = pa.decimal128(18, SCALE)
_ARROW: dict[Kind, pa.DataType] = {
    Kind.TEXT: pa.string(),
    Kind.MONEY: _DECIMAL,
    Kind.WHOLE: _DECIMAL,
    Kind.INSTANT: pa.int64(),
    Kind.FLAG: pa.bool_(),
}

#: Lists that the rules read whatever the mapping uses. Of most only the presence of an entry counts.
_PRESENCE = pa.list_(pa.struct([pa.field("orderId", pa.string())]))
_TENDER = {
    "paymentMethod": Kind.TEXT,
    "amountAuthorized": Kind.MONEY,
    "totalAmountCarriedOverForExchange": Kind.MONEY,
}
_ACTIVITY = {"transactionData.transactionType": Kind.TEXT}

_ORDER_ID = re.compile(rb'"orderId"\s*:\s*(?:"([^"\\]{1,64})"|(\d{1,20})(?=\s*[,}]))')


def schema(order_paths: Iterable[str], line_paths: Iterable[str]) -> pa.Schema:
    """The columns of a TLog: the fields asked for and what the rules need besides.

    :param order_paths: paths of :data:`ORDER_FIELDS`.
    :param line_paths: paths of :data:`LINE_FIELDS`.
    :raises KeyError: a path is not a known field.
    """
    line = _fields(
        {path: LINE_FIELDS[path] for path in line_paths},
        {
            "priceAdjustments": pa.list_(pa.struct(_fields({"price": Kind.MONEY}))),
            "productTax.taxRates": pa.list_(pa.struct(_fields({"taxAmount": Kind.MONEY}))),
        },
    )
    lists = {
        "orderProductList": pa.list_(pa.struct(line)),
        "tenders": pa.list_(pa.struct(_fields(_TENDER))),
        "returnProductList": _PRESENCE,
        "refundPaymentDetails": _PRESENCE,
        "orderActivityLog": pa.list_(pa.struct(_fields(_ACTIVITY))),
    }
    return pa.schema(_fields({path: ORDER_FIELDS[path] for path in order_paths}, lists))


def _fields(kinds: Mapping[str, Kind], others: Mapping[str, pa.DataType] | None = None) -> list[pa.Field]:
    """Arrow fields for dotted paths: one struct for each first part."""
    types = {path: _ARROW[kind] for path, kind in kinds.items()} | dict(others or {})
    fields = [pa.field(path, kind) for path, kind in types.items() if "." not in path]
    for holder in dict.fromkeys(path.split(".")[0] for path in types if "." in path):
        below = {path.split(".", 1)[1]: kind for path, kind in types.items() if path.startswith(f"{holder}.")}
        fields.append(pa.field(holder, pa.struct(_fields({}, below))))
    return fields


def guess_order_id(data: bytes) -> str:
    """The order id in a record that could not be decoded, for naming it in messages; blank when there is none."""
    match = _ORDER_ID.search(data)
    return (match[1] or match[2]).decode("ascii", "replace") if match else ""


def canonical(data: bytes) -> bytes:
    """The content of a TLog without its layout and its clock: equal for two arrivals that say the same.

    ``updateDate`` and ``lastDateToReturnTimeStamp`` move when a TLog is exported again without any change.

    :raises ValueError: it is no JSON object.
    """
    try:
        order = msgspec.json.decode(data)
    except RecursionError as error:
        raise ValueError("It is nested too deeply.") from error
    if not isinstance(order, dict):
        raise ValueError("It is no object.")
    for clock in ("updateDate", "lastDateToReturnTimeStamp"):
        order.pop(clock, None)
    return msgspec.json.encode(order, order="deterministic")
