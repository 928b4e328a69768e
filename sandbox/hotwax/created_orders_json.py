"""Writes a created order down as HotWax does, field by field.

Source: hotwax/oms-documentation, api/brokering/brokered-order-items.md and its sample. No source shows created orders
in that shape: that they have it, that `customerEmail`, `orderNote` and the facility of the till stand in the header,
that a discount's code is its `promoCode` and that a kit's components refer to it by ``KIT_COMPONENT`` is assumed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from sandbox.hotwax.created_orders_sale import STORES, TAKEN_AWAY, TILL_KINDS, Line, Product, Sale
from sandbox.hotwax.customers import Customer
from sandbox.hotwax.settings import NOT_APPLICABLE

#: One order of the feed; amounts are `Decimal`.
Order: TypeAlias = dict[str, Any]

NETSUITE_PRODUCT_ID = "NETSUITE_PRODUCT_ID"
NETSUITE_GIFT_CARD = "NETSUITE_GIFT_CARD"
EXCHANGES = "LOOP_EXCH"

#: In which HotWax writes its times: one with summer time, so that times compare as instants only.
ZONE = ZoneInfo("America/New_York")

_MADE = {"fromDate": "2022-05-16T01:55:59-04:00", "thruDate": None, "lastUpdatedStamp": "2022-08-10T02:58:52-04:00"}

# Names of items' fields, which the feed repeats for the order, without values.
_ITEM = ("orderItemSeqId", "itemStatusId", "orderItemQuantity", "reservedItemQuantity", "reservedDatetime", "unitPrice")
_TEXTS = ("orderItemExternalId", "itemDescription")
_PROMISE = ("requestedDeliveryDate", "requestedDeliveryTime", "deliveryWindow")
_SHIPPING = ("shipGroupSeqId", "shipmentMethodTypeId", "postalContactMechId", "telecomContactMechId")
_FACILITY = ("facilityId", "facilityExternalId", "facilityTypeId", "parentFacilityTypeId", "statusDatetime")
_PRODUCT = ("productId", "productTypeId", "internalName")
_NO_PLACE = ("houseNumber", "houseNumberExt", "directions", "cityGeoId", "postalCodeExt", "countyGeoId")
_NO_POINT = ("municipalityGeoId", "postalCodeGeoId", "geoPointId", "encodedAddressKey", "latitude", "longitude")
_CITIES = (("Knoxville", "TN", "37010"), ("Portland", "OR", "97201"), ("Albany", "NY", "12207"))


def order_id(number: int) -> str:
    """HotWax's own id of order `number`, which is not the shop's order number."""
    return f"N{10_000 + number}"


def order_name(number: int) -> str:
    """The name that the shop gave order `number`."""
    return f"#CO{1000 + number}"


def item_id(sequence: int) -> str:
    """HotWax's id of the line with that place in its order."""
    return f"{sequence:05d}"


@lru_cache(maxsize=4_096)
def money(minor: int, decimals: int) -> Decimal:
    """An amount without zeros at the end, as in the published sample: 12.5, and 30 rather than 30.00."""
    while decimals and minor % 10 == 0:
        minor, decimals = minor // 10, decimals - 1
    return Decimal(minor).scaleb(-decimals)


