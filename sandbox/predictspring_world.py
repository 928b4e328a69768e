"""The invented world of the simulated PredictSpring: stores, products, shoppers, taxes, tenders.

Nothing here is real: e-mail addresses are at example.com, telephone numbers lie in the range 555-01xx, which is
kept for fiction.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple


class Tax(NamedTuple):
    """One sales tax: its level (``STATE``, ``CITY`` …), its name and its rate as a fraction (0.04 is 4 %)."""

    tax_type: str
    name: str
    rate: Decimal


class Place(NamedTuple):
    """A town that orders are shipped to."""

    city: str
    state: str
    postal_code: str


@dataclass(frozen=True)
class Store:
    """One store of the retailer; `second_line` is empty where the address has none."""

    store_id: str
    name: str
    street: str
    second_line: str
    place: Place


class Product(NamedTuple):
    """One style; every size of it is a product of its own, with its own GTIN. `price` is in cents."""

    style: str
    name: str
    color: str
    price: int


class Method(NamedTuple):
    """One way of shipping, with its charge in cents."""

    method_id: str
    name: str
    charge: int


#: The mix of kinds when none is asked for, in percent.
KINDS: dict[str, int] = {"in_store": 60, "send_sale": 30, "mixed": 10}

#: What an order may have, and how likely that is.
TRAITS: dict[str, float] = {
    "discount": 0.25,  # some lines carry a discount of their own
    "transaction_discount": 0.05,  # a discount on the whole order, spread over its lines
    "quantity": 0.2,  # some lines have a quantity above 1
    "two_tenders": 0.15,
    "equal_tenders": 0.02,  # two tenders of the same amount, as far as the cents allow
    "guest": 0.08,  # no customerProfile
    "blank_customer_id": 0.03,
    "no_email": 0.04,
    "no_phone": 0.1,
    "no_billing": 0.05,
    "currency": 0.3,  # the currency is named; both published samples leave it out
    "empty_country": 0.5,  # shippingAddress.countryCode is "", as in the published sample
    "country_field": 0.1,  # the shipping address has `country` instead of `countryCode`
    "second_address_line": 0.3,
    "comma": 0.1,  # the street of the shipping address holds a comma
    "epoch_only": 0.1,  # no creationDate
    "text_only": 0.08,  # no orderDate, unless `epoch_only` holds too
    "no_method": 0.04,  # shipped, but no shippingName
    "shipping_tax": 0.3,
    "omni_only": 0.03,  # lines say omniFulfillmentType only
    "no_total_tax": 0.03,  # productTax has its taxRates, but not their sum
    "offline": 0.05,  # rung up while the register had no network
    "no_city": 0.0,  # the shipping address has no city, so that the order cannot be imported
    "open_total": 0.0,  # totalAmount is one cent more than the lines give
}

#: Sales taxes by state; Oregon has none, so that an order without any tax occurs too.
TAXES: dict[str, tuple[Tax, ...]] = {
    "NY": (
        Tax("CITY", "NY CITY TAX", Decimal("0.045")),
        Tax("SPECIAL", "NY SPECIAL TAX", Decimal("0.00375")),
        Tax("STATE", "NY STATE TAX", Decimal("0.04")),
    ),
    "CA": (
        Tax("CITY", "CA CITY TAX", Decimal("0.01")),
        Tax("COUNTY", "CA COUNTY TAX", Decimal("0.0025")),
        Tax("SPECIAL", "CA SPECIAL TAX", Decimal("0.015")),
        Tax("STATE", "CA STATE TAX", Decimal("0.06")),
    ),
    "IL": (Tax("COUNTY", "IL COUNTY TAX", Decimal("0.0175")), Tax("STATE", "IL STATE TAX", Decimal("0.0625"))),
    "TX": (Tax("STATE", "TX STATE TAX", Decimal("0.0625")),),
    "OR": (),
}

STORES: tuple[Store, ...] = (
    Store("254", "SPRING STREET STORE", "101 Spring Street", "", Place("New York", "NY", "10012")),
    Store("301", "SUNSET STORE", "8400 Sunset Boulevard", "Level 2, Suite 10", Place("Los Angeles", "CA", "90069")),
    Store("412", "LAKE STORE", "55 East Lake Street", "", Place("Chicago", "IL", "60601")),
    Store("077", "PEARL STORE", "12 NW Pearl Street", "", Place("Portland", "OR", "97209")),
)

DESTINATIONS: tuple[Place, ...] = (
    Place("san mateo", "CA", "94401"),
    Place("Brooklyn", "NY", "11201"),
    Place("Austin", "TX", "73301"),
    Place("Evanston", "IL", "60201"),
    Place("Salem", "OR", "97301"),
    Place("Coeur d'Alene Heights", "NY", "00501"),
)

PRODUCTS: tuple[Product, ...] = (
    Product("HARBOR", "HARBOR HEELS", "BLACK", 13000),
    Product("MERIDIAN", "MERIDIAN SANDAL", "SAND", 8999),
    Product("HALYARD", "HALYARD LOAFER", "NAVY", 14950),
    Product("PIPER", 'PIPER BOOT 6" SHAFT', "BROWN", 21995),
    Product("TERN", "TERN SNEAKER", "WHITE", 7499),
    Product("OSPREY", "OSPREY MULE", "OLIVE", 6500),
    Product("CALLA", "CALLA FLAT, LEATHER", "RED", 9005),
    Product("FJORD", "FJORD CLOG", "GREY", 5933),
)
SIZES: tuple[str, ...] = ("5.0", "5.5", "6.0", "6.5", "7.0", "7.5", "8.0", "9.0")

METHODS: tuple[Method, ...] = (
    Method("001", "Ground", 895),
    Method("002", "Second Day", 1850),
    Method("003", "Next Day", 3000),
    Method("004", "Standard", 0),
)
PAYMENT_METHODS: tuple[str, ...] = ("Credit Card", "Cash", "Miscellaneous", "Gift Card")

FIRST_NAMES: tuple[str, ...] = ("Ada", "Zoë", "Björn", "Renée", "Tomás", "Mei", "Amira", "John", "Ngozi", "Lea")
LAST_NAMES: tuple[str, ...] = ("Smith", "O'Neil", "García", "Smith-Jones", "Nguyễn", "Müller", "Okafor", "Lee, Jr.")
STREETS: tuple[str, ...] = ("Elm Street", "5th Avenue", "Ocean Drive", "Rue de l'Église", "Main St.", "Maple Court")

#: Fields of every order that are empty in both published samples.
QUIET: dict[str, Any] = {
    "returnProductList": [],
    "refundPaymentDetails": [],
    "coupons": [],
    "merchantPromotionIds": [],
    "taxExemptions": [],
    "notesList": [],
    "orderFiscalData": [],
    "productPriceAdjustments": [],
    "children": {},
    **dict.fromkeys(("taxExemption", "rewardAmount", "availableDate", "totalAssembledQty", "totalBoxedQty"), 0),
    **dict.fromkeys(("partiallyPaid", "editOrderMode", "noReceiptReturns"), False),
}
#: Fields of every line that say nothing about the sale.
QUIET_LINE: dict[str, Any] = {
    **dict.fromkeys(("orderStatus", "itemStatus"), "COMPLETED"),
    **dict.fromkeys(("orderStatusText", "itemStatusText"), "Completed"),
    **dict.fromkeys(("isVirtual", "isReturnRelated", "fulfillmentTypeChanged"), False),
    "additionalCharges": [],
    "reasons": [],
    "productTaxCode": "PC040144",
    "imageURL": "https://example.com/image.jpg",
    "fulfillmentSubType": "DEFAULT",
    "returnsEligibility": "ELIGIBLE_FOR_RETURNS",
    "productClass": "Merchandise",
    "productCondition": "NEW",
}
#: Fields, at any depth, that a slim order does without.
WORDY: frozenset[str] = frozenset(
    (
        "taxExemption",
        "taxExemptions",
        "children",
        "notesList",
        "rewardAmount",
        "availableDate",
        "editOrderMode",
        "totalAssembledQty",
        "totalBoxedQty",
        "orderFiscalData",
        "productPriceAdjustments",
        "noReceiptReturns",
        "installationId",
        "shippingDescription",
        "partiallyPaid",
        "coupons",
        "merchantPromotionIds",
        "variantGroupId",
        "orderStatusText",
        "itemStatusText",
        "itemStatus",
        "productTaxCode",
        "imageURL",
        "additionalCharges",
        "reasons",
        "salesAssociateId",
        "salesAssociateAttribution",
        "returnsEligibility",
        "productClass",
        "productCondition",
        "fulfillmentTypeChanged",
        "fulfillmentSubType",
        "isVirtual",
        "isReturnRelated",
        "taxClass",
        "taxCode",
        "perUnitTaxAmount",
        "displayTaxName",
        "printTaxName",
        "returnedTaxAmount",
        "remainingTaxAmount",
        "paymentDevice",
        "locale",
        "region",
        "merchantId",
        "accountNumber",
        "externalPaymentSystemId",
        "externalPaymentReferenceId",
        "chargeType",
        "taxName",
        "size",
        "color",
        "captureStatus",
        "totalAmountCarriedOverForExchange",
    )
)


def gtin(style: int, size: int) -> str:
    """The 12-digit UPC-A of one product, with a right check digit.

    :param style: index into :data:`PRODUCTS`.
    :param size: index into :data:`SIZES`.
    """
    body = f"19{style:04d}{size:05d}"
    odd, even = sum(map(int, body[::2])), sum(map(int, body[1::2]))
    return f"{body}{-(3 * odd + even) % 10}"
