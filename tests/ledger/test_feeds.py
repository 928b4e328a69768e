from __future__ import annotations

import pytest

from order_sync.errors import Stop
from order_sync.ledger import Feed, FeedState, IllegalMoveError, NameTaken, State
from tests.ledger.ledger_kit import AT, WHO, digest, later, left_out, ready, set_aside


def intend(kit, feed: Feed, path: str = "/hotwax/feed.csv") -> Feed:
    return kit.ledger.intend_feed(feed.id, remote_path=path, at=AT, who=WHO)


def confirm(kit, feed: Feed, refused: dict[str, str] | None = None, log: str = "log 7", **changes):
    values = {"refused": refused or {}, "partner_log_id": log, "at": AT, "who": WHO}
    return kit.ledger.confirm_feed(feed.id, **{**values, **changes})


def test_a_feed_is_kept_as_it_was_given(kit) -> None:
    batch, _ = kit.transformed("A")
    feed = kit.feed(batch, "f.csv")
    assert kit.ledger.feeds_of_batch(batch.id) == [feed]
    assert feed == Feed(
        id=feed.id,
        batch_id=batch.id,
        target="order_feed",
        name="f.csv",
        sha256=digest(f"feed {batch.id}"),
        uri=f"file:///staging/feed-{batch.id}.csv",
        rows=2,
        orders=1,
        amounts={"USD": 1_000},
        carries_records=True,
        state=FeedState.STAGED,
        remote_path="",
        published_at=None,
        partner_log_id="",
        created_at=AT,
    )


def test_a_staged_feed_is_replaced(kit) -> None:
    batch, _ = kit.transformed("A")
    first = kit.feed(batch, "f.csv")
    second = kit.feed(batch, "g.csv", sha256=digest("new bytes"))
    assert (second.id, second.name, second.sha256) == (first.id, "g.csv", digest("new bytes"))
    assert kit.ledger.feeds_of_batch(batch.id) == [second]


def test_the_same_bytes_after_the_promise_are_the_promised_feed(kit) -> None:
    batch, _ = kit.transformed("A")
    promised = intend(kit, kit.feed(batch, "f.csv"))
    again = kit.feed(batch, "later.csv", at=later(9))
    assert again == promised
    assert (again.name, again.remote_path) == ("f.csv", "/hotwax/feed.csv")


def test_other_bytes_after_the_promise_stop_the_flow_and_both_hashes_are_named(kit) -> None:
    batch, _ = kit.transformed("A")
    promised = intend(kit, kit.feed(batch))
    with pytest.raises(Stop, match=f"{promised.sha256}.*{digest('other')}"):
        kit.feed(batch, sha256=digest("other"))
    assert kit.ledger.feeds_of_batch(batch.id) == [promised]


def test_a_name_belongs_to_one_batch(kit) -> None:
    one, two = kit.batch(), kit.batch()
    kit.feed(one, "f.csv")
    with pytest.raises(NameTaken, match=rf"f\.csv of batch {two.id}'s order_feed belongs to batch {one.id}"):
        kit.feed(two, "f.csv")
    kit.feed(two, "f.csv", target="inventory_variance", carries_records=False)
    kit.feed(kit.batch(retailer="acme"), "f.csv")


def test_files_of_one_kind_lie_in_one_folder_so_none_has_the_name_of_another(kit) -> None:
    one, two = kit.batch(), kit.batch()
    kit.feed(one, "f.csv", target="orders#1")
    with pytest.raises(NameTaken, match=rf"f\.csv of batch {one.id}'s orders#2 belongs to batch {one.id}"):
        kit.feed(one, "f.csv", target="orders#2")
    with pytest.raises(NameTaken, match=rf"f\.csv of batch {two.id}'s orders#2 belongs to batch {one.id}"):
        kit.feed(two, "f.csv", target="orders#2")
    kit.feed(one, "f.csv", target="orders#1")  # computed once more
    kit.feed(one, "f.csv", target="customers#1")


def test_a_feed_carries_the_ready_records_of_its_batch(kit) -> None:
    batch, (one, two, three) = kit.transformed("A", "B", "C")
    kit.transformed("D")
    kit.decide(batch, left_out(two), set_aside(three))
    feed = kit.feed(batch)
    assert kit.ledger.attach_records_to_feed(feed.id) == 1
    assert [kit.record(key).feed_id for key in "ABCD"] == [feed.id, None, None, None]
    assert kit.record("A").id == one


def test_a_feed_that_carries_no_records_takes_none_along(kit) -> None:
    batch, _ = kit.transformed("A")
    feed = kit.feed(batch, target="inventory_variance", carries_records=False, orders=77)
    assert kit.ledger.attach_records_to_feed(feed.id) == 0
    intend(kit, feed)
    kit.ledger.publish_feed(feed.id, at=AT, who=WHO)
    done = confirm(kit, feed)
    assert (done.feed.state, done.confirmed, done.refused) == (FeedState.CONFIRMED, 0, 0)
    assert kit.states("A") == [State.READY]


def test_records_follow_the_feed_on_its_way(kit) -> None:
    batch, _ = kit.transformed("A", "B")
    feed = kit.feed(batch)
    assert (intend(kit, feed).state, kit.states("A", "B")) == (FeedState.INTENDED, [State.INTENDED] * 2)
    published = kit.ledger.publish_feed(feed.id, at=later(1), who=WHO)
    assert (published.state, published.published_at) == (FeedState.PUBLISHED, later(1))
    assert kit.states("A", "B") == [State.DELIVERED] * 2
    done = confirm(kit, feed)
    assert (done.feed.state, done.feed.partner_log_id) == (FeedState.CONFIRMED, "log 7")
    assert (done.confirmed, done.refused, done.unmatched) == (2, 0, ())
    assert kit.states("A", "B") == [State.CONFIRMED] * 2
    assert kit.moves("A") == [
        ("", "SEEN"),
        ("SEEN", "READY"),
        ("READY", "INTENDED"),
        ("INTENDED", "DELIVERED"),
        ("DELIVERED", "CONFIRMED"),
    ]


