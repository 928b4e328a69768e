"""What NetSuite has to hold because of HotWax's orders, by HotWax's own account, beside what NetSuite does hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from sandbox.hotwax.created_orders import Expected, Fate
from sandbox.hotwax.created_orders_shop import HotWaxShop
from sandbox.netsuite import NetSuite

Kind = Literal["customer", "order", "deposit", "cash_sale"]
KINDS: tuple[Kind, ...] = ("customer", "order", "deposit", "cash_sale")
_DISCOUNT = "HC_DISCOUNT_"


class Key(NamedTuple):
    """One thing in NetSuite: a customer by party; an order, a cash sale, what was deposited by HotWax's order."""

    kind: Kind
    number: str


class Line(NamedTuple):
    """One line of a sales order.

    :param price: of one piece.
    :param discount: of the whole line, 0 or negative.
    """

    key: str
    item: str
    quantity: Decimal
    price: Decimal
    closed: bool
    discount: Decimal


class Document(NamedTuple):
    """What stands there.

    :param amount: of an order or a cash sale what it comes to before tax, of a deposit what was paid in.
    :param party: HotWax's id of the customer.
    """

    amount: Decimal
    party: str = ""
    lines: tuple[Line, ...] = ()


@dataclass
class Books:
    """What NetSuite has to hold.

    :ivar taxes: by order, what HotWax charged; NetSuite works taxes out by itself.
    :ivar paid_at_tills: for the cash sales.
    """

    wanted: dict[Key, Document] = field(default_factory=dict)
    taxes: dict[str, Decimal] = field(default_factory=dict)
    paid_at_tills: Decimal = Decimal(0)

    def want_customers(self, parties: Iterable[str]) -> None:
        """Expect customers."""
        self.wanted |= {Key("customer", party): Document(Decimal(0), party) for party in parties}

    def want_orders(self, shop: HotWaxShop, numbers: Iterable[int], *, deposits: bool = True) -> None:
        """Expect those of some orders that have to be sent, by what the shop knows now.

        :param deposits: whether what was paid for them has to be there, too.
        """
        for order in map(shop.expected, numbers):
            if order.fate is Fate.SENT:
                self.taxes[order.order_id] = order.tax
                self.wanted[Key("order", order.order_id)] = _order(order)
                if deposits and order.paid and order.paid >= order.total:
                    self.wanted[Key("deposit", order.order_id)] = Document(order.paid, order.customer)

    def want_cash_sales(self, shop: HotWaxShop, numbers: Iterable[int]) -> None:
        """Expect the cash sales of some orders."""
        for order in map(shop.expected, numbers):
            self.taxes[order.order_id] = order.tax
            self.paid_at_tills += order.paid
            self.wanted[Key("cash_sale", order.order_id)] = Document(order.total - order.tax, order.customer)

    def of(self, kind: Kind) -> dict[str, Document]:
        """Those of a kind, by number."""
        return {key.number: document for key, document in self.wanted.items() if key.kind == kind}

    def money(self, kind: Kind) -> Decimal:
        """The sum of a kind."""
        return sum((document.amount for document in self.of(kind).values()), Decimal(0))

    def unequal(self, netsuite: NetSuite) -> list[str]:
        """Orders where the money that came in is not the money that NetSuite bills: its order and HotWax's tax."""
        held = {key: document.amount for key, document in held_by(netsuite)}
        return [
            f"order {number}: {held.get(Key('deposit', number))} paid in, {amount} + {self.taxes[number]} tax billed"
            for number in self.of("deposit")
            if (amount := held.get(Key("order", number), Decimal(0))) + self.taxes[number]
            != held.get(Key("deposit", number))
        ]

    def faults(self, netsuite: NetSuite, kinds: Collection[Kind] = KINDS) -> list[str]:
        """What stands otherwise in NetSuite's own database; empty when all is well."""
        found = [one for one in held_by(netsuite) if one[0].kind in kinds]
        wanted = {key: document for key, document in self.wanted.items() if key.kind in kinds}
        return list(differences(wanted, found))


