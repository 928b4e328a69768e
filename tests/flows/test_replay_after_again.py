"""A run that is cleared after one of its orders was brought again by a later run: same bytes, nothing twice."""

from __future__ import annotations

from datetime import UTC, datetime

from sandbox.predictspring import Shop
from tests.support.airflow_lab import AirflowLab
from tests.support.truth import Truth

SHOP = Shop(seed=23)
FIRST = datetime(2026, 3, 2, 10, 7, tzinfo=UTC)


def test_cleared_run_still_gives_the_bytes_it_published(lab: AirflowLab) -> None:
    orders = [SHOP.order(n, "in_store", slim=True) for n in range(1, 6)]
    refused = orders[2]["orderId"]
    lab.drop(*orders)
    lab.world.hotwax.importer.faults.refuse = {refused: "Product 4711 is not known"}
    assert lab.run(at=FIRST).state == "success"
    lab.world.hotwax.importer.faults.refuse = {}
    assert lab.run(order_ids=[refused]).state == "success"
    before = lab.published(), lab.published("hotwax/inventory-variance")

    again = lab.run(at=FIRST)

    assert again.state == "success", again
    assert (lab.published(), lab.published("hotwax/inventory-variance")) == before
    assert Truth(*orders).faults(lab) == []
