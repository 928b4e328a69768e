"""Orders and files that cannot go out: set aside, told once, brought again."""

from __future__ import annotations

import csv
import io
import json

from sandbox.predictspring import Shop
from tests.support.airflow_lab import AirflowLab, attachment, text_of
from tests.support.truth import Truth

SHOP = Shop(seed=11)


def test_one_mail_says_what_to_do_about_each(lab: AirflowLab) -> None:
    good = [SHOP.order(n, slim=True) for n in range(1, 6)]
    refused = SHOP.order(10, "send_sale")
    returned, wrong_store = SHOP.return_order(11), SHOP.order(12, "in_store", storeId="999")
    open_total = SHOP.order(13, "send_sale", having=("open_total",))
    lab.drop(*good, refused)
    lab.drop(returned, wrong_store, open_total, stem="bad")
    (lab.inbox / "cut.json").write_text(json.dumps(SHOP.order(14))[:-300])
    (lab.inbox / "empty.json").write_bytes(b"")
    lab.world.hotwax.importer.faults.refuse = {refused["orderId"]: "Product 4711 is not known"}

    run = lab.run()

    assert run.state == "success", "every order has a final state: nothing is left for a further run"
    truth = Truth(*good)
    truth.stock_of(refused)
    assert truth.faults(lab) == []
    (mail,) = lab.mails
    assert mail["To"] == "order-exceptions@example.com"
    assert "4 orders and 2 files need a person (6 causes)" in mail["Subject"]
    text = text_of(mail).casefold()
    for words in (
        refused["orderId"], "HotWax did not import it", "Product 4711 is not known",
        returned["orderId"], "It is a return or an exchange", "bad_" + returned["orderId"] + ".json",
        wrong_store["orderId"], "A value is not in its lookup table", "999", "facility",
        open_total["orderId"], "The order's totals do not add up", str(open_total["totalAmount"]),
        "cut.json", "The file ends in the middle",
        "empty.json", "The file is empty",
        "Nothing is missing: every order is in exactly one of these lines.",
    ):  # fmt: skip
        assert words.casefold() in text, words
    assert mail.get_body(("html",)) is not None
    rows = list(csv.DictReader(io.StringIO(attachment(mail), newline="")))
    assert {row["Reason code"] for row in rows} == {
        "HOTWAX_REFUSED", "RETURN", "UNMAPPED_VALUE", "TOTALS_MISMATCH", "FILE_TRUNCATED", "FILE_EMPTY",
    }  # fmt: skip
    in_error = [name.rpartition("/")[2] for name in lab.tree() if "/tlog/error/" in name]
    assert in_error == ["cut.json", "empty.json"], "files of which nothing could be read"


def test_exception_is_told_once_and_its_solution_with_the_next_report(lab: AirflowLab) -> None:
    lab.drop(SHOP.order(1, "send_sale", having=("no_city",)))
    lab.run()
    lab.run()
    (first,) = lab.mails
    assert "SOLVED" not in text_of(first)
    lab.drop(SHOP.order(1, "send_sale", lacking=("no_city",)), SHOP.return_order(2))
    lab.run()
    second = lab.mails[1]
    told, _, solved = text_of(second).partition("SOLVED SINCE THE LAST REPORT")
    assert "PS00000001" not in told
    assert "PS00000001" in solved
    assert "A required field is empty" in solved


def test_a_corrected_order_goes_out_and_moves_its_stock_once(lab: AirflowLab) -> None:
    wrong, right = SHOP.order(1, "mixed", having=("open_total",)), SHOP.order(1, "mixed")
    lab.drop(wrong)
    lab.run()
    assert Truth().faults(lab) == []
    lab.drop(right, stem="again")
    lab.run()
    assert Truth(right).faults(lab) == []


def test_refused_order_is_brought_again_by_its_id(lab: AirflowLab) -> None:
    orders = [SHOP.order(n, "mixed") for n in range(1, 4)]
    lab.drop(*orders)
    lab.world.hotwax.importer.faults.refuse = {"PS00000002": "not yet", "PS00000003": "not yet"}
    lab.run()
    lab.world.hotwax.importer.faults.refuse = {"PS00000003": "still not"}

    assert lab.run(order_ids=["PS00000002"]).state == "success"

    truth = Truth(*orders[:2])
    truth.stock_of(orders[2])
    assert truth.faults(lab) == [], "the stock had moved with the first file"
    assert lab.states() == {"PS00000001": "CONFIRMED", "PS00000002": "CONFIRMED", "PS00000003": "QUARANTINED"}


def test_all_open_exceptions_are_brought_again(lab: AirflowLab) -> None:
    orders = [SHOP.order(n) for n in range(1, 4)]
    lab.drop(*orders, SHOP.return_order(4))
    lab.world.hotwax.importer.faults.refuse = {"PS00000001": "not yet", "PS00000002": "not yet"}
    lab.run()
    lab.world.hotwax.importer.faults.refuse = None
    lab.drop(late := SHOP.order(5))

    assert lab.run(order_ids=["all"]).state == "success"

    assert Truth(*orders).faults(lab, inbox=1) == [], "new files are none of its business"
    assert lab.states()["PS00000004"] == "QUARANTINED"
    assert lab.run().state == "success"
    assert Truth(*orders, late).faults(lab) == []


def test_an_order_that_does_not_wait_cannot_be_brought_again(lab: AirflowLab) -> None:
    order = SHOP.order(1)
    lab.drop(order)
    lab.run()
    run = lab.run(order_ids=["PS00000001", "PS00000099"])
    assert run.state == "failed"
    expected = "These orders do not wait as exceptions: PS00000001 (CONFIRMED), PS00000099 (unknown)."
    assert expected in text_of(lab.mails[-1])
    assert Truth(order).faults(lab) == []
