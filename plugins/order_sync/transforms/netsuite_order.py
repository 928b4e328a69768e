"""The rules for one created order: whether it goes to NetSuite, what it waits for, and the facts for the mappings.

Sources of the rules: hotwax/oms-documentation, the pages on order synchronisation with NetSuite and on order approval;
hotwax/netsuite-integration and hotwax/mantle-netsuite-connector for what the files hold. Rules that hold for the value
of a field (its length, whether it is required) stand in the mappings.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from order_sync.contracts import money
from order_sync.contracts.hotwax_completed import (
    Attribute,
    Identifications,
    OrderIdentification,
    instant,
    minor_units,
    text,
)
from order_sync.contracts.hotwax_created import CreatedOrder, OrderItem, Place, e164
from order_sync.errors import BadInput
from order_sync.mapping.lookups import Lookup
from order_sync.settings import NetSuiteOrders
from order_sync.transforms.invoice_money import Currency
from order_sync.transforms.invoice_order import told
from order_sync.transforms.netsuite_deposits import PaidPart, paid_parts
from order_sync.transforms.netsuite_lines import Line, LineReader, Row, is_cancelled
from order_sync.transforms.netsuite_money import Charges, amount, check_total, paid

Parts = tuple[str | None, ...]
_CANCELLED = "ORDER_CANCELLED"


class OrderFacts(msgspec.Struct, gc=False):
    """What the mapping of a sales order reads.

    :param texts: in the order of the vocabulary's order texts, without those of the addresses.
    :param ship_to: parts of the address in the order of the vocabulary; ``bill_to`` likewise.
    :param shipping: in minor units; ``discount`` is that of the whole order, 0 or negative.
    """

    texts: Parts
    ship_to: Parts
    bill_to: Parts
    shipping: int
    discount: int
    decimals: int
    ordered_at: int
    rows: list[Row]


class Finding(msgspec.Struct, gc=False):
    """What the rules found out about one order; as much as could be found until a cause stopped them.

    :param party: HotWax's id of the customer.
    :param customer: NetSuite's id of the customer; blank where the feed does not have it.
    :param shopify_customer: Shopify's number of a customer without one, where the feed has it.
    :param chosen: whether it is an order for this flow: no exclusion holds.
    :param missed: whether it should have gone to NetSuite by the other flow before.
    :param ordered_at: epoch milliseconds.
    :param products: those that NetSuite does not know, by HotWax's ids.
    :param left_out: a code of the exclusions, or blank.
    :param parts: the payments that become deposits.
    """

    order_id: str = ""
    name: str = ""
    party: str = ""
    customer: str = ""
    shopify_customer: str = ""
    chosen: bool = False
    missed: bool = False
    store: str = ""
    is_pos: bool = False
    amount: int | None = None
    paid: int | None = None
    currency: str = ""
    ordered_at: int | None = None
    products: tuple[str, ...] = ()
    line_keys: tuple[str, ...] = ()
    left_out: str = ""
    cause: BadInput | None = None
    facts: OrderFacts | None = None
    parts: tuple[PaidPart, ...] = ()
    shopify_order: str = ""
    shopify_number: str = ""


class OrderRules:
    """The rules of one retailer.

    :param discount_items: code of a discount → NetSuite's discount item.
    :param methods: type of payment → that of NetSuite's deposits; None where payments become none.
    """

    #: Whether an order that is paid in part is wrong even where no till sold it.
    _paid_at_once = False

    def __init__(
        self, settings: NetSuiteOrders, lines: LineReader, discount_items: Lookup, methods: Lookup | None = None
    ) -> None:
        self._settings, self._lines, self._methods = settings, lines, methods
        self._codes = discount_items.values
        kinds = settings.identifications
        self._customers = Identifications[OrderIdentification](kinds.netsuite_customer, "customerPartyIdentifications")
        self._shoppers = Identifications[OrderIdentification](kinds.shopify_customer, "customerPartyIdentifications")
        self._orders = Identifications[OrderIdentification](kinds.netsuite_order, "orderIdentifications")
        self._shop_orders = Identifications[OrderIdentification](kinds.shopify_order, "orderIdentifications")
        self._shop_numbers = Identifications[OrderIdentification](kinds.shopify_order_number, "orderIdentifications")
        self._unpaid = frozenset(settings.unpaid_statuses)
        self._not_shipped = frozenset({settings.pos_completed_method, *settings.pickup_methods})

    def find(self, order: CreatedOrder) -> Finding:
        """Look at one order; it is never refused by an error, the finding has the cause."""
        finding = Finding(
            order_id=text(order.orderId) or "",
            name=text(order.orderName) or "",
            party=text(order.customerPartyId) or "",
            store=text(order.orderFacilityId) or text(order.productStoreId) or "",
            is_pos=order.salesChannel in self._settings.pos_channels,
            currency=(order.currency or "").strip().upper(),
        )
        try:
            if finding.currency in money.DECIMALS:
                finding.amount = minor_units(order.grandTotal, money.DECIMALS[finding.currency])
            self._judge(order, finding)
        except BadInput as cause:
            finding.cause = told(cause)
        return finding

    def _judge(self, order: CreatedOrder, finding: Finding) -> None:
        if not finding.order_id:
            raise BadInput("MISSING_ORDER_ID", "orderId is empty.", field="orderId")
        finding.ordered_at = at = instant(order.orderDate, "orderDate")
        items = self._lines.sources(order)
        finding.left_out = self._left_out(order, items, at)
        if finding.left_out:
            return
        finding.chosen = True
        finding.shopify_order = self._shop_orders.open_at(at, order.orderIdentifications) or ""
        if finding.currency not in money.DECIMALS:
            raise BadInput("BAD_CURRENCY", f"currency is {order.currency!r:.20}.", field="currency")
        currency = Currency(finding.currency, money.DECIMALS[finding.currency])
        self._find_customer(order, finding, at)
        lines = self._lines.read(self._sent(items), at, currency)
        finding.line_keys = tuple([line.seq for line in lines])
        if missing := [line.product for line in lines if not line.item]:
            finding.products = tuple(dict.fromkeys(missing))
        whole = self._check_money(order, lines, finding, currency)
        finding.facts = self._facts(order, lines, finding, whole, currency)

    def _left_out(self, order: CreatedOrder, items: Sequence[OrderItem], at: int) -> str:
        """Why the order does not go to NetSuite as a sales order, a code of the exclusions; blank if it does.

        :raises BadInput: ``REQUIRED_FIELD``, ``NO_LINES``.
        """
        if never := self._never(order, items, at):
            return never
        if order.orderStatusId not in self._settings.order_statuses:
            return "NOT_CREATED"
        return "POS_COMPLETED" if self._taken_away(self._alive(items)) else ""

    def _never(self, order: CreatedOrder, items: Sequence[OrderItem], at: int) -> str:
        """Why the order goes to NetSuite neither as a sales order nor as a cash sale, whatever its status.

        :raises BadInput: ``REQUIRED_FIELD``.
        """
        status = order.orderStatusId
        if not status:
            raise BadInput("REQUIRED_FIELD", "orderStatusId is empty.", field="orderStatusId")
        if order.salesChannel in self._settings.excluded_channels:
            return "EXCLUDED_CHANNEL"
        if status == _CANCELLED or (items and all(is_cancelled(item) for item in items)):
            return "CANCELLED_ORDER"
        if self._orders.open_at(at, order.orderIdentifications) or any(
            item.orderItemAttributes and self._has_number(item) for item in items
        ):
            return "HAS_NETSUITE_ID"
        return ""

    @staticmethod
    def _alive(items: Sequence[OrderItem]) -> list[OrderItem]:
        """The lines that are not cancelled.

        :raises BadInput: ``NO_LINES``: there is none, cancelled or not.
        """
        if not items:
            raise BadInput("NO_LINES", "orderItems holds no line.", field="orderItems")
        return [item for item in items if not is_cancelled(item)]

    def _taken_away(self, alive: Sequence[OrderItem]) -> bool:
        """Whether everything that is not cancelled was taken away at a till."""
        return all(item.shipmentMethodTypeId == self._settings.pos_completed_method for item in alive)

    def _sent(self, items: Sequence[OrderItem]) -> Sequence[OrderItem]:
        """The lines that NetSuite is told: of a sales order the cancelled ones, too, as closed."""
        return items

    def _find_customer(self, order: CreatedOrder, finding: Finding, at: int) -> None:
        """NetSuite's id of the customer, else Shopify's number, as far as the feed has them."""
        numbers: list[OrderIdentification] = list(order.customerPartyIdentifications or ())
        finding.customer = self._customers.open_at(at, numbers) or ""
        if not finding.customer:
            finding.shopify_customer = self._shoppers.open_at(at, numbers) or ""

    def _has_number(self, item: OrderItem) -> bool:
        return bool(_attribute(item.orderItemAttributes, self._settings.identifications.line_attribute))

    def _check_money(
        self, order: CreatedOrder, lines: Sequence[Line], finding: Finding, currency: Currency
    ) -> tuple[int, Charges]:
        """The whole shipping cost, and the charges of the order itself.

        :raises BadInput: ``BAD_MONEY``, ``UNMAPPED_VALUE``, ``TOTALS_MISMATCH`` or ``PART_PAID``.
        """
        total = amount(order.grandTotal, currency, "grandTotal")
        whole = self._lines.adjustments.charges(order.orderAdjustments, currency, "orderAdjustments")
        alive = [line for line in lines if not line.closed]
        charges = [whole, *(line.charges for line in alive)]
        gross = sum(line.price * line.quantity for line in alive)
        check_total(total, gross, charges, currency, self._settings.prices_include_tax)
        finding.paid = paid(order.payments, self._unpaid, currency)
        if self._methods is not None:
            finding.parts = paid_parts(order.payments, self._unpaid, self._methods, currency)
            at = finding.ordered_at or 0
            finding.shopify_number = self._shop_numbers.open_at(at, order.orderIdentifications) or ""
        if (finding.is_pos or self._paid_at_once) and finding.paid < total:
            shown = money.show(finding.paid, currency.code), money.show(total, currency.code)
            message = f"paid are {shown[0]} of {shown[1]} {currency.code}."
            raise BadInput("PART_PAID", message, field="payments")
        return sum(one.shipping for one in charges), whole

    def _facts(
        self,
        order: CreatedOrder,
        lines: Sequence[Line],
        finding: Finding,
        sums: tuple[int, Charges],
        currency: Currency,
    ) -> OrderFacts:
        shipping, whole = sums
        telling = sorted(lines, key=self._says_little)
        ship_to, bill_to = self._addresses(order, telling)
        return OrderFacts(
            texts=self._texts(order, telling, finding, whole),
            ship_to=ship_to,
            bill_to=bill_to,
            shipping=shipping,
            discount=whole.discount,
            decimals=currency.decimals,
            ordered_at=finding.ordered_at or 0,
            rows=self._lines.rows(lines),
        )

    def _texts(self, order: CreatedOrder, telling: Sequence[Line], finding: Finding, whole: Charges) -> Parts:
        """Texts of the order in the order of the vocabulary."""
        settings = self._settings
        code = self._discount_code(order) if whole.discount else None
        note = (order.orderNote or "").strip() or _attribute(order.orderAttributes, settings.order_note_attribute)
        return (
            finding.order_id,
            finding.name,
            text(order.productStoreId),
            text(order.orderFacilityId),
            order.salesChannel,
            order.customerEmail,
            order.email,
            order.billTo.email if order.billTo else None,
            settings.order_external_id_prefix + finding.order_id,
            finding.shopify_order or None,
            note or None,
            next((method for line in telling if (method := line.source.shipmentMethodTypeId)), None),
            "yes" if whole.tax else "no",
            ("known" if code else "unknown") if whole.discount else "none",
            code,
        )

    def _discount_code(self, order: CreatedOrder) -> str | None:
        """The one code that all discounts of the order were given for; None where NetSuite has no item for it."""
        codes = set[str | None]()
        for one in order.orderAdjustments or ():
            if self._lines.adjustments.is_discount(one):
                told_in = (text(part) for part in (one.promoCode, one.description, one.comments))
                codes.add(next((code for code in told_in if code in self._codes), None))
        return codes.pop() if len(codes) == 1 else None

    def _says_little(self, line: Line) -> tuple[bool, bool]:
        """How little a line says about shipping: one that is cancelled, or that nobody ships, comes last."""
        return line.closed, line.source.shipmentMethodTypeId in self._not_shipped

    def _addresses(self, order: CreatedOrder, telling: Sequence[Line]) -> tuple[Parts, Parts]:
        """Where the order goes and who pays for it; one stands for the other where that is missing."""
        ship_to = next((place for line in telling if (place := line.source.shipTo)), order.billTo)
        bill_to = order.billTo or ship_to
        shipping = self._parts(ship_to)
        return shipping, shipping if bill_to is ship_to else self._parts(bill_to)

    def _parts(self, place: Place | None) -> Parts:
        """The parts of an address in the order of the vocabulary."""
        if place is None:
            return (None,) * 8
        where = place.address1, place.address2, place.city, place.stateProvinceGeoCode, place.countryGeoCode
        return place.toName, *where, text(place.postalCode), e164(place.phone, self._settings.phone_country_code)


def _attribute(attributes: Sequence[Attribute] | None, name: str) -> str | None:
    """The value of an attribute; None where it is absent or blank."""
    for one in attributes or ():
        if one.attrName == name and (value := text(one.attrValue)):
            return value
    return None
