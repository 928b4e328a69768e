"""Writes a completed order down as HotWax does, field by field.

Sources: hotwax/oms-documentation, api/fulfillment/fulfilled-order-items-feed.md and its sample for everything but
`customerEmail`, `billTo`, `payments` and `orderAttributes`, which that feed lacks; their shape is that of the brokered
feed (api/brokering/brokered-order-items.md). The fields of an attribute are those of HotWax's attribute imports.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from sandbox.hotwax.completed_orders_sale import STORES, Parcel, Sale, Unit
from sandbox.hotwax.settings import NOT_APPLICABLE

#: One order of the feed; amounts are `Decimal`.
Order: TypeAlias = dict[str, Any]

#: In which HotWax writes its times: one with summer time, so that times compare as instants only.
ZONE = ZoneInfo("America/New_York")

_FIRST_NAMES = ("Ana", "Luis", "Eva", "José", "Zoë", "Max", "Iris")
_LAST_NAMES = ("Muestra", "Ejemplo", "Prueba", "Ficticia", "Inventado")
_MADE = {"fromDate": "2022-05-16T01:55:59-04:00", "thruDate": None, "lastUpdatedStamp": "2022-08-10T02:58:52-04:00"}

# Names of items' fields, which the feed repeats for the order, without values.
_ITEM = ("orderItemSeqId", "itemStatusId", "itemQuantity", "unitPrice", "orderItemExternalId", "shipGroupSeqId")
_FACILITY = ("facilityId", "facilityExternalId", "facilityTypeId", "parentFacilityTypeId", "statusDatetime")
_SHIPMENT = ("shippedQuantity", "shipmentId", "shipmentItemSeqId", "shippedProductId", "statusId")
_DESTINATION = ("destinationContactMechId", "destinationTelecomNumberId", "shipmentMethodTypeId", "trackingIdNumber")


class Writer:
    """Writes orders down.

    :param currency: ISO code.
    :param decimals: decimal places of the currency.
    """

    def __init__(self, currency: str, decimals: int) -> None:
        self._currency, self._decimals = currency, decimals

    def write(self, sale: Sale) -> Order:
        """The order as HotWax's job writes it."""
        order_id, entered = _order_id(sale), _time(_entered(sale))
        first_name, last_name = _names(sale)
        return {
            "productStoreId": "STORE",
            "orderId": order_id,
            "orderName": _order_name(sale),
            "orderDate": _time(sale.ordered_at),
            "orderStatusId": "ORDER_COMPLETED",
            "entryDate": entered,
            "currency": self._currency,
            "grandTotal": self._amount(sale.total),
            **dict.fromkeys((*_ITEM, "slaShipmentMethodTypeId")),
            "postalContactMechId": _address_id(sale) if any(map(_has_address, sale.parcels)) else None,
            **dict.fromkeys(("telecomContactMechId", "externalFulfillmentOrderItemId", "fulfillmentStatus")),
            "customerFirstName": first_name,
            "customerLastName": last_name,
            "customerEmail": f"shopper{sale.shopper:04d}@example.com",
            **dict.fromkeys((*_FACILITY, "productId")),
            "salesChannel": "WEB_CHANNEL" if sale.selling_store is None else "POS_SALES_CHANNEL",
            "customerPartyId": f"3{sale.shopper:04d}",
            **dict.fromkeys((*_SHIPMENT, *_DESTINATION, "carrierPartyId")),
            "orderIdentifications": _order_identifications(sale, entered),
            "customerPartyIdentifications": _customer_identifications(sale),
            "billTo": _bill_to(sale),
            "payments": self._payments(sale, entered),
            "orderAdjustments": self._adjustments(order_id, NOT_APPLICABLE, sale.adjustments),
            "orderAttributes": [{"attrName": name, "attrValue": text} for name, text in _attributes(sale).items()],
            "shipments": self._shipments(sale),
        }

    def _shipments(self, sale: Sale) -> list[Order]:
        counts: Counter[str | None] = Counter()
        shipments = []
        for group, parcel in enumerate(sale.parcels, 1):
            units = [unit for unit in sale.units if unit.parcel is parcel]
            items = []
            for unit in units:
                counts[parcel.shipment_id] += 1
                items.append(self._item(sale, unit, f"{group:05d}", counts[parcel.shipment_id]))
            shipments.append(
                {
                    "trackingNumber": parcel.tracking,
                    "carrierPartyId": parcel.carrier,
                    "shipmentMethodTypeId": parcel.method,
                    "shipTo": _address(sale) if _has_address(parcel) else None,
                    "shipmentItems": items,
                }
            )
        return shipments

    def _item(self, sale: Sale, unit: Unit, ship_group: str, place: int) -> Order:
        """One shipment item.

        :param place: its place in its shipment, from 1.
        """
        parcel, sequence = unit.parcel, f"{100 + unit.sequence:05d}"
        promotions = [("EXT_PROMO_ADJUSTMENT", amount) for amount in unit.promotions]
        taxes = [("SALES_TAX", amount) for amount in unit.taxes]
        return {
            "shipmentId": parcel.shipment_id,
            "shipmentItemSeqId": parcel.shipment_id and f"{place:05d}",
            "orderId": _order_id(sale),
            "orderItemSeqId": sequence,
            "orderItemExternalId": str(12_000_000_000_000 + 10 * sale.number + unit.line),
            "shipGroupSeqId": ship_group,
            "itemStatusId": "ITEM_COMPLETED",
            "itemQuantity": 1,
            "slaShipmentMethodTypeId": parcel.promised,
            "statusDatetime": _time(parcel.at),
            "productId": unit.product.product_id,
            "unitPrice": self._amount(unit.price),
            **_facility(parcel),
            "shippedQuantity": parcel.shipment_id and 1,
            "goodIdentifications": _good_identifications(sale, unit),
            "itemAdjustments": self._adjustments(_order_id(sale), sequence, (*promotions, *taxes)),
        }

    def _adjustments(self, order_id: str, sequence: str, adjustments: tuple[tuple[str, int], ...]) -> list[Order]:
        return [
            {
                "orderId": order_id,
                "orderItemSeqId": sequence,
                "orderAdjustmentTypeId": name,
                "amount": self._amount(amount),
            }
            for name, amount in adjustments
        ]

    def _payments(self, sale: Sale, entered: str) -> list[Order]:
        payments = [("EXT_SHOP_VISA", "Visa", "PAYMENT_SETTLED")]
        if "cod" in sale.traits:
            declined = [("EXT_SHOP_VISA", "Visa", "PAYMENT_DECLINED")] if sale.number % 2 else []
            payments = [*declined, ("EXT_SHOP_CASH_ON_DEL", "Cash on Delivery (COD)", "PAYMENT_NOT_RECEIVED")]
        return [
            {
                "orderId": _order_id(sale),
                "paymentMethodCode": None,
                "paymentMethodDescription": description,
                "createdDate": entered,
                "statusId": status,
                "returnId": None,
                "amount": self._amount(sale.total),
                "paymentMethodTypeId": method,
            }
            for method, description, status in payments
        ]

    def _amount(self, minor: int) -> Decimal:
        return _amount(minor, self._decimals)


