"""``python -m order_sync``: the ledger at a prompt.

ledger upgrade        create the ledger's tables, or bring them up to date
order ID              the whole way of one order: files, decisions, feeds, calls, repeats
unknown list          calls of which nobody knows whether the partner carried them out
unknown resolve NUMBER delivered | send-again    what a person found out about one
settings              check every retailer's settings and mappings
"""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Sequence

from order_sync.errors import OrderSyncError
from order_sync.settings import DEFAULT, load


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except OrderSyncError as error:
        print(error, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m order_sync", description="The ledger at a prompt.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    ledger = commands.add_parser("ledger", help="create or upgrade the ledger's tables")
    ledger.add_argument("action", choices=["upgrade"])
    ledger.set_defaults(run=_upgrade)
    order = commands.add_parser("order", help="the whole way of one order")
    order.add_argument("order_id")
    order.add_argument("--retailer", default=DEFAULT)
    order.set_defaults(run=_order)
    unknown = commands.add_parser("unknown", help="calls whose outcome nobody knows").add_subparsers(required=True)
    listing = unknown.add_parser("list", help="all of them, the oldest first")
    listing.add_argument("--retailer", default=DEFAULT)
    listing.set_defaults(run=_unknown_list)
    resolve = unknown.add_parser("resolve", help="say what became of one, after looking it up at the partner")
    resolve.add_argument("number")
    resolve.add_argument("answer", choices=["delivered", "send-again"])
    resolve.add_argument("--reference", default="", help="the partner's number of the document")
    resolve.add_argument("--retailer", default=DEFAULT)
    resolve.set_defaults(run=_unknown_resolve)
    settings = commands.add_parser("settings", help="check every retailer's settings and mappings")
    settings.set_defaults(run=_settings)
    return parser


def _upgrade(_options: argparse.Namespace) -> int:
    from order_sync.flow import ledger_url
    from order_sync.ledger import upgrade

    upgrade(ledger_url())
    print("The ledger is up to date.")
    return 0


def _order(options: argparse.Namespace) -> int:
    from order_sync.flow import LEDGER_FLOWS, ledger
    from order_sync.reports.order_story import story_lines

    digits = load(options.retailer).retailpro_invoicing.order_number_digits
    keys = dict.fromkeys((options.order_id, options.order_id.zfill(digits)))  # as Retail Pro knows it
    with ledger() as book:
        stories = [(flow, book.order_of(flow, options.retailer, key)) for flow in LEDGER_FLOWS for key in keys]
    for flow, story in stories:
        if story:
            print("\n".join((f"{flow}:", *story_lines(story))))
    if not any(story for _, story in stories):
        print(f"The ledger does not know order {options.order_id} of {options.retailer}.", file=sys.stderr)
        return 1
    return 0


def _unknown_list(options: argparse.Namespace) -> int:
    from order_sync.contracts import money
    from order_sync.flow import LEDGER_FLOWS, ledger

    with ledger() as book:
        found = [(flow, doubt) for flow in LEDGER_FLOWS for doubt in book.doubts(flow, options.retailer)]
    for flow, doubt in found:
        amount = "" if doubt.amount_minor is None else money.show(doubt.amount_minor, doubt.currency)
        since = f"{doubt.since:%Y-%m-%d %H:%M:%S}Z"
        print(f"{doubt.order_key}  {flow}  {amount} {doubt.currency}  since {since}  {doubt.message}")
    print(f"{len(found)} in doubt.")
    return 0


def _unknown_resolve(options: argparse.Namespace) -> int:
    from order_sync import flow
    from order_sync.ledger import State

    delivered = options.answer == "delivered"
    why = "a person found it at the partner" if delivered else "a person found that the partner does not have it"
    state = State.DELIVERED if delivered else State.READY
    with flow.ledger() as book:
        found = [
            doubt
            for name in flow.LEDGER_FLOWS
            for doubt in book.doubts(name, options.retailer)
            if doubt.order_key == options.number
        ]
        done = [
            book.resolve(
                doubt.record_id,
                doubt.fence,
                state,
                at=flow.now(),
                who=f"person {getpass.getuser()}",
                why=why,
                reference=options.reference,
            )
            for doubt in found
        ]
    if not any(done):
        print(f"{options.number} is not in doubt; see: python -m order_sync unknown list", file=sys.stderr)
        return 1
    rest = "its run is finished by the next one" if delivered else "the next run, or clearing the red task, sends it"
    print(f"{options.number}: {state.value}; {rest}.")
    return 0


def _settings(_options: argparse.Namespace) -> int:
    from order_sync.settings import include_folder, retailers
    from order_sync.transforms.netsuite_cash_sales import NetSuiteCashSales
    from order_sync.transforms.netsuite_customers import NetSuiteCustomers
    from order_sync.transforms.netsuite_sales_orders import NetSuiteSalesOrders
    from order_sync.transforms.predictspring_orders import PredictSpringOrders
    from order_sync.transforms.retailpro_invoices import RetailProInvoices

    for retailer in retailers():
        orders = PredictSpringOrders(retailer.predictspring_order_sync, include_folder(), retailer.name)
        invoices = RetailProInvoices(retailer, include_folder())
        rows = retailer.netsuite_created_orders.rows
        customers = NetSuiteCustomers(rows, include_folder(), retailer.name)
        sales_orders = NetSuiteSalesOrders(rows, include_folder(), retailer.name)
        own = retailer.netsuite_cash_sales.rows
        cash_sales = NetSuiteCashSales(rows, own, include_folder(), retailer.name)
        print(
            f"{retailer.name}: sound, mapping versions {orders.version} (orders), {invoices.version} (invoices), "
            f"{customers.version} (customers), {sales_orders.version} (sales orders), "
            f"{cash_sales.version} (cash sales)"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
