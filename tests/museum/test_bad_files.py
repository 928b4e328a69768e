"""Files that cannot be read, or not as what they claim to be: nothing of them goes out, everything beside them does."""

from __future__ import annotations

import gzip

import pytest

from sandbox.predictspring import dump
from tests.museum.exhibits import GOOD, accepted, exhibit, order, refused
from tests.support.batch_lab import Lab

ORDER, OTHER = order(3), order(4)
ID, OTHER_ID = ORDER["orderId"], OTHER["orderId"]


@pytest.mark.parametrize("data", [b"", b"\n", b" \t\r\n ", b"\xef\xbb\xbf", b"\xef\xbb\xbf\r\n"])
def test_empty_file(lab: Lab, data: bytes) -> None:
    refused(exhibit(lab, "empty.json", data), "empty.json", "FILE_EMPTY")


@pytest.mark.parametrize("kept", [1, 2, 100, 0.5, -2, -1])
def test_order_cut_in_the_middle(lab: Lab, kept: float) -> None:
    data = dump(ORDER)
    data = data[: int(len(data) * kept)] if isinstance(kept, float) else data[:kept]
    row = refused(exhibit(lab, "cut.json", data), "cut.json", "FILE_TRUNCATED")
    assert f"after {len(data)} bytes" in row.message


@pytest.mark.parametrize("kept", [1, 0.2, 0.5, -2, -1])
def test_array_cut_in_the_middle_sends_nothing_of_it(lab: Lab, kept: float) -> None:
    data = b"[" + dump(ORDER) + b"," + dump(OTHER) + b"]"
    data = data[: int(len(data) * kept)] if isinstance(kept, float) else data[:kept]
    refused(exhibit(lab, "cut.json", data), "cut.json", "FILE_TRUNCATED")


@pytest.mark.parametrize("cut", [1, 2, 40])
def test_lines_cut_in_the_middle_send_nothing_of_them(lab: Lab, cut: int) -> None:
    data = dump(ORDER) + b"\n" + dump(OTHER)[:-cut]
    refused(exhibit(lab, "cut.jsonl", data), "cut.jsonl", "FILE_TRUNCATED")


@pytest.mark.parametrize(
    "data", [b"orders are here", b"<POSLog/>", b"external-id,quantity\nPS1,1\n", b"PK\x05\x06x", b"]"]
)
def test_not_json(lab: Lab, data: bytes) -> None:
    refused(exhibit(lab, "orders.json", data), "orders.json", "FILE_NOT_JSON")


@pytest.mark.parametrize(
    "data", [b"{'orderId': 'PS1'}", b"{orderId: 1}", b'{"a": 1,}', b'{"a": 1} trailing', b'{"a": .5}', b'{"a": +1}']
)
def test_almost_json(lab: Lab, data: bytes) -> None:
    refused(exhibit(lab, "orders.json", data), "orders.json", "FILE_NOT_JSON")


@pytest.mark.parametrize("data", [b'"PS1"', b"42", b"-1", b"true", b"false", b"null"])
def test_wrong_root_type(lab: Lab, data: bytes) -> None:
    refused(exhibit(lab, "root.json", data), "root.json", "FILE_WRONG_ROOT")


@pytest.mark.parametrize("intruder", [b"1", b'"PS1"', b"null", b"[1]", b"[]"])
def test_array_of_something_else(lab: Lab, intruder: bytes) -> None:
    data = b"[" + dump(ORDER) + b"," + intruder + b"]"
    refused(exhibit(lab, "root.json", data), "root.json", "FILE_WRONG_ROOT")


def test_empty_array_holds_no_orders(lab: Lab) -> None:
    result = exhibit(lab, "none.json", b" [ ] ")
    assert result.sent == list(GOOD)
    assert result.outcome["arrived"] == 2


@pytest.mark.parametrize("layout", [b"%b", b"[%b]", b"%b\n"])
def test_utf_8_bom_is_accepted(lab: Lab, layout: bytes) -> None:
    accepted(exhibit(lab, "bom.json", b"\xef\xbb\xbf" + layout % dump(ORDER)), ID)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
