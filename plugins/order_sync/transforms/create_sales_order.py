"""The order feed as JSON: one element per order, each a list of service calls that HotWax runs in turn.

Shape: hotwax/oms-documentation, integrations/predictspring/order-import, createSalesOrderAPISample.json. A shipped
order also gets ``createExcludedOrderFacilityForOrder``, so that HotWax never brokers it back to the store that sold it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

import msgspec
import numpy as np

from order_sync.contracts import money
from order_sync.errors import BadInput
from order_sync.mapping.engine import Filled, at_level
from order_sync.mapping.lookups import Lookup
from order_sync.mapping.sheet import BoolArray, Level
from order_sync.settings import PredictSpringOrderSync
from order_sync.transforms.tlog_rules import Judgement
from order_sync.transforms.tlog_vocabulary import SHIPPED


def elements(
    judgement: Judgement,
    fields: Mapping[str, Filled],
    orders: BoolArray,
    payments: Lookup,
    settings: PredictSpringOrderSync,
) -> list[bytes]:
    """The JSON elements of some orders of a frame, in order.

    :param fields: the filled columns of the mapping ``hotwax_order_json``.
    :param payments: the lookup table of payment methods.
    """
    writer = _Writer(judgement, fields, payments, settings)
    return [msgspec.json.encode({"dataList": writer.calls(int(at))}) for at in np.flatnonzero(orders)]


def check_payments(judgement: Judgement, payments: Lookup) -> None:
    """Reject orders with a payment that the table does not know; this feed names all payments, not just the largest."""
    for at in range(len(judgement.kind)):
        for payment in judgement.payments.of(at):
            if payment.method not in payments.values:
                message = (
                    f"a payment is {payment.method!r:.80}, which the lookup table payment_method.csv does not hold."
                )
                judgement.verdicts.order(at, BadInput("UNMAPPED_VALUE", message, field="tenders.paymentMethod"))


class _Writer:
    """Puts the fields of one frame together, order by order."""

    def __init__(
        self,
        judgement: Judgement,
        fields: Mapping[str, Filled],
        payments: Lookup,
        settings: PredictSpringOrderSync,
    ) -> None:
        self._judgement, self._payments, self._settings = judgement, payments, settings
        owner = judgement.frame.lines.owner
        self._order: dict[str, Any] = {}
        self._line: dict[str, Any] = {}
        for name, filled in fields.items():
            part, _, field = name.partition(".")
            level = Level.ORDER if part == "order" else Level.LINE
            values = at_level(filled, level, owner)
            count = judgement.sheet.count(level)
            listed = [values.as_py()] * count if filled.level is Level.ALL else values.to_pylist()
            (self._order if part == "order" else self._line)[name if part != "order" else field] = listed
        self._fulfilment = judgement.sheet.text["fact.fulfilment"].to_pylist()
        self._ends = np.cumsum(judgement.frame.counts)

    def calls(self, at: int) -> list[dict[str, Any]]:
        """The service calls of one order."""
        order = {name: values[at] or "" for name, values in self._order.items()}
        if not order["customerId"]:
            del order["customerId"]
        lines = range(int(self._ends[at] - self._judgement.frame.counts[at]), int(self._ends[at]))
        groups = self._ship_groups(at, lines)
        currency = self._judgement.currency[at]
        order |= {
            "grandTotal": self._exact("order.totalAmount", at),
            "currencyCode": currency,
            "orderIdentifications": [
                {
                    "orderIdentificationTypeId": self._settings.values["order_identification_type"],
                    "idValue": order["externalId"],
                }
            ],
            "shipGroup": groups,
            "orderAdjustments": [
                {"type": "SHIPPING_CHARGES", "amount": self._exact("fact.shipping_charges", at)},
                {"type": "SHIPPING_SALES_TAX", "amount": self._exact("fact.shipping_tax", at)},
            ],
            "orderPaymentPref": self._payment_preferences(at, currency),
        }
        calls = [{"serviceName": "createSalesOrder", "data": {"order": order}}]
        if any(self._fulfilment[line] == SHIPPED for line in lines):
            data = {"externalId": order["externalId"], "orderFacilityId": groups[0]["orderFacilityId"]}
            calls.append({"serviceName": "createExcludedOrderFacilityForOrder", "data": data})
        return calls

    def _ship_groups(self, at: int, lines: range) -> list[dict[str, Any]]:
        """One ship group per fulfilment: what was taken away, and what is to be shipped."""
        by_fulfilment = sorted(lines, key=lambda line: self._fulfilment[line] == SHIPPED)
        groups = []
        for _, members in groupby(by_fulfilment, key=lambda line: self._fulfilment[line]):
            positions = list(members)
            group: dict[str, Any] = dict(self._part("shipGroup", positions[0]))
            group["shipTo"] = {
                "postalAddress": dict(self._part("postalAddress", positions[0])),
                "email": {"infoString": self._order["email"][at]},
                "phoneNumber": {"contactNumber": self._order["phone"][at]},
            }
            group["items"] = [self._item(line, at) for line in positions]
            groups.append(group)
        return groups

    def _item(self, line: int, at: int) -> dict[str, Any]:
        quantity = int(self._judgement.sheet.whole["line.quantity"].values[line])
        adjustments = [{"type": "SALES_TAX", "amount": self._exact("fact.line_tax", line, at)}]
        if self._judgement.sheet.money["fact.line_discount"].values[line]:
            # HotWax's published mapping leaves discounts out; without them its totals would not match the receipt
            discount = self._exact("fact.line_discount", line, at, sign=-1)
            adjustments.append({"type": "EXT_PROMO_ADJUSTMENT", "amount": discount})
        return {
            **dict(self._part("item", line)),
            "quantity": quantity,
            "unitPrice": self._exact("line.price", line, at),
            "itemAdjustments": adjustments,
        }

    def _payment_preferences(self, at: int, currency: str) -> list[dict[str, Any]]:
        return [
            {
                "statusId": self._settings.values["payment_status"],
                "paymentMethodTypeId": self._payments.values[payment.method],
                "maxAmount": msgspec.Raw(money.show(payment.minor, currency).encode()),
            }
            for payment in self._judgement.payments.of(at)
        ]

    def _part(self, part: str, line: int) -> Iterator[tuple[str, str]]:
        prefix = f"{part}."
        for name, values in self._line.items():
            if name.startswith(prefix):
                yield name.removeprefix(prefix), values[line] or ""

    def _exact(self, path: str, at: int, order: int | None = None, sign: int = 1) -> msgspec.Raw:
        """An amount as a JSON number with exactly the decimals of the currency; no float comes near it."""
        currency = self._judgement.currency[at if order is None else order]
        minor = int(self._judgement.sheet.money[path].values[at])
        return msgspec.Raw(money.show(sign * minor, currency).encode())