def differences(wanted: Mapping[Key, Document], found: Collection[tuple[Key, Document]]) -> Iterable[str]:
    """What is missing, too much, or other than it should be."""
    held, times = dict(found), Counter(key for key, _ in found)
    yield from (
        f"{key.kind} {key.number} stands in NetSuite {count} times" for key, count in times.items() if count > 1
    )
    yield from (f"{key.kind} {key.number} is missing in NetSuite" for key in sorted(wanted.keys() - held.keys()))
    yield from (f"{key.kind} {key.number} must not be in NetSuite" for key in sorted(held.keys() - wanted.keys()))
    for key in sorted(wanted.keys() & held.keys()):
        if wanted[key] != held[key]:
            yield f"{key.kind} {key.number}: NetSuite has {held[key]}, HotWax {wanted[key]}"


def held_by(netsuite: NetSuite) -> list[tuple[Key, Document]]:
    """Everything that NetSuite has got from HotWax; what stands there twice is in it twice."""
    database = netsuite.database
    found = []
    parties = {row["internal_id"]: row["hc_customer_id"] for row in database.rows("SELECT * FROM customers")}
    for row in database.rows("SELECT * FROM customers WHERE source <> 'history'"):
        found.append((Key("customer", row["hc_customer_id"]), Document(Decimal(0), row["hc_customer_id"])))
    orders = database.rows("SELECT * FROM sales_orders")
    for row in orders:
        lines = database.rows("SELECT * FROM order_lines WHERE order_id = ? ORDER BY line_id", row["internal_id"])
        amount = database.order_total(row["external_id"])
        document = Document(amount, parties[row["customer_id"]], _lines(lines))
        found.append((Key("order", row["hc_order_id"]), document))
    customers = {row["internal_id"]: (row["hc_order_id"], parties[row["customer_id"]]) for row in orders}
    paid: dict[str, Document] = {}
    for row in database.rows("SELECT * FROM deposits"):
        number, party = customers[row["order_id"]]
        before = paid[number].amount if number in paid else Decimal(0)
        paid[number] = Document(before + Decimal(row["amount"]), party)
    found += [(Key("deposit", number), document) for number, document in paid.items()]
    return found + [_cash_sale(netsuite, row, parties) for row in database.rows("SELECT * FROM cash_sales")]


def _cash_sale(netsuite: NetSuite, row: Mapping[str, Any], parties: Mapping[int, str]) -> tuple[Key, Document]:
    query = "SELECT * FROM cash_sale_lines WHERE cash_sale_id = ?"
    lines = netsuite.database.rows(query, row["internal_id"])
    amount = sum((Decimal(line["quantity"]) * Decimal(line["rate"] or 0) for line in lines), Decimal(0))
    amount += Decimal(row["discount_rate"] or 0)
    return Key("cash_sale", row["hc_order_id"]), Document(amount, parties[row["customer_id"]])


def _order(order: Expected) -> Document:
    lines = tuple(
        Line(line.key, line.item or "", Decimal(line.quantity), line.price, line.closed, line.discount)
        for line in order.lines
    )
    return Document(order.total - order.tax, order.customer, lines)


def _lines(rows: Iterable[Mapping[str, Any]]) -> tuple[Line, ...]:
    """The lines of an order, each with its discount, which stands in a row of its own."""
    rows = list(rows)
    discounts = Counter[str]()
    for row in rows:
        if row["line_type_id"].startswith(_DISCOUNT):
            discounts[row["line_type_id"].removeprefix(_DISCOUNT)] += Decimal(row["rate"])
    return tuple(
        Line(
            row["hc_order_line_id"],
            row["item"],
            Decimal(row["quantity"]),
            Decimal(row["rate"]),
            bool(row["closed"]),
            discounts.get(row["hc_order_line_id"], Decimal(0)),
        )
        for row in rows
        if not row["line_type_id"].startswith(_DISCOUNT)
    )