def test_utf_16(lab: Lab, encoding: str) -> None:
    data = dump(ORDER).decode().encode(encoding)
    assert "UTF-16" in refused(exhibit(lab, "wide.json", data), "wide.json", "FILE_ENCODING").message


def test_latin_1_bytes(lab: Lab) -> None:
    data = dump(order(3, billingAddress={"firstName": "Zoë", "lastName": "Ünal"})).decode().encode("latin-1")
    row = refused(exhibit(lab, "latin.json", data), "latin.json", "FILE_ENCODING", order_id=ID)
    assert str(data.index("ë".encode("latin-1"))) in row.message


def test_latin_1_bytes_in_a_field_that_nobody_reads(lab: Lab) -> None:
    data = dump(order(3, notesList=["déjà vu"])).decode().encode("latin-1")
    refused(exhibit(lab, "latin.json", data), "latin.json", "FILE_ENCODING", order_id=ID)


def test_latin_1_bytes_in_one_line_leave_the_other_lines_alone(lab: Lab) -> None:
    bad = dump(order(3, email="zoë@example.com")).decode().encode("latin-1")
    result = exhibit(lab, "latin.jsonl", bad + b"\n" + dump(OTHER) + b"\n")
    assert result.set_aside == {ID: "FILE_ENCODING"}
    assert result.sent == [GOOD[0], OTHER_ID, GOOD[1]]


@pytest.mark.parametrize("data", [b"\0", b"\0" * 4096, b"{\0}"])
def test_file_of_nul_bytes(lab: Lab, data: bytes) -> None:
    refused(exhibit(lab, "nul.json", data), "nul.json", "FILE_ENCODING")


@pytest.mark.parametrize("place", ["after", "inside"])
def test_order_with_raw_nul_bytes(lab: Lab, place: str) -> None:
    data = dump(ORDER) + b"\0\0\0\0" if place == "after" else dump(ORDER).replace(b"Completed", b"Comp\0eted", 1)
    refused(exhibit(lab, "nul.json", data), "nul.json", "FILE_NOT_JSON")


@pytest.mark.parametrize("number", [b"01", b"1.", b"1e", b"0x1", b"--1", b"1,5", b"Nan"])
def test_number_that_is_none_in_one_line_leaves_the_other_lines_alone(lab: Lab, number: bytes) -> None:
    bad = dump(ORDER).replace(b'"rewardAmount":0', b'"rewardAmount":' + number)
    assert bad != dump(ORDER)
    result = exhibit(lab, "number.jsonl", bad + b"\n" + dump(OTHER) + b"\n")
    assert result.set_aside == {ID: "RECORD_NOT_JSON"}
    assert result.only_exception.file_name == "number.jsonl"
    assert result.sent == [GOOD[0], OTHER_ID, GOOD[1]]


@pytest.mark.parametrize("layout", ["object", "array", "lines"])
def test_order_larger_than_allowed(lab: Lab, layout: str) -> None:
    lab.configure(limits={"max_record_bytes": 50_000})
    big = dump(order(3, notesList=["x" * 50_000]))
    data = {"object": big, "array": b"[" + big + b"]", "lines": dump(OTHER) + b"\n" + big}[layout]
    row = refused(exhibit(lab, "big.json", data), "big.json", "FILE_TOO_LARGE")
    assert "50000" in row.message


def test_compressed_file_cut_in_the_middle(lab: Lab) -> None:
    data = gzip.compress(dump(ORDER), mtime=0)
    row = refused(exhibit(lab, "cut.json.gz", data[: len(data) // 2]), "cut.json.gz", "FILE_BUNDLE_UNSAFE")
    assert "cannot be unpacked" in row.message


def test_bomb(lab: Lab) -> None:
    data = gzip.compress(b'{"a":"' + b"x" * 5_000_000 + b'"}', mtime=0)
    refused(exhibit(lab, "bomb.json.gz", data), "bomb.json.gz", "FILE_BUNDLE_UNSAFE")
