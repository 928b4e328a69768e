"""The page of figures: what was tried, what came of it, and what was not tried."""

from __future__ import annotations

import platform
import sqlite3
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.retailpro.faults import LIES
from tests.faults.sabotage import SABOTAGE

Row = dict[str, Any]

FAULTS = {
    "F1": "kill -9 at marked places, while the answer is awaited, and at any moment",
    "F2": "frozen between intent and call for longer than the lease, then woken",
    "F8": "committed, then a lie: 500, 502, 504, close, reset, hang, half an answer, HTML",
    "F9": "not committed, the same lies",
    "F10": "the look-up lags, denies, is down, shows two, or there is none",
    "F11": "too many calls (429) with and without Retry-After; the token expires midway",
    "F12": "some are refused, others lied about; mended and brought again",
    "F13": '"exists already" with the same and with other content',
    "F14": "outage (refused, 503), then the backlog in the order of the file",
    "F39": "cleared, triggered twice, backfilled, dropped again, changed under its number",
    "F40": "two at the same time on one ledger",
    "F41": "ten at once for the same orders",
    "F42": "wrong password, no connection, connection refused",
}
#: On the way to NetSuite, whose answers come by files and hours later.
NETSUITE = {
    "N1": "kill -9 at every marked place of every step: answers, customers, orders, deposits",
    "N16": "return files late, lost, twice, halved (half late, half lost), of every kind and all at once",
    "N39": "every step cleared, whole runs cleared and backfilled, every file of either side dropped again",
    "N40": "every step by two at the same time on one ledger",
}
#: The nine places of F1, and what the variants that cover each have in their names.
PLACES = {
    "before the intent": ["before_intent"],
    "after the intent": ["after_intent"],
    "before sending": ["before_send"],
    "after sending, before the answer": ["awaited, committed", "awaited, not committed", "after_send"],
    "after the answer, before the commit": ["deliver.before_commit"],
    "after the commit": ["after_commit"],
    "in the map": ["before_decide", "before_register"],
    "in the download": ["before_download", "after_download"],
    "in publishing": ["publish.before_rename", "publish.after_rename"],
}

_HEAD = """# Scorecard

Written by `make faults`; do not edit. Seed {seed}, {orders} numbered orders in every run, with amounts drawn from the
seed; {day}, Python {python}, SQLite {sqlite}. Again: `make faults SEED={seed} ORDERS={orders}`; one fault: `ONLY=F8`.

Each run takes the orders through the real steps: real HTTP, real SFTP, the ledger in a real database file; killed and
frozen steps are processes of their own. The judge compares three independent accounts, document by document: what the
shop says about its orders, the partner's own database, the ledger. [The checker](../tests/faults/checker.py) is itself
tested with every kind of damage.

**{runs} runs, {documents} documents, {injected} faults injected: lost {lost}, duplicated {duplicated}, unexpected \
{unexpected}, money difference {money}.**

## Retail Pro invoicing

"""
_COLUMNS = (
    "fault", "what", "runs", "orders", "documents", "faults", "lost", "duplicated", "unexpected", "money", "recovered",
    "unknown", "bound",
)  # fmt: skip
_TABLE = f"| {' | '.join(_COLUMNS)} |\n{'|---' * len(_COLUMNS)}|\n"
#: With fewer faults than these a bound says nothing; they were directed, not drawn.
_ENOUGH = 30
_LIMITS = """
*Documents* are invoices and manual slips. *Recovered*: was in doubt for a while and is delivered.
*Unknown*: in doubt at the end of a run. *Bound*: no failure in n faults means that, with 95 % confidence, fewer than
3/n of such faults fail; it says nothing about other faults, nor where there were too few (–). Every answer stood in
exactly one response file, and no file lay under its final name with other bytes than were published.

"""
_NETSUITE = """## NetSuite: customers, created orders, deposits

*Documents* are customers, orders with every line, and what was deposited for each order. No order was offered before
its customer was known, and nothing was offered twice: NetSuite, which refuses both, refused nothing. Nothing counted
as done before its id had come back; return files that were lost were written again by NetSuite on request.

"""
_PERSONS = (
    "Where no evidence can end a doubt (neither look-up nor duplicate recognition, or other content under the number) "
    "{:,} orders stayed in doubt, were counted, were sent once each, and waited for a person. Everywhere else nothing "
    "was in doubt in the end."
)
_NOT_TESTED = """
## What was not tested

- The real Retail Pro: its answers, duplicate handling and look-up are not published; the sandbox assumes them.
- The real NetSuite: the sandbox does what the published scripts do, and assumes what they do not say.
- A real network: everything runs on one machine over the loopback interface.
- PostgreSQL: this proof ran on SQLite.
- A long soak, and the loss of the ledger.
- The moment between the last check and the socket. A machine that freezes in it for longer than the lease, and wakes
  after the look-up, sends a call that nobody expects any more. Only duplicate recognition by Retail Pro covers that;
  the proof freezes one call at a time, before that moment.
- A document that comes into being later than the settle time after its call was over: `settle_seconds` must be longer
  than Retail Pro ever takes.
- Airflow's own pauses: a dead worker is noticed after `task_instance_heartbeat_timeout` (300 s as delivered), and the
  retry delay comes on top. Leases and settle times here are a fraction of a second: the times above are lower bounds.
"""


