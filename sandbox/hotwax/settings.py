"""What the simulated HotWax knows: its import configurations, its codes, its stores and facilities.

Sources: hotwax/oms-documentation (data-manager pages, orderDataSetup.csv, update-inventory.md, adjustmentTypes.md) and
the seed data of hotwax/ofbiz-oms-udm. Codes of Apache OFBiz's own seed data are included where HotWax builds on them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

IMP_ORDER = "IMP_ORDER"
IMP_JSON_LIST_DATA = "IMP_JSON_LIST_DATA"
MDM_INV_VARIANCE = "MDM_INV_VARIANCE"
CRT_SHOPIFY_ORDER = "CRT_SHOPIFY_ORDER"
UPD_SHOPIFY_ORDER = "UPD_SHOPIFY_ORDER"
SYNC_SHOPIFY_ORDER = "SYNC_SHOPIFY_ORDER"
CONFIG_IDS = (
    *(IMP_ORDER, IMP_JSON_LIST_DATA, MDM_INV_VARIANCE),
    *(CRT_SHOPIFY_ORDER, UPD_SHOPIFY_ORDER, SYNC_SHOPIFY_ORDER),
)

ORDER_FEED_FOLDER = "hotwax/order-feed"
INVENTORY_VARIANCE_FOLDER = "hotwax/inventory-variance"
SHOPIFY_FOLDERS = {
    CRT_SHOPIFY_ORDER: "hotwax/shopify-orders",
    UPD_SHOPIFY_ORDER: "hotwax/shopify-order-updates",
    SYNC_SHOPIFY_ORDER: "hotwax/shopify-order-sync",
}

#: The facility id that means "no facility": the brokering queue; also "no carrier".
NOT_APPLICABLE = "_NA_"

STATUSES = frozenset({"Created", "Approved", "Completed", "Canceled"})
ITEM_STATUSES = frozenset(
    {"ITEM_CREATED", "ITEM_APPROVED", "ITEM_COMPLETED", "ITEM_CANCELLED", "ITEM_REJECTED", "ITEM_HOLD"}
)
ORDER_STATUSES = frozenset(
    {"ORDER_CREATED", "ORDER_APPROVED", "ORDER_COMPLETED", "ORDER_CANCELLED", "ORDER_HOLD", "ORDER_REJECTED"}
)
SHIPMENT_METHODS = frozenset(
    {
        "STANDARD",
        "SECOND_DAY",
        "THIRD_DAY",
        "NEXT_DAY",
        "NO_SHIPPING",
        "STOREPICKUP",
        "POS_COMPLETED",
        "SHIP_TO_STORE",
    }
)
#: The id and the code of a channel are different strings; which one the CSV wants is not published, so both are taken.
SALES_CHANNELS = frozenset(
    {
        "WEB_SALES_CHANNEL",
        "WEB_CHANNEL",
        "POS_SALES_CHANNEL",
        "POS_CHANNEL",
        "MKTP_SALES_CHANNEL",
        "CSR_SALES_CHANNEL",
        "EXCHG_SALES_CHANNEL",
        "PHONE_SALES_CHANNEL",
        "FACEBOOK_SALES_CH",
        "INSTAGRAM_SALES_CH",
        "UNKNWN_SALES_CHANNEL",
        "UNKOWN_CHANNEL",
    }
)
PAYMENT_METHODS = frozenset(
    {
        "CASH",
        "CREDIT_CARD",
        "GIFT_CARD",
        "GIFT_CERTIFICATE",
        "PERSONAL_CHECK",
        "EXT_COD",
        "EXT_GIFT_CARD",
        "EXT_MISC",
        "EXT_OFFLINE",
        "EXT_SHOPIFY",
        "EXT_SHOP_AFTRPAY",
        "EXT_SHOP_AFTRPAY_NA",
        "EXT_SHOP_AMEX",
        "EXT_SHOP_AMZN_MP",
        "EXT_SHOP_CARD",
        "EXT_SHOP_CASH_ON_DEL",
        "EXT_SHOP_DISCOVER",
        "EXT_SHOP_ECOM_GFTCRD",
        "EXT_SHOP_EXG_CRD",
        "EXT_SHOP_GFT_CARD",
        "EXT_SHOP_KLARNA",
        "EXT_SHOP_MANUAL",
        "EXT_SHOP_MASTERCARD",
        "EXT_SHOP_OTHR_GTWAY",
        "EXT_SHOP_PAYPAL",
        "EXT_SHOP_PAY_INSTALL",
        "EXT_SHOP_VISA",
        "EXCHANGE_CREDIT",
        "SHOP_STORE_CREDIT",
    }
)
ADJUSTMENT_TYPES = frozenset(
    {
        "SALES_TAX",
        "VAT_TAX",
        "SHIPPING_CHARGES",
        "SHIPPING_SALES_TAX",
        "EXT_PROMO_ADJUSTMENT",
        "EXT_SHIP_ADJUSTMENT",
        "DISCOUNT_ADJUSTMENT",
        "DONATION_ADJUSTMENT",
        "FEE",
        "DUTY",
    }
)
PRODUCT_ID_TYPES = frozenset({"PRODUCT_ID", "UPCA", "SKU", "Shopify_Prod_ID", "SHOPIFY_PROD_ID", "NETSUITE_PRODUCT_ID"})
VARIANCE_REASONS = frozenset(
    {
        "MISMATCH",
        "NOT_IN_STOCK",
        "NO_VARIANCE_LOG",
        "REJ_RSN_DAMAGED",
        "POS_SALE",
        "VAR_DAMAGED",
        "VAR_LOST",
        "VAR_FOUND",
        "VAR_INTEGR",
        "VAR_MANUAL",
        "WORN_DISPLAY",
        "INACTIVE_STORE",
    }
)


@dataclass(frozen=True)
class HotWaxSettings:
    """What a HotWax instance is set up with.

    :param poll_seconds: pause between two looks into the SFTP folders and the upload queue.
    :param page_cap: most log rows in one answer, whatever the client asks for (some installs do that silently).
    :param product_stores: known product stores.
    :param facilities: external id → facility id of every known facility.
    :param refuse_gtins: product ids that are not known; every other one is.
    :param shipment_methods: known shipment method ids.
    :param sales_channels: known sales channel ids and codes.
    :param payment_methods: known payment method ids.
    :param file_patterns: config id → regular expression a whole file name must match to be taken;
        names beginning with a dot are never taken.
    """

    poll_seconds: float = 2.0
    page_cap: int = 50
    product_stores: frozenset[str] = frozenset({"STORE"})
    facilities: dict[str, str] = field(default_factory=lambda: {name: name for name in ("254", "301", "412", "077")})
    refuse_gtins: frozenset[str] = frozenset()
    shipment_methods: frozenset[str] = SHIPMENT_METHODS
    sales_channels: frozenset[str] = SALES_CHANNELS
    payment_methods: frozenset[str] = PAYMENT_METHODS
    file_patterns: dict[str, str] = field(
        default_factory=lambda: {
            IMP_ORDER: r".*\.csv$",
            IMP_JSON_LIST_DATA: r".*\.json$",
            MDM_INV_VARIANCE: r".*\.csv$",
            **dict.fromkeys(SHOPIFY_FOLDERS, r".*\.json$"),
        }
    )

    def takes(self, config_id: str, name: str) -> bool:
        """Tell whether an import configuration takes a file.

        :param config_id: the import configuration.
        :param name: the file's name.
        :returns: False for names beginning with a dot and names its pattern does not match.
        """
        return not name.startswith(".") and re.fullmatch(self.file_patterns[config_id], name) is not None