def test_every_step_may_be_repeated(kit) -> None:
    batch, _ = kit.transformed("A", "B")
    feed = kit.feed(batch)
    steps = [
        lambda: kit.ledger.attach_records_to_feed(feed.id),
        lambda: intend(kit, feed),
        lambda: kit.ledger.publish_feed(feed.id, at=AT, who=WHO),
        lambda: confirm(kit, feed, {"B": "no such product"}),
    ]
    for number, step in enumerate(steps):
        answer, before = step(), kit.everything()
        assert step() == answer
        for earlier in steps[1:number]:
            earlier()
        assert kit.everything() == before


def test_a_second_intent_keeps_the_path_of_the_first(kit) -> None:
    batch, _ = kit.transformed("A")
    feed = kit.feed(batch)
    intend(kit, feed, "/hotwax/one")
    assert intend(kit, feed, "/hotwax/two").remote_path == "/hotwax/one"


def test_a_feed_is_not_published_without_intent_nor_confirmed_without_publication(kit) -> None:
    batch, _ = kit.transformed("A")
    feed = kit.feed(batch)
    with pytest.raises(IllegalMoveError, match="from STAGED to PUBLISHED"):
        kit.ledger.publish_feed(feed.id, at=AT, who=WHO)
    intend(kit, feed)
    with pytest.raises(IllegalMoveError, match="from INTENDED to CONFIRMED"):
        confirm(kit, feed)
    assert kit.states("A") == [State.INTENDED]


def test_a_feed_with_another_number_of_orders_than_its_records_is_not_promised(kit) -> None:
    batch, _ = kit.transformed("A", "B")
    feed = kit.feed(batch, orders=3)
    with pytest.raises(Stop, match=r"3 records of 2000 USD .* in the file, 2 records of 2000 USD .* attached"):
        intend(kit, feed)
    assert kit.states("A", "B") == [State.READY] * 2


def test_a_feed_with_other_money_than_its_records_is_not_promised(kit) -> None:
    batch, _ = kit.transformed("A", "B")
    with pytest.raises(Stop, match="2 records of 1999 USD"):
        intend(kit, kit.feed(batch, amounts={"USD": 1_999}))


def test_refused_orders_are_exceptions_with_the_partners_words(kit) -> None:
    batch, _ = kit.transformed("A", "B", "C")
    feed = kit.publish(batch)
    done = confirm(kit, feed, {"B": "no such product", "X": "what is this", "nul\0": "?"})
    assert (done.feed.state, done.confirmed, done.refused) == (FeedState.CONFIRMED, 2, 1)
    assert done.unmatched == ("X", "nul\0")
    record = kit.record("B")
    assert (record.state, record.reason, record.message) == (State.QUARANTINED, "HOTWAX_REFUSED", "no such product")
    assert record.feed_id == feed.id
    assert kit.moves("B")[-1] == ("DELIVERED", "QUARANTINED")
    assert kit.states("A", "C") == [State.CONFIRMED] * 2


def test_the_partners_words_are_kept_even_if_no_database_can_hold_them(kit) -> None:
    batch, _ = kit.transformed("A")
    confirm(kit, kit.publish(batch), {"A": "no\0pe \udcff"})
    assert kit.record("A").message == "no\ufffdpe ?"


def test_a_feed_of_which_nothing_was_taken_is_refused(kit) -> None:
    batch, _ = kit.transformed("A")
    assert confirm(kit, kit.publish(batch), {"A": "closed"}).feed.state is FeedState.REFUSED


def test_a_feed_without_records_is_refused_if_anything_was(kit) -> None:
    batch, _ = kit.transformed("A")
    feed = kit.feed(batch, target="inventory_variance", carries_records=False)
    intend(kit, feed)
    kit.ledger.publish_feed(feed.id, at=AT, who=WHO)
    done = confirm(kit, feed, {"row 3": "no such facility"})
    assert (done.feed.state, done.unmatched) == (FeedState.REFUSED, ("row 3",))


def test_the_first_evidence_counts(kit) -> None:
    batch, _ = kit.transformed("A", "B")
    feed = kit.publish(batch)
    first = confirm(kit, feed, {"B": "no such product"})
    second = confirm(kit, feed, {"A": "late thought"}, log="log 8")
    assert (second.feed, second.confirmed, second.refused) == (first.feed, 1, 1)
    assert kit.states("A", "B") == [State.CONFIRMED, State.QUARANTINED]


def test_a_refused_order_that_is_sent_again_still_counts_as_refused_by_the_first_feed(kit) -> None:
    batch, _ = kit.transformed("A", "B")
    feed = kit.publish(batch)
    confirm(kit, feed, {"B": "no such product"})
    second = kit.batch()
    (again,) = kit.take(second, "B", content="mended")
    kit.decide(second, *ready(again.record_id))
    kit.publish(second)
    done = confirm(kit, feed, {"B": "no such product"})
    assert (done.confirmed, done.refused, done.unmatched) == (1, 1, ())


def test_a_reason_of_another_partner_may_be_given(kit) -> None:
    batch, _ = kit.transformed("A")
    confirm(kit, kit.publish(batch), {"A": "?"}, reason="UNMAPPED_VALUE")
    assert kit.record("A").reason == "UNMAPPED_VALUE"


def test_a_feed_that_does_not_exist_is_told_by_number(kit) -> None:
    with pytest.raises(LookupError, match="no feed 99"):
        kit.ledger.attach_records_to_feed(99)
