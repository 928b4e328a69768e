from __future__ import annotations

from datetime import datetime

import pytest
import sqlalchemy as sa

from order_sync.ledger import FileRow
from order_sync.ledger.schema import file_sightings
from tests.ledger.ledger_kit import AT, FLOW, RETAILER, later, seen


def sightings(kit) -> list[str]:
    return sorted(row.name for row in kit.rows(sa.select(file_sightings)))


def test_new_bytes_get_a_row(ledger) -> None:
    row = ledger.record_file(FLOW, RETAILER, seen("a.json"), at=AT)
    file = seen("a.json")
    assert row == FileRow(row.id, FLOW, RETAILER, file.sha256, 4_000, file.uri, "a.json", AT, known=False)


def test_the_same_bytes_under_another_name_are_known_and_both_names_are_kept(kit, ledger) -> None:
    first = ledger.record_file(FLOW, RETAILER, seen("a.json", "bytes"), at=AT)
    second = ledger.record_file(FLOW, RETAILER, seen("b.json", "bytes"), at=later(1))
    assert (second.id, second.first_name, second.first_seen_at, second.known) == (first.id, "a.json", AT, True)
    assert sightings(kit) == ["a.json", "b.json"]


def test_the_same_file_again_is_one_sighting_and_a_rewritten_one_another(kit, ledger) -> None:
    for file in (seen("a.json"), seen("a.json"), seen("a.json", mtime=later(5)), seen("a.json", mtime=None)):
        ledger.record_file(FLOW, RETAILER, file, at=AT)
    assert sightings(kit) == ["a.json"] * 3


def test_many_files_come_back_in_their_order_and_the_second_of_two_equal_ones_is_known(ledger) -> None:
    files = [seen("b.json"), seen("a.json"), seen("copy of b.json", "b.json")]
    rows = ledger.record_files(FLOW, RETAILER, files, at=AT)
    assert [(row.sha256, row.first_name, row.known) for row in rows] == [
        (files[0].sha256, "b.json", False),
        (files[1].sha256, "a.json", False),
        (files[0].sha256, "b.json", True),
    ]


def test_recording_files_twice_changes_nothing(kit, ledger) -> None:
    files = [seen("a.json"), seen("b.json"), seen("c.json", "a.json")]
    ledger.record_files(FLOW, RETAILER, files, at=AT)
    before = kit.everything()
    assert all(row.known for row in ledger.record_files(FLOW, RETAILER, files, at=later(1)))
    assert kit.everything() == before


def test_retailers_and_flows_have_their_own_files(ledger) -> None:
    ids = {ledger.record_file(flow, name, seen("a.json"), at=AT).id for flow in "ab" for name in ("one", "two")}
    assert len(ids) == 4


def test_names_that_no_database_can_hold_are_kept_readable_and_once(kit, ledger) -> None:
    file = seen("tl\0og \udcff\n.json")
    ledger.record_file(FLOW, RETAILER, file, at=AT)
    ledger.record_file(FLOW, RETAILER, file, at=AT)
    assert sightings(kit) == ["tl\ufffdog ?\n.json"]


def test_recording_nothing_answers_nothing(ledger) -> None:
    assert ledger.record_files(FLOW, RETAILER, [], at=AT) == []


def test_a_time_without_zone_is_refused(ledger) -> None:
    with pytest.raises(Exception, match="no zone"):
        ledger.record_file(FLOW, RETAILER, seen("a.json"), at=datetime(2026, 9, 1))
