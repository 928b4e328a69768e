"""The parts of an order: lines, taxes, discounts, shipping, payments, fulfilments, refunds."""

from __future__ import annotations

from typing import Any

from sandbox.shopify.catalogue import gid, product
from sandbox.shopify.money import Pair, minus, presented, share, times, total

Part = dict[str, Any]

GIFT_CARD_PRICE = 5_000
#: So many ids of parts are kept for each order: first those of the order as it was placed, then those of changes.
PARTS_OF_AN_ORDER, FIRST_PARTS = 10_000, 5_000
#: Types of parts that have an id by which they can be asked for → where an order keeps them.
PARTS = {
    "Fulfillment": "fulfillments",
    "LineItem": "lineItems",
    "OrderTransaction": "transactions",
    "Refund": "refunds",
}
#: Member of a part that was asked for by its id: its order.
OWNER = "_order"
TAXES = (("State Tax", 625), ("City Tax", 150))


class Parts:
    """Makes parts for one order; every id is counted within the order.

    :param number: of the order.
    :param at: when the order was made, in seconds.
    :param currency: that the customer is shown.
    """

    def __init__(self, number: int, at: int, currency: str, *, used: int = 0) -> None:
        self._number, self._at, self._currency = number, at, currency
        self._next = used

    def new_id(self, kind: str) -> str:
        """An id that no other part has.

        :param kind: the type.
        """
        self._next += 1
        return gid(kind, self._number * PARTS_OF_AN_ORDER + self._next)

    def money(self, minor: int) -> Pair:
        """An amount, presented too.

        :param minor: in the shop's currency.
        """
        return presented(minor, self._currency)

    def line(self, goods: int, quantity: int = 1, *, taxed: bool = True) -> Part:
        """A line of a product.

        :param goods: number of the product.
        :param quantity: how many.
        :param taxed: whether sales tax is charged.
        """
        whole, variant, price = product(goods, created=self._at)
        line = self._bare_line(whole["title"], self.money(price), quantity)
        name = f"{whole['title']} - {variant['title']}"
        line |= {"product": whole, "variant": variant, "sku": variant["sku"], "name": name}
        line["variantTitle"], line["vendor"] = variant["title"], whole["vendor"]
        if taxed:
            tax(line)
        return line

    def custom_line(self, title: str, price: int) -> Part:
        """A line of no product.

        :param title: what is sold.
        :param price: in minor units of the shop's currency.
        """
        return self._bare_line(title, self.money(price), 1)

    def gift_card(self) -> Part:
        """A line that sells a gift card: not shipped, not taxed."""
        line = self._bare_line("Gift Card", self.money(GIFT_CARD_PRICE), 1)
        whole, variant, _ = product(0, created=self._at)
        whole |= {"id": gid("Product", 8_900_000), "title": "Gift Card", "handle": "gift-card", "isGiftCard": True}
        variant |= {"id": gid("ProductVariant", 9_900_000), "sku": "GIFT-50", "barcode": None, "taxable": False}
        line |= {"product": whole, "variant": variant, "sku": variant["sku"]}
        return line | {"isGiftCard": True, "requiresShipping": False, "taxable": False, "unfulfilledQuantity": 0}

    def _bare_line(self, title: str, unit: Pair, quantity: int) -> Part:
        return {
            "id": self.new_id("LineItem"),
            "title": title,
            "name": title,
            "variantTitle": None,
            "vendor": None,
            "sku": None,
            "product": None,
            "variant": None,
            "quantity": quantity,
            "currentQuantity": quantity,
            "unfulfilledQuantity": quantity,
            "fulfilledQuantity": 0,
            "requiresShipping": True,
            "isGiftCard": False,
            "taxable": True,
            "originalUnitPriceSet": unit,
            "discountAllocations": [],
            "taxLines": [],
            "customAttributes": [],
            "staffMember": None,
        }

    def shipping(self, title: str, price: int, *, code: str | None = None, taxed: bool = True) -> Part:
        """A shipping line.

        :param title: the method's name.
        :param price: in minor units of the shop's currency.
        :param code: the method's code, the title by default.
        :param taxed: whether sales tax is charged.
        """
        line: Part = {
            "id": self.new_id("ShippingLine"),
            "title": title,
            "code": code or title,
            "source": "shopify",
            "carrierIdentifier": None,
            "custom": False,
            "deliveryCategory": None,
            "phone": None,
            "isRemoved": False,
            "originalPriceSet": self.money(price),
            "discountAllocations": [],
            "taxLines": [],
        }
        if taxed:
            line["taxLines"] = [_tax_line(*TAXES[0], line["originalPriceSet"])]
        return line

    def payment(self, kind: str, amount: Pair, gateway: str, *, at: int, status: str = "SUCCESS") -> Part:
        """A transaction.

        :param kind: SALE, AUTHORIZATION, CAPTURE, REFUND or VOID.
        :param amount: of it.
        :param gateway: the payment gateway.
        :param at: seconds.
        :param status: how it ended.
        """
        card = gateway == "shopify_payments"
        details = {"__typename": "CardPaymentDetails", "company": "Visa", "number": "•••• •••• •••• 4242"}
        return {
            "id": self.new_id("OrderTransaction"),
            "kind": kind,
            "status": status,
            "amountSet": amount,
            "gateway": gateway,
            "formattedGateway": gateway.replace("_", " ").title(),
            "createdAt": at,
            "processedAt": at,
            "authorizationCode": None,
            "errorCode": None if status == "SUCCESS" else "CARD_DECLINED",
            "manualPaymentGateway": gateway in {"manual", "Cash on Delivery (COD)"},
            "parentTransaction": None,
            "paymentDetails": details | {"name": None, "paymentMethodName": "visa"} if card else None,
            "paymentId": f"#{self._number}.{self._next}",
            "test": False,
        }

    def fulfilment(self, lines: list[tuple[Part, int]], at: int, location: Part | None, number: int) -> Part:
        """Fulfil lines.

        :param lines: which, and how many of each; their open quantities shrink.
        :param at: seconds.
        :param location: where from.
        :param number: the how many-th of the order it is, from 1.
        """
        for line, count in lines:
            line["unfulfilledQuantity"] -= count
            line["fulfilledQuantity"] += count
        return {
            "id": self.new_id("Fulfillment"),
            "name": f"#{self._number}-F{number}",
            "status": "SUCCESS",
            "displayStatus": "FULFILLED",
            "createdAt": at,
            "updatedAt": at,
            "deliveredAt": None,
            "requiresShipping": True,
            "totalQuantity": sum(count for _, count in lines),
            "location": location,
            "trackingInfo": [{"company": "UPS", "number": f"1Z{self._number:09d}{number:03d}", "url": None}],
            "fulfillmentLineItems": [
                {
                    "id": self.new_id("FulfillmentLineItem"),
                    "lineItem": line["id"],
                    "quantity": count,
                    "originalTotalSet": times(line["originalUnitPriceSet"], count),
                    "discountedTotalSet": share(_discounted(line), count, line["quantity"]),
                }
                for line, count in lines
            ],
        }

    def refund(self, lines: list[tuple[Part, int]], at: int, gateway: str, *, shipping: Part | None = None) -> Part:
        """Give money back for lines; its transaction is among the refund's own.

        :param lines: which, and how many of each; their current quantities shrink.
        :param at: seconds.
        :param gateway: that the money goes back through.
        :param shipping: a shipping line that is given back, too.
        """
        items = [self._refunded(line, count) for line, count in lines]
        back = total([*(item["subtotalSet"] for item in items), *(item["totalTaxSet"] for item in items)])
        shipped = [] if shipping is None else [self._refunded_shipping(shipping)]
        back = total([back, *(part[name] for part in shipped for name in ("subtotalAmountSet", "taxAmountSet"))])
        return {
            "id": self.new_id("Refund"),
            "createdAt": at,
            "processedAt": at,
            "updatedAt": at,
            "note": None,
            "totalRefundedSet": back,
            "refundLineItems": items,
            "refundShippingLines": shipped,
            "orderAdjustments": [],
            "transactions": [self.payment("REFUND", back, gateway, at=at)],
        }

    def _refunded(self, line: Part, count: int) -> Part:
        open_before = min(count, line["unfulfilledQuantity"])
        line["currentQuantity"] -= count
        line["unfulfilledQuantity"] -= open_before
        taxes = total(one["priceSet"] for one in line["taxLines"])
        return {
            "id": self.new_id("RefundLineItem"),
            "lineItem": line["id"],
            "quantity": count,
            "restockType": "CANCEL" if open_before else "RETURN",
            "restocked": True,
            "location": None,
            "priceSet": line["originalUnitPriceSet"],
            "subtotalSet": share(_discounted(line), count, line["quantity"]),
            "totalTaxSet": share(taxes, count, line["quantity"]),
        }

    def _refunded_shipping(self, line: Part) -> Part:
        return {
            "id": self.new_id("RefundShippingLine"),
            "shippingLine": line["id"],
            "subtotalAmountSet": _discounted(line),
            "taxAmountSet": total(one["priceSet"] for one in line["taxLines"]),
        }

    @property
    def used(self) -> int:
        """How many ids were given out."""
        return self._next


def tax(line: Part) -> None:
    """Charge every tax on a line, of what it costs after discounts.

    :param line: the line; its former tax lines go.
    """
    line["taxLines"] = [_tax_line(title, rate, _discounted(line)) for title, rate in TAXES]


def allocate(line: Part, amount: Pair, index: int) -> None:
    """Take a discount off a line, and tax it again.

    :param line: of goods or of shipping.
    :param amount: that is taken off.
    :param index: of the discount among the order's.
    """
    line["discountAllocations"].append({"amount": amount, "index": index})
    if line["taxLines"] and "quantity" in line:
        tax(line)


def _discounted(line: Part) -> Pair:
    whole = line["originalPriceSet"] if "originalPriceSet" in line else _price(line)
    return minus(whole, total(one["amount"] for one in line["discountAllocations"]))


def _price(line: Part) -> Pair:
    return times(line["originalUnitPriceSet"], line["quantity"])


def _tax_line(title: str, rate: int, base: Pair) -> Part:
    """:param rate: in ten-thousandths."""
    return {
        "title": title,
        "rate": rate / 10_000,
        "ratePercentage": rate / 100,
        "source": None,
        "channelLiable": False,
        "priceSet": share(base, rate, 10_000),
    }
