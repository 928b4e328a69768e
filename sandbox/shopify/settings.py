"""How the simulated shop is set up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

#: Versions of the API, oldest first; an older one is answered by the oldest.
VERSIONS = ("2025-10", "2026-01", "2026-04", "2026-07", "2026-10")
#: From here on: results of bulk operations are not grouped by default, more than one operation may run.
BULK_VERSION = "2026-01"
GROUPED_NO_LONGER = BULK_VERSION

ALL_SCOPES = frozenset({"read_orders", "read_all_orders", "read_customers", "read_products", "read_fulfillments"})
DAYS_WITHOUT_ALL_ORDERS = 60
MOST_PER_PAGE = 250

ShopState = Literal["open", "frozen", "locked", "missing", "rejected"]
#: State → HTTP status and text of every answer.
CLOSED_SHOP: dict[ShopState, tuple[int, str]] = {
    "frozen": (402, "Unavailable Shop"),
    "locked": (423, "Locked"),
    "missing": (404, "Not Found"),
    "rejected": (430, "Shopify Security Rejection"),
}


@dataclass
class ShopifySettings:
    """What a shop and its app are set up with; any of it may be changed while it runs.

    :param domain: of the shop; links lead there.
    :param name: of the shop.
    :param currency: the shop's own; orders may be presented in another.
    :param zone: the shop's; dates without a zone in searches are meant in it.
    :param state: anything but ``open`` answers every request with an error.
    :param scopes: what the app may do; without ``read_all_orders`` orders older than 60 days are not shown.
    :param denied_fields: fields such as ``Order.email`` that the app is not approved for: null, and an error.
    :param restore_rate: points that come back each second.
    :param maximum_available: points in a full bucket.
    :param most_per_query: a query that asks for more is refused.
    :param costs: ``square_root``: a connection counts the square root of its page size, as large pages have become
        cheaper; ``linear``: its page size.
    :param default_status: orders that a search without a status shows: ``any``, or only ``open`` ones.
    :param decimals: ``shortest`` writes 12.50 as 12.5 and 12 as 12.0, ``two`` as 12.50 and 12.00.
    :param token_seconds: life of a token from the client credentials grant.
    :param bulk_limit: bulk operations at once; None: what the version says (1, later 5).
    :param bulk_polls: how often an operation must be looked at before it shows its end.
    :param url_seconds: life of the address of a result.
    """

    domain: str = "sandbox-shop.example"
    name: str = "Sandbox Shop"
    currency: str = "USD"
    zone: str = "America/New_York"
    state: ShopState = "open"
    scopes: set[str] = field(default_factory=lambda: set(ALL_SCOPES))
    denied_fields: set[str] = field(default_factory=set)
    restore_rate: float = 100.0
    maximum_available: float = 2000.0
    most_per_query: int = 1000
    costs: Literal["square_root", "linear"] = "square_root"
    default_status: Literal["any", "open"] = "any"
    decimals: Literal["shortest", "two"] = "shortest"
    token_seconds: int = 86_399
    bulk_limit: int | None = None
    bulk_polls: int = 1
    url_seconds: int = 7 * 86_400

    def bulk_at_once(self, version: str) -> int:
        """How many bulk operations may run.

        :param version: of the API, by which the newest is asked for.
        """
        return self.bulk_limit or (5 if version >= BULK_VERSION else 1)
