"""The kinds of orders a shop has: each takes a plain web order and makes it what its name says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from sandbox.shopify import changes
from sandbox.shopify.catalogue import store
from sandbox.shopify.parts import Parts, allocate, tax
from sandbox.shopify.totals import settle

Order = dict[str, Any]
MANY_LINES = 260
MANY = 12


@dataclass
class Making:
    """An order in the making.

    :param order: the document.
    :param parts: makes its parts.
    :param random: seeded.
    :param at: when it was made, seconds.
    """

    order: Order
    parts: Parts
    random: Random
    at: int

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The order's lines."""
        return self.order["lineItems"]  # type: ignore[no-any-return]

    def goods(self, quantity: int = 1) -> dict[str, Any]:
        """A further line of some product."""
        return self.parts.line(self.random.randrange(400), quantity)

    def discount(self, kind: str, title: str, value: dict[str, Any], selection: str = "ALL") -> int:
        """Add a discount; returns its index."""
        names = {"code": title} if kind == "DiscountCodeApplication" else {"title": title, "description": None}
        index = len(self.order["discountApplications"])
        self.order["discountApplications"].append(
            {
                "__typename": kind,
                "index": index,
                "allocationMethod": "ACROSS" if selection == "ALL" else "EACH",
                "targetSelection": selection,
                "targetType": "LINE_ITEM",
                "value": value,
                **names,
            }
        )
        return index


def percentage(number: float) -> dict[str, Any]:
    """The value of a discount in per cent."""
    return {"__typename": "PricingPercentageValue", "percentage": number}


def _nothing(_: Making) -> None:
    """A web order: paid, to be shipped, nothing special."""


def _till(make: Making, *, ships: bool) -> None:
    order = make.order
    shop = store(make.random.randrange(3), created=make.at)
    order |= {"sourceName": "pos", "retailLocation": shop, "app": {"id": "gid://shopify/OrderApp/129785"}}
    order["app"]["name"] = "Point of Sale"
    order["attribution"] = {"displayName": "Point of Sale", "handle": "pos", "icon": None}
    order["staffMember"] = {"id": "gid://shopify/StaffMember/81", "name": "Sam Seller", "active": True}
    order["gateway"] = make.random.choice(("cash", "shopify_payments"))
    if not ships:
        order |= {"shippingLines": [], "shippingAddress": None}


def _pos_completed(make: Making) -> None:
    _till(make, ships=False)
    make.order["billingAddress"] = None
    changes.fulfil(make.order, make.at, location=make.order["retailLocation"])
    make.order["closedAt"] = make.at


def _send_sale(make: Making) -> None:
    _till(make, ships=True)


def _mixed_cart(make: Making) -> None:
    _till(make, ships=True)
    make.lines.append(make.goods())
    changes.fulfil(make.order, make.at, lines=make.lines[:1], location=make.order["retailLocation"])


def _fulfilled(make: Making) -> None:
    changes.fulfil(make.order, make.at + 7200)
    make.order["closedAt"] = make.at + 7200


def _partly_fulfilled(make: Making) -> None:
    make.lines.append(make.goods())
    changes.fulfil(make.order, make.at + 7200, lines=make.lines[:1])


def _later(change: Callable[[Order, int], None]) -> Callable[[Making], None]:
    """A change that is made an hour after the order, when it was paid."""

    def make_it(make: Making) -> None:
        pay(make)
        change(make.order, make.at + 3600)

    return make_it


def _partly_refunded(make: Making) -> None:
    make.lines.append(make.goods(2))
    pay(make)
    changes.refund(make.order, make.at + 3600, lines=[(make.lines[-1], 1)])


