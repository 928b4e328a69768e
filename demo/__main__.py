"""``make demo``: every flow through Airflow, against the sandbox, and what became of every order."""

from __future__ import annotations

import shutil
import sys
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from demo.local_airflow import ROOT, LocalAirflow, RunResult
from demo.quiet import Stage
from demo.tlogs import REFUSED_BY_HOTWAX, Expected, drop_first_round, drop_second_round
from sandbox.hotwax import HotWaxSettings
from sandbox.netsuite import NetSuiteSettings
from sandbox.world import World

if TYPE_CHECKING:
    from demo.tables import Tables

DAG = "predictspring_order_sync"
HOME = ROOT / ".demo"


def main() -> int:
    """Run the demo; 0 when every figure closes."""
    shutil.rmtree(HOME, ignore_errors=True)
    stage = Stage(HOME / "airflow.log")
    stage.step("starting the sandbox partners: SFTP, HotWax, Retail Pro, NetSuite, Shopify, mail")
    netsuite = NetSuiteSettings(poll_seconds=3_600)  # it works when its round has come
    with World(HOME / "partners", hotwax=HotWaxSettings(poll_seconds=0.3), netsuite=netsuite) as world:
        world.hotwax.importer.faults.refuse = {REFUSED_BY_HOTWAX: "Product is not known in HotWax"}
        stage.step("starting Airflow in this process")
        airflow = LocalAirflow(HOME / "airflow", world.connections_path, ROOT / "sandbox" / "overlay.yaml")
        airflow.start(template=ROOT / ".airflow" / "airflow.db")
        try:
            faults = _flows(stage, world, airflow)
        except Exception as error:
            stage.fail(f"{type(error).__name__}: {error}")
            raise
    for fault in faults:
        stage.say(f"WRONG: {fault}")
    stage.say(f"\nLook around in {HOME.relative_to(ROOT)}/: partners/sftp, partners/mail, airflow/staging, airflow.log")
    return 1 if faults else 0


def _flows(stage: Stage, world: World, airflow: LocalAirflow) -> list[str]:
    """All flows; returns the figures that do not close."""
    from demo.invoicing import InvoicingDemo  # what imports Airflow must wait until its settings are made
    from demo.netsuite import NetSuiteDemo
    from demo.shopify import ShopifyDemo
    from demo.tables import Tables

    tables = Tables(stage, world, airflow)
    expected = _rounds(stage, world, airflow, tables)
    tables.hotwax()
    invoicing = InvoicingDemo(stage, world, airflow, tables, first=4)
    netsuite = NetSuiteDemo(stage, world, airflow, tables, first=6)
    shopify = ShopifyDemo(stage, world, airflow, tables, first=12)
    faults = [*_compare(world, expected), *invoicing.run(), *netsuite.run(), *shopify.run()]
    tables.mails()
    tables.files()
    faults += tables.open_equations()
    if not faults:
        stage.say(
            f"\nEvery order is accounted for.\n  {len(expected.totals)} orders of {sum(expected.totals.values())} USD "
            f"stand in HotWax once, stock moved by {expected.units}.\n  {invoicing.sum_up()}\n  {netsuite.sum_up()}\n"
            f"  {shopify.sum_up()}\n  The rest waits as exceptions or was left out, as told above."
        )
    return faults


def _rounds(stage: Stage, world: World, airflow: LocalAirflow, tables: Tables) -> Expected:
    """Three runs of the flow from PredictSpring to HotWax."""
    from demo.tables import order_feed

    expected = drop_first_round(world.tlog_folder)
    stage.step(f"run 1: {_count(world.tlog_folder)} files wait on the SFTP server")
    tables.run("1  a quarter of an hour, with everything that goes wrong", DAG, _checked(airflow.run(DAG)), order_feed)
    drop_second_round(world.tlog_folder, expected)
    stage.step(f"run 2: {_count(world.tlog_folder)} files: old ones again, a changed order, a corrected one")
    tables.run("2  the same files again, one changed, one corrected", DAG, _checked(airflow.run(DAG)), order_feed)
    world.hotwax.importer.faults.refuse = {}
    stage.step(f"run 3: HotWax has learnt the product; order {REFUSED_BY_HOTWAX} is brought again by its id")
    again = _checked(airflow.run(DAG, {"order_ids": [REFUSED_BY_HOTWAX]}))
    tables.run("3  one order brought again", DAG, again, order_feed)
    return expected


def _checked(run: RunResult) -> RunResult:
    """A run that ended as it should.

    :raises RuntimeError: it did not.
    """
    if run.state != "success":
        raise RuntimeError(f"the run ended as {run.state}: {run.tasks}")
    return run


def _count(folder: Path) -> int:
    return sum(1 for path in folder.iterdir() if path.is_file())


def _compare(world: World, expected: Expected) -> list[str]:
    """What HotWax holds against what the TLogs say."""
    held = {row["external_id"]: Decimal(row["grand_total"]) for row in world.hotwax.database.orders()}
    faults = [f"order {order} is missing in HotWax" for order in expected.totals.keys() - held.keys()]
    faults += [f"order {order} should not be in HotWax" for order in held.keys() - expected.totals.keys()]
    faults += [
        f"order {order}: {held[order]} in HotWax, {total} in the TLog"
        for order, total in expected.totals.items()
        if order in held and held[order] != total
    ]
    units = world.hotwax.database.figures()["varianceUnits"]
    if units != expected.units:
        faults.append(f"the stock moved by {units}, the TLogs say {expected.units}")
    return faults


if __name__ == "__main__":
    sys.exit(main())
