"""What follows an order to NetSuite: its payments, which become customer deposits there, and its lines.

A deposit refers to NetSuite's id of the order, so that it cannot be written when the order is. What it needs is noted
with the order and mapped when that id has come back. Sources: hotwax/netsuite-integration (the deposit script),
hotwax/oms-documentation (customer deposits).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pyarrow as pa

from order_sync.contracts import money
from order_sync.contracts.hotwax_completed import minor_units, text
from order_sync.contracts.hotwax_created import CreatedPayment
from order_sync.errors import BadInput, Stop
from order_sync.mapping import model as mapping_model
from order_sync.mapping.engine import Engine
from order_sync.mapping.lookups import Lookup
from order_sync.mapping.model import Type, Vocabulary
from order_sync.mapping.sheet import Numbers
from order_sync.mapping.verdicts import Verdicts
from order_sync.settings import NetSuiteCreatedOrders
from order_sync.transforms.arrays import clean
from order_sync.transforms.invoice_money import Currency
from order_sync.transforms.netsuite_rows import row_sheet

if TYPE_CHECKING:
    from order_sync.transforms.netsuite_sales_orders import OrderDraft

#: Why nothing more follows an order, or no deposit: codes of the exclusions.
CANCELLED, NOT_FULLY_PAID = "CANCELLED_ORDER", "NOT_FULLY_PAID"

_encoder = msgspec.json.Encoder()

_TEXTS = (
    *("fact.netsuite_order", "fact.payment_method", "fact.external_id"),
    *("order.orderName", "fact.shopify_order", "fact.shopify_number", "fact.netsuite_customer"),
)
#: Paths that a mapping of deposits may name.
DEPOSIT_PATHS: dict[str, Type] = {**dict.fromkeys(_TEXTS, "text"), "fact.amount": "money"}


class PaidPart(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A payment that becomes a deposit.

    :param number: tells it from the order's others, whatever becomes of them.
    :param minor: minor units of the order's currency.
    :param method: HotWax's type of payment.
    :param problem: why it cannot become one.
    """

    number: str
    minor: int
    method: str
    problem: str = ""


