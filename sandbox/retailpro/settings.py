"""How the simulated Retail Pro is set up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Body = Literal["v1", "v2_fiscal"]
Auth = Literal["none", "basic", "bearer", "api_key"]
Operation = Literal["invoice", "slip"]

INVOICE_PATH = "/api/v1/Document/Ordertoinvoice"
SLIP_PATH = "/api/v1/Transfer/Slip"
SUMMARY_PATH = "/sandbox/summary"

COMPLETED_ORDERS_FOLDER = "hotwax/completed-orders"
INVOICES_FOLDER = "retailpro/order-to-invoice"
RESPONSES_FOLDER = "retailpro/responses"


@dataclass
class RetailProSettings:
    """What a Retail Pro instance is set up with; any of it may be changed while it runs.

    :param body: the published field table that orders must fit.
    :param duplicates: whether a number that was used before is recognised; without it a second POST creates a second
        document.
    :param look_up: whether documents can be asked for by their number; without it every GET is a 404.
    :param auth: what a caller must show; an API key goes into the header ``X-API-Key``.
    :param expire_token_after: calls after which a bearer token is worth nothing any more; None: it lasts.
    :param unknown_upcs: products that Retail Pro does not know; it knows every other one.
    :param unknown_stores: the same for stores.
    """

    body: Body = "v1"
    duplicates: bool = False
    look_up: bool = True
    auth: Auth = "basic"
    expire_token_after: int | None = None
    unknown_upcs: set[str] = field(default_factory=set)
    unknown_stores: set[str] = field(default_factory=set)
