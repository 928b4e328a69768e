from __future__ import annotations

import pytest

from order_sync.ledger import AdmissionKind, Equation, State, Tally, TotalLine, equation_of
from tests.ledger.ledger_kit import AT, WHO, left_out, ready, set_aside


def dollars(count: int, each: int = 1_000) -> Tally:
    return Tally(count, {"USD": count * each} if count else {}, 0, count * 2)


@pytest.fixture
def batch(kit):
    """Five orders: ready, left out, set aside without amount, undecided, a repeat; and one of another currency."""
    earlier, _ = kit.transformed("R")
    assert earlier.id
    batch = kit.batch()
    arrivals = [
        kit.arrival(batch, 0, "A"),
        kit.arrival(batch, 1, "B", kind="SEND_SALE"),
        kit.arrival(batch, 2, "C", amount_minor=None, currency=""),
        kit.arrival(batch, 3, "D"),
        kit.arrival(batch, 4, "E", amount_minor=1, currency="JPY"),
        kit.arrival(batch, 5, "R"),
    ]
    ids = [admission.record_id for admission in kit.admit(batch, *arrivals)]
    kit.decide(batch, *ready(ids[0], ids[4]), left_out(ids[1]), set_aside(ids[2]))
    return batch


def test_a_batch_is_counted_in_every_way(kit, batch) -> None:
    feed = kit.feed(batch)
    (summary,) = kit.ledger.summaries([batch.id, 99])
    yen = Tally(1, {"JPY": 1}, 0, 2)
    assert (summary.batch, summary.files, summary.feeds) == (batch, 1, (feed,))
    assert summary.states == {
        State.READY: dollars(1) + yen,
        State.EXCLUDED: dollars(1),
        State.QUARANTINED: Tally(1, {}, 1, 2),
        State.SEEN: dollars(1),
    }
    assert summary.reasons == {
        (State.EXCLUDED, "IN_STORE_SYNC_OFF"): dollars(1),
        (State.QUARANTINED, "TOTALS_MISMATCH"): Tally(1, {}, 1, 2),
    }
    assert summary.kinds[State.EXCLUDED, "SEND_SALE"] == dollars(1)
    assert summary.repeats == {AdmissionKind.SAME: dollars(1)}


def test_several_batches_are_counted_each_for_itself(kit, batch) -> None:
    other, _ = kit.transformed("X", "Y")
    first, second = kit.ledger.summaries([other.id, batch.id])
    assert [first.batch.id, second.batch.id] == [batch.id, other.id]
    assert second.states == {State.READY: dollars(2)}


def test_what_arrived_is_split_without_rest(kit, batch) -> None:
    found = kit.ledger.equation(batch.id)
    yen = Tally(1, {"JPY": 1}, 0, 2)
    assert found == Equation(
        arrived=dollars(4) + yen + Tally(1, {}, 1, 2),
        sending=dollars(1) + yen,
        excluded=dollars(2),
        rejected=Tally(1, {}, 1, 2),
        undecided=dollars(1),
    )
    (summary,) = kit.ledger.summaries([batch.id])
    assert equation_of(summary) == found


def test_the_equation_of_a_batch_that_does_not_exist_is_refused(ledger) -> None:
    with pytest.raises(LookupError, match="no batch 99"):
        ledger.equation(99)


def test_the_equation_closes_where_all_is_decided_and_counted_alike(kit) -> None:
    batch, _ = kit.transformed("A", "B")
    assert kit.ledger.equation(batch.id).gap(dollars(2)) == ""
    assert kit.ledger.equation(batch.id).gap(dollars(2) + Tally(0, {"EUR": 0})) == ""


def test_one_record_more_than_the_ledger_holds_is_told(kit) -> None:
    batch, _ = kit.transformed("A", "B")
    gap = kit.ledger.equation(batch.id).gap(dollars(3))
    assert "3 records of 3000 USD (minor units) read, 2 records of 2000 USD (minor units) in the ledger" in gap


def test_one_cent_more_than_the_ledger_holds_is_told(kit) -> None:
    batch, _ = kit.transformed("A", "B")
    gap = kit.ledger.equation(batch.id).gap(Tally(2, {"USD": 2_001}))
    assert "2001 USD" in gap
    assert "2000 USD" in gap


def test_another_currency_of_the_same_figure_is_told(kit) -> None:
    batch, _ = kit.transformed("A")
    assert "1000 EUR" in kit.ledger.equation(batch.id).gap(Tally(1, {"EUR": 1_000}))


def test_what_nobody_decided_about_is_told(kit, batch) -> None:
    found = kit.ledger.equation(batch.id)
    assert found.gap(found.arrived) == "nobody decided about 1 records of 1000 USD (minor units)"


def test_a_part_that_is_missing_is_told() -> None:
    broken = Equation(dollars(2), dollars(1), Tally(), Tally(), Tally())
    assert "2 records of 2000 USD (minor units) arrived, 1 records of 1000 USD" in broken.gap(dollars(2))


def test_money_that_is_too_big_for_64_bits_is_still_added_up_exactly(kit) -> None:
    batch = kit.batch()
    biggest = 2**62
    kit.admit(batch, *[kit.arrival(batch, index, f"o{index}", amount_minor=biggest) for index in range(1)])
    assert kit.ledger.equation(batch.id).arrived.amounts == {"USD": biggest}


def test_totals_of_several_batches_come_by_state_reason_and_currency(kit, batch) -> None:
    other, _ = kit.transformed("X")
    found = kit.ledger.totals([batch.id, other.id])
    assert set(found) == {
        TotalLine("READY", "", "USD", 2, 2_000),
        TotalLine("READY", "", "JPY", 1, 1),
        TotalLine("EXCLUDED", "IN_STORE_SYNC_OFF", "USD", 1, 1_000),
        TotalLine("QUARANTINED", "TOTALS_MISMATCH", "", 1, 0),
        TotalLine("SEEN", "", "USD", 1, 1_000),
        TotalLine("SAME", "", "USD", 1, 1_000),
    }
    assert len(found) == 6


def test_a_cancelled_record_is_left_out_on_purpose(kit) -> None:
    batch = kit.batch()
    (first,) = kit.take(batch, "A")
    kit.ledger.move(first.record_id, [State.SEEN], State.CANCELLED, at=AT, who=WHO)
    assert kit.ledger.equation(batch.id).excluded == dollars(1)


def test_tallies_add_up_currency_by_currency() -> None:
    both = Tally(1, {"USD": 5, "EUR": 1}, 0, 2) + Tally(2, {"USD": 7}, 1, 3)
    assert both == Tally(3, {"USD": 12, "EUR": 1}, 1, 5)