def page(rows: Sequence[Row], seed: int, orders: int) -> str:
    """The page as Markdown.

    :param rows: one for each judgement.
    """
    proven = [row for row in rows if row["fault"] in FAULTS | NETSUITE]
    totals = {word: sum(len(row[word]) for row in proven) for word in ("lost", "duplicated", "unexpected")}
    head = _HEAD.format(
        seed=seed, orders=orders, day=date.today().isoformat(), python=platform.python_version(),
        sqlite=sqlite3.sqlite_version, runs=len(proven), documents=_number(row["attempted"] for row in proven),
        injected=_number(row["injected"] for row in proven), money=_money(proven), **totals,
    )  # fmt: skip
    retailpro = _TABLE + "".join(_line(*fault, proven) for fault in FAULTS.items()) + _LIMITS
    netsuite = _NETSUITE + _TABLE + "".join(_line(*fault, proven) for fault in NETSUITE.items()) + "\n"
    return head + retailpro + netsuite + _coverage(rows) + _NOT_TESTED


def _line(fault: str, what: str, rows: Sequence[Row]) -> str:
    mine = [row for row in rows if row["fault"] == fault]
    injected = sum(row["injected"] for row in mine)
    cells = [
        fault, what, len(mine), _number(row["orders"] for row in mine),
        _number(row["attempted"] for row in mine), f"{injected:,}",
        *(sum(len(row[word]) for row in mine) for word in ("lost", "duplicated", "unexpected")), _money(mine),
        _number(len(row["recovered"]) for row in mine), _number(len(row["unknown"]) for row in mine),
        f"{Decimal(3) / injected:.2%}" if injected >= _ENOUGH else "–",
    ]  # fmt: skip
    return "| " + " | ".join(map(str, cells)) + " |\n"


def _coverage(rows: Sequence[Row]) -> str:
    passed: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row["verdict"] == "pass":
            passed[row["fault"]].add(row["variant"])
    places = [name for name, parts in PLACES.items() if all(_any(part, passed["F1"]) for part in parts)]
    told, lost = (set(LIES) & passed[fault] for fault in ("F8", "F9"))
    shouted = {row["variant"] for row in rows if row["fault"] == "sabotage" and row["verdict"] == "fail"}
    noticed = len(shouted & SABOTAGE.keys())
    waiting = sum(len(row["unknown"]) for row in rows)
    doubts = sorted(seconds for row in rows if row["fault"] in {"F8", "F9"} for seconds in row["doubt"])
    recovery = sorted(seconds for row in rows for seconds in row["recovery"])
    found = (
        f"{len(places)}/{len(PLACES)} places of F1: {'; '.join(places)}.",
        f"{len(told)}/{len(LIES)} lies committed, {len(lost)}/{len(LIES)} lies not committed: {', '.join(LIES)}.",
        f"{noticed}/{len(SABOTAGE)} protections whose removal the proof notices (sabotage): {', '.join(SABOTAGE)}.",
        _PERSONS.format(waiting),
        f"Seconds from a kill to the end of the repeated run: {_spread(recovery)}.",
        f"Seconds in doubt under F8 and F9: {_spread(doubts)}.",
    )
    return "## Directed coverage\n\n" + "".join(f"- {line}\n" for line in found)


def _any(part: str, names: Iterable[str]) -> bool:
    return any(part in name for name in names)


def _spread(values: Sequence[float]) -> str:
    """Of sorted values."""
    if len(values) < 2:
        return "not measured"
    twentieths = statistics.quantiles(values, n=20)
    spread = (statistics.median(values), twentieths[-1], values[-1])
    return "p50 {:.1f}, p95 {:.1f}, max {:.1f}".format(*spread) + f" ({len(values):,} cases)"


def _number(values: Iterable[int]) -> str:
    return f"{sum(values):,}"


def _money(rows: Iterable[Row]) -> str:
    """Differences must not cancel each other out."""
    return f"{sum((abs(Decimal(row['money'])) for row in rows), Decimal(0)) / 100:.2f}"