def _draft(make: Making) -> None:
    make.order |= {"sourceName": "shopify_draft_order", "gateway": "manual"}
    index = make.discount("ManualDiscountApplication", "Staff", percentage(20.0))
    for line in make.lines:
        allocate(line, make.parts.money(line["originalUnitPriceSet"][0] * line["quantity"] // 5), index)


def _exchange(make: Making) -> None:
    make.order |= {"sourceName": "exchange", "gateway": "Exchange Credit", "tags": ["exchange"]}


def _edited_removed(make: Making) -> None:
    make.lines.append(make.goods(2))
    settle(make.order)
    changes.remove_line(make.order, make.at + 1800)


def _edited_added(make: Making) -> None:
    settle(make.order)
    changes.add_line(make.order, make.at + 1800, goods=make.random.randrange(400))


def _gift_card(make: Making) -> None:
    make.order["lineItems"] = [make.parts.gift_card()]
    make.order |= {"shippingLines": [], "shippingAddress": None}


def _paid_by_gift_card(make: Making) -> None:
    settle(make.order)
    owed = make.order["totalPriceSet"]
    half = [part // 2 for part in owed]
    rest = [whole - part for whole, part in zip(owed, half, strict=True)]
    for gateway, amount in (("gift_card", half), ("shopify_payments", rest)):
        make.order["transactions"].append(make.parts.payment("SALE", amount, gateway, at=make.at))
    make.order["paymentGatewayNames"] = ["gift_card", "shopify_payments"]


def _line_discount(make: Making) -> None:
    index = make.discount("AutomaticDiscountApplication", "Two for less", percentage(10.0), "ENTITLED")
    allocate(make.lines[0], make.parts.money(make.lines[0]["originalUnitPriceSet"][0] // 10), index)


def _order_discount(make: Making) -> None:
    make.lines.append(make.goods(3))
    index = make.discount("DiscountCodeApplication", "SPRING", {"__typename": "MoneyV2", "minor": 1_001})
    make.order["discountCodes"] = ["SPRING"]
    for line, amount in zip(make.lines, (334, 667), strict=False):
        allocate(line, make.parts.money(amount), index)


def _several_shipping_lines(make: Making) -> None:
    shipping = make.order["shippingLines"]
    shipping.append(make.parts.shipping("Next Day", 1_250))
    shipping.append(make.parts.shipping("Oversize", 900))
    shipping[-1]["isRemoved"] = True


def _free_shipping(make: Making) -> None:
    index = make.discount("DiscountCodeApplication", "FREESHIP", percentage(100.0))
    make.order["discountApplications"][index]["targetType"] = "SHIPPING_LINE"
    make.order["discountCodes"] = ["FREESHIP"]
    line = make.order["shippingLines"][0]
    line["taxLines"] = []
    allocate(line, line["originalPriceSet"], index)


def _tax_included(make: Making) -> None:
    make.order["taxesIncluded"] = True


def _tax_free(make: Making) -> None:
    for line in [*make.lines, *make.order["shippingLines"]]:
        line["taxLines"] = []
    make.order["taxExempt"] = True


def _tip(make: Making) -> None:
    make.order["totalTipReceivedSet"] = make.parts.money(300)


def _no_customer(make: Making) -> None:
    make.order |= {"customer": None, "email": None, "phone": None}


def _no_address(make: Making) -> None:
    make.order |= {"shippingAddress": None, "billingAddress": None}
    if make.order["customer"]:
        make.order["customer"]["defaultAddress"] = None


def _no_phone(make: Making) -> None:
    make.order["phone"] = None
    for holder in (make.order["shippingAddress"], make.order["billingAddress"], make.order["customer"]):
        holder["phone"] = None
    make.order["customer"]["defaultAddress"]["phone"] = None
    make.order["customer"]["defaultPhoneNumber"] = None


def _bad_email(make: Making) -> None:
    make.order["email"] = make.order["customer"]["email"] = "shopper[at]mail.example"
    make.order["customer"]["defaultEmailAddress"] = {"emailAddress": make.order["email"], "validFormat": False}


def _emoji_note(make: Making) -> None:
    make.order["note"] = "Happy birthday 🎂, with love 👨‍👩‍👧"


def _control_note(make: Making) -> None:
    make.order["note"] = "Leave at\u0007 the door\u0000\u001b[0m"


def _custom_item(make: Making) -> None:
    make.lines.append(make.parts.custom_line("Alteration", 1_500))
    tax(make.lines[-1])


def _unknown_product(make: Making) -> None:
    line = make.lines[0]
    line |= {"product": None, "variant": None, "sku": f"GONE-{make.order['number']}"}


def _many_lines(make: Making) -> None:
    make.order["lineItems"] += [make.parts.line(number % 400) for number in range(MANY_LINES - 1)]


def _many_refunds(make: Making) -> None:
    make.order["lineItems"] = [make.parts.line(3, MANY + 2)]
    pay(make)
    for number in range(MANY):
        changes.refund(make.order, make.at + 60 * number + 60, lines=[(make.lines[0], 1)])


def _many_fulfilments(make: Making) -> None:
    make.order["lineItems"] = [make.parts.line(number * 7) for number in range(MANY)]
    for number, line in enumerate(list(make.lines)):
        changes.fulfil(make.order, make.at + 60 * number + 60, lines=[line])


def _many_transactions(make: Making) -> None:
    settle(make.order)
    for number in range(MANY):
        failed = make.parts.payment(
            "SALE", make.order["totalPriceSet"], "shopify_payments", at=make.at + number, status="FAILURE"
        )
        make.order["transactions"].append(failed)
    pay(make)


def _mobile(make: Making) -> None:
    make.order["sourceName"] = make.random.choice(("iphone", "android"))


def _marketplace(make: Making) -> None:
    make.order |= {"sourceName": "3890849", "sourceIdentifier": f"MKT-{make.order['number']}"}
    make.order["attribution"] = {"displayName": "Marketplace", "handle": "marketplace", "icon": None}


def _cash_on_delivery(make: Making) -> None:
    settle(make.order)
    amount, gateway = make.order["totalPriceSet"], "Cash on Delivery (COD)"
    make.order["transactions"].append(make.parts.payment("SALE", amount, gateway, at=make.at, status="PENDING"))
    make.order["paymentGatewayNames"] = [gateway]


def _authorized(make: Making) -> None:
    settle(make.order)
    amount = make.order["totalPriceSet"]
    make.order["transactions"].append(make.parts.payment("AUTHORIZATION", amount, "shopify_payments", at=make.at))
    make.order["paymentGatewayNames"] = ["shopify_payments"]


def _pickup(make: Making) -> None:
    make.order["shippingLines"] = [make.parts.shipping("Main Street", 0, code="pickup", taxed=False)]
    make.order["shippingAddress"] = None


def _test_order(make: Making) -> None:
    make.order["test"] = True


def _kind_of_money(_: Making) -> None:
    """The currencies were chosen when the order was begun."""


def pay(make: Making) -> None:
    """Pay an order by its gateway, once.

    :param make: the order.
    """
    settle(make.order)
    if not make.order["paymentGatewayNames"]:
        gateway = make.order["gateway"]
        payment = make.parts.payment("SALE", make.order["totalPriceSet"], gateway, at=make.at)
        make.order["transactions"].append(payment)
        make.order["paymentGatewayNames"] = [gateway]
        settle(make.order)


#: Kind → what makes an order one of it.
MAKERS: dict[str, Callable[[Making], None]] = {
    "web": _nothing,
    "web_fulfilled": _fulfilled,
    "partly_fulfilled": _partly_fulfilled,
    "pos_completed": _pos_completed,
    "send_sale": _send_sale,
    "mixed_cart": _mixed_cart,
    "cancelled": _later(changes.cancel),
    "refunded": _later(changes.refund),
    "partly_refunded": _partly_refunded,
    "draft": _draft,
    "exchange": _exchange,
    "edited_removed": _edited_removed,
    "edited_added": _edited_added,
    "gift_card": _gift_card,
    "paid_by_gift_card": _paid_by_gift_card,
    "line_discount": _line_discount,
    "order_discount": _order_discount,
    "several_shipping_lines": _several_shipping_lines,
    "free_shipping": _free_shipping,
    "tax_included": _tax_included,
    "tax_free": _tax_free,
    "tip": _tip,
    "multi_currency": _kind_of_money,
    "no_cents_currency": _kind_of_money,
    "no_customer": _no_customer,
    "no_address": _no_address,
    "no_phone": _no_phone,
    "bad_email": _bad_email,
    "emoji_note": _emoji_note,
    "control_note": _control_note,
    "custom_item": _custom_item,
    "unknown_product": _unknown_product,
    "many_lines": _many_lines,
    "many_refunds": _many_refunds,
    "many_fulfilments": _many_fulfilments,
    "many_transactions": _many_transactions,
    "mobile": _mobile,
    "marketplace": _marketplace,
    "cash_on_delivery": _cash_on_delivery,
    "authorized": _authorized,
    "pickup": _pickup,
    "test_order": _test_order,
}
