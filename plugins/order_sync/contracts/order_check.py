"""What is compared when Shopify's orders are checked against HotWax's, and what the check finds."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


class ShopOrder(NamedTuple):
    """An order as Shopify has it.

    :param id: its number; ``name`` is what people call it, such as ``#1001``.
    :param fulfilled: whether that is so far done that HotWax completes an order of a till.
    """

    id: str
    name: str
    created_at: datetime
    updated_at: datetime
    cancelled: bool
    fulfilled: bool


class HotWaxOrder(NamedTuple):
    """An order as HotWax has it; one Shopify order may have several, one for each refresh.

    :param id: HotWax's own.
    :param shopify_id: Shopify's number; blank where HotWax does not tell it.
    :param status: HotWax's status id.
    :param ordered_at: aware; None where HotWax does not tell it.
    :param old_version: whether it carries the tag of a version that a refresh has replaced.
    :param exchange: whether it stands for an exchange.
    :param attributes: names of the attributes that have a value.
    """

    id: str
    name: str
    shopify_id: str
    status: str
    channel: str
    ordered_at: datetime | None
    old_version: bool
    exchange: bool
    attributes: frozenset[str]


class Finding(NamedTuple):
    """Something that a person has to look at.

    :param kind: a code of :data:`order_sync.reasons.FINDINGS`.
    :param subject: what it is about: a Shopify number, or a moment. With ``kind`` it is the finding's identity.
    :param words: one sentence without its full stop, without personal data.
    :param links: what a link shows, and where it leads.
    """

    kind: str
    subject: str
    words: str
    links: tuple[tuple[str, str], ...] = ()
