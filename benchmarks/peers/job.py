"""The job all peers do: what both feeds hold on every row, and which columns must not be empty.

A peer is a module with one function, ``run(source, orders_csv, variance_csv)``: it reads TLogs as JSON lines and writes
HotWax's order feed (one row per line) and the inventory variance feed (one row per in-store line). An order with an
empty required column, or whose figures do not add up, is left out of both. Imports stand at the top of the module, so
that start-up and work are measured apart.
"""

from __future__ import annotations

from tests.support.reference_transform import (
    DEFAULT_LOOKUPS,
    ORDER_COLUMNS,
    REQUIRED_COLUMNS,
    VARIANCE_COLUMNS,
    Options,
)

__all__ = [
    "CONSTANTS",
    "DEFAULTS",
    "HALF_A_CENT",
    "LOOKUPS",
    "ORDER_COLUMNS",
    "REQUIRED_COLUMNS",
    "VARIANCE_COLUMNS",
    "VARIANCE_CONSTANTS",
]

DEFAULTS = Options()
LOOKUPS = DEFAULT_LOOKUPS
#: Peers that calculate in floating point compare totals with this tolerance.
HALF_A_CENT = 0.005

#: Columns of the order feed that are the same on every row.
CONSTANTS: dict[str, str] = {
    "order-id": "",
    "order-identification": "",
    "product-store-id": DEFAULTS.product_store,
    "external-product-store-id": DEFAULTS.external_product_store,
    "placing-facility-id": "",
    "product-id": "",
    "product-id-type": DEFAULTS.id_type,
    "carrier-party-id": "_NA_",
    "sales-channel-code": "POS_SALES_CHANNEL",
    "origin-facility-id": "",
}
#: The same for the inventory variance feed.
VARIANCE_CONSTANTS: dict[str, str] = {
    "facilityId": "",
    "idType": DEFAULTS.id_type,
    "locationSeqId": "TLTLTLLL01",
    "varianceReasonId": "POS_SALE",
}
