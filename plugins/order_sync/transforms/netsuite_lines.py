"""The lines of a created order, and the rows that they become: one each, and one more for a discount."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

import msgspec

from order_sync.contracts.hotwax_completed import GoodIdentification, Identifications, text
from order_sync.contracts.hotwax_created import CreatedOrder, OrderItem
from order_sync.errors import BadInput
from order_sync.mapping.lookups import Lookup
from order_sync.settings import NetSuiteOrders
from order_sync.transforms.invoice_items import rank
from order_sync.transforms.invoice_money import Currency
from order_sync.transforms.netsuite_money import Adjustments, Charges, amount, bad_money

_CANCELLED = "ITEM_CANCELLED"
#: As a facility: none.
NOWHERE = "_NA_"
_MOST = 100_000


class Line(msgspec.Struct, gc=False):
    """One line of the order that goes to NetSuite.

    :param product: HotWax's id of the product.
    :param item: NetSuite's id of it; None where it has none yet.
    :param price: of one piece, minor units.
    """

    seq: str
    product: str
    item: str | None
    gift_card: bool
    closed: bool
    quantity: int
    price: int
    charges: Charges
    source: OrderItem


class Row(NamedTuple):
    """One row of the file: the line it belongs to, texts in the order of the vocabulary, then the numbers.

    :param price: of one piece, minor units; of a discount the whole of it.
    """

    seq: str
    kind: str
    number: str | None
    type: str | None
    item: str | None
    facility: str | None
    taxed: str
    closed: str
    price: int
    quantity: int


class LineReader:
    """Reads the lines of orders for one retailer.

    :param adjustments: the lookup table of adjustment types.
    """

    def __init__(self, settings: NetSuiteOrders, adjustments: Lookup) -> None:
        self._settings = settings
        self._adjustments = Adjustments(adjustments)
        kinds = settings.identifications
        self._products = Identifications[GoodIdentification](kinds.netsuite_product, "goodIdentifications")
        self._gift_cards = Identifications[GoodIdentification](kinds.gift_card, "goodIdentifications")
        self._gift_card_types = frozenset(settings.gift_card_types)
        self._kits = frozenset(settings.kit_association_types)

    @property
    def adjustments(self) -> Adjustments:
        """What adds up the adjustments."""
        return self._adjustments

    def sources(self, order: CreatedOrder) -> list[OrderItem]:
        """The items of the feed that are lines in NetSuite, by their number: a kit stands for its components."""
        items = [
            item
            for item in order.orderItems or ()
            if not (item.fromOrderItemAssocs or item.toOrderItemAssocs) or not self._is_component(item)
        ]
        if len(items) > 1:
            items.sort(key=lambda item: rank(item.orderItemSeqId))
        return items

    def read(self, items: Sequence[OrderItem], at: int, currency: Currency) -> list[Line]:
        """The lines of an order.

        :param at: when it was placed, epoch milliseconds: the numbers that are open then count.
        :raises BadInput: ``REQUIRED_FIELD``, ``DUPLICATE_LINE``, ``BAD_QUANTITY``, ``BAD_MONEY``, ``UNMAPPED_VALUE``
            or ``BAD_DATE``.
        """
        lines = [self._line(item, at, currency) for item in items]
        for before, line in pairwise(lines):
            if before.seq == line.seq:
                raise BadInput("DUPLICATE_LINE", f"orderItemSeqId {line.seq:.40} comes twice.", field="orderItemSeqId")
        return lines

    def rows(self, lines: Sequence[Line]) -> list[Row]:
        """The rows of an order, that of a discount behind its line."""
        settings, rows = self._settings, list[Row]()
        for line in lines:
            kind = "gift_card" if line.gift_card else "product"
            facility = text(line.source.facilityExternalId)
            place = None if facility == NOWHERE else facility
            marks = place, "yes" if line.charges.tax else "no", "yes" if line.closed else "no"
            rows.append(Row(line.seq, kind, line.seq, None, line.item, *marks, line.price, line.quantity))
            if line.charges.discount:
                number = line.seq if settings.discount_rows_have_line_id else None
                item = settings.item_discount_item or line.item
                what = settings.discount_line_type.format(line=line.seq)
                rows.append(Row(line.seq, "discount", number, what, item, *marks, line.charges.discount, 1))
        return rows

    def _is_component(self, item: OrderItem) -> bool:
        given = [*(item.fromOrderItemAssocs or ()), *(item.toOrderItemAssocs or ())]
        seq = text(item.orderItemSeqId)
        return any(one.orderItemAssocTypeId in self._kits and text(one.toOrderItemSeqId) == seq for one in given)

    def _line(self, source: OrderItem, at: int, currency: Currency) -> Line:
        seq = text(source.orderItemSeqId) or ""
        product = text(source.productId) or ""
        if not seq or not product:
            lack = "orderItemSeqId" if not seq else "productId"
            raise BadInput("REQUIRED_FIELD", f"line {seq:.40}: {lack} is empty.", field=f"orderItems.{lack}")
        quantity, price = _quantity(source, seq), amount(source.unitPrice, currency, "unitPrice")
        charges = self._adjustments.charges(source.orderItemAdjustments, currency, "orderItemAdjustments")
        if -charges.discount > price * quantity:
            raise bad_money(f"line {seq:.40}: its discount is larger than its price", "orderItemAdjustments.amount")
        gift_card = source.productTypeId in self._gift_card_types
        return Line(
            seq=seq,
            product=product,
            item=self._item(source, gift_card, at),
            gift_card=gift_card,
            closed=source.itemStatusId == _CANCELLED,
            quantity=quantity,
            price=price,
            charges=charges,
            source=source,
        )

    def _item(self, source: OrderItem, gift_card: bool, at: int) -> str | None:
        """NetSuite's number of the product; a gift card has one of its own before that of the product."""
        given = source.goodIdentifications
        own = (self._gift_cards.open_at(at, given) or self._settings.gift_card_item) if gift_card else None
        return own or self._products.open_at(at, given)


def is_cancelled(item: OrderItem) -> bool:
    """Whether nothing of the item will be delivered."""
    return item.itemStatusId == _CANCELLED


def _quantity(source: OrderItem, seq: str) -> int:
    given = source.orderItemQuantity
    quantity = _whole(given) if given is not None and given.is_finite() else 0
    if not quantity:
        message = f"line {seq:.40}: orderItemQuantity is {'absent' if given is None else f'{given!s:.20}'}."
        raise BadInput("BAD_QUANTITY", message, field="orderItemQuantity")
    return quantity


@functools.lru_cache(maxsize=1 << 10)
def _whole(given: Decimal) -> int:
    """A number of pieces, 0 where it cannot be one."""
    return int(given) if 1 <= given <= _MOST and given == given.to_integral_value() else 0
