from __future__ import annotations

import pytest
import sqlalchemy as sa

from order_sync.ledger.bulk import among, chunks, insert_rows, insert_tuples
from order_sync.ledger.schema import history, notes, records
from tests.ledger.ledger_kit import AT, FLOW, POSTGRESQL, RETAILER, later


def test_a_sequence_is_cut_into_pieces_without_rest() -> None:
    assert [list(piece) for piece in chunks(range(7), 3)] == [[0, 1, 2], [3, 4, 5], [6]]
    assert list(chunks([], 3)) == []


def test_rows_are_kept_in_the_form_in_which_single_ones_are(kit) -> None:
    kit.transformed("A")
    record = kit.record("A")
    row = {"record_id": record.id, "at": AT, "from_state": "", "to_state": "SEEN", "who": "x", "why": "nul\0"}
    with kit.ledger._engine.begin() as connection:
        connection.execute(sa.delete(history))
        connection.execute(sa.insert(history).values(row))
        insert_rows(connection, history, [row])
        columns = ("record_id", "from_state", "to_state", "why")
        insert_tuples(connection, history, columns, [(record.id, "", "SEEN", "nul\0")], {"at": AT, "who": "x"})
        insert_rows(connection, history, [])
    raw = kit.rows(sa.text("SELECT record_id, at, from_state, to_state, who, why FROM history"))
    assert len(raw) == 3
    assert len({tuple(line) for line in raw}) == 1
    assert raw[0].why == "nul\ufffd"


@pytest.mark.skipif(bool(POSTGRESQL), reason="looks at the text that SQLite keeps")
def test_times_are_kept_in_one_form_so_that_they_sort(kit) -> None:
    kit.transformed("A")
    kit.ledger.mark_reported([kit.record("A").id], at=AT)
    raw = kit.rows(sa.text("SELECT order_date, first_seen_at, updated_at FROM records"))
    assert set(raw[0]) == {"2026-09-01 06:00:00.000000"}


def test_values_that_no_database_can_hold_are_found_nowhere(kit) -> None:
    kit.transformed("A", "B'", 'C"')
    with kit.ledger._engine.connect() as connection:
        wanted = ["A", "B'", 'C"', "nul\0", "\udcff"]
        found = connection.scalars(sa.select(records.c.order_key).where(among(connection, records.c.order_key, wanted)))
        assert sorted(found) == ["A", "B'", 'C"']
        ids = connection.scalars(sa.select(records.c.id).where(among(connection, records.c.id, [])))
        assert list(ids) == []


def test_a_batch_of_rows_is_written_whole_or_not_at_all(kit) -> None:
    kit.transformed("A")
    record_id = kit.record("A").id
    lines = [{"record_id": key, "text": "t", "at": later(1)} for key in (record_id, 99)]

    def write_both() -> None:
        with kit.ledger._engine.begin() as connection:
            insert_rows(connection, notes, lines)

    with pytest.raises(Exception, match=r"(?i)foreign key"):
        write_both()
    assert kit.ledger.order_of(FLOW, RETAILER, "A").versions[0].notes == ()
