"""Files for the simulated HotWax, written by hand from the published headers."""

from __future__ import annotations

import csv
import io

HEADER = (
    "order-id",
    "external-id",
    "order-name",
    "order-identification",
    "product-store-id",
    "external-product-store-id",
    "item-status-id",
    "facility-id",
    "external-facility-id",
    "placing-facility-id",
    "external-placing-facility-id",
    "customer-id",
    "customer-external-id",
    "first-name",
    "last-name",
    "address-line-1",
    "address-line-2",
    "city",
    "postal-code",
    "state",
    "country",
    "phone",
    "email",
    "order-date",
    "product-id",
    "product-id-type",
    "product-id-value",
    "item-external-id",
    "quantity",
    "unit-price",
    "unit-list-price",
    "item-total-discount",
    "grand-total",
    "payment-method",
    "shipping-charges",
    "shipping-tax",
    "item-total-tax",
    "shipment-method-type-id",
    "carrier-party-id",
    "sales-channel-code",
    "origin-facility-id",
    "origin-external-facility-id",
)
VARIANCE_HEADER = (
    "facilityId",
    "externalFacilityId",
    "idType",
    "idValue",
    "availableDelta",
    "locationSeqId",
    "varianceReasonId",
    "comments",
)
GOOD_ROW = {
    "product-store-id": "STORE",
    "item-status-id": "ITEM_COMPLETED",
    "external-facility-id": "254",
    "external-placing-facility-id": "254",
    "first-name": "Ada",
    "last-name": "Shopper",
    "address-line-1": "1 Sample Street",
    "city": "New York",
    "postal-code": "10012",
    "state": "NY",
    "country": "US",
    "phone": "0000000000",
    "email": "noreply@example.com",
    "order-date": "11/20/2026",
    "product-id-type": "UPCA",
    "quantity": "1",
    "unit-price": "130.00",
    "unit-list-price": "130.00",
    "item-total-discount": "-10.00",
    "grand-total": "131.54",
    "payment-method": "CASH",
    "shipping-charges": "0.00",
    "shipping-tax": "0.00",
    "item-total-tax": "11.54",
    "shipment-method-type-id": "POS_COMPLETED",
    "carrier-party-id": "_NA_",
    "sales-channel-code": "POS_SALES_CHANNEL",
    "origin-external-facility-id": "254",
}


def order_rows(external_id: str, lines: int = 1, **changes: str) -> list[dict[str, str]]:
    """Rows of one order; `changes` are columns with ``_`` for ``-``."""
    changed = {name.replace("_", "-"): value for name, value in changes.items()}
    return [
        {
            **GOOD_ROW,
            "external-id": external_id,
            "product-id-value": f"19707610960{number}",
            "item-external-id": f"{external_id}-{number}",
            **changed,
        }
        for number in range(1, lines + 1)
    ]


def csv_bytes(header: tuple[str, ...], rows: list[dict[str, str]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, header, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def variance_row(gtin: str, delta: str, **changes: str) -> dict[str, str]:
    return {
        "externalFacilityId": "254",
        "idType": "UPCA",
        "idValue": gtin,
        "availableDelta": delta,
        "locationSeqId": "TLTLTLLL01",
        "varianceReasonId": "POS_SALE",
        **changes,
    }


def ship_group() -> dict[str, object]:
    """One item, two pieces of it, to be brokered."""
    address = {
        "name": "Ada Shopper",
        "address1": "1 Sample Street",
        "address2": "",
        "city": "Austin",
        "state": "TX",
        "postalCode": "73301",
        "country": "",
    }
    item = {
        "idType": "UPCA",
        "idValue": "197076109601",
        "status": "ITEM_APPROVED",
        "quantity": 2,
        "unitPrice": 130.50,
        "itemAdjustments": [{"type": "SALES_TAX", "amount": 11.38}],
    }
    return {
        "facilityId": "_NA_",
        "orderFacilityId": "254",
        "shipmentMethodTypeId": "NEXT_DAY",
        "carrierPartyId": "_NA_",
        "shipTo": {"postalAddress": address},
        "items": [item],
    }


def sales_order(external_id: str, **changes: object) -> dict[str, object]:
    """A createSalesOrder call in the shape of the published sample; `changes` replace fields of the order."""
    order = {
        "externalId": external_id,
        "orderName": external_id,
        "channel": "POS_SALES_CHANNEL",
        "firstName": "Ada",
        "LastName": "Shopper",
        "email": "ada@example.com",
        "phone": "+15555550100",
        "orderDate": "2026-11-20 16:47:01",
        "statusId": "ORDER_APPROVED",
        "productStoreId": "STORE",
        "currencyCode": "USD",
        "grandTotal": 302.38,
        "shipGroup": [ship_group()],
        "orderAdjustments": [{"type": "SHIPPING_CHARGES", "amount": 30}],
        "orderPaymentPref": [{"statusId": "PAYMENT_SETTLED", "paymentMethodTypeId": "EXT_MISC", "maxAmount": 302.38}],
        **changes,
    }
    return {"serviceName": "createSalesOrder", "data": {"order": order}}


def excluded_facility(external_id: str, facility: str = "254") -> dict[str, object]:
    return {
        "serviceName": "createExcludedOrderFacilityForOrder",
        "data": {"externalId": external_id, "orderFacilityId": facility},
    }
