"""The rules for TLogs: what an order is, whether it adds up, and the facts that mappings refer to.

Sources of the rules: hotwax/oms-documentation, integrations/predictspring/order-import (mapping and samples), and the
vendor's page on reading the JSON. Each rule looks at whole columns; the first cause found for an order stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from order_sync.contracts import money
from order_sync.contracts.predictspring import LINE_FIELDS, ORDER_FIELDS, SCALE, Kind
from order_sync.errors import BadInput
from order_sync.mapping.lookups import Lookup
from order_sync.mapping.sheet import Int64Array, Numbers, Sheet
from order_sync.mapping.verdicts import Verdicts
from order_sync.transforms.arrays import any_of, clean, equals, first_present, is_null, numbers, sums
from order_sync.transforms.payments import Payments, by_amount
from order_sync.transforms.tlog_frame import Frame, Group
from order_sync.transforms.tlog_vocabulary import IN_STORE, KINDS, LINE_FACTS, SHIPPED

_MAX_QUANTITY = 100_000
_EARLIEST = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp() * 1000)
_LATEST = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp() * 1000)


@dataclass
class Judgement:
    """A frame, judged.

    :param sheet: its columns and facts, for the mappings.
    :param verdicts: which orders are rejected, and why.
    :param kind: index into :data:`KINDS` per order, -1 where unknown.
    :param currency: per order, blank where it is not a known one.
    :param total: the order's total in minor units; absent where the order does not say it readably.
    :param updated: the partner's own version clock in epoch milliseconds.
    :param payments: per order, as they come.
    """

    frame: Frame
    sheet: Sheet
    verdicts: Verdicts
    kind: Int64Array
    currency: list[str]
    total: Numbers
    updated: Numbers
    payments: Payments

    def notes(self, at: int) -> list[str]:
        """What the feed of one order cannot say: the CSV has one column for the payment, the largest stands there."""
        paid = self.payments.of(at)
        if len(paid) < 2:
            return []
        shown = max(paid, key=by_amount)
        return [
            f"A further payment, {payment.method:.80} {money.show(payment.minor, self.currency[at])}, has no column."
            for payment in paid
            if payment is not shown
        ]


def judge(frame: Frame, fulfilment: Lookup, default_currency: str) -> Judgement:
    """Apply every rule to a frame.

    :param fulfilment: the table that says which fulfilment types are in-store and which are shipped.
    :param default_currency: for orders that name none (most do not).
    """
    return _Judge(frame, fulfilment, default_currency).judgement()


class _Judge:
    """Holds the columns while the rules run."""

    def __init__(self, frame: Frame, fulfilment: Lookup, default_currency: str) -> None:
        self._frame, self._fulfilment = frame, fulfilment
        self._text = {f"order.{path}": clean(frame.order[path]) for path in frame.order if _is_text(frame.order[path])}
        self._text |= {f"line.{path}": clean(frame.line[path]) for path in frame.line if _is_text(frame.line[path])}
        self._verdicts = Verdicts(len(frame.counts), frame.lines.owner)
        self._line_labels = self._text["line.orderItemId"]
        codes = pc.utf8_upper(pc.fill_null(self._text["order.currency"], default_currency)).to_pylist()
        self._currency = [code if code in money.DECIMALS else "" for code in codes]
        self._sheet = Sheet(
            frame.lines.owner,
            np.array([money.DECIMALS.get(code, 2) for code in codes], dtype=np.int64),
            self._text["order.orderId"],
            self._line_labels,
            text=self._text,
            line_facts=frozenset(LINE_FACTS),
        )

    def judgement(self) -> Judgement:
        """Run the rules, most basic first."""
        frame, verdicts = self._frame, self._verdicts
        verdicts.orders(
            is_null(self._text["order.orderId"]), "MISSING_ORDER_ID", "orderId", lambda _: "orderId is empty."
        )
        self._reject_returns()
        verdicts.orders(frame.counts == 0, "NO_LINES", "orderProductList", lambda _: "orderProductList is empty.")
        self._reject_duplicate_lines()
        quantity = self._quantities()
        kind = self._fulfilments()
        self._instants()
        currencies = self._text["order.currency"]
        verdicts.orders(
            np.array([not code for code in self._currency], dtype=np.bool_),
            "BAD_CURRENCY",
            "currency",
            lambda at: f"currency is {currencies[at].as_py()!r:.20}.",
        )
        self._amounts()
        self._totals(quantity)
        self._customers()
        payments = self._tenders()
        sheet = self._sheet
        return Judgement(
            frame,
            sheet,
            verdicts,
            kind,
            self._currency,
            self._known_totals(),
            sheet.instant["order.updateDate"],
            payments,
        )

    def _reject_returns(self) -> None:
        """A pure sale has no mark of a return; there is no public sample of a return, so every mark counts."""
        frame = self._frame
        related = np.asarray(pc.fill_null(frame.line["isReturnRelated"], fill_value=False))
        types = clean(frame.activities.columns["transactionData.transactionType"])
        no_sale = np.asarray(pc.fill_null(pc.not_equal(types, "SALE"), fill_value=False))
        carried = money.unscaled(frame.tenders.columns["totalAmountCarriedOverForExchange"]) != 0
        for marked, field, words in (
            (frame.returns > 0, "returnProductList", "it names returned products or refunds"),
            (any_of(related, frame.lines), "isReturnRelated", "a line is marked as part of a return"),
            (any_of(no_sale, frame.activities), "transactionType", "a transaction of it is no SALE"),
            (any_of(carried, frame.tenders), "tenders", "a payment is carried over from an exchange"),
        ):
            self._verdicts.orders(marked, "RETURN", field, partial(_constant, f"{words}."))

    def _reject_duplicate_lines(self) -> None:
        codes = pc.fill_null(self._line_labels.dictionary_encode().indices, -1).to_numpy()
        keys = self._frame.lines.owner * (len(codes) + 1) + codes
        order = np.argsort(keys, kind="stable")
        repeated = np.zeros(len(keys), dtype=np.bool_)
        repeated[order[1:]] = (keys[order[1:]] == keys[order[:-1]]) & (codes[order[1:]] >= 0)
        labels = self._line_labels
        self._verdicts.lines(
            repeated, "DUPLICATE_LINE", "orderItemId", lambda at: f"orderItemId {labels[at].as_py()!r:.40} comes twice."
        )

    def _quantities(self) -> Int64Array:
        given = self._frame.line["quantity"]
        whole, rest = np.divmod(money.unscaled(given), 10**SCALE)
        good = (rest == 0) & (whole >= 1) & (whole <= _MAX_QUANTITY)
        self._verdicts.lines(
            ~good,
            "BAD_QUANTITY",
            "quantity",
            lambda at: f"line {self._label(at)}: quantity is {_shown(given[at])}.",
        )
        values = np.where(good, whole, 0)
        self._sheet.whole["line.quantity"] = Numbers(values, good)
        self._sheet.whole["fact.stock_delta"] = Numbers(-values, good)
        return values

    def _fulfilments(self) -> Int64Array:
        """Per line, never by status or source: fulfillmentType, else omniFulfillmentType, else the header's."""
        own, omni = self._text["line.fulfillmentType"], self._text["line.omniFulfillmentType"]
        header = self._text["order.fulfillmentType"].take(pa.array(self._frame.lines.owner))
        own_is, omni_is, header_is = (self._stands_for(names) for names in (own, omni, header))
        decided = pc.coalesce(own_is, omni_is, header_is)
        strange = (
            (~is_null(own) & is_null(own_is))
            | (~is_null(omni) & is_null(omni_is))
            | pc.fill_null(pc.not_equal(own_is, omni_is), fill_value=False).to_numpy(zero_copy_only=False)
            | is_null(decided)
        )
        self._verdicts.lines(
            strange,
            "UNKNOWN_FULFILMENT",
            "fulfillmentType",
            lambda at: (
                f"line {self._label(at)}: fulfillmentType {own[at].as_py()!r:.40}, "
                f"omniFulfillmentType {omni[at].as_py()!r:.40}, the order's {header[at].as_py()!r:.40}."
            ),
        )
        self._text["fact.fulfilment"] = decided
        in_store = self._per_order(equals(decided, IN_STORE))
        shipped = self._per_order(equals(decided, SHIPPED))
        kind = np.select(
            [(shipped == 0) & (in_store > 0), (in_store == 0) & (shipped > 0), in_store > 0], [0, 1, 2], -1
        )
        self._text["fact.kind"] = pa.array([*KINDS, None]).take(pa.array(kind % (len(KINDS) + 1)))
        return kind

    def _stands_for(self, names: pa.Array) -> pa.Array:
        return self._fulfilment.targets.take(pc.index_in(names, value_set=self._fulfilment.keys))

    def _instants(self) -> None:
        clock, shown = numbers(self._frame.order["updateDate"])
        shown &= (clock >= _EARLIEST) & (clock < _LATEST)  # any other time tells nothing about versions
        self._sheet.instant["order.updateDate"] = Numbers(clock, shown)
        ordered = self._sheet.instant["order.orderDate"] = numbers(self._frame.order["orderDate"])
        values, present = ordered.values.copy(), ordered.present.copy()
        texts = self._text["order.creationDate"]
        for at in np.flatnonzero(~present & ~is_null(texts)):
            instant = _parse_text_date(texts[int(at)].as_py())
            values[at], present[at] = instant or 0, instant is not None
        good = present & (values >= _EARLIEST) & (values < _LATEST)
        self._verdicts.orders(
            ~good,
            "BAD_DATE",
            "orderDate",
            lambda at: (
                f"orderDate is {values[at] if present[at] else 'absent'}, creationDate is {texts[at].as_py()!r:.40}."
            ),
        )
        self._sheet.instant["fact.ordered_at"] = Numbers(np.where(good, values, 0), good)

    def _amounts(self) -> None:
        """Every money field in minor units; none may be negative, and two may not be absent."""
        for level, columns, fields in (
            ("order", self._frame.order, ORDER_FIELDS),
            ("line", self._frame.line, LINE_FIELDS),
        ):
            decimals = self._sheet.decimals if level == "order" else self._sheet.decimals[self._frame.lines.owner]
            for path in columns:
                if fields[path] is Kind.MONEY:
                    self._amount(level, path, columns[path], decimals)

    def _amount(self, level: str, path: str, given: pa.Decimal128Array, decimals: Int64Array) -> None:
        minor, bad = money.to_minor(money.unscaled(given), SCALE, decimals)
        present = ~is_null(given)
        bad = bad | (minor < 0)
        if (level, path) in (("order", "totalAmount"), ("line", "price")):
            bad = bad | ~present

        def message(at: int) -> str:
            place = f"line {self._label(at)}: " if level == "line" else ""
            return f"{place}{path} is {_shown(given[at])}."

        reject = self._verdicts.orders if level == "order" else self._verdicts.lines
        reject(bad, "BAD_MONEY", path, message)
        self._sheet.money[f"{level}.{path}"] = Numbers(np.where(bad, 0, minor), present & ~bad)

    def _totals(self, quantity: Int64Array) -> None:
        """Price x quantity - discount + tax, line by line and over the order, to the cent."""
        amounts = self._sheet.money
        price = amounts["line.price"].values
        discount = first_present([amounts["line.discount"], self._sum(self._frame.adjustments, "price")])
        tax = first_present(
            [amounts["line.productTax.totalTax"], amounts["line.tax"], self._sum(self._frame.taxes, "taxAmount")]
        )
        for path, sum_of in (("priceAdjustments.price", discount), ("productTax.taxRates.taxAmount", tax)):
            self._verdicts.lines(sum_of < 0, "BAD_MONEY", path, partial(self._bad_sum, path))
        huge = price.astype(np.float64) * quantity > money.LIMIT
        self._verdicts.lines(
            huge, "BAD_MONEY", "price", lambda at: f"line {self._label(at)}: price x quantity is too large."
        )
        gross = np.where(huge, 0, price) * quantity
        net = gross - discount + tax
        self._compare_lines("subTotal", "price x quantity", gross)
        self._compare_lines("tax", "productTax.totalTax", tax)
        self._compare_lines("total", "price x quantity - discount + tax", net)
        shipping, shipping_tax = amounts["order.shippingSubTotal"].values, amounts["order.shippingTax"].values
        self._compare_orders("orderSubTotal", "the sum of price x quantity", self._per_order(gross))
        self._compare_orders("discount", "the sum of the lines' discounts", self._per_order(discount))
        self._compare_orders("taxSubTotal", "the sum of the lines' taxes", self._per_order(tax))
        self._compare_orders(
            "totalAmount", "lines + shipping + shipping tax", self._per_order(net) + shipping + shipping_tax
        )
        everywhere, lines = np.ones(len(shipping), np.bool_), np.ones(len(tax), np.bool_)
        amounts["fact.line_tax"], amounts["fact.line_discount"] = Numbers(tax, lines), Numbers(discount, lines)
        amounts["fact.shipping_charges"] = Numbers(shipping, everywhere)
        amounts["fact.shipping_tax"] = Numbers(shipping_tax, everywhere)

    def _compare_lines(self, path: str, what: str, computed: Int64Array) -> None:
        said, present = self._sheet.money[f"line.{path}"]
        owner = self._frame.lines.owner
        self._verdicts.lines(
            present & (said != computed),
            "TOTALS_MISMATCH",
            path,
            lambda at: (
                f"line {self._label(at)}: {path} says {self._show(said[at], int(owner[at]))}, "
                f"{what} is {self._show(computed[at], int(owner[at]))}."
            ),
        )

    def _compare_orders(self, path: str, what: str, computed: Int64Array) -> None:
        said, present = self._sheet.money[f"order.{path}"]
        self._verdicts.orders(
            present & (said != computed),
            "TOTALS_MISMATCH",
            path,
            lambda at: f"{path} says {self._show(said[at], at)}, {what} is {self._show(computed[at], at)}.",
        )

    def _customers(self) -> None:
        guest = is_null(self._text["order.customerProfile.customerId"])
        self._text["fact.customer"] = pa.array(["known", "guest"]).take(pa.array(guest.astype(np.int8)))

    def _sum(self, parts: Group, path: str) -> Numbers:
        """The sum of several taxes or adjustments of a line, for lines that do not say it themselves."""
        digits = money.unscaled(parts.columns[path])
        minor, bad = money.to_minor(sums(digits, parts.counts), SCALE, self._sheet.decimals[self._frame.lines.owner])
        bad |= any_of(np.abs(digits) > money.LIMIT * 10**SCALE, parts)
        return Numbers(np.where(bad, -1, minor), parts.counts > 0)

    def _tenders(self) -> Payments:
        """The payments of each order; the largest one (of equals the first) is a fact for the feed's one column."""
        tenders = self._frame.tenders
        owner, given = tenders.owner, tenders.columns["amountAuthorized"]
        minor, bad = money.to_minor(money.unscaled(given), SCALE, self._sheet.decimals[owner])
        methods = clean(tenders.columns["paymentMethod"]).to_pylist()
        for at in np.flatnonzero(bad | (minor < 0)):
            message = f"payment {methods[at]!s:.40}: amountAuthorized is {_shown(given[at])}."
            self._verdicts.order(int(owner[at]), BadInput("BAD_MONEY", message, field="tenders.amountAuthorized"))
        payments = Payments(methods, minor, np.cumsum(tenders.counts) - tenders.counts, tenders.counts)
        self._text["fact.largest_tender"] = pa.array(payments.largest_methods(), pa.string())
        return payments

    def _known_totals(self) -> Numbers:
        values, present = self._sheet.money["order.totalAmount"]
        return Numbers(values, present & np.array([bool(code) for code in self._currency], dtype=np.bool_))

    def _per_order(self, values: Int64Array) -> Int64Array:
        return sums(values, self._frame.counts)

    def _bad_sum(self, path: str, line: int) -> str:
        return f"line {self._label(line)}: the sum of {path} is negative, too large or too fine."

    def _label(self, line: int) -> str:
        return f"{self._line_labels[line].as_py()!s:.40}"

    def _show(self, minor: int, order: int) -> str:
        return money.show(int(minor), self._currency[order])


def _is_text(column: pa.Array) -> bool:
    return bool(pa.types.is_string(column.type))


def _parse_text_date(text: str) -> int | None:
    """``yyyy-MM-dd HH:mm:ss``, without a zone in UTC, as epoch milliseconds; None when it is something else."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def _constant(message: str, _at: int) -> str:
    return message


def _shown(value: pa.Scalar) -> str:
    """An exact decimal as the partner would write it."""
    number = value.as_py()
    return "absent" if number is None else f"{number.normalize():f}"
