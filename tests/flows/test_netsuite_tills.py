"""Cash sales, and the customers that NetSuite had before, through Airflow."""

from __future__ import annotations

from datetime import UTC, datetime

from sandbox.hotwax.pos_orders import PosOrders, write_pos_orders
from tests.support.airflow_lab import AirflowLab, text_of

TILLS = PosOrders(1)
SALES, HISTORY = "netsuite_cash_sales", "netsuite_historical_customers"


def test_a_sale_to_a_customer_from_before_is_sent_and_the_other_one_is_mailed(lab: AirflowLab) -> None:
    netsuite = lab.world.netsuite
    order, part_paid = TILLS.order(1), TILLS.order(2, "pos_part_paid")
    order["customerPartyIdentifications"].pop()  # HotWax does not know NetSuite's id, only Shopify's number
    customer = netsuite.add_customer("", order["customerPartyIdentifications"][0]["idValue"])
    netsuite.scripts.export_history()
    loaded = lab.run(HISTORY)
    assert loaded.state == "success", loaded.log[-3000:]
    assert loaded.tasks == dict.fromkeys(("load_customers", "report", "finished"), "success")
    assert lab.mails == []

    write_pos_orders(lab.world.shop.completed_pos_orders_folder, [order, part_paid], datetime.now(UTC))
    run = lab.run(SALES)
    assert run.state == "success", run.log[-3000:]
    steps = ("take_answers", "find", "collect", "transform", "publish", "archive", "report", "finished")
    assert run.tasks == dict.fromkeys(steps, "success")
    netsuite.scripts.run_now()
    sale = netsuite.database.cash_sale("N10001")
    assert sale is not None
    assert sale["customer_id"] == customer
    (mail,) = lab.mails
    assert f"{part_paid['orderId']}, {part_paid['grandTotal']} USD paid are" in text_of(mail)
