"""``python -m order_sync``: the ledger at a prompt.

ledger upgrade        create the ledger's tables, or bring them up to date
order ID              the whole way of one order: files, decisions, feeds, repeats
settings              check every retailer's settings and mappings
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from order_sync.errors import OrderSyncError
from order_sync.settings import DEFAULT


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
    order.add_argument("--flow", default="predictspring_order_sync")
    order.add_argument("--retailer", default=DEFAULT)
    order.set_defaults(run=_order)
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
    from order_sync.flow import ledger
    from order_sync.reports.order_story import story_lines

    with ledger() as book:
        story = book.order_of(options.flow, options.retailer, options.order_id)
    if story is None:
        print(f"The ledger does not know order {options.order_id} of {options.retailer}.", file=sys.stderr)
        return 1
    print("\n".join(story_lines(story)))
    return 0


def _settings(_options: argparse.Namespace) -> int:
    from order_sync.settings import include_folder, retailers
    from order_sync.transforms.predictspring_orders import PredictSpringOrders

    for retailer in retailers():
        transform = PredictSpringOrders(retailer.predictspring_order_sync, include_folder(), retailer.name)
        print(f"{retailer.name}: sound, mapping version {transform.version}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
