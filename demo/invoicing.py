"""The demo's second half: an afternoon of completed orders becomes invoices and manual slips in Retail Pro."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from demo.completed_orders import LIED_ABOUT, Story, drop_feeds
from demo.local_airflow import LocalAirflow
from demo.quiet import Stage
from order_sync.flow import SLIPS_FLOW
from order_sync.ledger import BatchSummary, State, Tally, open_ledger
from sandbox.retailpro import UNIT
from sandbox.world import World

if TYPE_CHECKING:
    from demo.tables import Tables

DAG = "retailpro_invoicing"
_SENT = (State.DELIVERED, State.CONFIRMED)
_NOT_SENT = (State.READY, State.INTENDED)


class InvoicingDemo:
    """Runs the flow twice: with everything that goes wrong, and when one cause is mended.

    :param first: number of the first run, for the titles.
    """

    def __init__(self, stage: Stage, world: World, airflow: LocalAirflow, tables: Tables, first: int) -> None:
        self._stage, self._world, self._airflow, self._tables = stage, world, airflow, tables
        self._first = first
        self._story = Story()
        self._url = f"sqlite:///{airflow.ledger_path}"

    def run(self) -> list[str]:
        """Both runs and the comparison; returns what does not close."""
        retailpro = self._world.retailpro
        story = self._story = drop_feeds(self._world.completed_orders_folder, retailpro)
        self._stage.step(f"run {self._first}: HotWax has exported {story.orders} completed orders for Retail Pro")
        faults = self._round("an afternoon's completed orders, with everything that goes wrong", [])
        faults += self._judge(story)
        retailpro.settings.unknown_upcs.clear()
        again = ", ".join(story.refused)
        self._stage.step(f"run {self._first + 1}: Retail Pro has learnt the product; brought again: {again}")
        faults += self._round(f"brought again: order {again}, which Retail Pro had refused", story.refused)
        self._compare(story)
        return faults + story.wanted.faults(retailpro)

    def sum_up(self) -> str:
        """The end in one line."""
        wanted = self._story.wanted
        return (
            f"{len(wanted.invoices)} invoices of {_usd(wanted.money)} USD and {wanted.slips.total()} manual slips "
            f"stand in Retail Pro once, of {self._story.orders} completed orders; nothing is in doubt."
        )

    def _round(self, title: str, order_ids: Sequence[str]) -> list[str]:
        number = self._first + bool(order_ids)
        run = self._airflow.run(DAG, {"order_ids": list(order_ids)} if order_ids else None)
        self._tables.run(f"{number}  {title}", DAG, run, self._sent)
        return [] if run.state == "success" else [f"run {number} ended as {run.state}: {run.tasks}"]

    def _sent(self, summary: BatchSummary) -> list[tuple[str, str, Tally | None]]:
        """The rows of a batch's table about what went out."""
        rows = [
            ("out", "invoiced in Retail Pro", _sum(summary, _SENT)),
            ("", "in doubt", _sum(summary, (State.UNKNOWN,))),
            ("", "not sent", _sum(summary, _NOT_SENT)),
        ]
        with open_ledger(self._url) as book:
            slips = book.batch_by_key(SLIPS_FLOW, summary.batch.retailer, summary.batch.key)
            states = book.states_of([slips.id]) if slips else Counter()
        told = ", ".join(f"{count} {state.lower()}" for state, count in sorted(states.items())) or "none"
        return [*rows, ("", f"manual slips: {told}", None)]

    def _judge(self, story: Story) -> list[str]:
        """Whether each order that is not invoiced by the first run is so for the reason it should have."""
        with open_ledger(self._url) as book:
            (batch,) = [one for one in self._tables.batches if one.flow == DAG]
            (summary,) = book.summaries([batch.id])
            doubts = [
                call.order_key
                for record in book.records_by_order(DAG, batch.retailer, [f"{LIED_ABOUT:08d}"])
                for call in book.calls_of([record.id])
                if call.operation == "look_up"
            ]
        left_out, rejected = Counter[str](), Counter[str]()
        for (state, reason), tally in summary.reasons.items():
            (left_out if state is State.EXCLUDED else rejected)[reason] += tally.count
        left_out["ALREADY_SENT"] += summary.repeats["SAME"].count if "SAME" in summary.repeats else 0
        faults = [] if left_out == story.left_out else [f"left out: {dict(left_out)}, not {dict(story.left_out)}"]
        faults += [] if rejected == story.rejected else [f"set aside: {dict(rejected)}, not {dict(story.rejected)}"]
        return faults + ([] if doubts else [f"order {LIED_ABOUT} was never in doubt: nothing was shown"])

    def _compare(self, story: Story) -> None:
        """HotWax's orders beside Retail Pro's own database."""
        wanted, database = story.wanted, self._world.retailpro.database
        figures, slips = database.figures(), database.slips()
        lies = [call for call in database.calls() if call.lie]
        moved = sum(slip.total_qty for slip in slips) // UNIT
        rows = [
            ("invoices", "", str(len(wanted.invoices)), str(figures["invoices"])),
            ("sum of TotalAmt, USD", "", _usd(wanted.money), _usd(database.invoiced_total())),
            ("manual slips", "", str(wanted.slips.total()), str(figures["slips"])),
            ("pieces they move", "", str(wanted.pieces), str(moved)),
            ("numbers that stand there twice", "", "0", str(len(database.created_twice()))),
        ]
        self._tables.table("Retail Pro's own database", ("", "", "HotWax's orders", "Retail Pro"), rows)
        self._stage.say(
            f"  {figures['calls']} calls; {len(lies)} was answered 500 although the invoice was made "
            f"({lies[0].key}): a look-up found it, so it was not sent again."
            if lies
            else f"  {figures['calls']} calls"
        )


def _sum(summary: BatchSummary, states: Sequence[State]) -> Tally:
    return sum((summary.states[state] for state in states if state in summary.states), Tally())


def _usd(amount: int) -> str:
    return f"{Decimal(amount) / UNIT:,.2f}"