class Writer:
    """Writes orders down.

    :param currency: ISO code.
    :param decimals: decimal places of the currency.
    """

    def __init__(self, currency: str, decimals: int) -> None:
        self._currency, self._decimals = currency, decimals

    def write(self, sale: Sale, customer: Customer) -> Order:
        """The order as HotWax's job writes it.

        :param customer: who bought, a record of the customers feed.
        """
        entered = _time(_entered(sale))
        header = self._header(sale)
        return {
            **header,
            **dict.fromkeys((*_ITEM, *_TEXTS, *_PROMISE, *_SHIPPING)),
            "orderFacilityId": _till(sale),
            **dict.fromkeys(("carrierPartyId", "externalFulfillmentOrderItemId", "fulfillmentStatus")),
            "customerFirstName": customer["firstName"],
            "customerLastName": customer["lastName"],
            "customerEmail": customer.get("email") or next(iter(customer.get("emails", ())), None),
            **dict.fromkeys((*_FACILITY, *_PRODUCT)),
            "salesChannel": _channel(sale),
            "customerPartyId": customer["partyId"],
            "isShippingChargesSent": "N",
            "orderNote": sale.note,
            "billTo": None if sale.kind == "no_bill_to" else _address(sale, customer, "bill"),
            "orderIdentifications": _order_identifications(sale, entered),
            "customerPartyIdentifications": customer["partyIdentifications"],
            "payments": self._payments(sale, entered),
            "orderAdjustments": self._order_adjustments(sale),
            "orderAttributes": _attributes(sale),
            "orderItems": [self._item(sale, line, header, customer) for line in sale.lines],
        }

    def _header(self, sale: Sale) -> Order:
        """What stands at the beginning of the order and of each of its items."""
        return {
            "productStoreId": "STORE",
            "orderId": order_id(sale.number),
            "orderName": order_name(sale.number),
            "orderDate": _time(sale.ordered_at),
            "orderStatusId": "ORDER_COMPLETED" if sale.kind == "pos_completed" else "ORDER_CREATED",
            "entryDate": _time(_entered(sale)),
            "orderExternalId": None,
            "currency": self._currency,
            "grandTotal": self._amount(sale.total),
        }

    def _item(self, sale: Sale, line: Line, header: Order, customer: Customer) -> Order:
        sequence = item_id(line.sequence)
        promotions = [("EXT_PROMO_ADJUSTMENT", amount) for amount in line.promotions]
        taxes = [("SALES_TAX", amount) for amount in line.taxes]
        return {
            **header,
            "orderItemSeqId": sequence,
            "itemStatusId": line.status,
            "orderItemQuantity": line.quantity,
            "reservedItemQuantity": None,
            "reservedDatetime": None,
            "unitPrice": self._amount(line.price),
            "orderItemExternalId": str(13_000_000_000_000 + 10 * sale.number + line.sequence),
            "itemDescription": f"{line.product.sku} / ONE SIZE",
            **dict.fromkeys(_PROMISE),
            **_shipping(sale, line),
            "customerFirstName": customer["firstName"],
            "customerLastName": customer["lastName"],
            **_facility(line),
            "statusDatetime": _time(_entered(sale)),
            "productId": line.product.product_id,
            "productTypeId": line.product.type_id,
            "internalName": line.product.sku,
            "salesChannel": _channel(sale),
            "customerPartyId": customer["partyId"],
            "shipTo": _address(sale, customer, "ship"),
            "goodIdentifications": _good_identifications(line.product),
            "orderItemAdjustments": self._adjustments(sale, sequence, (*promotions, *taxes)),
            "orderItemAttributes": [],
            "facilityGroupMembers": [],
            "fromOrderItemAssocs": [_component(sale, one) for one in sale.lines if one.kit == line.sequence],
            "toOrderItemAssocs": [] if line.kit is None else [_component(sale, line)],
            "productFeatures": [],
        }

    def _order_adjustments(self, sale: Sale) -> list[Order]:
        found = self._adjustments(sale, NOT_APPLICABLE, sale.adjustments)
        for one in found:
            if one["orderAdjustmentTypeId"] == "EXT_PROMO_ADJUSTMENT":
                one["promoCode"] = sale.code
        return found

    def _adjustments(self, sale: Sale, sequence: str, adjustments: Iterable[tuple[str, int]]) -> list[Order]:
        return [
            {
                "orderId": order_id(sale.number),
                "orderItemSeqId": sequence,
                "orderAdjustmentTypeId": name,
                "amount": self._amount(amount),
            }
            for name, amount in adjustments
        ]

    def _payments(self, sale: Sale, entered: str) -> list[Order]:
        return [
            {
                "orderId": order_id(sale.number),
                "paymentMethodCode": None,
                "paymentMethodDescription": "Shopify Payment",
                "createdDate": entered,
                "statusId": "PAYMENT_SETTLED",
                "returnId": None,
                "amount": self._amount(sale.paid),
                "paymentMethodTypeId": "EXT_SHOP_CARD" if sale.kind in TILL_KINDS else "EXT_SHOPIFY",
            }
        ]

    def _amount(self, minor: int) -> Decimal:
        return money(minor, self._decimals)


def order_identification(number: int, kind: str, value: str, entered: str) -> Order:
    """One identification of an order, as HotWax's feeds have it.

    :param number: of the order.
    :param entered: ISO text, since when.
    """
    return {
        "orderId": order_id(number),
        "idValue": value,
        "fromDate": entered,
        "lastUpdatedStamp": entered,
        "orderIdentificationTypeId": kind,
        "thruDate": None,
    }


