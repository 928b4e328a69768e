"""The saved CSV imports: which column of a file goes where, in both generations of header texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from sandbox.netsuite.settings import CASH_SALE_EXPORT, CUSTOMER_EXPORT, ORDER_EXPORT, ORDER_UPDATE, Generation


class Column(NamedTuple):
    """One mapped column.

    :param camel: header text since 2025, also the name by which the code calls it.
    :param title: header text before, None when there was none.
    :param required: whether the column must be there and filled in every row.
    """

    camel: str
    title: str | None
    required: bool = False


@dataclass(frozen=True)
class SavedImport:
    """One saved CSV import and the script that feeds it.

    :param script: file name of the SuiteScript, without ending.
    :param folder: where the script looks, below ``netsuite/``.
    :param error_suffix: ending of the names of its error files.
    :param columns: what is mapped.
    """

    script: str
    folder: str
    error_suffix: str
    columns: tuple[Column, ...]

    def headers(self, generation: Generation) -> dict[str, Column]:
        """The mapped columns by header text.

        :param generation: of the header texts.
        """
        texts = ((column.camel if generation == "camel" else column.title, column) for column in self.columns)
        return {text: column for text, column in texts if text is not None}


def _spaced(names: str, *required: str) -> tuple[Column, ...]:
    """Columns whose old header is the new one with its words apart and capitalised."""
    return tuple(Column(name, _words(name), name in required) for name in names.split())


def _words(name: str) -> str:
    text = ""
    for before, letter in zip(f" {name}", name, strict=False):
        apart = letter.isupper() or (letter.isdigit() and not before.isdigit())
        text += f" {letter}" if apart and text else letter
    return text[:1].upper() + text[1:]


_ADDRESS = "addressee address1 address2 city state country zip"
_LINE = "orderLineId item quantity priceLevel price taxCode"
_HEADER = "orderId externalId salesChannel customer date subsidiary department discountItem rate orderNote"

CUSTOMERS = SavedImport(
    "HC_SC_ImportCustomer",
    CUSTOMER_EXPORT,
    "ErrorAddCustomer",
    (
        *_spaced(
            "externalId individual firstName lastName status subsidiary taxable defaultOrderPriority accountSource"
            " email phone",
            *("status", "subsidiary"),
        ),
        Column("HCShopifyCustomerId", "HC Shopify Customer Id"),
        Column("HCCustomerId", "HC Customer Id"),
    ),
)

SALES_ORDERS = SavedImport(
    "HC_importSalesOrders",
    ORDER_EXPORT,
    "ErrorSaleOrder",
    (
        *_spaced(_HEADER, "customer", "date"),
        *_spaced(f"{_LINE} orderLineTypeId tag closed", "item", "quantity"),
        *_spaced(f"shippingMethod shippingCost shippingTaxCode email phone {_ADDRESS}"),
        *(Column(name, None) for name in ("location", "itemLocation")),
        Column("HCOrderId", "HC Sales Order Id"),
        Column("HCShopifySalesOrderId", "HC Shopify Sales Order Id"),
        Column("billingAddressee", "Billing Addressee"),
        Column("billingAddress1", "Billing Address1"),
        *_spaced("billingAddress2 billingCity billingState billingCountry billingZip billingPhone"),
    ),
)

CASH_SALES = SavedImport(
    "HC_SC_ImportCashSale",
    CASH_SALE_EXPORT,
    "ErrorCashSale",
    (
        *_spaced(f"{_HEADER} location", "customer", "date"),
        *_spaced(_LINE, "item", "quantity"),
        *_spaced("address1 address2 city state country zip"),
        Column("HCShopifyPOSOrderId", "HC Shopify POS Order Id"),
        Column("HCOrderId", None),
    ),
)

ORDER_UPDATES = SavedImport(
    "HC_SC_UpdateSalesOrders",
    ORDER_UPDATE,
    "ErrorUpdateSaleOrder",
    (
        Column("internalId", "External Id", required=True),
        *_spaced("lineId", "lineId"),
        *_spaced(f"item closed quantity location rejected tags shippingMethod {_ADDRESS}"),
    ),
)

SAVED_IMPORTS = (CUSTOMERS, SALES_ORDERS, CASH_SALES, ORDER_UPDATES)
