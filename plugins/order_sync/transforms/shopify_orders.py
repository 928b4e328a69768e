"""Shopify's orders to the JSON that HotWax imports: order by order, decided and written.

The one entry for everything that turns orders of Shopify into elements of a file: operators feed it raw records. It
never touches a file, a clock or a network.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from order_sync.contracts import shopify_order
from order_sync.contracts.money import DECIMALS
from order_sync.errors import BadInput, Stop
from order_sync.mapping import lookups
from order_sync.mapping.model import combined_version
from order_sync.settings import ShopifyOrders as Settings
from order_sync.transforms.netsuite_frames import in_frames
from order_sync.transforms.shopify_checks import check, clean_note
from order_sync.transforms.shopify_json import order_json
from order_sync.transforms.shopify_terms import ADJUSTMENTS, Tables, Terms
from order_sync.transforms.tlog_frame import SourceRecord

FRAME_ORDERS = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_TABLES = ("shopify_channel", "shopify_shipping_method", "shopify_payment_method", "shopify_adjustment")


class ShopifyDraft(msgspec.Struct, frozen=True, gc=False):
    """What becomes of one order.

    :param key: Shopify's order id, blank where it cannot be read.
    :param updated_ms: when Shopify changed it last, milliseconds since 1970; None where it cannot be read.
    :param cause: why it is set aside.
    :param left_out: why it is not imported, a code of the exclusions; blank otherwise.
    :param element: exactly what is sent, one JSON object; blank where nothing is.
    :param amount_minor: the total as the order was placed, in the shop's currency.
    """

    record: SourceRecord
    key: str
    updated_ms: int | None
    cause: BadInput | None
    left_out: str
    element: bytes
    amount_minor: int | None
    currency: str
    lines: int
    order_date: datetime | None
    store: str
    kind: str


class ShopifyOrders:
    """The transform of one retailer.

    :param include: the folder with the lookup tables.
    :param retailer: whose own lookup tables come before the common ones.
    :raises Stop: a table is wrong; the message names it.
    """

    def __init__(self, settings: Settings, include: Path, retailer: str) -> None:
        self._settings = settings
        folder = include / "mappings" / "lookups"
        tables = [lookups.load(lookups.find(folder, retailer, name)) for name in _TABLES]
        channels, methods, payments = ({key.lower(): to for key, to in one.values.items()} for one in tables[:3])
        adjustments = tables[3]
        if missing := [name for name in ADJUSTMENTS if not adjustments.values.get(name)]:
            raise Stop(
                f"The lookup table {adjustments.path} says nothing about {', '.join(missing)}.",
                next_step="Add what HotWax calls it.",
            )
        self._tables = Tables(channels, methods, payments, adjustments.values)
        self.version = combined_version(tables=[one.path for one in tables], settings=settings)

    def read(self, records: Iterable[SourceRecord]) -> Iterator[list[ShopifyDraft]]:
        """A draft for every order, in their order, some hundred at a time."""
        return in_frames(records, FRAME_ORDERS, self._drafts)

    def _drafts(self, records: Sequence[SourceRecord]) -> list[ShopifyDraft]:
        return [self._draft(record) for record in records]

    def _draft(self, record: SourceRecord) -> ShopifyDraft:
        try:
            order = shopify_order.orders.decode(record.data)
        except BadInput as unreadable:
            key = shopify_order.guess_order_id(record.data)
            return ShopifyDraft(record, key, None, unreadable, "", b"", None, "", 0, None, "", "")
        terms = Terms(order, self._settings, self._tables)
        left_out = "TEST_ORDER" if order.test and not self._settings.import_test_orders else ""
        amount, cause = _amount(order)
        cause = cause or check(order, self._settings, at_till=terms.at_till)
        note = clean_note(order.note) if order.note and self._settings.notes == "clean" else order.note
        sent = not (cause or left_out)
        return ShopifyDraft(
            record,
            order.legacy_resource_id,
            (order.updated_at - _EPOCH) // _MILLISECOND,
            cause,
            left_out,
            msgspec.json.encode(order_json(order, terms, note)) if sent else b"",
            amount,
            order.currency_code,
            len(order.line_items.nodes),
            order.created_at.astimezone(UTC),
            order.retail_location.legacy_resource_id if order.retail_location else "",
            terms.kind,
        )


def _amount(order: shopify_order.ShopifyOrder) -> tuple[int | None, BadInput | None]:
    """The total in minor units, or why it has none."""
    total = order.total_price_set.shop_money
    decimals = DECIMALS.get(total.currency_code)
    if decimals is None:
        return None, BadInput("BAD_CURRENCY", f"currency {total.currency_code!r:.20}.", field="currencyCode")
    minor = total.amount.scaleb(decimals)
    if minor != minor.to_integral_value():
        return None, BadInput("BAD_MONEY", f"total {total.amount} {total.currency_code}.", field="totalPriceSet")
    return int(minor), None
