"""IMP_ORDER, service orderDataSetup: the sales-order CSV, one row per item, the rows of an order one after another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import groupby

from sandbox.hotwax.checks import check_order, iso_date
from sandbox.hotwax.csv_file import CsvFile, CsvRow, error_file
from sandbox.hotwax.models import Adjustment, NewItem, NewOrder, Payment, Record, RecordError
from sandbox.hotwax.settings import HotWaxSettings

#: Mandatory according to the field table of docs.hotwax.co.
MANDATORY_COLUMNS = (
    "external-id",
    "product-store-id",
    "item-status-id",
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
)
#: Mandatory columns whose values may be blank: most addresses have no second line.
COLUMNS_THAT_MAY_BE_BLANK = ("address-line-2",)

_ITEM_AMOUNTS = {"item-total-discount": "EXT_PROMO_ADJUSTMENT", "item-total-tax": "SALES_TAX"}
_ORDER_AMOUNTS = {"shipping-charges": "SHIPPING_CHARGES", "shipping-tax": "SHIPPING_SALES_TAX"}


class OrderCsv:
    """One order CSV file.

    :param data: its bytes.
    :param settings: what HotWax knows.
    :param create: stores an order; raises :class:`RecordError`.
    :raises FileError: when there is no header line.
    """

    error_suffix = ".csv"

    def __init__(self, data: bytes, settings: HotWaxSettings, create: Callable[[NewOrder], None]) -> None:
        self._file = CsvFile(data)
        self._settings = settings
        self._create = create

    def records(self) -> Iterator[Record]:
        """Read the orders: adjacent rows with the same external id are one order.

        :returns: one record per order.
        :raises FileError: where a row cannot be parsed.
        """
        for external_id, group in groupby(self._file.rows(), key=lambda row: row.values.get("external-id", "")):
            rows = list(group)
            yield Record(external_id, partial(self._import, rows), rows=tuple(row.fields for row in rows))

    def error_file(self, refused: list[tuple[Record, str]]) -> bytes:
        """Write the error file: every row of every refused order.

        :param refused: the records with their reasons.
        :returns: its bytes.
        """
        rows = ((fields, message) for record, message in refused for fields in record.rows)
        return error_file(self._file.header, rows)

    def _import(self, rows: list[CsvRow]) -> None:
        faults = [fault for row in rows for fault in self._blanks(row)]
        if faults:
            raise RecordError("; ".join(dict.fromkeys(faults)))
        order = _order(rows)
        faults = check_order(order, self._settings)
        if faults:
            raise RecordError("; ".join(faults))
        self._create(order)

    def _blanks(self, row: CsvRow) -> Iterator[str]:
        for column in MANDATORY_COLUMNS:
            if column not in row.values:
                yield f"Missing Field: there is no column {column}"
            elif not row.values[column] and column not in COLUMNS_THAT_MAY_BE_BLANK:
                yield f"Required Field: {column} is blank"


def _order(rows: list[CsvRow]) -> NewOrder:
    """Put an order together; what is said once per order is taken from its first row."""
    first = rows[0].values
    address = " ".join(filter(None, (first["address-line-1"], first["address-line-2"])))
    grand_total, method = first.get("grand-total", ""), first.get("payment-method", "")
    return NewOrder(
        external_id=first["external-id"],
        name=first.get("order-name", "") or first["external-id"],
        product_store=first["product-store-id"],
        channel=first.get("sales-channel-code", ""),
        status="",
        order_date=iso_date(first["order-date"], "%m/%d/%Y", "MM/DD/YYYY"),
        currency="",
        grand_total=grand_total,
        customer_external_id=first.get("customer-external-id", ""),
        first_name=first["first-name"],
        last_name=first["last-name"],
        address=address,
        city=first["city"],
        postal_code=first["postal-code"],
        state=first["state"],
        country=first["country"],
        email=first["email"],
        phone=first["phone"],
        placing_facility_id=first.get("placing-facility-id", ""),
        placing_external_facility_id=first.get("external-placing-facility-id", ""),
        origin_facility_id=first.get("origin-facility-id", ""),
        origin_external_facility_id=first.get("origin-external-facility-id", ""),
        items=tuple(_item(row.values) for row in rows),
        adjustments=tuple(_adjustments(rows)),
        payments=(Payment(method, grand_total, ""),) if method else (),
    )


def _item(values: dict[str, str]) -> NewItem:
    product_id = values.get("product-id", "")
    return NewItem(
        external_id=values.get("item-external-id", ""),
        id_type="PRODUCT_ID" if product_id else values.get("product-id-type", ""),
        id_value=product_id or values.get("product-id-value", ""),
        quantity=values.get("quantity", "") or "1",
        unit_price=values.get("unit-price", ""),
        list_price=values.get("unit-list-price", ""),
        status=values["item-status-id"],
        facility_id=values.get("facility-id", ""),
        external_facility_id=values.get("external-facility-id", ""),
        shipment_method=values.get("shipment-method-type-id", ""),
        carrier=values.get("carrier-party-id", ""),
    )


def _adjustments(rows: list[CsvRow]) -> Iterator[Adjustment]:
    for column, kind in _ORDER_AMOUNTS.items():
        if amount := rows[0].values.get(column, ""):
            yield Adjustment(kind, amount)
    for position, row in enumerate(rows):
        for column, kind in _ITEM_AMOUNTS.items():
            if amount := row.values.get(column, ""):
                yield Adjustment(kind, amount, position)
