"""The rules for one completed order: whether it is invoiced, by which store, and the facts that the mappings refer to.

Sources of the rules: hotwax/oms-documentation, the pages on Retail Pro invoicing, manual slips and the completed-orders
feed. Rules that hold for the value of a field (its length, whether it is required) stand in the mappings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from order_sync.contracts import money
from order_sync.contracts.hotwax_completed import (
    Address,
    CompletedOrder,
    Identifications,
    OrderIdentification,
    Payment,
    instant,
    minor_units,
    text,
)
from order_sync.errors import BadInput
from order_sync.mapping.lookups import Lookup
from order_sync.settings import RetailProInvoicing
from order_sync.transforms.invoice_items import Item, ItemReader, deciding
from order_sync.transforms.invoice_money import Currency, Line, Reckoner, Reckoning, invoice_lines
from order_sync.transforms.invoice_slips import SlipFacts, slips

Kind = Literal["INVOICE", "POS", "SEND_SALE", ""]
Parts = tuple[str | None, str | None, str | None, str | None, str | None, str | None, str | None, str | None]
_NO_ADDRESS: Parts = (None,) * 8
_AT_THE_TILL = "POS_COMPLETED"
_UNPAID = frozenset({"PAYMENT_CANCELLED", "PAYMENT_DECLINED", "PAYMENT_REFUNDED"})
_TRUTHS = {"true": "true", "y": "true", "yes": "true", "false": "false", "n": "false", "no": "false", "": "false"}


class InvoiceFacts(msgspec.Struct, gc=False):
    """What the mapping of an invoice reads.

    :param texts: by path, without those of the addresses.
    :param bill_to: parts of the address in the order of the vocabulary; ``ship_to`` likewise.
    :param numbers: total, discount and shipping in minor units.
    :param ordered_at: epoch milliseconds.
    """

    texts: dict[str, str | None]
    bill_to: Parts
    ship_to: Parts
    numbers: tuple[int, int, int]
    decimals: int
    ordered_at: int
    lines: list[Line]


class Finding(msgspec.Struct, gc=False):
    """What the rules found out about one order; as much as could be found until a cause stopped them.

    :param ordered_at: epoch milliseconds.
    :param left_out: a code of the exclusions, or blank.
    """

    order_id: str = ""
    order_no: str = ""
    kind: Kind = ""
    store: str = ""
    amount: int | None = None
    currency: str = ""
    ordered_at: int | None = None
    left_out: str = ""
    cause: BadInput | None = None
    invoice: InvoiceFacts | None = None
    slips: list[SlipFacts] = []
    notes: tuple[str, ...] = ()


class OrderRules:
    """The rules of one retailer.

    :param invoicing_stores: facility (external id) → what Retail Pro calls it where it issues an invoice.
    """

    def __init__(
        self, settings: RetailProInvoicing, items: ItemReader, reckoner: Reckoner, invoicing_stores: Lookup
    ) -> None:
        self._settings, self._items, self._reckoner = settings, items, reckoner
        self._invoicing_stores = invoicing_stores.values
        self._numbers = Identifications[OrderIdentification](settings.order_number_type, "orderIdentifications")
        self._channels = frozenset(settings.pos_channels)
        self._pickup = frozenset(settings.pickup_methods)

    def find(self, order: CompletedOrder) -> Finding:
        """Look at one order; it is never refused by an error, the finding has the cause."""
        finding = Finding(order_id=text(order.orderId) or "", currency=(order.currency or "").strip().upper())
        try:
            if finding.currency in money.DECIMALS:
                finding.amount = minor_units(order.grandTotal, money.DECIMALS[finding.currency])
            self._judge(order, finding)
        except BadInput as cause:
            finding.cause = told(cause)
        return finding

    def _judge(self, order: CompletedOrder, finding: Finding) -> None:
        at_till = order.salesChannel in self._channels
        finding.kind = "POS" if at_till else "INVOICE"
        if not finding.order_id:
            raise BadInput("MISSING_ORDER_ID", "orderId is empty.", field="orderId")
        finding.ordered_at = instant(order.orderDate, "orderDate")
        items, last = self._items.read(order)
        number = self._numbers.open_at(last, order.orderIdentifications)
        finding.order_no = number.rjust(self._settings.order_number_digits, "0") if number else ""
        if at_till:
            self._leave_out(order, items, finding)
        else:
            self._invoice(order, items, finding)

    def _leave_out(self, order: CompletedOrder, items: Sequence[Item], finding: Finding) -> None:
        """An order of a till is invoiced there; what another store shipped for it gets a slip."""
        name = self._settings.attributes.selling_store
        facility = _attributes(order).get(name)
        finding.store = self._store(facility)
        if not facility and any(not item.virtual and item.method != _AT_THE_TILL for item in items):
            message = f"something of it was shipped, and the order attribute {name} does not say which store sold it."
            raise BadInput("REQUIRED_FIELD", message, field=f"orderAttributes.{name}")
        shipped = self._elsewhere(items, finding)
        if not facility or not shipped:
            finding.left_out = "POS_ORDER"
            return
        finding.kind = "SEND_SALE"
        self._require_order_no(finding)
        finding.slips = self._slips(shipped, finding)
        finding.left_out = "SEND_SALE"

    def _elsewhere(self, items: Sequence[Item], finding: Finding) -> list[Item]:
        """What other stores than the order's own shipped."""
        store, names = finding.store, self._invoicing_stores
        return [
            item for item in items if not item.virtual and names.get(item.facility or "", item.facility or "") != store
        ]

    def _store(self, facility: str | None) -> str:
        return self._invoicing_stores.get(facility or "", facility or "")

    def _slips(self, shipped: Sequence[Item], finding: Finding) -> list[SlipFacts]:
        """The slips that bring what other stores shipped to the order's own store."""
        number = self._settings.slip_number
        return slips(shipped, finding.store, finding.order_no, number, self._invoicing_stores)

    def _require_order_no(self, finding: Finding) -> None:
        if not finding.order_no:
            kind = self._settings.order_number_type
            message = f"OrderNo would be empty: the feed has no open order identification {kind}."
            raise BadInput("REQUIRED_FIELD", message, field="order.OrderNo")

    def _invoice(self, order: CompletedOrder, items: Sequence[Item], finding: Finding) -> None:
        self._require_order_no(finding)
        if finding.currency not in money.DECIMALS:
            raise BadInput("BAD_CURRENCY", f"currency is {order.currency!r:.20}.", field="currency")
        currency = Currency(finding.currency, money.DECIMALS[finding.currency])
        chosen = deciding(items, self._settings.invoicing_store)
        finding.store = self._store(chosen.facility)
        reckoning = self._reckoner.reckon(order, items, currency)
        finding.notes = _notes(reckoning, currency)
        ship_to = next((item.shipment.shipTo for item in items if not item.virtual and item.shipment.shipTo), None)
        finding.invoice = InvoiceFacts(
            texts=self._texts(order, items, chosen, finding, currency),
            bill_to=_address(order.billTo),
            ship_to=_address(ship_to or order.billTo),
            numbers=(reckoning.total, reckoning.discount, reckoning.shipping),
            decimals=currency.decimals,
            ordered_at=finding.ordered_at or 0,
            lines=invoice_lines(reckoning.runs, currency.decimals, chosen.store, self._pickup),
        )
        if shipped := self._elsewhere(items, finding):
            finding.slips = self._slips(shipped, finding)

    def _texts(
        self, order: CompletedOrder, items: Sequence[Item], chosen: Item, finding: Finding, currency: Currency
    ) -> dict[str, str | None]:
        names, given = self._settings.attributes, _attributes(order)
        texts = {
            "fact.order_no": finding.order_no,
            "fact.invoicing_facility": chosen.facility,
            "fact.promised_method": self._promised_method(items),
            "fact.largest_payment": _largest_payment(order.payments, currency),
            "fact.document": given.get(names.document),
            "fact.document_type": given.get(names.document_type),
            "fact.fiscal_credit": "false",
            "fact.company_id": given.get(names.company_id),
            "fact.company_name": given.get(names.company_name),
            "fact.company_address": given.get(names.company_address),
            "order.customerEmail": order.customerEmail,
            "order.email": order.email,
            "order.customerFirstName": order.customerFirstName,
            "order.customerLastName": order.customerLastName,
        }
        if self._settings.body == "v2_fiscal":
            texts["fact.fiscal_credit"] = self._fiscal_credit(given)
        return texts

    def _promised_method(self, items: Sequence[Item]) -> str | None:
        """How the order reaches the customer; one that is collected in part only is delivered at home."""
        real = [item for item in items if not item.virtual]
        for item in real:
            if item.method not in self._pickup:
                return item.method
        return real[0].method

    def _fiscal_credit(self, given: Mapping[str, str | None]) -> str:
        """Whether the invoice is a company's, which then has to be named."""
        names = self._settings.attributes
        said = given.get(names.fiscal_credit) or ""
        credit = _TRUTHS.get(said.lower())
        if credit is None:
            message = f"the order attribute {names.fiscal_credit} is {said!r:.40}, neither true nor false."
            raise BadInput("RECORD_WRONG_TYPE", message, field=f"orderAttributes.{names.fiscal_credit}")
        company = {
            "CompanyId": names.company_id,
            "CompanyName": names.company_name,
            "CompanyAddress": names.company_address,
        }
        for target, name in company.items():
            if credit == "true" and not given.get(name):
                message = f"{target} would be empty: FiscalCredit is true and the feed has no order attribute {name}."
                raise BadInput("REQUIRED_FIELD", message, field=f"order.{target}")
        return credit


