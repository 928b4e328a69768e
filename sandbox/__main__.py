"""``python -m sandbox``: the partners in the foreground, until Ctrl-C or SIGTERM."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from sandbox.hotwax import HotWaxSettings
from sandbox.netsuite import NetSuiteSettings
from sandbox.world import Ports, World

DEFAULT_PORT_BASE = 18000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the partners.

    :param arguments: the command line, default that of the process.
    :returns: the exit code: 0 after a signal, 1 when a port is taken.
    """
    options = _parser().parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    world = World(
        options.root,
        ports=Ports.from_base(options.port_base),
        hotwax=HotWaxSettings(poll_seconds=options.poll_seconds),
        netsuite=NetSuiteSettings(poll_seconds=options.poll_seconds),
    )
    try:
        world.start()
    except OSError as error:
        print(f"The sandbox cannot start: {error}. Choose other ports with --port-base.", file=sys.stderr)
        return 1
    print(_description(world), flush=True)
    stop.wait()
    world.stop()
    print("The sandbox has stopped.", flush=True)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="Run the simulated partners on 127.0.0.1.")
    parser.add_argument("--root", type=Path, default=Path(".sandbox"), help="folder of everything they keep")
    parser.add_argument(
        "--port-base",
        type=int,
        default=DEFAULT_PORT_BASE,
        help="SFTP listens at base + 22, mail at + 25, NetSuite at + 70, HotWax at + 80, Retail Pro at + 90"
        " (default %(default)s)",
    )
    parser.add_argument(
        "--poll-seconds",
        type=float,
        default=2.0,
        help="how often HotWax looks for files and NetSuite runs its scripts (default %(default)s)",
    )
    return parser


def _description(world: World) -> str:
    sftp, hotwax, mailbox, retailpro = world.sftp, world.hotwax, world.mailbox, world.retailpro
    tlogs, completed = _short(world.tlog_folder), _short(world.completed_orders_folder)
    lines = [
        ("SFTP", f"{sftp.host}:{sftp.port}, user {sftp.user}, key {sftp.client_key_path}"),
        ("HotWax", f"{hotwax.url}, login {hotwax.credentials.login}; what it imported: {hotwax.url}/sandbox/summary"),
        (
            "Retail Pro",
            f"{retailpro.url}, login {retailpro.credentials.login}; what it holds: {retailpro.url}/sandbox/summary",
        ),
        ("NetSuite", f"{world.netsuite.url}; what it holds: {world.netsuite.url}/sandbox/summary"),
        ("Shopify", f"{world.shopify.url}, token {world.shopify.credentials.static_token}"),
        ("Mail", f"{mailbox.host}:{mailbox.port}, kept in {mailbox.folder}"),
        ("Airflow", f"connections in {world.connections_path}"),
    ]
    flows = [
        ("PredictSpring to HotWax", ""),
        ("TLogs in", tlogs),
        ("  make some", f"python -m sandbox.predictspring --orders 20 --out {tlogs}"),
        ("Orders out", _short(world.order_feed_folder)),
        ("Stock out", _short(world.inventory_variance_folder)),
        ("HotWax to Retail Pro", ""),
        ("Completed", completed),
        ("  make some", f"python -m sandbox.hotwax.completed_orders --orders 20 --out {completed}"),
        ("  and more", "the same with --first 21"),
        ("Invoices", _short(world.invoices_folder)),
        ("Answers", _short(world.responses_folder)),
        ("HotWax to NetSuite and back", ""),
        ("Customers", _short(world.shop.customers_folder)),
        ("Orders", _short(world.shop.created_orders_folder)),
        ("  make some", f"python -m sandbox.hotwax.created_orders_shop --orders 20 --root {_short(world.root)}"),
        ("Folders", _short(world.netsuite_folder)),
    ]
    rows = [f"  {name:<13}{text}" if text else f"{name}:" for name, text in (*lines, *flows)]
    return "\n".join(["The sandbox partners are running; Ctrl-C stops them.", *rows])


def _short(path: Path) -> Path:
    """A path as a person types it in the folder where this was started."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


if __name__ == "__main__":
    sys.exit(main())
