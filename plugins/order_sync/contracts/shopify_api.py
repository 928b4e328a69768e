"""What a retailer's settings say about the calls to Shopify's Admin API, and when a search finds an order."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec


class ShopifyApi(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How the Admin GraphQL API is asked.

    :param version: of the API, as it stands in the address.
    :param page_orders: orders of a page at first; a page that is too costly, or fails, is asked for again in halves.
    :param page_parts: lines, refunds, fulfilments and payments of an order that come with its page; the others are
        asked for order by order.
    :param connect_seconds: for making a connection; ``read_seconds``: for an answer.
    :param tries: of one question, while Shopify fails or is not reached.
    :param most_wait_seconds: how long a question may wait, in all, for points of the rate limit.
    :param bulk_poll_seconds: the most between two looks at a bulk operation.
    :param bulk_hours: a bulk operation that takes longer is cancelled, and begun again by the next try.
    """

    version: str
    page_orders: int
    page_parts: int
    connect_seconds: float
    read_seconds: float
    tries: int
    most_wait_seconds: float
    bulk_poll_seconds: float
    bulk_hours: float


def search_between(start: datetime, end: datetime, field: str = "updated_at") -> str:
    """A search for every order of a half-open window, and some of its neighbours.

    Shopify's bounds count as inclusive whatever their sign, and whole seconds are all that it compares: callers look
    at each order's own time once more.

    :param start: aware; with ``end`` the window ``[start, end)``.
    """
    return f"{field}:>='{_whole(start)}' {field}:<='{_whole(end)}'"


def _whole(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