class FollowedOrder(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What is kept of an order for what follows it.

    :param order: HotWax's order id.
    :param name: as people know it.
    :param stop: why no deposit follows; :data:`CANCELLED`: nothing does.
    :param lines: HotWax's numbers of the lines to which NetSuite gives numbers of its own.
    :param customer: NetSuite's id of the customer, as the order has it.
    """

    order: str
    name: str = ""
    shopify_order: str = ""
    shopify_number: str = ""
    currency: str = ""
    stop: str = ""
    lines: tuple[str, ...] = ()
    parts: tuple[PaidPart, ...] = ()
    customer: str = ""


class Deposit(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One deposit, as it is kept until NetSuite's id of its order is known.

    :param key: its External ID, ``<order id>-CD-<number of the payment>``.
    :param left_out: why it does not go out, a code of the exclusions.
    :param customer: NetSuite's id of the customer.
    """

    key: str
    order: str
    minor: int
    currency: str
    method: str
    name: str = ""
    shopify_order: str = ""
    shopify_number: str = ""
    problem: str = ""
    left_out: str = ""
    customer: str = ""


def told_of(draft: OrderDraft) -> bytes:
    """The line of the side file for an order that is sent or cancelled; blank for any other."""
    if draft.left_out == CANCELLED:
        return _encoder.encode(FollowedOrder(draft.key, draft.name, stop=CANCELLED)) + b"\n"
    if not draft.rows:
        return b""
    part_paid = (draft.paid_minor or 0) < (draft.amount_minor or 0)
    order = FollowedOrder(
        order=draft.key,
        name=draft.name,
        shopify_order=draft.shopify[0],
        shopify_number=draft.shopify[1],
        currency=draft.currency,
        stop=NOT_FULLY_PAID if part_paid else "",
        lines=draft.line_keys,
        parts=draft.parts,
        customer=draft.netsuite_customer,
    )
    return _encoder.encode(order) + b"\n"


def deposits_of(order: FollowedOrder) -> list[Deposit]:
    """The deposits of an order, one for each payment."""
    return [
        Deposit(
            key=f"{order.order}-CD-{part.number}",
            order=order.order,
            minor=part.minor,
            currency=order.currency,
            method=part.method,
            name=order.name,
            shopify_order=order.shopify_order,
            shopify_number=order.shopify_number,
            problem=part.problem,
            left_out=order.stop,
            customer=order.customer,
        )
        for part in order.parts
    ]


def paid_parts(
    payments: Iterable[CreatedPayment] | None, unpaid: frozenset[str], methods: Lookup, currency: Currency
) -> tuple[PaidPart, ...]:
    """The payments that become deposits: those that count, of an amount, by a method that has not been switched off.

    The number is that of the payment itself, else its place among all payments of the feed, those that do not count
    included: one that is declined or paid back renumbers no other.

    :param unpaid: statuses of payments that do not count.
    :param methods: type of payment → NetSuite's; a blank one gets no deposits.
    """
    parts = []
    for place, one in enumerate(payments or (), start=1):
        if one.statusId in unpaid or methods.values.get(one.paymentMethodTypeId or "") == "":
            continue
        minor = 0 if one.amount is None else minor_units(one.amount, currency.decimals)
        if minor:
            problem = "" if minor > 0 else "The payment is negative."
            parts.append(
                PaidPart(
                    text(one.orderPaymentPreferenceId) or str(place), minor, one.paymentMethodTypeId or "", problem
                )
            )
    return tuple(parts)


class NetSuiteDeposits:
    """Writes deposits as elements of NetSuite's JSON file, or as what bodies for REST are made of, for one retailer.

    :param include: the folder with mappings and lookup tables.
    :param retailer: whose own lookup tables come before the common ones.
    :raises Stop: a mapping or a table is wrong; the message names file and line.
    """

    def __init__(self, settings: NetSuiteCreatedOrders, include: Path, retailer: str) -> None:
        folder = include / "mappings"
        vocabulary = Vocabulary(DEPOSIT_PATHS, {}, frozenset(settings.rows.texts))
        name = "legacy" if settings.deposits.form == "legacy" else "camel"
        name = "record" if settings.transport == "rest" else name
        mapping = mapping_model.load(folder / f"netsuite_deposit_{name}.yaml", vocabulary, folder / "lookups", retailer)
        self._engine = Engine(mapping, settings.rows.texts, settings.zone)
        self.keys = [column.name for column in mapping.columns]
        self.version = mapping_model.combined_version(mapping, tables=[], settings=settings.rows)

    def write(self, deposits: Sequence[Deposit], orders: Sequence[str]) -> list[tuple[bytes, BadInput | None]]:
        """The element of each deposit, or why it cannot be written.

        :param orders: NetSuite's id of the order of each.
        """
        if not deposits:
            return []
        sheet = row_sheet(
            np.ones(len(deposits), np.int64),
            np.array([money.DECIMALS[one.currency] for one in deposits], np.int64),
            [one.key for one in deposits],
            [one.key for one in deposits],
        )
        columns = zip(
            *((order, one.method, one.key, one.name, one.shopify_order, one.shopify_number, one.customer)
              for one, order in zip(deposits, orders, strict=True)),
            strict=True,
        )  # fmt: skip
        sheet.text = {path: clean(pa.array(values, pa.string())) for path, values in zip(_TEXTS, columns, strict=True)}
        amounts = np.array([one.minor for one in deposits], np.int64)
        sheet.money = {"fact.amount": Numbers(amounts, np.ones(len(deposits), np.bool_))}
        verdicts = Verdicts(len(deposits), sheet.owner)
        filled = self._engine.fill(sheet, verdicts)
        names = list(filled)
        values = [
            one.values.to_pylist() if isinstance(one.values, pa.Array) else [one.values.as_py()] * len(deposits)
            for one in filled.values()
        ]
        return [(_element(names, row), verdicts.causes.get(at)) for at, row in enumerate(zip(*values, strict=True))]


def _element(names: Sequence[str], row: Sequence[str | None]) -> bytes:
    return msgspec.json.encode({name: value for name, value in zip(names, row, strict=True) if value is not None})


def check_file(path: Path) -> None:
    """Read a file of deposits as NetSuite's script will: one that it cannot read would block every later one.

    :raises Stop: it holds no deposit, or is not what it should be.
    """
    try:
        elements = msgspec.json.decode(path.read_bytes(), type=list[dict[str, str]])
    except msgspec.DecodeError as error:
        raise Stop(
            f"The file of deposits cannot be read back: {error}.",
            next_step="Nothing was published. Keep the batch's files and the ledger, and call its maintainers.",
        ) from error
    if not elements:
        raise Stop("The file of deposits is empty.", next_step="Nothing was published: run the transform again.")
