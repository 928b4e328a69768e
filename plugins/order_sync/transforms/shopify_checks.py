"""What HotWax would refuse in a Shopify order, told before it is sent: the causes that its own failed records name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from order_sync.contracts.shopify_order import LineItem, ShopifyOrder, number_of
from order_sync.errors import BadInput
from order_sync.settings import ShopifyOrders

_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+")
#: HotWax's database keeps characters of up to three bytes in UTF-8, and no control characters (line breaks may stay).
_NOT_STORED = re.compile("[\U00010000-\U0010ffff\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_SHOWN = 5


def check(order: ShopifyOrder, settings: ShopifyOrders, *, at_till: bool) -> BadInput | None:
    """Why an order cannot be imported; None if nothing speaks against it.

    The first cause gives the reason and the field; the message tells all of them, so that they are mended at once.

    :param at_till: whether everything was taken away at a till, for which nobody asks for an address.
    """
    found = list(_faults(order, settings, at_till=at_till))
    if not found:
        return None
    reason, field, _ = found[0]
    told = "; ".join(message for _, _, message in found[:_SHOWN])
    link = settings.admin_url.format(id=order.legacy_resource_id)
    return BadInput(reason, f"order {order.name} (Shopify {order.legacy_resource_id}): {told}. {link}", field=field)


def clean_note(note: str) -> str:
    """A note without what HotWax cannot store."""
    return _NOT_STORED.sub("", note)


def _faults(order: ShopifyOrder, settings: ShopifyOrders, *, at_till: bool) -> Iterator[tuple[str, str, str]]:
    """Reason, field and words of each cause."""
    if not order.line_items.nodes:
        yield "NO_LINES", "lineItems", "it has no lines"
    if not at_till:
        yield from _reaching(order)
    email = order.email or _email_of(order)
    if email and not _EMAIL.fullmatch(email):
        yield "SHOPIFY_EMAIL", "email", "its e-mail address is no name@domain"
    if order.note and settings.notes == "reject" and (wrong := _NOT_STORED.findall(order.note)):
        shown = ", ".join(f"U+{ord(one):04X}" for one in dict.fromkeys(wrong[:_SHOWN]))
        yield "SHOPIFY_NOTE", "note", f"its note holds {shown}, which HotWax cannot store"
    for index, line in enumerate(order.line_items.nodes):
        if _lacks_product(line):
            name = f"lineItems[{index}].variant"
            yield "SHOPIFY_PRODUCT", name, f"line {number_of(line.id)} ({line.title}) has neither variant nor SKU"


def _reaching(order: ShopifyOrder) -> Iterator[tuple[str, str, str]]:
    """Whether the customer can be reached: HotWax wants an address and a phone number, wherever they stand."""
    customer = order.customer
    places = [order.shipping_address, order.billing_address, customer.default_address if customer else None]
    known = [place for place in places if place]
    if not any(place.address1 for place in known):
        yield "SHOPIFY_ADDRESS", "shippingAddress", "no customer address"
    phones = [order.phone, *(place.phone for place in known)]
    if customer and customer.default_phone_number:
        phones.append(customer.default_phone_number.phone_number)
    if not any(phones):
        yield "SHOPIFY_PHONE", "phone", "no phone number"


def _lacks_product(line: LineItem) -> bool:
    return line.variant is None and not line.sku


def _email_of(order: ShopifyOrder) -> str:
    known = order.customer.default_email_address if order.customer else None
    return known.email_address if known else ""
