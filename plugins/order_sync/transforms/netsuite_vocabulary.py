"""What the mappings for NetSuite may name: facts of a customer, of a created order and of a row of it."""

from __future__ import annotations

from order_sync.mapping.model import Type

#: Parts of an address, in the order in which the rules give them.
_ADDRESS = ("name", "address1", "address2", "city", "state", "country", "zip", "phone")
SHIP_TO = tuple(f"fact.ship_to.{name}" for name in _ADDRESS)
BILL_TO = tuple(f"fact.bill_to.{name}" for name in _ADDRESS)

#: Other texts of the order, in the order in which the rules give them.
ORDER_TEXTS = (
    *("order.orderId", "order.orderName", "order.productStoreId", "order.orderFacilityId", "order.salesChannel"),
    *("order.customerEmail", "order.email", "order.billTo.email", "fact.external_id", "fact.shopify_order"),
    *("fact.note", "fact.shipping_method", "fact.shipping_taxed", "fact.order_discount", "fact.discount_code"),
)
#: NetSuite's id of the customer.
CUSTOMER = "fact.customer"
ROW_TEXTS = ("line.kind", "line.number", "line.type", "line.item", "line.facility", "line.taxed", "line.closed")
#: Paths that a mapping of sales orders may name, with the type of their values.
ORDER_PATHS: dict[str, Type] = {
    **dict.fromkeys((CUSTOMER, *ORDER_TEXTS, *SHIP_TO, *BILL_TO, *ROW_TEXTS), "text"),
    **dict.fromkeys(("fact.shipping_cost", "fact.discount", "line.price", "line.amount"), "money"),
    "line.quantity": "whole",
    "fact.ordered_at": "date",
}

#: Paths that a mapping of cash sales may name: those of sales orders but what a cash sale has not.
CASH_SALE_PATHS: dict[str, Type] = {
    path: kind
    for path, kind in ORDER_PATHS.items()
    if path not in BILL_TO and not path.startswith(("fact.shipping_", "order.billTo."))
}

CUSTOMER_TEXTS = (
    *("customer.partyId", "customer.firstName", "customer.lastName"),
    *("fact.external_id", "fact.shopify_customer", "fact.source", "fact.email", "fact.phone"),
)
#: Paths that a mapping of customers may name.
CUSTOMER_PATHS: dict[str, Type] = dict.fromkeys(CUSTOMER_TEXTS, "text")

_YES_NO = frozenset({"yes", "no"})
#: Facts that a mapping may branch on, with all their values.
CASES: dict[str, frozenset[str]] = {
    "fact.source": frozenset({"web", "pos"}),
    "fact.order_discount": frozenset({"none", "known", "unknown"}),
    "fact.shipping_taxed": _YES_NO,
    "line.kind": frozenset({"product", "gift_card", "discount"}),
    "line.taxed": _YES_NO,
    "line.closed": _YES_NO,
}