def _order_id(sale: Sale) -> str:
    """HotWax's own order id, which is not the shop's order number."""
    return f"M{10_000 + sale.number}"


@lru_cache(maxsize=4_096)
def _amount(minor: int, decimals: int) -> Decimal:
    """Without zeros at the end, as in the published sample: 12.5, and 30 rather than 30.00."""
    while decimals and minor % 10 == 0:
        minor, decimals = minor // 10, decimals - 1
    return Decimal(minor).scaleb(-decimals)


def _time(instant: datetime) -> str:
    return instant.astimezone(ZONE).isoformat()


def _entered(sale: Sale) -> datetime:
    return sale.ordered_at + timedelta(minutes=2)


def _names(sale: Sale) -> tuple[str, str]:
    """First and last name of the customer."""
    return _FIRST_NAMES[sale.shopper % len(_FIRST_NAMES)], _LAST_NAMES[sale.shopper % len(_LAST_NAMES)]


def _order_name(sale: Sale) -> str:
    return f"SV#{1000 + sale.number}"


def _address_id(sale: Sale) -> str:
    return str(500_000 + sale.number)


def _has_address(parcel: Parcel) -> bool:
    return parcel.tracking is not None


def _facility(parcel: Parcel) -> Order:
    if parcel.store is None:
        kind, parent = "NA", "VIRTUAL_FACILITY"
        facility = external = NOT_APPLICABLE
    else:
        facility, external, kind, parent = STORES[parcel.store], parcel.store, "RETAIL_STORE", "PHYSICAL_STORE"
    return {
        "facilityId": facility,
        "facilityExternalId": external,
        "facilityTypeId": kind,
        "parentFacilityTypeId": parent,
    }


