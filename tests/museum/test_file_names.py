"""File names are labels: whatever a file is called, its orders go out and its exceptions name it."""

from __future__ import annotations

import io
import zipfile

import pytest

from sandbox.predictspring import dump
from tests.museum.exhibits import GOOD, accepted, exhibit, order, refused
from tests.support.batch_lab import Lab

NAMES = {
    "spaces": "tlog of 3 May .json",
    "leading and trailing blanks": " tlog.json ",
    "unicode": "commandé Zoë 注文 🛍️.json",
    "dot dot": "..",
    "path upwards": "../../etc/passwd",
    "absolute path": "/etc/passwd",
    "backslashes": "..\\..\\windows\\system.ini",
    "control characters": "tlog\n\r\t\x1b[31m.json",
    "quotes": "tlog\"'`$(reboot).json",
    "option": "-rf",
    "wildcard": "*.json",
    "very long": "x" * 250 + ".json",
    "no ending": "tlog",
    "misleading ending": "tlog.csv.gz",
    "half a character that is none": "tlog\\xff.json",
    "URL": "file:///etc/passwd",
    "formula": "=1+1.json",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_order_in_a_file_of_that_name_goes_out(lab: Lab, name: str) -> None:
    accepted(exhibit(lab, name, dump(order(3))), order(3)["orderId"])


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_exception_names_the_file_of_that_name(lab: Lab, name: str) -> None:
    row = refused(
        exhibit(lab, name, dump(order(3, storeId="999"))),
        name,
        "UNMAPPED_VALUE",
        order_id=order(3)["orderId"],
        field="order.storeId",
    )
    assert row.order_key == order(3)["orderId"]


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_unreadable_file_of_that_name_is_named(lab: Lab, name: str) -> None:
    row = exhibit(lab, name, b"<html>").only_exception
    assert (row.file_name, row.reason) == (name, "FILE_NOT_JSON")


@pytest.mark.parametrize(
    "name", ["../evil.json", "/etc/passwd", "a/../../evil.json", "..\\evil.json", "C:\\evil.json", "..", "a/.."]
)
def test_member_whose_name_leads_out_of_its_archive(lab: Lab, name: str) -> None:
    result = exhibit(lab, "day.zip", zipped({name: dump(order(3)), "tlog.json": dump(order(4))}))
    row = result.only_exception
    assert (row.file_name, row.reason) == ("day.zip", "FILE_BUNDLE_UNSAFE")
    assert "leads out of the archive" in row.message
    assert result.sent == [GOOD[0], order(4)["orderId"], GOOD[1]]


@pytest.mark.parametrize("name", ["commandé 注文.json", "deep/er/tlog.json", "...json", "a..b.json", "tlog", "~root"])
def test_member_of_an_odd_but_harmless_name(lab: Lab, name: str) -> None:
    accepted(exhibit(lab, "day.zip", zipped({name: dump(order(3))})), order(3)["orderId"])


def test_unreadable_member_is_named_with_its_archive(lab: Lab) -> None:
    result = exhibit(lab, "day.zip", zipped({"ok.json": dump(order(3)), "évil\x1b.json": b"<html>"}))
    row = result.only_exception
    assert (row.file_name, row.reason, row.record_index) == ("day.zip", "FILE_NOT_JSON", 1)
    assert "day.zip/évil?.json" in row.message
    assert order(3)["orderId"] in result.sent


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return out.getvalue()
