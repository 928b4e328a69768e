"""What happens to an order after it was placed. Each function changes the document; times are seconds."""

from __future__ import annotations

from typing import Any

from sandbox.shopify.catalogue import address, customer
from sandbox.shopify.money import minus
from sandbox.shopify.parts import Part, Parts
from sandbox.shopify.totals import settle

Order = dict[str, Any]


def parts_of(order: Order, at: int) -> Parts:
    """A maker of further parts for an order that exists.

    :param order: the document.
    :param at: seconds.
    """
    return Parts(order["number"], at, order["presentmentCurrencyCode"], used=order["partsUsed"])


def fulfil(order: Order, at: int, *, lines: list[Part] | None = None, location: Part | None = None) -> None:
    """Ship lines, or hand them over.

    :param order: the document.
    :param at: seconds.
    :param lines: of the order; None: every one that waits.
    :param location: where from.
    """
    parts = parts_of(order, at)
    waiting = [line for line in (order["lineItems"] if lines is None else lines) if line["unfulfilledQuantity"]]
    if waiting:
        shipped = [(line, line["unfulfilledQuantity"]) for line in waiting]
        order["fulfillments"].append(parts.fulfilment(shipped, at, location, len(order["fulfillments"]) + 1))
    _done(order, parts, at)


def cancel(order: Order, at: int, *, reason: str = "CUSTOMER") -> None:
    """Cancel an order and give its money back.

    :param order: the document.
    :param at: seconds.
    :param reason: of OrderCancelReason.
    """
    if order["cancelledAt"] is None:
        order |= {"cancelledAt": at, "cancelReason": reason, "closedAt": at}
    refund(order, at)
    for line in order["lineItems"]:
        line["currentQuantity"] = line["unfulfilledQuantity"] = 0
    _done(order, parts_of(order, at), at)


def refund(order: Order, at: int, *, lines: list[tuple[Part, int]] | None = None) -> None:
    """Give money back.

    :param order: the document.
    :param at: seconds.
    :param lines: of the order, with how many of each; None: all that was paid, once.
    """
    parts = parts_of(order, at)
    if lines is None and order["netPaymentSet"] == [0, 0]:
        _done(order, parts, at)
        return
    gateway = (order["paymentGatewayNames"] or ["manual"])[0]
    shipped = next((line for line in order["shippingLines"] if not line["isRemoved"]), None)
    chosen = lines
    if chosen is None:
        chosen = [(line, line["currentQuantity"]) for line in order["lineItems"] if line["currentQuantity"]]
    made = parts.refund(chosen, at, gateway, shipping=shipped if lines is None else None)
    if lines is None:
        left = minus(order["netPaymentSet"], made["totalRefundedSet"])
        if left != [0, 0]:
            adjustment = {"id": parts.new_id("OrderAdjustment"), "amountSet": left, "taxAmountSet": [0, 0]}
            made["orderAdjustments"].append(adjustment | {"reason": "REFUND_DISCREPANCY"})
            made["totalRefundedSet"] = made["transactions"][0]["amountSet"] = order["netPaymentSet"]
    order["refunds"].append(made)
    order["transactions"] += made["transactions"]
    _done(order, parts, at)


def remove_line(order: Order, at: int) -> None:
    """Take the last line out of an order by editing it: it stays, with a current quantity of 0.

    :param order: the document.
    :param at: seconds.
    """
    line = order["lineItems"][-1]
    line["currentQuantity"] = line["unfulfilledQuantity"] = 0
    order["edited"] = True
    _done(order, parts_of(order, at), at)


def add_line(order: Order, at: int, *, goods: int = 1) -> None:
    """Put a line into an order by editing it.

    :param order: the document.
    :param at: seconds.
    :param goods: number of the product.
    """
    parts = parts_of(order, at)
    order["lineItems"].append(parts.line(goods))
    order["edited"] = True
    _done(order, parts, at)


def heal(order: Order, at: int) -> None:
    """Mend what an importer may refuse: customer data and the note, as somebody at the shop would do.

    :param order: the document.
    :param at: seconds.
    """
    number = order["number"]
    person = order["customer"] or customer(number, created=at)
    phone = f"+1555{2_000_000 + number}"
    place = address(number, (person["firstName"], person["lastName"]), phone=phone)
    order |= {"customer": person, "email": f"healed{number}@mail.example", "phone": phone, "note": None}
    order |= {"shippingAddress": place, "billingAddress": place}
    person |= {"email": order["email"], "phone": phone, "defaultAddress": place}
    _done(order, parts_of(order, at), at)


def touch(order: Order, at: int) -> None:
    """Change a tag, nothing else.

    :param order: the document.
    :param at: seconds.
    """
    order["tags"] = [*(tag for tag in order["tags"] if not tag.startswith("seen-")), f"seen-{at}"]
    _done(order, parts_of(order, at), at)


def _done(order: Order, parts: Parts, at: int) -> None:
    order["partsUsed"] = max(parts.used, order["partsUsed"])
    order["updatedAt"] = max(at, order["updatedAt"])
    settle(order)
