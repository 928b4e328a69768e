"""The completed orders of the demo, and what Retail Pro has to hold because of them, by the shop's own account."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, Self

from sandbox.hotwax.completed_orders import KINDS, CompletedOrders, Expected, write_feed
from sandbox.retailpro import UNIT, Lie, RetailPro

SHOP = CompletedOrders(seed=20_26)
#: Minor units of the shop's currency to Retail Pro's ten-thousandths.
_MINOR = UNIT // 100

USUAL = range(1, 31)
#: One of every kind, whatever the usual mix holds.
EVERY_KIND = dict(enumerate(KINDS, 101))
TOO_LONG, NO_BILL_TO = 201, 202
#: Retail Pro does not know a product of this order, which several stores shipped.
REFUSED = 103
#: Retail Pro invoices this one and answers that it failed.
LIED_ABOUT = 7
#: HotWax exports these orders once more.
AGAIN = range(1, 6)
_LEFT_OUT = {"pos": ["POS_ORDER"], "send_sale": ["SEND_SALE"]}
_REJECTED = {"digital_only": ["NO_STORE"]}


class Invoiced(NamedTuple):
    """An invoice as far as it can be told from the order; amounts in ten-thousandths."""

    store: str | None
    total: int
    discount: int
    shipping: int
    pieces: tuple[tuple[str, int], ...]


@dataclass
class Invoices:
    """What Retail Pro has to hold, and nothing else.

    :ivar invoices: by OrderNo.
    :ivar slips: how many of each: OrderNo, the two stores, pieces.
    """

    invoices: dict[str, Invoiced] = field(default_factory=dict)
    slips: Counter[tuple[str, str, str, int]] = field(default_factory=Counter)

    @classmethod
    def of(cls, shop: CompletedOrders, kinds: Mapping[int, str]) -> Self:
        """Those of some orders of a shop.

        :param kinds: number to kind.
        """
        found = cls()
        found.add(*(shop.expected(number, kind) for number, kind in kinds.items()))
        return found

    def add(self, *orders: Expected) -> None:
        """Expect these orders: their invoices, and their slips."""
        for order in orders:
            if order.invoiced:
                amounts = (amount * _MINOR for amount in (order.total, order.discount, order.shipping))
                pieces = tuple(sorted(order.quantities.items()))
                self.invoices[order.order_no] = Invoiced(order.invoicing_store, *amounts, pieces)
            for slip in order.slips:
                self.slips[order.order_no, slip.from_store, slip.to_store, sum(slip.quantities.values())] += 1

    @property
    def money(self) -> int:
        """The sum of all invoices, in ten-thousandths."""
        return sum(invoice.total for invoice in self.invoices.values())

    @property
    def pieces(self) -> int:
        """How many pieces the slips move."""
        return sum(slip[3] * count for slip, count in self.slips.items())

    def faults(self, retailpro: RetailPro) -> list[str]:
        """What stands otherwise in Retail Pro's own database; empty when all is well."""
        held = dict(_invoices(retailpro))
        slips = Counter(
            (slip.slip_no[:8], slip.from_store, slip.to_store, slip.total_qty // UNIT)
            for slip in retailpro.database.slips()
        )
        return [
            *(f"{number} stands in Retail Pro more than once" for number in retailpro.database.created_twice()),
            *(f"order {key} is not invoiced" for key in sorted(self.invoices.keys() - held.keys())),
            *(f"order {key} must not be invoiced" for key in sorted(held.keys() - self.invoices.keys())),
            *(
                f"order {key}: Retail Pro has {held[key]}, the shop {invoice}"
                for key, invoice in self.invoices.items()
                if key in held and held[key] != invoice
            ),
            *(f"{count} manual slip(s) {slip} missing" for slip, count in (self.slips - slips).items()),
            *(f"{count} manual slip(s) {slip} too many" for slip, count in (slips - self.slips).items()),
        ]


def _invoices(retailpro: RetailPro) -> Iterator[tuple[str, Invoiced]]:
    """What Retail Pro holds, by OrderNo; the pieces as they were sent."""
    bodies = {call.number: call.body for call in retailpro.database.calls() if call.committed}
    for one in retailpro.database.invoices():
        pieces: Counter[str] = Counter()
        for item in json.loads(bodies[one.call_number], parse_float=Decimal)["Items"]:
            pieces[item["UPC"]] += int(item["Qty"])
        amounts = (one.total_amt, one.total_disc_amt, one.shipping_amt)
        yield one.order_no, Invoiced(one.invoicing_store, *amounts, tuple(sorted(pieces.items())))


@dataclass
class Story:
    """What the demo's completed orders have to come to.

    :ivar orders: how many different ones there are.
    :ivar left_out: how many need no invoice, or came before, by reason.
    :ivar rejected: how many wait for a person after the first run, by reason.
    :ivar refused: OrderNo of those that Retail Pro refuses at first.
    """

    wanted: Invoices = field(default_factory=Invoices)
    orders: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)


def drop_feeds(folder: Path, retailpro: RetailPro) -> Story:
    """An afternoon's completed orders in two files, and the mishaps that Retail Pro has in store for them."""
    kinds = {number: SHOP.kind_of(number) for number in USUAL} | EVERY_KIND
    unknown = next(iter(SHOP.expected(REFUSED, kinds[REFUSED]).quantities))
    retailpro.settings.unknown_upcs.add(unknown)
    retailpro.faults.lie_about(f"{LIED_ABOUT:08d}", Lie("500", committed=True))
    story = Story(orders=len(kinds) + 2)
    for number, kind in kinds.items():
        _expect(story, kind, SHOP.expected(number, kind), unknown)
    story.left_out["ALREADY_SENT"] += len(AGAIN)
    story.rejected.update(["VALUE_TOO_LONG", "REQUIRED_FIELD"])
    first, second = (datetime(2026, 9, 1, hour, tzinfo=UTC) for hour in (14, 15))
    write_feed(folder, (SHOP.order(number, kinds[number]) for number in USUAL), first)
    more = (SHOP.order(number, kinds[number]) for number in (*EVERY_KIND, *AGAIN))
    bad = (_with_number(SHOP.order(TOO_LONG), "1234567890"), SHOP.order(NO_BILL_TO, lacking=["billTo"]))
    write_feed(folder, (*more, *bad), second, "lines")
    return story


def _expect(story: Story, kind: str, order: Expected, unknown: str) -> None:
    """Note what must become of an order.

    :param unknown: the UPC that Retail Pro does not know.
    """
    story.wanted.add(order)
    if order.invoiced and unknown in order.quantities:
        story.refused.append(order.order_no)
        story.rejected["RETAILPRO_REFUSED"] += 1
    elif not order.invoiced:
        story.left_out.update(_LEFT_OUT.get(kind, []))
        story.rejected.update(_REJECTED.get(kind, []))


def _with_number(order: dict[str, Any], number: str) -> dict[str, Any]:
    for identification in order["orderIdentifications"]:
        if identification["orderIdentificationTypeId"] == "SHOPIFY_ORD_NO":
            identification["idValue"] = number
    return order
