"""A Shopify shop, simulated: orders of every kind behind the Admin GraphQL API, with bulk operations and faults."""

from __future__ import annotations

from sandbox.shopify.database import ShopifyDatabase, Version, number_of
from sandbox.shopify.door import TOKEN_HEADER, TOKEN_PATH
from sandbox.shopify.faults import BULK_WHATS, WHATS, BulkFault, Fault, ShopifyFaults
from sandbox.shopify.orders import KINDS
from sandbox.shopify.partner import Shopify
from sandbox.shopify.settings import VERSIONS, ShopifySettings

__all__ = [
    "BULK_WHATS",
    "KINDS",
    "TOKEN_HEADER",
    "TOKEN_PATH",
    "VERSIONS",
    "WHATS",
    "BulkFault",
    "Fault",
    "Shopify",
    "ShopifyDatabase",
    "ShopifyFaults",
    "ShopifySettings",
    "Version",
    "number_of",
]
