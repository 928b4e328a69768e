"""IMP_JSON_LIST_DATA, service importJsonListData: a list of service calls, here for orders.

The file is an array of ``{"dataList": [{"serviceName": …, "data": {…}}, …]}``; the calls of one element succeed or fail
together. Known services: ``createSalesOrder`` and ``createExcludedOrderFacilityForOrder``. The JSON schema of
createSalesOrder is not public; the fields read here are those of the published sample.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from sandbox.hotwax.checks import check_order, iso_date
from sandbox.hotwax.json_list import elements, error_list
from sandbox.hotwax.models import Adjustment, NewItem, NewOrder, Payment, Record, RecordError
from sandbox.hotwax.settings import HotWaxSettings

#: Fields of createSalesOrder that must be filled. The published sample spells the last name LastName; lastName is
#: taken as well.
MANDATORY_FIELDS = (
    "externalId",
    "productStoreId",
    "orderDate",
    "statusId",
    "firstName",
    "LastName",
    "email",
    "phone",
    "grandTotal",
)
MANDATORY_ADDRESS_FIELDS = ("address1", "city", "postalCode", "state")
MANDATORY_ITEM_FIELDS = ("idType", "idValue", "status", "unitPrice")


class ServiceCallsJson:
    """One file of service calls.

    :param data: its bytes.
    :param settings: what HotWax knows.
    :param create: stores an order; raises :class:`RecordError`.
    :param exclude: keeps an order from a facility, both by external id; raises :class:`RecordError`.
    """

    error_suffix = ".json"

    def __init__(
        self,
        data: bytes,
        settings: HotWaxSettings,
        create: Callable[[NewOrder], None],
        exclude: Callable[[str, str], None],
    ) -> None:
        self._text = data.decode("utf-8-sig", errors="replace")
        self._settings = settings
        self._services = {
            "createSalesOrder": lambda call: create(self._order(call)),
            "createExcludedOrderFacilityForOrder": lambda call: exclude(
                _text(call, "externalId"), _text(call, "orderFacilityId")
            ),
        }

    def records(self) -> Iterator[Record]:
        """Read the elements one by one, so that those before a break in the file are imported.

        :returns: one record per element.
        :raises FileError: when the root is not an array, or where the JSON breaks off.
        """
        for element, text in elements(self._text):
            yield Record(_key(element), partial(self._import, element), text=text)

    def error_file(self, refused: list[tuple[Record, str]]) -> bytes:
        """Write the error file: the refused elements, each with its reason added.

        :param refused: the records with their reasons.
        :returns: its bytes.
        """
        return error_list(refused)

    def _import(self, element: object) -> None:
        calls = element.get("dataList") if isinstance(element, dict) else None
        if not isinstance(calls, list) or not calls:
            raise RecordError("Missing Field: dataList")
        for call in calls:
            name, data = (call.get("serviceName"), call.get("data")) if isinstance(call, dict) else (None, None)
            if name not in self._services:
                raise RecordError(f"Invalid Data: service {name!r} is not known")
            if not isinstance(data, dict):
                raise RecordError(f"Missing Field: data of {name}")
            self._services[name](data)

    def _order(self, data: dict[str, Any]) -> NewOrder:
        order = _object(data, "order")
        order = {"LastName": order.get("lastName"), **order}
        groups = _objects(order, "shipGroup")
        faults = [*_blanks(order, MANDATORY_FIELDS), *_group_faults(groups)]
        if faults:
            raise RecordError("; ".join(dict.fromkeys(faults)))
        read = _read_order(order, groups)
        faults = check_order(read, self._settings)
        if faults:
            raise RecordError("; ".join(faults))
        return read


def _group_faults(groups: list[dict[str, Any]]) -> Iterator[str]:
    if not any(_objects(group, "items") for group in groups):
        yield "Missing Field: the order has no items"
    for group in groups:
        yield from _blanks(_object(_object(group, "shipTo"), "postalAddress"), MANDATORY_ADDRESS_FIELDS)
        for item in _objects(group, "items"):
            yield from _blanks(item, MANDATORY_ITEM_FIELDS)


def _read_order(order: dict[str, Any], groups: list[dict[str, Any]]) -> NewOrder:
    address = _object(_object(groups[0], "shipTo"), "postalAddress")
    items = [(group, item) for group in groups for item in _objects(group, "items")]
    selling_facility = _text(groups[0], "orderFacilityId")
    return NewOrder(
        external_id=_text(order, "externalId"),
        name=_text(order, "orderName") or _text(order, "externalId"),
        product_store=_text(order, "productStoreId"),
        channel=_text(order, "channel"),
        status=_text(order, "statusId"),
        order_date=iso_date(_text(order, "orderDate"), "%Y-%m-%d %H:%M:%S", "yyyy-MM-dd HH:mm:ss"),
        currency=_text(order, "currencyCode"),
        grand_total=_text(order, "grandTotal"),
        customer_external_id=_text(order, "customerExternalId"),
        first_name=_text(order, "firstName"),
        last_name=_text(order, "LastName"),
        address=" ".join(filter(None, (_text(address, "address1"), _text(address, "address2")))),
        city=_text(address, "city"),
        postal_code=_text(address, "postalCode"),
        state=_text(address, "state"),
        country=_text(address, "country"),
        email=_text(order, "email"),
        phone=_text(order, "phone"),
        placing_facility_id="",
        placing_external_facility_id=selling_facility,
        origin_facility_id="",
        origin_external_facility_id=selling_facility,
        items=tuple(_read_item(group, item) for group, item in items),
        adjustments=tuple(_adjustments(order, [item for _, item in items])),
        payments=tuple(
            Payment(_text(payment, "paymentMethodTypeId"), _text(payment, "maxAmount"), _text(payment, "statusId"))
            for payment in _objects(order, "orderPaymentPref")
        ),
    )


def _read_item(group: dict[str, Any], item: dict[str, Any]) -> NewItem:
    return NewItem(
        external_id=_text(item, "itemExternalId"),
        id_type=_text(item, "idType"),
        id_value=_text(item, "idValue"),
        quantity=_text(item, "quantity") or "1",
        unit_price=_text(item, "unitPrice"),
        list_price=_text(item, "unitListPrice"),
        status=_text(item, "status"),
        facility_id=_text(group, "facilityId"),
        external_facility_id=_text(group, "externalFacilityId"),
        shipment_method=_text(group, "shipmentMethodTypeId"),
        carrier=_text(group, "carrierPartyId"),
    )


def _adjustments(order: dict[str, Any], items: list[dict[str, Any]]) -> Iterator[Adjustment]:
    for adjustment in _objects(order, "orderAdjustments"):
        yield Adjustment(_text(adjustment, "type"), _text(adjustment, "amount"))
    for position, item in enumerate(items):
        for adjustment in _objects(item, "itemAdjustments"):
            yield Adjustment(_text(adjustment, "type"), _text(adjustment, "amount"), position)


def _blanks(record: dict[str, Any], names: tuple[str, ...]) -> Iterator[str]:
    return (f"Required Field: {name} is blank" for name in names if not _text(record, name))


def _text(record: dict[str, Any], name: str) -> str:
    value = record.get(name)
    return value.strip() if isinstance(value, str) else ""


def _object(record: dict[str, Any], name: str) -> dict[str, Any]:
    value = record.get(name)
    return value if isinstance(value, dict) else {}


def _objects(record: dict[str, Any], name: str) -> list[dict[str, Any]]:
    value = record.get(name)
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _key(element: object) -> str:
    calls = element.get("dataList") if isinstance(element, dict) else None
    for call in calls if isinstance(calls, list) else []:
        data = _object(call, "data") if isinstance(call, dict) else {}
        if key := _text(_object(data, "order"), "externalId") or _text(data, "externalId"):
            return key
    return ""