def good_identification(product_id: str, kind: str, value: str) -> Order:
    """One identification of a product, as HotWax's feeds have it."""
    return {"productId": product_id, "goodIdentificationTypeId": kind, "idValue": value, **_MADE}


def _order_identifications(sale: Sale, entered: str) -> list[Order]:
    values = {
        "SHOPIFY_ORD_ID": str(4_900_000_000_000 + sale.number),
        "SHOPIFY_ORD_NAME": order_name(sale.number),
        "SHOPIFY_ORD_NO": str(sale.number),
    }
    return [order_identification(sale.number, kind, value, entered) for kind, value in values.items()]


def _good_identifications(product: Product) -> list[Order]:
    values = {"SHOPIFY_PROD_SKU": product.sku, "SKU": product.sku, "UPCA": product.upc}
    if product.netsuite_id is not None:
        kind = NETSUITE_GIFT_CARD if product.type_id == "GIFT_CARD" else NETSUITE_PRODUCT_ID
        values[kind] = product.netsuite_id
    return [good_identification(product.product_id, kind, value) for kind, value in values.items()]


def _component(sale: Sale, line: Line) -> Order:
    """That a line is a component of its kit."""
    return {
        "orderId": order_id(sale.number),
        "orderItemSeqId": item_id(line.kit or 0),
        "shipGroupSeqId": NOT_APPLICABLE,
        "toOrderId": order_id(sale.number),
        "toOrderItemSeqId": item_id(line.sequence),
        "toShipGroupSeqId": NOT_APPLICABLE,
        "orderItemAssocTypeId": "KIT_COMPONENT",
    }


def _shipping(sale: Sale, line: Line) -> Order:
    return {
        "shipGroupSeqId": "00002" if line.method == TAKEN_AWAY else "00001",
        "shipmentMethodTypeId": line.method,
        "postalContactMechId": str(500_000 + sale.number),
        "telecomContactMechId": None,
        "orderFacilityId": _till(sale),
        "carrierPartyId": NOT_APPLICABLE,
        "externalFulfillmentOrderItemId": None,
        "fulfillmentStatus": None,
    }


def _facility(line: Line) -> Order:
    if line.store is None:
        return {
            "facilityId": NOT_APPLICABLE,
            "facilityExternalId": NOT_APPLICABLE,
            "facilityTypeId": "NA",
            "parentFacilityTypeId": "VIRTUAL_FACILITY",
        }
    return {
        "facilityId": STORES[line.store],
        "facilityExternalId": line.store,
        "facilityTypeId": "RETAIL_STORE",
        "parentFacilityTypeId": "PHYSICAL_STORE",
    }


def _address(sale: Sale, customer: Customer, use: str) -> Order:
    """Where to ship to, and to send the bill to: another number of the same street."""
    city, state, postal_code = _CITIES[sale.number % len(_CITIES)]
    house = sale.number % 900 + (1 if use == "ship" else 2)
    named = " ".join(name.strip() for name in (customer["firstName"], customer["lastName"]) if name and name.strip())
    street = "Avenue of the Long Names and of the Longer Ones " * 4 if sale.kind == "long_names" else "Sample Street"
    return {
        "countryGeoCode": "US",
        "stateProvinceGeoCode": state,
        "contactMechId": str(500_000 + sale.number),
        "toName": named or f"Shopper {customer['partyId']}",
        "attnName": None,
        "address1": f"{house} {street}".strip(),
        "address2": "Suite 2" if sale.number % 3 == 0 else None,
        "city": city,
        "postalCode": postal_code,
        "countryGeoId": "USA",
        "stateProvinceGeoId": state,
        **dict.fromkeys((*_NO_PLACE, *_NO_POINT)),
        "isResidentialAddress": "Y",
        "phone": customer["phone"],
    }


def _till(sale: Sale) -> str | None:
    """HotWax's facility id of the store at whose till the order was made."""
    return STORES[sale.selling_store] if sale.selling_store is not None else None


def _channel(sale: Sale) -> str:
    if sale.kind == "exchange":
        return EXCHANGES
    return "POS_CHANNEL" if sale.kind in TILL_KINDS else "WEB_CHANNEL"


def _attributes(sale: Sale) -> list[Order]:
    if sale.selling_store is None:
        return []
    return [{"attrName": "orderFacility", "attrValue": sale.selling_store}]


def _entered(sale: Sale) -> datetime:
    return sale.ordered_at + timedelta(minutes=2)


def _time(instant: datetime) -> str:
    return instant.astimezone(ZONE).isoformat()
