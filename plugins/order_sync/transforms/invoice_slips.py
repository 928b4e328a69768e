"""Manual slips: what moves stock from the store that shipped goods to the store that invoices them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from order_sync.transforms.invoice_items import Item


class SlipFacts(msgspec.Struct, gc=False):
    """What the mapping of a manual slip reads.

    :param at: the last fulfilment of its items, epoch milliseconds.
    :param quantities: by UPC, in order of the UPC; a product without one has none.
    """

    number: str
    from_store: str | None
    to_store: str | None
    at: int
    quantities: dict[str | None, int]


def slips(
    items: Sequence[Item], to_store: str | None, order_no: str, number: str, stores: Mapping[str, str]
) -> list[SlipFacts]:
    """One slip per shipping store, numbered in order of the stores' codes, whatever the order of the items.

    :param items: what other stores than ``to_store`` shipped.
    :param number: how a number is made of ``{order_no}`` and ``{n}``, counted from 1.
    :param stores: facility to store; the published slip names stores as the invoice names its own, and not its lines.
    """
    by_store: dict[str, list[Item]] = {}
    for item in items:
        facility = item.facility or ""
        by_store.setdefault(stores.get(facility, facility), []).append(item)
    found = []
    for n, (store, shipped) in enumerate(sorted(by_store.items()), start=1):
        quantities: dict[str | None, int] = {}
        for item in sorted(shipped, key=lambda item: item.upc or ""):
            quantities[item.upc] = quantities.get(item.upc, 0) + item.quantity
        last = max(item.at for item in shipped)
        slip_no = number.format(order_no=order_no, n=n)
        found.append(SlipFacts(slip_no, store or None, to_store, last, quantities))
    return found
