"""What follows from an order's lines, payments and refunds: its totals and its two statuses."""

from __future__ import annotations

from typing import Any

from sandbox.shopify.money import Pair, minus, share, times, total

Order = dict[str, Any]
Line = dict[str, Any]

_MONEY_IN = {"SALE", "CAPTURE", "CHANGE"}


def settle(order: Order) -> None:
    """Set everything that follows from the rest of an order.

    :param order: its lines carry `quantity`, `currentQuantity`, `unfulfilledQuantity`, `unitPrice`, their allocations
        and tax lines; shipping lines, transactions and refunds are as they are.
    """
    lines = order["lineItems"]
    for line in lines:
        _settle_line(line)
    shipping = [line for line in order["shippingLines"] if not line["isRemoved"]]
    for line in order["shippingLines"]:
        off = total(one["amount"] for one in line["discountAllocations"])
        line["discountedPriceSet"] = minus(line["originalPriceSet"], off)
        line["currentDiscountedPriceSet"] = [0, 0] if line["isRemoved"] else line["discountedPriceSet"]
    _settle_original(order, lines, shipping)
    _settle_current(order, lines, shipping)
    _settle_payments(order)
    order["displayFinancialStatus"] = _financial_status(order)
    order["displayFulfillmentStatus"] = _fulfillment_status(lines)
    order["requiresShipping"] = any(line["requiresShipping"] and line["currentQuantity"] for line in lines)
    order["taxLines"] = _tax_lines(order)


def _settle_line(line: Line) -> None:
    unit, count = line["originalUnitPriceSet"], line["quantity"]
    off = total(one["amount"] for one in line["discountAllocations"])
    line["originalTotalSet"] = times(unit, count)
    line["totalDiscountSet"] = off
    line["discountedTotalSet"] = minus(line["originalTotalSet"], off)
    line["discountedUnitPriceSet"] = share(line["discountedTotalSet"], 1, count)
    line["discountedUnitPriceAfterAllDiscountsSet"] = line["discountedUnitPriceSet"]
    line["fulfillableQuantity"] = line["unfulfilledQuantity"]
    line["refundableQuantity"] = line["currentQuantity"]
    line["nonFulfillableQuantity"] = max(0, line["currentQuantity"] - line["unfulfilledQuantity"])


def _current(line: Line, pair: Pair) -> Pair:
    """What is left of an amount of a line after removals and returns."""
    return share(pair, line["currentQuantity"], line["quantity"])


def _line_tax(line: Line) -> Pair:
    return total(tax["priceSet"] for tax in line["taxLines"])


def _settle_original(order: Order, lines: list[Line], shipping: list[Line]) -> None:
    order["subtotalPriceSet"] = total(line["discountedTotalSet"] for line in lines)
    order["totalTaxSet"] = total([*map(_line_tax, lines), *map(_line_tax, shipping)])
    order["totalShippingPriceSet"] = total(line["originalPriceSet"] for line in shipping)
    shipping_off = total(one["amount"] for line in shipping for one in line["discountAllocations"])
    order["totalDiscountsSet"] = total([*(line["totalDiscountSet"] for line in lines), shipping_off])
    charged = total(line["discountedPriceSet"] for line in shipping)
    order["totalPriceSet"] = _whole(order, order["subtotalPriceSet"], order["totalTaxSet"], charged)
    order.setdefault("originalTotalPriceSet", order["totalPriceSet"])
    order["subtotalLineItemsQuantity"] = sum(line["quantity"] for line in lines)


def _settle_current(order: Order, lines: list[Line], shipping: list[Line]) -> None:
    back = [line for refund in order["refunds"] for line in refund["refundShippingLines"]]
    subtotal = total(_current(line, line["discountedTotalSet"]) for line in lines)
    taxes = total([*(_current(line, _line_tax(line)) for line in lines), *map(_line_tax, shipping)])
    tax = minus(taxes, total(line["taxAmountSet"] for line in back))
    charged = minus(
        total(line["discountedPriceSet"] for line in shipping), total(line["subtotalAmountSet"] for line in back)
    )
    order["currentSubtotalPriceSet"] = subtotal
    order["currentTotalTaxSet"] = tax
    order["currentShippingPriceSet"] = charged
    order["currentTotalDiscountsSet"] = total(_current(line, line["totalDiscountSet"]) for line in lines)
    order["currentTotalPriceSet"] = _whole(order, subtotal, tax, charged)
    if order["cancelledAt"] is not None:
        order["currentTotalPriceSet"] = [0, 0]
    order["currentSubtotalLineItemsQuantity"] = sum(line["currentQuantity"] for line in lines)


def _whole(order: Order, subtotal: Pair, tax: Pair, shipping: Pair) -> Pair:
    parts = [subtotal, shipping, order["totalTipReceivedSet"]]
    return total(parts if order["taxesIncluded"] else [*parts, tax])


def _settle_payments(order: Order) -> None:
    good = [one for one in order["transactions"] if one["status"] == "SUCCESS"]
    received = total(one["amountSet"] for one in good if one["kind"] in _MONEY_IN)
    refunded = total(one["amountSet"] for one in good if one["kind"] == "REFUND")
    order["totalReceivedSet"], order["totalRefundedSet"] = received, refunded
    order["totalRefundedShippingSet"] = total(
        line["subtotalAmountSet"] for refund in order["refunds"] for line in refund["refundShippingLines"]
    )
    order["netPaymentSet"] = minus(received, refunded)
    open_amount = minus(order["currentTotalPriceSet"], order["netPaymentSet"])
    order["totalOutstandingSet"] = [max(0, part) for part in open_amount]
    order["fullyPaid"] = order["totalOutstandingSet"] == [0, 0]
    order["unpaid"] = received == [0, 0] and not order["fullyPaid"]


def _financial_status(order: Order) -> str:
    received, refunded = order["totalReceivedSet"][0], order["totalRefundedSet"][0]
    kinds = {one["kind"] for one in order["transactions"]}
    if "VOID" in kinds:
        return "VOIDED"
    if refunded:
        return "REFUNDED" if refunded >= received else "PARTIALLY_REFUNDED"
    if received >= order["currentTotalPriceSet"][0]:
        return "PAID"
    if received:
        return "PARTIALLY_PAID"
    return "AUTHORIZED" if "AUTHORIZATION" in kinds else "PENDING"


def _fulfillment_status(lines: list[Line]) -> str:
    ordered = sum(line["currentQuantity"] for line in lines)
    waiting = sum(line["unfulfilledQuantity"] for line in lines)
    done = sum(line["fulfilledQuantity"] for line in lines)
    if ordered and not any(line["requiresShipping"] for line in lines):
        return "FULFILLMENT_NOT_REQUIRED"
    if not waiting:
        return "FULFILLED" if done else "UNFULFILLED"
    return "PARTIALLY_FULFILLED" if done else "UNFULFILLED"


def _tax_lines(order: Order) -> list[dict[str, Any]]:
    """One line for each name of a tax."""
    found: dict[str, dict[str, Any]] = {}
    for line in [*order["lineItems"], *order["shippingLines"]]:
        for tax in line["taxLines"]:
            if (known := found.get(tax["title"])) is None:
                found[tax["title"]] = dict(tax)
            else:
                known["priceSet"] = total([known["priceSet"], tax["priceSet"]])
    return list(found.values())
