"""What a retailer may set, end to end."""

from __future__ import annotations

import csv
import io
import json
import shutil
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
import yaml

from sandbox.hotwax.logs import LogStatus
from sandbox.predictspring import Shop
from tests.support.airflow_lab import DAG, ROOT, AirflowLab, text_of
from tests.support.truth import Truth

SHOP = Shop(seed=37)
KINDS = ("in_store", "send_sale", "mixed", "in_store")
ORDERS = [SHOP.order(n, kind) for n, kind in enumerate(KINDS, start=1)]

ACME = """
connections: {hotwax_api: ""}
contacts: [acme@example.com]
predictspring_order_sync:
  file_prefix: acme
  folders:
    inbox: acme/tlog
    archive: acme/done
    error: acme/error
    order_feed: acme/feed
    inventory_variance: acme/variance
"""


def test_in_store_orders_stay_out_but_move_their_stock(lab: AirflowLab) -> None:
    lab.settings(sync_in_store_orders=False)
    lab.drop(*ORDERS)
    assert lab.run().state == "success"
    truth = Truth(*ORDERS[1:3])
    truth.stock_of(ORDERS[0], ORDERS[3])
    assert truth.faults(lab) == []
    assert lab.states() == {
        "PS00000001": "EXCLUDED", "PS00000002": "CONFIRMED", "PS00000003": "CONFIRMED", "PS00000004": "EXCLUDED",
    }  # fmt: skip
    assert (lab.mails, lab.batches()[0].summary["excluded"]) == ([], {"IN_STORE_SYNC_OFF": 2})


def test_only_in_store_orders_and_none_to_sync_makes_no_empty_feed(lab: AirflowLab) -> None:
    lab.settings(sync_in_store_orders=False)
    lab.drop(ORDERS[0])
    assert lab.run().state == "success"
    truth = Truth()
    truth.stock_of(ORDERS[0])
    assert truth.faults(lab) == []
    assert lab.published() == {}


def test_switching_it_on_later_does_not_move_the_stock_again(lab: AirflowLab) -> None:
    lab.settings(sync_in_store_orders=False)
    lab.drop(ORDERS[0])
    lab.run()
    lab.settings()
    lab.drop(ORDERS[0], ORDERS[3], stem="again")
    assert lab.run().state == "success"
    truth = Truth(ORDERS[3])
    truth.stock_of(ORDERS[0])
    assert truth.faults(lab) == []


def test_json_feed(lab: AirflowLab) -> None:
    lab.settings(feed_format="json")
    lab.drop(*ORDERS)
    assert lab.run().state == "success"
    assert Truth(*ORDERS).faults(lab) == []
    ((name, feed),) = lab.published().items()
    assert name.endswith(".json")
    services = [call["serviceName"] for call in json.loads(feed)[0]["dataList"]] if feed.startswith(b"[") else []
    logs = {log.config_id: log for log in lab.world.hotwax.logs.all()}
    assert set(logs) == {"IMP_JSON_LIST_DATA", "MDM_INV_VARIANCE"}
    assert logs["IMP_JSON_LIST_DATA"].status is LogStatus.FINISHED
    excluded = lab.world.hotwax.database.figures()["excludedOrderFacilities"]
    assert excluded == feed.count(b"createExcludedOrderFacilityForOrder") >= 1, services


def test_json_feed_whose_order_hotwax_refuses(lab: AirflowLab) -> None:
    lab.settings(feed_format="json")
    lab.drop(*ORDERS)
    lab.world.hotwax.importer.faults.refuse = {"PS00000002": "Product is not known"}
    assert lab.run().state == "success"
    truth = Truth(*ORDERS[:1], *ORDERS[2:])
    truth.stock_of(ORDERS[1])
    assert truth.faults(lab) == []
    assert lab.states()["PS00000002"] == "QUARANTINED"
    assert "Product is not known" in text_of(lab.mails[0])


def test_ofbiz_back_end(lab: AirflowLab) -> None:
    lab.connect(hotwax_api={"extra": {"backend": "ofbiz"}})
    lab.drop(*ORDERS)
    lab.world.hotwax.importer.faults.refuse = {"PS00000004": "Product is not known"}
    assert lab.run().state == "success"
    truth = Truth(*ORDERS[:3])
    truth.stock_of(ORDERS[3])
    assert truth.faults(lab) == []
    assert "Product is not known" in text_of(lab.mails[0])
    assert sorted(lab.states().values()) == ["CONFIRMED", "CONFIRMED", "CONFIRMED", "QUARANTINED"]


