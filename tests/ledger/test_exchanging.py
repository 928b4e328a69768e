"""Many transactions of calls over one connection: each whole or not at all, whatever happens to it in between."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from order_sync.errors import Outcome, Stop
from order_sync.ledger import Answer, Claim, Exchange, Intent, State
from order_sync.ledger import connection as connecting
from order_sync.ledger.schema import storable
from tests.ledger.ledger_kit import AT, FLOW, POSTGRESQL, RETAILER, WHO, Kit, digest, ready

#: What a careless statement would take for something else, and what no database can store.
ODD = "100% :at <clock> %s %(at)s {x} 'q\" \\u0000 é 😀 \0 \udc80"
postgresql = pytest.mark.skipif(not POSTGRESQL, reason="a file cannot be lost")


@pytest.fixture
def intents(kit: Kit) -> list[Intent]:
    """Three orders that are ready."""
    batch = kit.batch(kit.file())
    ids = [one.record_id or 0 for one in kit.take(batch, "A", "B", "C")]
    kit.decide(batch, *ready(*ids))
    return [Intent(record_id, kit.record_of(record_id).content_hash) for record_id in ids]


@pytest.fixture
def exchange(kit: Kit) -> Iterator[Exchange]:
    with kit.ledger.exchanging(operation="invoice", lease=timedelta(minutes=2), at=AT, who=WHO) as exchange:
        yield exchange
    assert kit.ledger._engine.pool.checkedout() == 0


@pytest.fixture
def claim(exchange: Exchange, intents: list[Intent]) -> Claim:
    """The first of them, claimed."""
    return exchange(intents[:1], []).claims[intents[0].record_id]


def state(kit: Kit, intent: Intent) -> State:
    return kit.record_of(intent.record_id).state


def lose(kit: Kit, name: str) -> None:
    """End every other connection of this test."""
    with kit.ledger._engine.begin() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s "
            "AND pid <> pg_backend_pid()",
            (name,),
        )


@pytest.fixture
def named(kit: Kit, intents: list[Intent]) -> str:
    """A name under which the connections of this test are known."""
    name = f"test {intents[0].record_id} {id(kit)}"

    @sa.event.listens_for(kit.ledger._engine, "checkout")
    def name_it(connection, _record, _proxy) -> None:
        connection.execute(f"SET application_name = '{name}'")
        connection.commit()

    return name


def test_outcome_and_next_intent_travel_together(
    kit: Kit, exchange: Exchange, intents: list[Intent], claim: Claim
) -> None:
    done = exchange(intents[1:], [Answer(claim, Outcome.DELIVERED)])
    assert (len(done.claims), done.late) == (2, ())
    assert [state(kit, intent) for intent in intents] == [State.DELIVERED, State.INTENDED, State.INTENDED]
    assert [end for _, end in kit.moves("A")][-2:] == ["INTENDED", "DELIVERED"]


def test_what_was_not_sent_is_claimed_in_the_same_transaction(
    exchange: Exchange, intents: list[Intent], claim: Claim
) -> None:
    done = exchange(intents[:1], [Answer(claim, Outcome.NOT_SENT)])
    assert list(done.claims.values()) == [Claim(claim.record_id, 2, 2)]


def test_wrong_body_undoes_the_whole_transaction(
    kit: Kit, exchange: Exchange, intents: list[Intent], claim: Claim
) -> None:
    over = Answer(claim, Outcome.DELIVERED)
    with pytest.raises(Stop, match="Order B: the body"):
        exchange([Intent(intents[1].record_id, digest("another body"))], [over])
    assert [state(kit, intent) for intent in intents[:2]] == [State.INTENDED, State.READY]
    assert exchange(intents[1:2], [over]).claims


@pytest.mark.parametrize("table", ["calls", "history"])
def test_nothing_stays_of_a_transaction_whose_last_statements_fail(
    kit: Kit, exchange: Exchange, intents: list[Intent], claim: Claim, table: str
) -> None:
    over = Answer(claim, Outcome.DELIVERED)
    with kit.ledger._engine.begin() as connection:
        connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO elsewhere")
    with pytest.raises(Exception, match=table):
        exchange(intents[1:2], [])
    with kit.ledger._engine.begin() as connection:
        connection.exec_driver_sql(f"ALTER TABLE elsewhere RENAME TO {table}")
    assert [state(kit, intent) for intent in intents[:2]] == [State.INTENDED, State.READY]
    assert exchange(intents[1:2], [over]).claims


@postgresql
def test_lost_connection_is_an_error_and_nothing_is_claimed(
    kit: Kit, named: str, exchange: Exchange, intents: list[Intent], claim: Claim
) -> None:
    lose(kit, named)
    with pytest.raises(Exception, match="connection"):
        exchange(intents[1:2], [Answer(claim, Outcome.DELIVERED)])
    assert [state(kit, intent) for intent in intents[:2]] == [State.INTENDED, State.READY]


@postgresql
def test_connection_lost_in_a_pause_is_replaced(
    kit: Kit, named: str, exchange: Exchange, intents: list[Intent], claim: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose(kit, named)
    monkeypatch.setattr(connecting, "_IDLE_SECONDS", -1)
    assert exchange(intents[1:2], [Answer(claim, Outcome.DELIVERED)]).claims
    assert state(kit, intents[0]) is State.DELIVERED


def test_odd_text_is_kept_as_it_came(kit: Kit, exchange: Exchange, claim: Claim) -> None:
    headers = {"X": ODD}
    exchange([], [Answer(claim, Outcome.REFUSED, ODD, "RETAILPRO_REFUSED", ODD, 500, headers, ODD, 1)])
    (call,) = kit.ledger.calls_of([claim.record_id])
    assert (call.body, call.message, dict(call.headers)) == (storable(ODD), storable(ODD), headers)
    record = kit.record_of(claim.record_id)
    assert (record.message, record.partner_ref) == (storable(ODD), storable(ODD))


def test_doubt_is_as_old_as_the_databases_clock_says(kit: Kit, exchange: Exchange, claim: Claim) -> None:
    exchange([], [Answer(claim, Outcome.IN_DOUBT, "no answer")])
    (doubt,) = kit.ledger.doubts(FLOW, RETAILER)
    assert timedelta(0) <= doubt.age < timedelta(minutes=1)
