"""Orders by number, made from a seed: the same number and seed give the same order."""

from __future__ import annotations

from random import Random
from typing import Any

from sandbox.shopify.catalogue import address, customer, gid
from sandbox.shopify.kinds import MAKERS, Making, pay
from sandbox.shopify.money import presented
from sandbox.shopify.parts import FIRST_PARTS, PARTS_OF_AN_ORDER, Parts
from sandbox.shopify.totals import settle

Order = dict[str, Any]

KINDS = tuple(MAKERS)
ID_BASE = 5_000_000_000
NUMBER_BASE = 1000
#: What a shop sells most days; the rest of the kinds share what is left.
_COMMON = ("web", "web", "web", "web_fulfilled", "pos_completed", "pos_completed", "send_sale", "line_discount")
_RARE_SHARE = 0.3
#: Kinds that nobody wants many of: they are large.
_LARGE = {"many_lines", "many_refunds", "many_fulfilments", "many_transactions"}
_SWITCHES = ("edited", "test", "taxesIncluded", "taxExempt", "dutiesIncluded", "estimatedTaxes")
_CURRENCIES = {"multi_currency": "CAD", "no_cents_currency": "JPY"}


def kind_of(seed: int, number: int, *, large_too: bool = True) -> str:
    """The kind that an order of a mixed shop is of.

    :param seed: of the shop.
    :param number: of the order, from 1.
    :param large_too: orders with very many lines, refunds, fulfilments or payments, too, one in a thousand.
    """
    random = Random(f"{seed}:{number}:kind")
    if random.random() >= _RARE_SHARE:
        return random.choice(_COMMON)
    kind = random.choice(KINDS)
    if kind in _LARGE and (not large_too or random.random() >= 0.03):
        return "web"
    return kind


def order_id(number: int) -> str:
    """The id of an order.

    :param number: from 1.
    """
    return gid("Order", ID_BASE + number)


def order_of_part(number: int) -> str:
    """The id of the order that a part belongs to.

    :param number: of the part.
    """
    return order_id(number // PARTS_OF_AN_ORDER - NUMBER_BASE)


def make_order(
    seed: int, number: int, kind: str, at: int, *, currency: str = "USD", latest: int | None = None
) -> Order:
    """Make an order.

    :param seed: of the shop.
    :param number: from 1.
    :param kind: one of `KINDS`.
    :param at: when it is placed, in seconds.
    :param currency: of the shop.
    :param latest: nothing happened to it after that, in seconds; None: it has all the time it needs.
    :raises KeyError: there is no such kind.
    """
    random = Random(f"{seed}:{number}")
    shown = _CURRENCIES.get(kind, currency)
    parts = Parts(NUMBER_BASE + number, at, shown)
    order = _bare(random, number, at, (currency, shown))
    count = random.choice((1, 1, 1, 2, 3))
    order["lineItems"] = [parts.line(random.randrange(400), random.choice((1, 1, 2))) for _ in range(count)]
    order["shippingLines"] = [parts.shipping("Standard", 595)]
    make = Making(order, parts, random, at)
    order["partsUsed"] = FIRST_PARTS
    MAKERS[kind](make)
    pay(make)
    order["shippingAddress"] = order["shippingAddress"] and dict(order["shippingAddress"])
    settle(order)
    order["kind"] = kind
    if latest is not None and order["updatedAt"] > latest:
        _no_later(order, latest)
    return order


def _no_later(part: Any, latest: int) -> None:
    """Move every time in a document that is later."""
    if isinstance(part, list):
        for one in part:
            _no_later(one, latest)
    elif isinstance(part, dict):
        for name, value in part.items():
            if name.endswith("At") and isinstance(value, int):
                part[name] = min(value, latest)
            else:
                _no_later(value, latest)


def _bare(random: Random, number: int, at: int, currencies: tuple[str, str]) -> Order:
    return {
        "id": order_id(number),
        "number": NUMBER_BASE + number,
        "name": f"#{NUMBER_BASE + number}",
        "confirmationNumber": f"C{random.randrange(36**6):09d}",
        "sourceName": "web",
        "sourceIdentifier": None,
        "app": {"id": gid("OrderApp", 580111), "name": "Online Store"},
        "attribution": {"displayName": "Online Store", "handle": "web", "icon": None},
        "channelInformation": None,
        "publication": None,
        "retailLocation": None,
        "createdAt": at,
        "updatedAt": at,
        "processedAt": at,
        "cancelledAt": None,
        "cancelReason": None,
        "closedAt": None,
        "tags": [],
        "note": None,
        "customAttributes": [],
        "currencyCode": currencies[0],
        "presentmentCurrencyCode": currencies[1],
        "totalTipReceivedSet": presented(0, currencies[1]),
        "returnStatus": "NO_RETURN",
        "staffMember": None,
        "poNumber": None,
        "cartToken": None,
        "checkoutToken": f"chk{number:012d}",
        "totalWeight": 500,
        "currentTotalWeight": 500,
        "gateway": "shopify_payments",
        "partsUsed": 0,
        **dict.fromkeys(("confirmed", "refundable"), True),
        **dict.fromkeys(_SWITCHES, False),
        **_buyer(random, at),
        **_no_parts(),
    }


def _buyer(random: Random, at: int) -> Order:
    person = customer(random.randrange(5000), created=at)
    place = address(random.randrange(5000), (person["firstName"], person["lastName"]), phone=person["phone"])
    return {
        "email": person["email"],
        "phone": person["phone"],
        "customer": person,
        "customerLocale": "en",
        "shippingAddress": place,
        "billingAddress": dict(place),
    }


def _no_parts() -> Order:
    return {
        "shippingLines": [],
        "lineItems": [],
        "fulfillments": [],
        "refunds": [],
        "transactions": [],
        "discountApplications": [],
        "discountCodes": [],
        "paymentGatewayNames": [],
    }
