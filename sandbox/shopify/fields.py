"""Where the value of a field comes from that is not simply in the order's document."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sandbox.shopify.catalogue import gid
from sandbox.shopify.context import Context
from sandbox.shopify.database import number_of
from sandbox.shopify.settings import VERSIONS

Value = Any
Arguments = dict[str, Any]
Getter = Callable[[Any, Context, Arguments], Value]


def _line(parent: dict[str, Any], context: Context, _: Arguments) -> Value:
    """The order's line that a refund or a fulfilment names."""
    return next(line for line in context.order["lineItems"] if line["id"] == parent["lineItem"])


def _variant(parent: dict[str, Any], _: Context, __: Arguments) -> Value:
    return None if parent["variant"] is None else parent["variant"] | {"product": parent["product"]}


def _shipping_line(parent: dict[str, Any], context: Context, _: Arguments) -> Value:
    return next(line for line in context.order["shippingLines"] if line["id"] == parent["shippingLine"])


def _shipping_lines(parent: dict[str, Any], _: Context, arguments: Arguments) -> Value:
    removed_too = arguments.get("includeRemovals", False)
    return [line for line in parent["shippingLines"] if removed_too or not line["isRemoved"]]


def _first_shipping_line(parent: dict[str, Any], _: Context, __: Arguments) -> Value:
    return next((line for line in parent["shippingLines"] if not line["isRemoved"]), None)


def _some(name: str) -> Getter:
    """A plain list of which the first so many are asked for."""
    return lambda parent, _, arguments: parent[name][: arguments.get("first")]


def _fulfillment_status(parent: dict[str, Any], context: Context, _: Arguments) -> Value:
    status = parent["displayFulfillmentStatus"]
    newest = context.version >= VERSIONS[-1]
    return "UNFULFILLED" if status == "FULFILLMENT_NOT_REQUIRED" and not newest else status


def _fulfillment_orders(parent: dict[str, Any], _: Context, __: Arguments) -> Value:
    """One for what leaves by the till, one for what is shipped; derived, so that it never contradicts the lines."""
    number, found = number_of(parent["id"]), []
    handed = parent["sourceName"] == "pos" and parent["retailLocation"] is not None
    groups = {
        "RETAIL": [line for line in parent["lineItems"] if handed and line["fulfilledQuantity"]],
        "SHIPPING": [
            line
            for line in parent["lineItems"]
            if line["requiresShipping"] and not (handed and line["fulfilledQuantity"])
        ],
    }
    pickup = any(line["code"] == "pickup" for line in parent["shippingLines"])
    for place, (method, lines) in enumerate(groups.items()):
        if lines:
            kind = "PICK_UP" if pickup and method == "SHIPPING" else method
            found.append(_fulfillment_order(parent, number * 10 + place, kind, lines))
    return found


def _fulfillment_order(parent: dict[str, Any], number: int, method: str, lines: list[dict[str, Any]]) -> Value:
    waiting = any(line["unfulfilledQuantity"] for line in lines)
    status = "CANCELLED" if parent["cancelledAt"] is not None else "OPEN" if waiting else "CLOSED"
    return {
        "id": gid("FulfillmentOrder", number),
        "orderId": parent["id"],
        "orderName": parent["name"],
        "createdAt": parent["createdAt"],
        "updatedAt": parent["updatedAt"],
        "status": status,
        "requestStatus": "UNSUBMITTED",
        "deliveryMethod": {"id": gid("DeliveryMethod", number), "methodType": method, "presentedName": None},
        "assignedLocation": {"name": "Warehouse", "location": parent["retailLocation"]},
        "lineItems": [
            {
                "id": gid("FulfillmentOrderLineItem", number * 1000 + place),
                "lineItem": line["id"],
                "remainingQuantity": line["unfulfilledQuantity"],
                "totalQuantity": line["quantity"],
                "sku": line["sku"],
                "requiresShipping": line["requiresShipping"],
            }
            for place, line in enumerate(lines)
        ],
    }


def _allocation_of(parent: dict[str, Any], context: Context, _: Arguments) -> Value:
    return context.order["discountApplications"][parent["index"]]


def _value_of_discount(parent: dict[str, Any], context: Context, _: Arguments) -> Value:
    value = parent["value"]
    if value["__typename"] != "MoneyV2":
        return value
    currency = context.order["currencyCode"]
    return {**value, "amount": context.decimal(value["minor"], currency), "currencyCode": currency}


def _closed(parent: dict[str, Any], _: Context, __: Arguments) -> Value:
    return parent["closedAt"] is not None


def _discount_code(parent: dict[str, Any], _: Context, __: Arguments) -> Value:
    return parent["discountCodes"][0] if parent["discountCodes"] else None


def _formatted(parent: dict[str, Any], _: Context, __: Arguments) -> Value:
    return [parent[name] for name in ("address1", "address2", "city", "zip", "country") if parent[name]]


def _status_page(parent: dict[str, Any], context: Context, _: Arguments) -> Value:
    return f"https://{context.settings.domain}/orders/{number_of(parent['id'])}/authenticate"


GETTERS: dict[tuple[str, str], Getter] = {
    ("Order", "closed"): _closed,
    ("Order", "discountCode"): _discount_code,
    ("Order", "displayFulfillmentStatus"): _fulfillment_status,
    ("Order", "fulfillmentOrders"): _fulfillment_orders,
    ("Order", "fulfillments"): _some("fulfillments"),
    ("Order", "refunds"): _some("refunds"),
    ("Order", "transactions"): _some("transactions"),
    ("Order", "shippingLine"): _first_shipping_line,
    ("Order", "shippingLines"): _shipping_lines,
    ("Order", "statusPageUrl"): _status_page,
    ("LineItem", "variant"): _variant,
    ("LineItem", "taxLines"): _some("taxLines"),
    ("Fulfillment", "trackingInfo"): _some("trackingInfo"),
    ("FulfillmentLineItem", "lineItem"): _line,
    ("FulfillmentOrderLineItem", "lineItem"): _line,
    ("RefundLineItem", "lineItem"): _line,
    ("RefundShippingLine", "shippingLine"): _shipping_line,
    ("DiscountAllocation", "allocatedAmountSet"): lambda parent, _, __: parent["amount"],
    ("DiscountAllocation", "discountApplication"): _allocation_of,
    **{
        (kind, "value"): _value_of_discount
        for kind in ("DiscountCodeApplication", "ManualDiscountApplication", "AutomaticDiscountApplication")
    },
    ("MailingAddress", "formatted"): _formatted,
}


def getter(type_name: str, field_name: str) -> Getter:
    """How a field is read.

    :param type_name: the type that has it.
    :param field_name: its name.
    """
    if (special := GETTERS.get((type_name, field_name))) is not None:
        return special
    if field_name == "legacyResourceId":
        return lambda parent, _, __: number_of(parent["id"])
    return lambda parent, _, __: parent.get(field_name)


@lru_cache(maxsize=4096)
def moment_text(seconds: int) -> str:
    """A time as GraphQL writes it.

    :param seconds: since 1970.
    """
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