def told(cause: BadInput) -> BadInput:
    """The cause without its traceback, which would keep the whole order in memory as long as the cause is kept."""
    cause.__traceback__ = cause.__context__ = cause.__cause__ = None
    return cause


def _attributes(order: CompletedOrder) -> dict[str, str | None]:
    """Attributes by name; a flag is ``true`` or ``false``, a blank value None."""
    return {
        one.attrName: str(one.attrValue).lower() if isinstance(one.attrValue, bool) else text(one.attrValue)
        for one in order.orderAttributes or ()
        if one.attrName
    }


def _largest_payment(payments: Sequence[Payment] | None, currency: Currency) -> str:
    """The method of the largest payment that counts; of equals the first by name.

    :raises BadInput: ``REQUIRED_FIELD`` or ``BAD_MONEY``.
    """
    largest: tuple[int, str] | None = None
    for one in payments or ():
        if one.statusId in _UNPAID:
            continue
        amount = minor_units(one.amount, currency.decimals)
        if amount is None:
            message = f"payment {one.paymentMethodTypeId!s:.40}: amount is {one.amount!s:.20}."
            raise BadInput("BAD_MONEY", message, field="payments.amount")
        method = -amount, (one.paymentMethodTypeId or "").strip()
        largest = method if largest is None else min(largest, method)
    if largest is None:
        lack = "no payment that is settled" if payments else "no payments"
        raise BadInput("REQUIRED_FIELD", f"PaymentType would be empty: the feed has {lack}.", field="payments")
    return largest[1]


def _address(address: Address | None) -> Parts:
    """Its parts as the mappings name them: the name split at its first blank, the telephone number in one."""
    if address is None:
        return _NO_ADDRESS
    first, _, last = (address.toName or "").strip().partition(" ")
    phone = address.phone
    number = phone and "".join(filter(None, map(text, (phone.countryCode, phone.areaCode, phone.contactNumber))))
    plain = address.address1, address.address2, address.city, address.countryGeoCode, address.email
    return first or None, last or None, *plain, number or None


def _notes(reckoning: Reckoning, currency: Currency) -> tuple[str, ...]:
    if not reckoning.order_tax:
        return ()
    return (f"Tax of {money.show(reckoning.order_tax, currency.code)} on the order stands in TotalAmt only.",)
