"""Whatever comes or is done twice goes out once."""

from __future__ import annotations

import copy
import csv
import io
import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox.predictspring import Shop
from sandbox.predictspring_files import dump
from tests.support.airflow_lab import AirflowLab, text_of
from tests.support.truth import Truth

SHOP = Shop(seed=23)
AT = datetime(2026, 9, 1, 6, 7, tzinfo=UTC)


def test_run_that_is_done_again_changes_nothing(lab: AirflowLab) -> None:
    """What a clear of all its tasks does, without and with a new file in the inbox."""
    orders = [SHOP.order(n) for n in range(1, 6)]
    lab.drop(*orders, SHOP.return_order(6))
    assert lab.run(at=AT).state == "success"
    before, outputs = lab.everything(), _outputs(lab, forget=True)

    for _ in range(2):
        again = lab.run(at=AT)
        assert (again.state, set(again.tasks.values())) == ("success", {"success"})
        for later in lab.inbox.glob("later*"):
            later.unlink()
        assert lab.everything() == before, "a file that came later is not part of this run"
        assert _outputs(lab, forget=True) == outputs, "the same bytes, computed anew"
        lab.drop(SHOP.order(7), stem="later")
    assert Truth(*orders).faults(lab, inbox=1) == []


def test_repeats_of_every_sort_are_told_apart(lab: AirflowLab) -> None:
    """The same bytes under another name, in a file with more, in another layout, and an older version."""
    orders = [SHOP.order(n) for n in range(1, 8)]
    same, moved, pretty, older, first, second, new = orders
    lab.drop(same, moved, pretty, older)
    lab.drop(first, second, stem="hour", layout="array")
    (lab.inbox / "copy of it.json").write_bytes(dump(same))
    assert lab.run().state == "success"

    lab.drop(same)
    lab.drop(moved, stem="again")
    lab.drop(first, second, new, stem="day", layout="gz")
    (lab.inbox / "pretty.json").write_text(json.dumps(dict(reversed(pretty.items())), indent=4))
    lab.drop({**_changed(older), "updateDate": older["updateDate"] - 60_000}, stem="older")
    assert lab.run().state == "success"

    assert Truth(*orders).faults(lab) == []
    assert [sorted(_keys(feed)) for feed in lab.published().values()] == [_ids(orders[:6]), _ids([new])]
    assert Counter(row["kind"] for row in lab.rows("repeats")) == {"SAME": 5, "OLDER": 1}
    assert lab.batches()[1].summary["excluded"] == {"ALREADY_SENT": 5, "OLDER_VERSION": 1}
    assert lab.mails == []
    archived = Counter(name.rpartition("/")[2] for name in lab.tree() if name.startswith("predictspring/tlog/archive/"))
    assert archived["tlog_PS00000001.json"] == archived["again_PS00000002.json"] == archived["copy of it.json"] == 1


def test_changed_order_waits_for_a_person(lab: AirflowLab) -> None:
    order = SHOP.order(1, "mixed")
    lab.drop(order)
    lab.run()
    lab.drop(_changed(order), stem="changed")
    assert lab.run().state == "success"
    assert Truth(order).faults(lab) == []
    (mail,) = lab.mails
    assert "The order was already sent and has changed since".upper() in text_of(mail)
    assert lab.states() == {"PS00000001": "QUARANTINED"}


def test_changed_order_goes_out_again_where_the_settings_say_so(lab: AirflowLab) -> None:
    lab.settings(on_changed_order="emit", connections={"hotwax_api": ""})
    order = SHOP.order(1, "mixed")
    lab.drop(order)
    lab.run()
    lab.drop(_changed(order), stem="changed")
    lab.run()
    assert [_keys(feed) for feed in lab.published().values()] == [["PS00000001"], ["PS00000001"]]
    assert Truth(order).faults(lab) == [], "its stock has moved before; HotWax itself refuses the second one"


def test_forced_publication_repeats_the_orders_but_never_the_stock(lab: AirflowLab) -> None:
    orders = [SHOP.order(n, "mixed") for n in range(1, 4)]
    lab.drop(*orders)
    lab.run(at=AT)
    ((name, feed),) = lab.published().items()
    lab.world.hotwax.importer.stop()

    assert lab.run(at=AT, force_publish=True).state == "success"

    again = lab.world.order_feed_folder / name
    assert again.read_bytes() == feed
    assert list(lab.world.inventory_variance_folder.glob("*.csv")) == []
    (log,) = lab.world.hotwax.importer.import_now()
    assert (log.total, log.failed) == (3, 3), "HotWax knows these orders"
    assert len(lab.world.hotwax.database.orders()) == 3
    assert set(lab.states().values()) == {"CONFIRMED"}


def test_forced_publication_of_an_interval_by_another_run(lab: AirflowLab) -> None:
    lab.drop(SHOP.order(1))
    lab.run(at=AT)
    lab.world.hotwax.importer.stop()
    assert lab.run(at=AT.replace(minute=12), force_publish=True).state == "success", "in the same quarter of an hour"
    assert len(list(lab.world.order_feed_folder.glob("*.csv"))) == 1
    elsewhere = lab.run(at=AT.replace(day=2), force_publish=True)
    assert elsewhere.tasks["wait_for_tlogs"] == "skipped"
    assert "Nothing was collected between 2026-09-02" in elsewhere.log


@pytest.mark.parametrize("same_files", [True, False])
def test_two_runs_at_once_on_one_ledger(lab: AirflowLab, same_files: bool) -> None:
    """Somebody triggers twice, or two Airflows run side by side during a move."""
    orders = [SHOP.order(n, slim=True) for n in range(1, 31)]
    lab.drop(*orders, SHOP.return_order(31))
    one = {} if same_files else {"files": [f"tlog_PS{n:08d}.json" for n in range(1, 20)]}
    other = {} if same_files else {"files": [f"tlog_PS{n:08d}.json" for n in range(10, 32)]}
    first, second = lab.start(at=AT, **one), lab.start(at=AT.replace(hour=7), **other)
    states = {lab.finish(first).state, lab.finish(second).state}
    assert states <= {"success", "failed"}
    assert lab.run().state == "success", "what they hindered each other in is finished by the next"
    assert Truth(*orders).faults(lab) == []
    assert len([mail for mail in lab.mails if "PS00000031" in text_of(mail)]) == 1


def _changed(order: dict[str, Any]) -> dict[str, Any]:
    changed = copy.deepcopy(order)
    changed["updateDate"] += 3_600_000
    changed["email"] = "changed@example.com"
    changed["customerProfile"]["email"] = "changed@example.com"
    return changed


def _ids(orders: list[dict[str, Any]]) -> list[str]:
    return [order["orderId"] for order in orders]


def _keys(feed: bytes) -> list[str]:
    rows = csv.DictReader(io.StringIO(feed.decode(), newline=""))
    return list(dict.fromkeys(row["external-id"] for row in rows))


def _outputs(lab: AirflowLab, *, forget: bool = False) -> dict[str, bytes]:
    """The feeds in the staging store, by their hash."""
    paths = [path for path in (lab.home / "staging" / "outputs").rglob("*") if path.is_file()]
    found = {path.name: path.read_bytes() for path in paths}
    for path in paths if forget else []:
        path.unlink()
    return found