def _order_identifications(sale: Sale, entered: str) -> list[Order]:
    values = {
        "SHOPIFY_ORD_ID": str(4_800_000_000_000 + sale.number),
        "SHOPIFY_ORD_NAME": _order_name(sale),
        "SHOPIFY_ORD_NO": str(sale.number),
    }
    return [
        {
            "orderId": _order_id(sale),
            "orderIdentificationTypeId": name,
            "idValue": value,
            "fromDate": entered,
            "thruDate": None,
            "lastUpdatedStamp": entered,
        }
        for name, value in values.items()
    ]


def _customer_identifications(sale: Sale) -> list[Order]:
    return [
        {
            "partyId": f"3{sale.shopper:04d}",
            "partyIdentificationTypeId": "SHOPIFY_CUST_ID",
            "idValue": str(5_700_000_000_000 + sale.shopper),
            "lastUpdatedStamp": _MADE["lastUpdatedStamp"],
        }
    ]


def _address(sale: Sale) -> Order:
    return {
        "houseNumberExt": None,
        "stateProvinceGeoId": "SV-SS",
        "toName": " ".join(_names(sale)),
        "address2": "Local 2" if sale.shopper % 3 == 0 else None,
        "postalCodeGeoId": None,
        "houseNumber": None,
        "geoPointId": None,
        "encodedAddressKey": None,
        "postalCodeExt": None,
        "countryGeoId": "SLV",
        "countryGeoCode": "SV",
        "stateProvinceGeoCode": "SS",
        "attnName": None,
        "address1": f"Calle de Ejemplo {sale.shopper % 900 + 1}",
        "directions": None,
        "countyGeoId": None,
        "cityGeoId": None,
        "city": "San Salvador",
        "municipalityGeoId": None,
        "contactMechId": _address_id(sale),
        "postalCode": "1101",
    }


def _bill_to(sale: Sale) -> Order:
    phone = {"countryCode": "503", "areaCode": None, "contactNumber": f"0000{sale.shopper:04d}"}
    return {**_address(sale), "latitude": None, "longitude": None, "isResidentialAddress": "Y", "phone": phone}


def _attributes(sale: Sale) -> dict[str, str]:
    attributes = {
        "customerId": f"0000{sale.shopper:04d}-0",
        "municipio": "San Salvador",
        "SHIP_TO_ADDRESS_UPDATED": "true",
    }
    if "fiscal" in sale.traits:
        attributes |= {
            "fiscalCredit": "true",
            "companyId": "0614-000000-001-1",
            "companyName": "Empresa de Muestra",
            "companyAddress": "Calle de Ejemplo 1, San Salvador",
            "documentType": "nit",
        }
    if sale.selling_store is not None:
        attributes["orderFacility"] = sale.selling_store
    return attributes


def _good_identifications(sale: Sale, unit: Unit) -> list[Order]:
    """What identifies the product; digital goods have nothing but a UPC."""
    product, upcs = unit.product, [_identification(unit, "UPCA", unit.product.upc)]
    if unit.parcel.store is None:
        return upcs
    if "several_upcs" in sale.traits:
        upcs[0]["thruDate"] = None if sale.number % 3 else _time(sale.ordered_at + timedelta(days=3650))
        upcs.insert(sale.number % 2, _expired(sale, unit))
    skus = [_identification(unit, name, product.sku) for name in ("SHOPIFY_PROD_SKU", "SKU")]
    return [*skus, *upcs]


def _expired(sale: Sale, unit: Unit) -> Order:
    """A UPC that began later than the open one, and has ended."""
    dates = {
        "fromDate": _time(sale.ordered_at - timedelta(days=30)),
        "thruDate": _time(sale.ordered_at - timedelta(days=10)),
    }
    return _identification(unit, "UPCA", f"4{unit.product.upc[1:]}") | dates


def _identification(unit: Unit, name: str, value: str) -> Order:
    return {"productId": unit.product.product_id, "goodIdentificationTypeId": name, "idValue": value, **_MADE}