def test_without_a_data_manager_published_is_the_end(lab: AirflowLab) -> None:
    lab.settings(connections={"hotwax_api": ""})
    lab.drop(*ORDERS)
    lab.world.hotwax.importer.stop()
    run = lab.run()
    assert run.state == "success"
    assert "Nothing to confirm: no Data Manager is set" in run.log
    assert set(lab.states().values()) == {"DELIVERED"}
    assert {row["state"] for row in lab.rows("feeds")} == {"PUBLISHED"}
    assert [batch.state for batch in lab.batches()] == ["CLOSED"]
    assert lab.run().tasks["wait_for_tlogs"] == "skipped"
    lab.world.hotwax.importer.import_now()
    assert Truth(*ORDERS).faults(lab) == []


def test_names_and_order_dates_are_in_the_retailers_time_zone(lab: AirflowLab) -> None:
    lab.settings(time_zone="Asia/Tokyo")
    lab.drop(SHOP.order(600))
    lab.run()
    ((name, feed),) = lab.published().items()
    tokyo = datetime.now(ZoneInfo("Asia/Tokyo"))
    assert abs((datetime.strptime(name[21:40], "%Y-%m-%d-%H_%M_%S") - tokyo.replace(tzinfo=None)).total_seconds()) < 120
    (date,) = {row["order-date"] for row in csv.DictReader(io.StringIO(feed.decode(), newline=""))}
    ordered = datetime.fromtimestamp(int(SHOP.stamps(600).order_ms) / 1000, ZoneInfo("Asia/Tokyo"))
    assert date == f"{ordered:%m/%d/%Y}"


def test_two_retailers_side_by_side(lab: AirflowLab) -> None:
    include = lab.home / "include"
    shutil.copytree(ROOT / "include", include)
    (include / "retailers" / "acme.yaml").write_text(ACME)
    own = include / "mappings" / "lookups" / "acme"
    own.mkdir()
    (own / "facility.csv").write_text("key,value,description\n254,ACME-1,theirs\n")
    lab.environment(ORDER_SYNC_INCLUDE=str(include))
    root = lab.world.sftp.root / "acme"
    for name in ("tlog", "feed", "variance"):
        (root / name).mkdir(parents=True)
    here = SHOP.order(1, "in_store", storeId="254")
    there, elsewhere = SHOP.order(1, "mixed", storeId="254"), SHOP.order(2, "in_store", storeId="301")
    lab.drop(here)
    for order in (there, elsewhere):
        (root / "tlog" / f"{order['orderId']}.json").write_text(json.dumps(order))

    assert (lab.run().state, lab.run(f"{DAG}__acme").state) == ("success", "success")

    assert [row["external_id"] for row in lab.world.hotwax.database.orders()] == ["PS00000001"]
    (feed,) = (root / "feed").glob("acme_OrderFeed_*.csv")
    rows = list(csv.DictReader(io.StringIO(feed.read_text(), newline="")))
    assert {row["external-id"] for row in rows} == {"PS00000001"}, "the same id is another order there"
    (variance,) = (root / "variance").glob("acme_InventoryVariance_*.csv")
    assert {row["externalFacilityId"] for row in csv.DictReader(variance.open())} == {"ACME-1"}
    (mail,) = lab.mails
    assert mail["To"] == "acme@example.com"
    assert "PS00000002" in text_of(mail), "store 301 is not in their table"
    assert sorted((row["retailer"], row["order_key"]) for row in lab.rows("records")) == [
        ("acme", "PS00000001"), ("acme", "PS00000002"), ("default", "PS00000001"),
    ]  # fmt: skip


def test_overlay_that_is_wrong_is_told_before_anything_runs(lab: AirflowLab) -> None:
    (lab.home / "overlay.yaml").write_text(yaml.safe_dump({"retrys": 3}))
    lab.drop(ORDERS[0])
    with pytest.raises(RuntimeError, match="retrys"):
        lab.run()
