from __future__ import annotations

from sandbox.predictspring import Shop
from tests.support.airflow_lab import AirflowLab
from tests.support.truth import Truth

SHOP = Shop(seed=7)


def test_every_order_arrives_once(lab: AirflowLab) -> None:
    orders = list(SHOP.orders(12, slim=True))
    lab.drop(*orders)
    run = lab.run()
    assert run.state == "success"
    assert Truth(*orders).faults(lab) == []
