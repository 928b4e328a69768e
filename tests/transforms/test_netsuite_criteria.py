"""Created order or cash sale: every combination of what decides it, with the real transforms of both flows.

No order falls to both flows, and none to neither unless a named rule says that it goes nowhere; not at any moment, and
not over the whole life of an order, in whatever order its files come.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import combinations_with_replacement, product
from typing import Any, NamedTuple

import pytest

from order_sync.transforms.netsuite_sales_orders import NetSuiteSalesOrders, OrderDraft
from tests.transforms import cash_sale_kit, created_kit
from tests.transforms.cash_sale_kit import STORE, as_completed
from tests.transforms.created_kit import Order, item, numbered, order, records

CREATED, APPROVED, COMPLETED, CANCELLED, HOLD = (
    f"ORDER_{name}" for name in ("CREATED", "APPROVED", "COMPLETED", "CANCELLED", "HOLD")
)
STATUSES = (CREATED, APPROVED, COMPLETED, CANCELLED, HOLD)
CHANNELS = ("WEB_CHANNEL", "POS_CHANNEL", "POS_SALES_CHANNEL", "LOOP_EXCH")
TAKEN, SHIPPED, PICKED_UP = "POS_COMPLETED", "STANDARD", "STOREPICKUP"


class Line(NamedTuple):
    """One line of a cart."""

    method: str | None
    cancelled: bool = False


Cart = tuple[Line, ...]


class Case(NamedTuple):
    """One combination."""

    status: str
    channel: str
    cart: Cart
    paid: str
    has_id: bool
    customer: bool

    @property
    def alive(self) -> list[Line]:
        return [line for line in self.cart if not line.cancelled]

    @property
    def taken(self) -> bool:
        return all(line.method == TAKEN for line in self.alive)

    @property
    def of_till(self) -> bool:
        return self.channel.startswith("POS_")


def carts() -> Iterator[Cart]:
    """Up to two lines of any kind, three of the methods: mixed ones, and ones with cancelled lines, among them."""
    lines = [Line(method, gone) for method in (TAKEN, SHIPPED, PICKED_UP, None) for gone in (False, True)]
    for count in (0, 1, 2):
        yield from combinations_with_replacement(lines, count)
    for methods in combinations_with_replacement((TAKEN, SHIPPED, PICKED_UP), 3):
        yield tuple(Line(method) for method in methods)
        yield tuple(Line(method, place == 1) for place, method in enumerate(methods))


def space() -> list[Case]:
    return [
        Case(*parts)
        for parts in product(STATUSES, CHANNELS, carts(), ("full", "part", "none"), (False, True), (True, False))
    ]


def snapshot(key: str, status: str, channel: str, cart: Cart, paid: str = "full", **changes: Any) -> Order:
    """The order as HotWax has it at one moment, in the shape of the created orders."""
    goods = [
        item(
            f"{place:05d}",
            price="10",
            shipmentMethodTypeId=line.method,
            itemStatusId="ITEM_CANCELLED" if line.cancelled else "ITEM_CREATED",
            facilityExternalId="42",
            facilityAddress=STORE,
        )
        for place, line in enumerate(cart, start=1)
    ]
    made = order(*(goods or [item()]), orderId=key, orderStatusId=status, salesChannel=channel, **changes)
    if not goods:
        made |= {"orderItems": [], "grandTotal": Decimal(0)}
    part = {"full": made["grandTotal"], "part": made["grandTotal"] / 2, "none": None}[paid]
    payments = [] if part is None else [{"paymentMethodTypeId": "CARD", "statusId": "PAYMENT_SETTLED", "amount": part}]
    return made | {"payments": payments}


def of_case(number: int, case: Case) -> Order:
    ids = [numbered("NETSUITE_ORDER_ID", "880")] if case.has_id else []
    buyer = [numbered("NETSUITE_CUSTOMER_ID", "5501", "party")] if case.customer else []
    known = {"orderIdentifications": ids, "customerPartyIdentifications": buyer}
    return snapshot(f"C{number}", case.status, case.channel, case.cart, case.paid, **known)


def told(found: OrderDraft) -> str:
    """What becomes of an order: ``goes`` (at once, or once an id has come), or the code of the rule that keeps it."""
    if found.cause:
        return found.cause.reason
    return found.left_out or "goes"


#: What a flow says of an order that goes by neither, and the rule that says so.
NOWHERE: Mapping[tuple[str, str], str] = {
    ("EXCLUDED_CHANNEL", "EXCLUDED_CHANNEL"): "an exchange",
    ("HAS_NETSUITE_ID", "HAS_NETSUITE_ID"): "NetSuite has it",
    ("CANCELLED_ORDER", "CANCELLED_ORDER"): "cancelled",
    ("NOT_CREATED", "CANCELLED_ORDER"): "cancelled",
    ("NO_LINES", "NO_LINES"): "an exception: no lines",
    ("NOT_CREATED", "NO_LINES"): "an exception: no lines",
    ("PART_PAID", "SALES_ORDER"): "an exception: part-paid",
    ("NOT_CREATED", "PART_PAID"): "an exception: part-paid",
    ("POS_COMPLETED", "NOT_COMPLETED"): "not yet: it goes when it is completed",
    ("NOT_CREATED", "NOT_COMPLETED"): "not yet: it goes when it is completed",
    ("NOT_CREATED", "SALES_ORDER"): "it went, or has to go by hand: its time was in status created",
    ("NOT_CREATED", "MISSED_ORDER"): "an exception: its time was in status created, and it never went",
    ("NOT_CREATED", "NOT_A_TILL"): "an exception: taken away at a till, but of no till's channel",
}


def expected(case: Case, other_channels: str) -> str:
    """Where an order goes by the rules as people say them, apart from the code: order, sale, or nowhere."""
    if case.channel == "LOOP_EXCH" or case.has_id or case.status == CANCELLED or not case.alive:
        return "nowhere"
    if case.taken:
        wanted = case.status == COMPLETED and (case.of_till or other_channels == "cash_sale")
        return "sale" if wanted and case.paid == "full" else "nowhere"
    whole = case.paid == "full" or not case.of_till
    return "order" if case.status == CREATED and whole else "nowhere"


@pytest.fixture(scope="module")
def moments() -> list[tuple[Case, Order, OrderDraft]]:
    """Every combination, as an order, and what becomes of it as a created order."""
    cases = space()
    assert len(cases) > 10_000
    snapshots = [of_case(number, case) for number, case in enumerate(cases)]
    return list(zip(cases, snapshots, created_kit.drafts(snapshots), strict=True))


@pytest.mark.parametrize("other_channels", ["exception", "cash_sale"])
def test_at_any_moment_an_order_goes_by_one_flow_or_by_a_named_rule_by_none(
    moments: list[tuple[Case, Order, OrderDraft]], other_channels: str
) -> None:
    using = cash_sale_kit.transform(other_channels=other_channels)
    as_sales = cash_sale_kit.drafts((as_completed(snapshot) for _, snapshot, _ in moments), using)
    fates: Counter[str] = Counter()
    for (case, _, first), second in zip(moments, as_sales, strict=True):
        pair = told(first), told(second)
        assert pair != ("goes", "goes"), case
        fate = "order" if pair[0] == "goes" else "sale" if pair[1] == "goes" else "nowhere"
        assert fate == expected(case, other_channels), (case, pair)
        if fate == "nowhere":
            assert pair in NOWHERE, (case, pair)
        fates[fate if fate != "nowhere" else NOWHERE[pair]] += 1
    unused = {"SALES_ORDER"} if other_channels == "exception" else {"SALES_ORDER", "NOT_A_TILL"}
    rules = {rule for pair, rule in NOWHERE.items() if pair[0] != "NOT_CREATED" or pair[1] not in unused}
    assert fates.keys() - {NOWHERE["NOT_CREATED", "SALES_ORDER"]} == {"order", "sale", *rules}


class Life(NamedTuple):
    """How an order fares: what it is when it is placed, and when it is completed."""

    channel: str
    placed: Cart
    later: Cart
    path: tuple[str, ...]
    backwards: bool
    sales_first: bool

    def snapshots(self) -> list[tuple[str, Cart]]:
        """Status and cart, as its files come; a late file tells of an earlier moment."""
        told_of = [(status, self.placed if status == CREATED else self.later) for status in self.path]
        return told_of[::-1] if self.backwards else told_of

    def case(self, status: str) -> Case:
        cart = self.placed if status == CREATED else self.later
        return Case(status, self.channel, cart, "full", False, True)


def lives() -> list[Life]:
    """Carts of two lines of which the second one may change its method, and any may be cancelled, on the way."""
    found = []
    paths = ((CREATED, COMPLETED), (CREATED, APPROVED, COMPLETED), (COMPLETED,), (CREATED, CANCELLED))
    methods = (TAKEN, SHIPPED, PICKED_UP)
    for first, second, gone in product(methods, methods, (False, True)):
        placed = Line(first, gone), Line(second)
        for changed, ends in product(methods, ((gone, False), (gone, True), (True, True))):
            later = Line(first, ends[0]), Line(changed, ends[1])
            of_life = product(("POS_CHANNEL", "WEB_CHANNEL"), paths, (False, True), (False, True))
            found += [Life(channel, placed, later, *rest) for channel, *rest in of_life]
    return found


class Memory:
    """What the ledger remembers of both flows: which orders went out, and which wait or are exceptions."""

    def __init__(self) -> None:
        self.sent: dict[str, set[str]] = {"orders": set(), "sales": set()}
        self.open: dict[str, set[str]] = {"orders": set(), "sales": set()}
        self.last: dict[tuple[str, str], str] = {}

    def offer(self, flow: str, transform: NetSuiteSalesOrders, orders: Sequence[Order]) -> None:
        """A file of orders comes to one flow."""
        other = "sales" if flow == "orders" else "orders"

        def elsewhere(keys: Sequence[str]) -> dict[str, bool]:
            return {key: key in self.sent[other] for key in keys if key in self.sent[other] or key in self.open[other]}

        shaped = orders if flow == "orders" else list(map(as_completed, orders))
        for frame in transform.read(records(shaped), created_kit.nobody, elsewhere=elsewhere):
            for found in frame:
                self.last[flow, found.key] = told(found)
                if found.rows:
                    self.sent[flow].add(found.key)
                elif found.cause or found.waits_for:
                    self.open[flow].add(found.key)


def test_over_its_whole_life_an_order_goes_once_or_by_a_named_rule_never() -> None:
    every = {f"L{number}": life for number, life in enumerate(lives())}
    assert len(every) > 4_000
    memory, flows = Memory(), {"orders": created_kit.usual(), "sales": cash_sale_kit.usual()}
    for step in range(3):
        for sales_first in (True, False):
            due = [
                snapshot(key, life.snapshots()[step][0], life.channel, life.snapshots()[step][1])
                for key, life in every.items()
                if life.sales_first is sales_first and step < len(life.path)
            ]
            for flow in ("sales", "orders") if sales_first else ("orders", "sales"):
                memory.offer(flow, flows[flow], due)
    fates: Counter[str] = Counter()
    for key, life in every.items():
        documents = (key in memory.sent["orders"]) + (key in memory.sent["sales"])
        wanted = {expected(life.case(status), "exception") for status in life.path} - {"nowhere"}
        assert documents == bool(wanted), (life, memory.last["orders", key], memory.last["sales", key])
        if documents:
            fates["twice offered" if len(wanted) > 1 else wanted.pop()] += 1
            continue
        last = memory.last["orders", key], memory.last["sales", key]
        assert last in NOWHERE, (life, last)
        fates[NOWHERE[last]] += 1
    assert {"order", "sale", "twice offered", "cancelled"} < fates.keys()
    assert fates["twice offered"] > 50


def test_a_sales_order_that_became_a_cash_sale_goes_once() -> None:
    """A mixed cart whose shipped line was cancelled after NetSuite had it looks like a cash sale."""
    one = as_completed(snapshot("M1", COMPLETED, "POS_CHANNEL", (Line(TAKEN), Line(SHIPPED, True))))
    assert told(cash_sale_kit.drafts([one])[0]) == "goes"
    assert told(cash_sale_kit.drafts([one], elsewhere=lambda _keys: {"M1": True})[0]) == "SENT_AS_SALES_ORDER"
    assert told(cash_sale_kit.drafts([one], elsewhere=lambda _keys: {"M1": False})[0]) == "goes"
    late = snapshot("M1", CREATED, "POS_CHANNEL", (Line(TAKEN), Line(SHIPPED)))
    (frame,) = created_kit.usual().read(records([late]), created_kit.nobody, elsewhere=lambda _keys: {"M1": True})
    assert told(frame[0]) == "SENT_AS_CASH_SALE"


def test_a_cause_that_came_later_does_not_hide_that_it_was_sent() -> None:
    one = as_completed(snapshot("M1", COMPLETED, "POS_CHANNEL", (Line(TAKEN),), "part"))
    assert told(cash_sale_kit.drafts([one])[0]) == "PART_PAID"
    assert told(cash_sale_kit.drafts([one], elsewhere=lambda _keys: {"M1": True})[0]) == "SENT_AS_SALES_ORDER"


def test_a_completed_order_that_no_run_took_up_is_told_unless_that_is_not_wanted() -> None:
    one = as_completed(snapshot("M1", COMPLETED, "POS_CHANNEL", (Line(SHIPPED),)))
    assert told(cash_sale_kit.drafts([one])[0]) == "MISSED_ORDER"
    for known in (True, False):
        assert told(cash_sale_kit.drafts([one], elsewhere=lambda _keys, known=known: {"M1": known})[0]) == "SALES_ORDER"
    assert told(cash_sale_kit.draft(one, missed_orders="left_out")) == "SALES_ORDER"
