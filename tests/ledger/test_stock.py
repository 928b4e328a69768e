from __future__ import annotations

from tests.ledger.ledger_kit import AT, later


def test_the_stock_of_an_order_moves_with_one_batch_only(kit) -> None:
    one, two = kit.batch(), kit.batch()
    assert kit.ledger.claim_stock(one.id, ["A", "B", "A"], at=AT) == {"A", "B"}
    assert kit.ledger.claim_stock(two.id, ["B", "C"], at=AT) == {"C"}
    assert kit.ledger.stock_of(one.id, ["A", "B", "C", "D"]) == {"A", "B"}
    assert kit.ledger.stock_of(two.id, ["A", "B", "C", "D"]) == {"C"}


def test_claiming_again_changes_nothing(kit) -> None:
    batch = kit.batch()
    kit.ledger.claim_stock(batch.id, ["A"], at=AT)
    before = kit.everything()
    assert kit.ledger.claim_stock(batch.id, ["A"], at=later(1)) == {"A"}
    assert kit.ledger.claim_stock(batch.id, [], at=later(1)) == set()
    assert kit.everything() == before


def test_what_a_batch_releases_is_free_for_another(kit) -> None:
    one, two = kit.batch(), kit.batch()
    kit.ledger.claim_stock(one.id, ["A"], at=AT)
    kit.ledger.claim_stock(two.id, ["B"], at=AT)
    for _ in range(2):
        kit.ledger.release_stock(one.id)
    assert kit.ledger.claim_stock(two.id, ["A"], at=AT) == {"A"}
    assert kit.ledger.stock_of(two.id, ["A", "B"]) == {"A", "B"}


def test_retailers_have_their_own_stock(kit) -> None:
    one, two = kit.batch(), kit.batch(retailer="acme")
    assert kit.ledger.claim_stock(one.id, ["A"], at=AT) == {"A"}
    assert kit.ledger.claim_stock(two.id, ["A"], at=AT) == {"A"}
