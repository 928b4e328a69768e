"""Orders that NetSuite has and whose payments are due, and what becomes of their deposits."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from order_sync.flow import NETSUITE_DEPOSITS
from order_sync.ledger import Record
from order_sync.operators.netsuite_files import STAGES
from sandbox.hotwax.created_orders import write_created_orders
from tests.support.netsuite_lab import FLOW, NetSuiteLab

FOLDER = "salesorder/customerdeposit"
SETTLED, DECLINED, REFUNDED = "PAYMENT_SETTLED", "PAYMENT_DECLINED", "PAYMENT_REFUNDED"
Order = dict[str, Any]


def settle(lab: NetSuiteLab, first: int, *kinds: str, change: Callable[[Order], None] | None = None) -> list[str]:
    """Orders that NetSuite has and whose ids lie there for the next run; their deposits wait."""
    numbers = range(first, first + len(kinds))
    orders = [lab.shop.place(number, kind) for number, kind in zip(numbers, kinds, strict=True)]
    lab.know_customers(*numbers)
    offer(lab, *numbers, change=change)
    send(lab, f"orders of {first}")
    lab.netsuite_works()
    return orders


def send(lab: NetSuiteLab, run: str, **asked: Any) -> None:
    """A run as far as orders and deposits go, without customers and approvals."""
    lab.answers(run, **asked)
    lab.send(STAGES[1], run, **asked)
    lab.deposits(run, **asked)


def go(lab: NetSuiteLab, run: str, **asked: Any) -> None:
    """A run as far as deposits go."""
    lab.answers(run, **asked)
    lab.deposits(run, **asked)


def offer(lab: NetSuiteLab, *numbers: int, change: Callable[[Order], None] | None = None) -> None:
    """HotWax exports orders."""
    orders = [lab.shop.order(number) for number in numbers]
    for order in orders:
        if change:
            change(order)
    write_created_orders(lab.shop.created_orders_folder, orders, datetime.now(UTC))


def pay(*parts: tuple[str, str, str]) -> Callable[[Order], None]:
    """Payments of an order as (amount, status, number); "rest" is what of the total no other that counts pays."""

    def change(order: Order) -> None:
        counted = [Decimal(amount) for amount, status, _ in parts if amount != "rest" and status == SETTLED]
        rest = Decimal(str(order["grandTotal"])) - sum(counted)
        order["payments"] = [
            {"amount": rest if amount == "rest" else Decimal(amount), "statusId": status,
             "paymentMethodTypeId": "EXT_SHOP_CARD", "orderPaymentPreferenceId": number or None}
            for amount, status, number in parts
        ]  # fmt: skip

    return change


def deposits(lab: NetSuiteLab, order: str) -> dict[str, Decimal]:
    """The deposits that NetSuite made for an order: External ID to amount."""
    found = lab.netsuite.database.order(order)
    assert found is not None
    return {one["external_id"]: Decimal(one["amount"]) for one in found["deposits"]}


def total(lab: NetSuiteLab, number: int) -> Decimal:
    return Decimal(str(lab.shop.order(number)["grandTotal"]))


def record(lab: NetSuiteLab, order: str, number: str = "1") -> Record:
    return lab.record(f"{order}-CD-{number}", NETSUITE_DEPOSITS)


def states(lab: NetSuiteLab, *orders: str) -> dict[str, int]:
    return dict(lab.states(*[f"{order}-CD-1" for order in orders], flow=NETSUITE_DEPOSITS))


def files(lab: NetSuiteLab) -> list[Path]:
    """What lies where NetSuite takes it from."""
    return sorted(path for path in lab.netsuite.folder(FOLDER).iterdir() if path.is_file())


def taken(lab: NetSuiteLab) -> list[Path]:
    return sorted((lab.netsuite.folder(FOLDER) / "archive").iterdir())


def later(lab: NetSuiteLab, monkeypatch: pytest.MonkeyPatch, order: str) -> None:
    """It is past the deadline of an order's deposit."""
    moment = record(lab, order).updated_at + timedelta(hours=2, minutes=1)
    monkeypatch.setattr("order_sync.flow.now", lambda: moment)


def told(lab: NetSuiteLab, run: str) -> str:
    problems = lab.book.problems_of_run(FLOW, run) + lab.book.problems_of_run(NETSUITE_DEPOSITS, run)
    return "\n".join(problem.message for problem in problems)


def as_created(change: Callable[[Order], None]) -> Callable[[Order], None]:
    """The order as it was exported before NetSuite's ids came back."""

    def changed(order: Order) -> None:
        change(order)
        kinds = "orderIdentificationTypeId"
        order["orderIdentifications"] = [
            one for one in order["orderIdentifications"] if one[kinds] != "NETSUITE_ORDER_ID"
        ]
        for item in order["orderItems"]:
            item["orderItemAttributes"] = []

    return changed


def cancel(order: Order) -> None:
    order["orderStatusId"] = "ORDER_CANCELLED"


def overlay(folder: Path, **changes: Any) -> None:
    """Change settings of the flow."""
    path = folder / "overlay.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    content[FLOW] |= changes
    path.write_text(yaml.safe_dump(content), encoding="utf-8")


def forked(steps: Callable[[], object], at: str = "") -> int:
    """A process that does something, killed where told: its pid."""
    pid = os.fork()
    if pid:
        return pid
    signal.alarm(60)
    os.environ["ORDER_SYNC_FAULT_AT"] = at
    code = 1
    try:
        steps()
        code = 0
    finally:
        os._exit(code)


def more(lab: NetSuiteLab, number: int) -> str:
    """An order that was sent, of which no deposit is registered yet: there is something to take in, too."""
    order = lab.shop.place(number, "web", customer=1)
    lab.answers("ids")
    offer(lab, number)
    lab.send(STAGES[1], "more")
    return order
