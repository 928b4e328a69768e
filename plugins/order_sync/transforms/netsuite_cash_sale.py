"""The rules for one cash sale: what of a till's completed orders goes to NetSuite as one, and from which store.

A cash sale is completed, of a till, and taken away as a whole. Everything else that NetSuite gets is a sales order:
the rules for both stand side by side in docs/netsuite_cash_sales.md, and a test goes through all combinations.
Sources of the rules: hotwax/oms-documentation, the pages on send sale orders and on POS sales for NetSuite.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from order_sync.contracts import money
from order_sync.contracts.hotwax_completed import text
from order_sync.contracts.hotwax_created import CreatedOrder, OrderItem
from order_sync.contracts.hotwax_pos_completed import SoldItem
from order_sync.errors import BadInput
from order_sync.mapping.lookups import Lookup
from order_sync.settings import CashSaleRows, NetSuiteOrders
from order_sync.transforms.invoice_money import Currency
from order_sync.transforms.netsuite_lines import NOWHERE, Line, LineReader
from order_sync.transforms.netsuite_money import Charges
from order_sync.transforms.netsuite_order import Finding, OrderRules, Parts
from order_sync.yaml_file import wrong

#: Parts of a store's address in the lookup table: address1, address2, city, state, country, zip.
_PARTS = 6


class CashSaleRules(OrderRules):
    """The rules of one retailer.

    :param own: settings of cash sales only.
    :param stores: external id of a facility → its address.
    """

    _paid_at_once = True

    def __init__(
        self,
        settings: NetSuiteOrders,
        own: CashSaleRows,
        lines: LineReader,
        discount_items: Lookup,
        stores: Mapping[str, Parts],
    ) -> None:
        super().__init__(settings, lines, discount_items)
        self._own, self._stores = own, stores

    def _judge(self, order: CreatedOrder, finding: Finding) -> None:
        super()._judge(order, finding)
        completed = order.orderStatusId in self._own.order_statuses
        finding.missed = finding.left_out == "SALES_ORDER" and completed and self._own.missed_orders == "exception"
        if finding.missed:
            finding.shopify_order = self._shop_orders.open_at(finding.ordered_at or 0, order.orderIdentifications) or ""

    def _left_out(self, order: CreatedOrder, items: Sequence[OrderItem], at: int) -> str:
        """Why the order is no cash sale, a code of the exclusions; blank if it is one.

        :raises BadInput: ``REQUIRED_FIELD``, ``NO_LINES``, ``NOT_A_TILL``.
        """
        if never := self._never(order, items, at):
            return never
        if not (alive := self._alive(items)):
            return "CANCELLED_ORDER"
        if not self._taken_away(alive):
            return "SALES_ORDER"
        if order.orderStatusId not in self._own.order_statuses:
            return "NOT_COMPLETED"
        if self._own.other_channels == "exception" and order.salesChannel not in self._settings.pos_channels:
            message = f"everything was taken away at a till, but salesChannel is {order.salesChannel!r:.40}."
            raise BadInput("NOT_A_TILL", message, field="salesChannel")
        return ""

    def _sent(self, items: Sequence[OrderItem]) -> Sequence[OrderItem]:
        """The lines that are not cancelled: a cash sale has no closed ones.

        :raises BadInput: ``SEVERAL_STORES``.
        """
        alive = self._alive(items)
        stores = sorted({store for item in alive if (store := _store(item))})
        if len(stores) > 1:
            message = f"its lines left the stores {', '.join(stores):.120}; a cash sale has one."
            raise BadInput("SEVERAL_STORES", message, field="facilityExternalId")
        return alive

    def _find_customer(self, order: CreatedOrder, finding: Finding, at: int) -> None:
        super()._find_customer(order, finding, at)
        if not finding.party:
            finding.customer = finding.customer or self._own.walk_in_customer

    def _check_money(
        self, order: CreatedOrder, lines: Sequence[Line], finding: Finding, currency: Currency
    ) -> tuple[int, Charges]:
        shipping, whole = super()._check_money(order, lines, finding, currency)
        if shipping:
            total = finding.amount or 0
            shown = money.show(total, currency.code), money.show(total - shipping, currency.code)
            message = f"grandTotal says {shown[0]}, without shipping it is {shown[1]}: a cash sale has none."
            raise BadInput("TOTALS_MISMATCH", message, field="orderAdjustments.amount")
        return shipping, whole

    def _addresses(self, _order: CreatedOrder, telling: Sequence[Line]) -> tuple[Parts, Parts]:
        """The address of the store; a cash sale has no other."""
        parts = self._parts(None)
        for line in telling:
            if known := self._stores.get(_store(line.source) or ""):
                parts = known
                break
            if isinstance(line.source, SoldItem) and line.source.facilityAddress:
                parts = self._parts(line.source.facilityAddress)
                break
        return parts, parts


def store_addresses(table: Lookup) -> dict[str, Parts]:
    """The stores' addresses, in the order of the vocabulary.

    :raises Stop: one has not six parts with bars between them, or no country; the message names file and line.
    """
    addresses: dict[str, Parts] = {}
    for line, (store, value) in enumerate(table.values.items(), start=2):
        parts = [part.strip() or None for part in value.split("|")]
        if len(parts) != _PARTS or not parts[4]:
            problem = f"{value!r} is not address1 | address2 | city | state | country | zip with a country"
            raise wrong(table.path, line, problem)
        addresses[store] = (None, *parts, None)
    return addresses


def _store(item: OrderItem) -> str | None:
    """The facility that a line left; None where the feed names none."""
    store = text(item.facilityExternalId)
    return None if store == NOWHERE else store
