"""``make up``: the sandbox partners and the Airflow web UI, until Ctrl-C."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sandbox.__main__ import DEFAULT_PORT_BASE
from sandbox.hotwax import HotWaxSettings
from sandbox.hotwax.completed_orders import CompletedOrders, write_feed
from sandbox.predictspring import Shop
from sandbox.predictspring_files import write_files
from sandbox.world import Ports, World

ROOT = Path(__file__).resolve().parents[1]
_START_SECONDS = 180
#: How many orders wait for each flow.
_WAITING = 20


def main() -> int:
    """Run until a signal; returns the exit code."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    home = Path(os.environ["AIRFLOW_HOME"])
    log = home / "standalone.log"
    world = World(ROOT / ".sandbox", ports=Ports.from_base(DEFAULT_PORT_BASE), hotwax=HotWaxSettings(poll_seconds=2))
    with world, log.open("wb") as output:
        _drop_files(world)
        print(f"The partners are running: TLogs go into {world.tlog_folder}, completed orders into")
        print(f"{world.completed_orders_folder}, customers and created orders into")
        print(f"{world.shop.customers_folder} and {world.shop.created_orders_folder.name} beside it;")
        print(f"mails come to {world.mailbox.folder}.")
        print(f"What HotWax imported: {world.hotwax.url}/sandbox/summary")
        print(f"What Retail Pro holds: {world.retailpro.url}/sandbox/summary")
        print(f"What NetSuite holds: {world.netsuite.url}/sandbox/summary")
        print(f"Airflow is starting, which takes half a minute; its log is {log}.", flush=True)
        airflow = subprocess.Popen(
            ["airflow", "standalone"], stdout=output, stderr=output, env=_environment(), start_new_session=True
        )
        try:
            _wait_for(airflow, home)
            airflow.wait()
        except KeyboardInterrupt:
            print("\nStopping.", flush=True)
        finally:
            _stop(airflow)
    return 0


def _drop_files(world: World) -> None:
    """Give each flow something to do, unless something waits already."""
    if not any(world.tlog_folder.glob("*.json")):
        write_files(world.tlog_folder, [Shop(seed=7).order(n) for n in range(1, _WAITING + 1)])
    if not any(world.completed_orders_folder.glob("*.json")):
        write_feed(world.completed_orders_folder, CompletedOrders(seed=7).orders(_WAITING), datetime.now(UTC))
    if not any(world.shop.created_orders_folder.glob("*.json")):
        world.shop.place_more(_WAITING)
        world.shop.feed_customers()
        world.shop.feed_created_orders()
    if not any(world.shopify.database.truth()):
        now = datetime.now(UTC)
        world.shopify.fill(_WAITING, start=now - timedelta(hours=12), end=now - timedelta(minutes=30))


def _stop(airflow: subprocess.Popen[bytes]) -> None:
    """End Airflow and everything that it has started."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(airflow.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            airflow.wait(timeout=20)
    airflow.wait()


def _environment() -> dict[str, str]:
    return {
        **os.environ,
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin",
    }


def _wait_for(airflow: subprocess.Popen[bytes], home: Path) -> None:
    """Wait for the web UI and say where it is.

    :raises SystemExit: Airflow ended, or did not answer in time.
    """
    url = f"http://127.0.0.1:{os.environ['AIRFLOW__API__PORT']}"
    for _ in range(_START_SECONDS):
        if airflow.poll() is not None:
            sys.exit("Airflow ended at once; read its log. Is the port taken? AIRFLOW__API__PORT=8090 make up")
        try:
            with urllib.request.urlopen(f"{url}/api/v2/version", timeout=2):
                break
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(1)
    else:
        sys.exit(f"Airflow did not answer at {url} within {_START_SECONDS} s.")
    passwords = json.loads((home / "simple_auth_manager_passwords.json.generated").read_text(encoding="utf-8"))
    for user, password in passwords.items():
        print(f"\n  {url}   user {user}   password {password}\n")
    print(f"Trigger predictspring_order_sync there, {_WAITING} TLogs are waiting, or retailpro_invoicing:")
    print(f"{_WAITING} completed orders are, or netsuite_created_orders, a few times: {_WAITING} orders and their")
    print(f"customers are, or shopify_order_import: {_WAITING} orders were placed.")
    print("Ctrl-C stops everything.", flush=True)


if __name__ == "__main__":
    sys.exit(main())
