"""The same order more than once: told apart by what it says, counted, and sent once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from order_sync.ledger import AdmissionKind, State
from order_sync.transforms.predictspring_orders import PredictSpringOrders
from sandbox.predictspring import TRAITS, Shop, dump
from tests.museum.exhibits import assert_closed
from tests.support.batch_lab import Lab, LabResult

SHOP = Shop(11)


@pytest.fixture(params=[1, 2, 5_000], autouse=True)
def frame(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """However many orders are looked at together, the outcome is the same."""
    monkeypatch.setattr(PredictSpringOrders.read, "__defaults__", (request.param,))
    return int(request.param)


def order(number: int, kind: str = "in_store", **changes: Any) -> dict[str, Any]:
    return SHOP.order(number, kind, lines=2, lacking=TRAITS, **changes)


def later(content: dict[str, Any], hours: int = 1, **changes: Any) -> dict[str, Any]:
    """The same order, exported again with a later version clock."""
    return {**content, "updateDate": content["updateDate"] + hours * 3_600_000, **changes}


A, B, C = (order(number) for number in (1, 2, 3))
ID_A, ID_B, ID_C = (one["orderId"] for one in (A, B, C))
CHANGED = later(A, shippingName="Next Day")
CORRECTED = later(A)


def lines(*orders: dict[str, Any]) -> bytes:
    return b"\n".join(map(dump, orders)) + b"\n"


def sent(lab: Lab, files: dict[str, bytes], **params: Any) -> LabResult:
    """Run a batch and publish it."""
    result = lab.run(files, **params)
    assert_closed(result)
    lab.publish(result)
    return result


# The same bytes, the same content.


def test_same_bytes_under_two_names_in_one_batch(lab: Lab) -> None:
    result = lab.run({"a.json": dump(A), "copy of a.json": dump(A), "b.json": dump(B)})
    assert result.sent == [ID_A, ID_B]
    assert result.outcome["arrived"] == 2, "the copy is not read"
    assert set(result.kept) == {"a.json", "copy of a.json", "b.json"}, "and yet it is kept and archived"
    assert_closed(result)


def test_same_bytes_under_another_name_later(lab: Lab) -> None:
    sent(lab, {"a.json": dump(A)})
    result = lab.run({"renamed.json": dump(A), "b.json": dump(B)})
    assert result.sent == [ID_B]
    assert result.stocked == [ID_B]
    assert result.outcome["excluded"] == {"ALREADY_SENT": 1}
    assert result.exceptions == []
    assert_closed(result)


def test_same_order_in_two_files_of_one_batch(lab: Lab) -> None:
    result = lab.run({"a.json": dump(A), "day.jsonl": lines(B, A, C)})
    assert result.sent == [ID_A, ID_B, ID_C]
    assert result.outcome["excluded"] == {"ALREADY_SENT": 1}
    assert_closed(result)


def test_same_order_twice_in_one_file(lab: Lab) -> None:
    result = lab.run({"day.jsonl": lines(A, B, A, A)})
    assert result.sent == [ID_A, ID_B]
    assert len(result.order_rows) == len(result.variance_rows) == 4
    assert result.outcome["excluded"] == {"ALREADY_SENT": 2}
    assert_closed(result)


def test_superset_file(lab: Lab) -> None:
    """A register exports its whole day once more, with what came since."""
    sent(lab, {"morning.jsonl": lines(A, B)})
    result = lab.run({"whole day.jsonl": lines(A, B, C)})
    assert result.sent == result.stocked == [ID_C]
    assert result.outcome["excluded"] == {"ALREADY_SENT": 2}
    assert_closed(result)


def test_superset_file_before_the_first_was_published(lab: Lab) -> None:
    first = lab.run({"morning.jsonl": lines(A, B)})
    result = lab.run({"whole day.jsonl": lines(A, B, C)})
    assert (first.sent, result.sent) == ([ID_A, ID_B], [ID_C])
    assert result.stocked == [ID_C]


@pytest.mark.parametrize(
    "again",
    [
        json.dumps(A, indent=4).encode(),
        b"\xef\xbb\xbf" + dump(A),
        b"\n  " + dump(A) + b"\n",
        json.dumps(dict(reversed(A.items()))).encode(),
        json.dumps(A, ensure_ascii=True).encode(),
        b"[" + dump(A) + b"]",
        dump(later(A)),
        dump(later(A, lastDateToReturnTimeStamp=1)),
        dump(A).replace(b'"orderId"', b'"order\\u0049d"', 1),
    ],
    ids=["indented", "BOM", "blanks", "other order", "escapes", "array", "clock", "return date", "escaped key"],
)
def test_difference_that_is_none(lab: Lab, again: bytes) -> None:
    """Layout and version clock are no content."""
    sent(lab, {"a.json": dump(A)})
    result = lab.run({"a.json": again})
    assert (result.sent, result.stocked, result.exceptions) == ([], [], [])
    assert result.outcome["excluded"] == {"ALREADY_SENT": 1}
    assert_closed(result)


# Another content.


def test_older_version_after_a_newer_one(lab: Lab) -> None:
    sent(lab, {"a.json": dump(A)})
    result = lab.run({"late.json": dump(later(A, hours=-1, shippingName="Ground"))})
    assert (result.sent, result.stocked, result.exceptions) == ([], [], [])
    assert result.outcome["excluded"] == {"OLDER_VERSION": 1}
    assert_closed(result)


@pytest.mark.parametrize("changed", [CHANGED, {**A, "shippingName": "x"}, {**CHANGED, "updateDate": None}])
def test_changed_order_waits_for_a_person(lab: Lab, changed: dict[str, Any]) -> None:
    sent(lab, {"a.json": dump(A)})
    result = lab.run({"changed.json": dump(changed), "b.json": dump(B)})
    assert result.sent == result.stocked == [ID_B]
    row = result.only_exception
    assert (row.order_key, row.reason, row.version, row.file_name) == (ID_A, "CHANGED_ORDER", 2, "changed.json")
    assert "earlier version" in row.message
    assert_closed(result)


def test_changed_order_goes_out_again_where_hotwax_takes_changes(lab: Lab) -> None:
    lab.configure(on_changed_order="emit")
    sent(lab, {"a.json": dump(A)})
    result = lab.run({"changed.json": dump(CHANGED), "b.json": dump(B)})
    assert result.sent == [ID_A, ID_B]
    assert result.stocked == [ID_B], "its stock has moved already, whatever is sent again"
    assert result.exceptions == []
    assert lab.record(ID_A).version == 2
    assert_closed(result)


def test_changed_order_in_one_batch_with_the_first(lab: Lab) -> None:
    result = lab.run({"a.json": dump(A), "changed.json": dump(CHANGED)})
    assert result.sent == result.stocked == [ID_A]
    assert result.set_aside == {ID_A: "CHANGED_ORDER"}
    assert_closed(result)


def test_two_versions_in_one_batch_where_hotwax_takes_changes(lab: Lab, frame: int) -> None:
    """Looked at together only the last one goes out; else the one after the other, as with two batches."""
    lab.configure(on_changed_order="emit")
    result = lab.run({"day.jsonl": lines(A, {**CHANGED, "email": "", "customerProfile": None})})
    assert result.sent == [ID_A]
    assert result.order_rows[-1]["customer-id"] == "NA", "the last version stands last"
    assert len(result.variance_rows) == 2
    assert result.equation.sending.count == len(result.order_rows) / 2 == (2 if frame == 1 else 1)
    assert result.exceptions == []


@pytest.mark.parametrize("policy", ["exception", "emit"])
def test_three_versions_of_one_order_in_one_file(lab: Lab, frame: int, policy: str) -> None:
    """Each is compared with the one before, not with the first."""
    lab.configure(on_changed_order=policy)
    third = later(CHANGED, email="other@example.com")
    result = lab.run({"day.jsonl": lines(A, CHANGED, third, CHANGED, A)})
    assert result.outcome["arrived"] == 5
    assert result.equation.undecided.count == 0
    assert len(result.variance_rows) == 2
    assert result.outcome["emitted"] == ({1: 3, 2: 2}.get(frame, 1) if policy == "emit" else 1)
    assert sum(result.outcome["excluded"].values()) >= 2, "the last two are known by then"


def test_two_changed_versions_of_an_order_that_was_sent(lab: Lab) -> None:
    """The second must not pass because the first of them waits."""
    sent(lab, {"a.json": dump(A)})
    result = lab.run({"day.jsonl": lines(CHANGED, later(CHANGED, email="other@example.com"), B)})
    assert result.sent == [ID_B]
    assert result.outcome["rejected"] == {"CHANGED_ORDER": 2}
    assert_closed(result)


def test_bad_version_of_an_order_that_was_sent(lab: Lab) -> None:
    sent(lab, {"a.json": dump(A)})
    result = lab.run({"bad.json": dump(later(A, totalAmount=1)), "b.json": dump(B)})
    assert result.sent == [ID_B]
    assert result.set_aside == {ID_A: "TOTALS_MISMATCH"}, "what is wrong with it counts more than that it changed"
    assert_closed(result)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (dump(A)[:-1] + b',"deep":' + b"[" * 20_000 + b"]" * 20_000 + b"}", "RECORD_TOO_DEEP"),
        (dump(A)[:-1] + b',"orderId":"other"}', "DUPLICATE_FIELD"),
        (dump(A)[:-1] + b',"totalAmount":NaN}', "DUPLICATE_FIELD"),
        (dump({**A, "totalAmount": "HERE"}).replace(b'"HERE"', b"NaN"), "RECORD_WRONG_TYPE"),
        (dump({**A, "notesList": ["é"]}).decode().encode("latin-1"), "FILE_ENCODING"),
        (dump(A)[:-1] + b",}", "RECORD_NOT_JSON"),
    ],
    ids=["too deep", "id twice", "total twice", "NaN", "Latin-1", "no JSON"],
)
def test_unreadable_version_of_an_order_that_was_sent(lab: Lab, bad: bytes, reason: str) -> None:
    """Comparing it with the version that was sent must not stop the batch."""
    sent(lab, {"a.json": dump(A)})
    result = lab.run({"bad.jsonl": bad + b"\n" + dump(B)})
    assert result.sent == [ID_B]
    assert result.set_aside == {ID_A: reason}
    assert_closed(result)


# Exceptions and what becomes of them.


def test_exception_healed_by_a_corrected_file(lab: Lab) -> None:
    first = sent(lab, {"bad.json": dump({**A, "totalAmount": 1}), "b.json": dump(B)})
    assert first.set_aside == {ID_A: "TOTALS_MISMATCH"}
    result = lab.run({"corrected.json": dump(CORRECTED)})
    assert result.sent == result.stocked == [ID_A]
    assert result.exceptions == []
    assert (lab.record(ID_A).version, lab.record(ID_A).state) == (1, State.READY)
    assert_closed(result)


@pytest.mark.parametrize("quantity", [-1, 3])
def test_exception_healed_within_one_batch(lab: Lab, quantity: int) -> None:
    """A bad and a good version in one batch: the good one goes out, once, and the stock moves by it."""
    first, *others = A["orderProductList"]
    bad = {**A, "orderProductList": [{**first, "quantity": quantity}, *others]}
    result = lab.run({"day.jsonl": lines(bad, CORRECTED)})
    assert result.sent == result.stocked == [ID_A]
    assert len(result.order_rows) == 2
    assert [row["availableDelta"] for row in result.variance_rows] == ["-1", "-1"]
    assert_closed(result)


def test_exception_healed_after_two_bad_versions(lab: Lab) -> None:
    sent(lab, {"day.jsonl": lines({**A, "totalAmount": 1}, later(A, totalAmount=2))})
    result = lab.run({"corrected.json": dump(later(A, hours=2))})
    assert result.sent == result.stocked == [ID_A], "its stock moves as that of any other order"
    assert_closed(result)


def test_exception_that_arrives_again_unchanged(lab: Lab) -> None:
    bad = dump({**A, "totalAmount": 1})
    sent(lab, {"bad.json": bad})
    result = lab.run({"bad again.json": bad})
    assert result.sent == []
    assert result.set_aside == {ID_A: "TOTALS_MISMATCH"}
    assert len(lab.book.open_exception_ids("predictspring_order_sync", "lab")) == 1, "it is one exception, not two"
    assert_closed(result)


def test_changed_order_that_is_withdrawn(lab: Lab) -> None:
    """The changed version waits; then the first one comes again: nothing is sent twice."""
    sent(lab, {"a.json": dump(A)})
    sent(lab, {"changed.json": dump(CHANGED)})
    result = lab.run({"as before.json": dump(A)})
    assert (result.sent, result.stocked) == ([], [])
    assert result.outcome["excluded"] == {"ALREADY_SENT": 1}
    assert_closed(result)


def test_order_brought_again_after_the_table_was_mended(lab: Lab) -> None:
    lab.edit("lookups/facility.csv", f"{A['storeId']},{A['storeId']},", f"x{A['storeId']},x,")
    first = sent(lab, {"a.json": dump(A), "day.jsonl": lines(B, C)})
    assert first.set_aside.get(ID_A) == "UNMAPPED_VALUE"
    lab.edit("lookups/facility.csv", f"x{A['storeId']},x,", f"{A['storeId']},{A['storeId']},")
    result = lab.transform(lab.again(ID_A))
    assert result.sent == result.stocked == [ID_A]
    assert result.outcome["arrived"] == 1, "only the order that was asked for is read"
    assert result.exceptions == []
    assert_closed(result)


def test_order_brought_again_in_vain(lab: Lab) -> None:
    sent(lab, {"bad.json": dump({**A, "totalAmount": 1}), "b.json": dump(B)})
    result = lab.transform(lab.again(ID_A))
    assert result.sent == []
    assert result.set_aside == {ID_A: "TOTALS_MISMATCH"}
    assert_closed(result)


def test_order_without_an_id_that_is_brought_again_stays_one_exception(lab: Lab) -> None:
    first = lab.run({"nameless.json": dump({**A, "orderId": ""})})
    lab.publish(first)
    key = first.only_exception.order_key
    result = lab.transform(lab.again(key))
    assert result.set_aside == {key: "MISSING_ORDER_ID"}
    assert_closed(result)


def test_answers_of_the_ledger_are_all_known_here() -> None:
    """A new kind of answer needs a test above."""
    assert {kind.value for kind in AdmissionKind} == {
        *("NEW", "MINE", "AGAIN", "SAME", "OLDER", "MOVED", "OTHER", "CHANGED"),
    }
