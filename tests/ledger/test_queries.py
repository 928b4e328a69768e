"""Every call goes to its rows by an index: what is quick with ten rows has to be quick with ten million."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from order_sync.errors import Outcome
from order_sync.ledger import Answer, Claim, Intent, Ledger, OtherDecision, OtherKind, State, open_ledger
from tests.ledger.ledger_kit import AT, FLOW, POSTGRESQL, RETAILER, WHO, Kit, later, ready, seen, set_aside

GROWING = (
    "files|file_sightings|batches|batch_files|records|repeats|feeds|"
    "history|notes|problems|stock_moves|calls|partner_ids"
)
SCAN = re.compile(rf"^SCAN ({GROWING})\b")

pytestmark = pytest.mark.skipif(bool(POSTGRESQL), reason="reads the plans of SQLite")


@contextmanager
def statements(ledger: Ledger) -> Iterator[list[tuple[str, object]]]:
    """Every statement that is sent meanwhile."""
    sent: list[tuple[str, object]] = []

    def note(_connection, _cursor, statement, parameters, _context, executemany) -> None:
        sent.append((statement, parameters[0] if executemany else parameters))

    sa.event.listen(ledger._engine, "before_cursor_execute", note)
    yield sent
    sa.event.remove(ledger._engine, "before_cursor_execute", note)


def scans(ledger: Ledger, sent: list[tuple[str, object]]) -> list[str]:
    """The statements that would read a growing table from end to end."""
    found = []
    with ledger._engine.connect() as connection:
        for statement, parameters in sent:
            if statement.startswith(("BEGIN", "PRAGMA")):
                continue
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            found += [f"{row.detail}: {statement[:300]}" for row in plan if SCAN.match(row.detail)]
    return found


CALLS: dict[str, Callable[[Kit], object]] = {
    "record_files": lambda kit: kit.ledger.record_files(FLOW, RETAILER, [seen("tlog-1.json"), seen("z.json")], at=AT),
    "create_batch": lambda kit: kit.batch(kit.file("tlog-1.json"), key="new"),
    "batches_of_run": lambda kit: kit.ledger.batches_of_run("predictspring_order_sync", "scheduled__1", FLOW),
    "batches_of_window": lambda kit: kit.ledger.batches_of_window(FLOW, RETAILER, AT, later(15)),
    "unfinished_batches": lambda kit: kit.ledger.unfinished_batches(FLOW, RETAILER),
    "batch_inputs": lambda kit: kit.ledger.batch_inputs(1),
    "repeat_places": lambda kit: kit.ledger.repeat_places(1),
    "set_archived": lambda kit: kit.ledger.set_archived(1, {0: "x"}),
    "is_frozen": lambda kit: kit.ledger.is_frozen(1),
    "admit": lambda kit: kit.take(
        kit.batch(kit.file("new.json"), key="new"), "A", "B", "C", "Q", content="other"
    ),
    "settle_others": lambda kit: kit.ledger.settle_others(
        kit.ledger.batch(2),
        [OtherDecision(kit.arrival(kit.ledger.batch(2), 9, "A", "other"), OtherKind.CHANGED, kit.record("A").id)],
        at=AT,
        who=WHO,
    ),
    "decide": lambda kit: kit.decide(kit.ledger.batch(2), set_aside(kit.record("Q").id, "new"), *ready()),
    "move": lambda kit: kit.ledger.move(kit.record("Q").id, [State.QUARANTINED], State.SEEN, at=AT, who=WHO),
    "add_notes": lambda kit: kit.ledger.add_notes({kit.record("A").id: ["note"]}, at=AT),
    "feed": lambda kit: kit.publish(kit.ledger.batch(2)),
    "confirm_feed": lambda kit: kit.ledger.confirm_feed(1, refused={"A": "x"}, partner_log_id="1", at=AT, who=WHO),
    "feeds_of_batch": lambda kit: kit.ledger.feeds_of_batch(1),
    "summaries": lambda kit: kit.ledger.summaries([1, 2]),
    "totals": lambda kit: kit.ledger.totals([1, 2]),
    "exceptions": lambda kit: kit.ledger.exceptions(FLOW, RETAILER, unreported_only=True, batch_ids=[1, 2]),
    "solved_since_report": lambda kit: kit.ledger.solved_since_report(FLOW, RETAILER),
    "mark_reported": lambda kit: kit.ledger.mark_reported([kit.record("Q").id], at=AT),
    "mark_solved_reported": lambda kit: kit.ledger.mark_solved_reported([kit.record("A").id], at=AT),
    "open_exception_ids": lambda kit: kit.ledger.open_exception_ids(FLOW, RETAILER),
    "records_by_order": lambda kit: kit.ledger.records_by_order(FLOW, RETAILER, ["A", "B"]),
    "record_locations": lambda kit: kit.ledger.record_locations([1, 2]),
    "unread_files": lambda kit: kit.ledger.unread_files(1),
    "order_of": lambda kit: kit.ledger.order_of(FLOW, RETAILER, "A"),
    "claim_stock": lambda kit: kit.ledger.claim_stock(2, ["A", "B"], at=AT),
    "stock_of": lambda kit: kit.ledger.stock_of(1, ["A"]),
    "release_stock": lambda kit: kit.ledger.release_stock(1),
    "drop_staged_feed": lambda kit: kit.ledger.drop_staged_feed(1, "order_feed"),
    "batch_by_key": lambda kit: kit.ledger.batch_by_key(FLOW, RETAILER, "new"),
    "exchange": lambda kit: kit.ledger.exchange(
        [Intent(kit.record("R").id, kit.record("R").content_hash)],
        [Answer(Claim(kit.record("U").id, 1, 1), Outcome.DELIVERED)],
        operation="invoice", lease=timedelta(minutes=1), at=AT, who=WHO,
    ),
    "still_mine": lambda kit: kit.ledger.still_mine(Claim(kit.record("U").id, 1, 1)),
    "expire_leases": lambda kit: kit.ledger.expire_leases(FLOW, RETAILER, at=AT, who=WHO),
    "doubts": lambda kit: kit.ledger.doubts(FLOW, RETAILER, batch_ids=[1, 2, 3]),
    "resolve": lambda kit: kit.ledger.resolve(kit.record("U").id, 1, State.READY, at=AT, who=WHO, why="absent"),
    "leave_to_a_person": lambda kit: kit.ledger.leave_to_a_person(
        kit.record("U").id, 1, "RETAILPRO_SEVERAL", "two", at=AT, who=WHO
    ),
    "sighted": lambda kit: kit.ledger.sighted(FLOW, RETAILER, ["tlog-1.json", "other.json"]),
    "keep_ids": lambda kit: kit.ledger.keep_ids(RETAILER, "netsuite_order", {"A": "1"}, source="f", at=AT),
    "cursor": lambda kit: kit.ledger.cursor(FLOW, RETAILER),
    "move_cursor": lambda kit: kit.ledger.move_cursor(FLOW, RETAILER, seen=None, reached=AT, at=AT, who=WHO),
    "refusals_of": lambda kit: kit.ledger.refusals_of([kit.record("A").id]),
    "ids_of": lambda kit: kit.ledger.ids_of(RETAILER, "netsuite_order", ["A", "B"]),
    "confirm_by_ids": lambda kit: kit.ledger.confirm_by_ids(FLOW, RETAILER, "netsuite_order", at=AT, who=WHO),
    "overdue": lambda kit: kit.ledger.overdue(FLOW, RETAILER, before=later(60)),
    "waiting": lambda kit: kit.ledger.waiting(FLOW, RETAILER),
    "underived": lambda kit: kit.ledger.underived(FLOW, RETAILER, "order_facts", into="netsuite_deposits"),
    "waiting_since": lambda kit: kit.ledger.waiting_since(FLOW, RETAILER, before=later(60)),
    "standing": lambda kit: kit.ledger.standing(FLOW, RETAILER, State.DELIVERED, State.INTENDED),
    "feeds_named": lambda kit: kit.ledger.feeds_named(FLOW, RETAILER, ["feed-1.csv"]),
    "feeds_of_ids": lambda kit: kit.ledger.feeds_of_ids([1, 2]),
    "refuse_feed": lambda kit: kit.ledger.refuse_feed(1, "NETSUITE_REFUSED", "no", at=AT, who=WHO),
    "refuse_records": lambda kit: kit.ledger.refuse_records([1, 2], "NETSUITE_REFUSED", "no", at=AT, who=WHO),
    "put_again": lambda kit: kit.ledger.put_again(1, at=AT, who=WHO),
    "bring_back": lambda kit: kit.ledger.bring_back([kit.record("Q").id], at=AT, who=WHO),
    "sendable": lambda kit: kit.ledger.sendable(3, ["R", "U"]),
    "states_of": lambda kit: kit.ledger.states_of([1, 2]),
    "note_look_up": lambda kit: kit.ledger.note_look_up(
        kit.record("U").id, 1, outcome="ABSENT", status=200, headers={}, body="", milliseconds=1, message="",
        request_hash="", at=AT,
    ),
    "calls_of": lambda kit: kit.ledger.calls_of([kit.record("U").id]),
    "calls_to_file": lambda kit: kit.ledger.calls_to_file(FLOW, RETAILER, limit=10),
    "give_file": lambda kit: kit.ledger.give_file([1], "answers.jsonl"),
    "filed": lambda kit: kit.ledger.filed([1], at=AT),
    "follow_ids": lambda kit: kit.ledger.follow_ids(RETAILER, "hotwax_order", {"A": "M1"}, source="f", at=AT),
    "orders_by_hour": lambda kit: kit.ledger.orders_by_hour(FLOW, RETAILER, [(AT, later(60)), (later(120), later(9))]),
    "keep_findings": lambda kit: kit.ledger.keep_findings(
        FLOW, RETAILER, {"A 1": ("A", "w", "n")}, dag_id="d", run_id="r", at=AT
    ),
    "open_findings": lambda kit: kit.ledger.open_findings(FLOW, RETAILER),
    "untold_findings": lambda kit: kit.ledger.untold_findings(FLOW, RETAILER, since=AT),
    "findings_told": lambda kit: kit.ledger.findings_told([1], at=AT),
    "problems_told": lambda kit: kit.ledger.problems_told(FLOW, RETAILER, "t", since=AT),
    "problems_over": lambda kit: kit.ledger.problems_over(FLOW, RETAILER, "t", at=AT),
    "problems_of_run": lambda kit: kit.ledger.problems_of_run("d", "r", unreported_only=True),
    "problems_reported": lambda kit: kit.ledger.problems_reported([1], at=AT),
    "note_problem": lambda kit: kit.ledger.note_problem(
        flow=FLOW, retailer=RETAILER, dag_id="d", run_id="r", task_id="t", error_class="e", message="m", next_step="n",
        at=AT,
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def filled(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Something in every table: batch 1 published, 2 open with order Q set aside, 3 with R ready and U in doubt."""
    path = tmp_path_factory.mktemp("filled") / "ledger.db"
    shutil.copy(template, path)
    with open_ledger(f"sqlite:///{path}") as ledger:
        fill(Kit(ledger))
    return path


def fill(kit: Kit) -> None:
    first, _ = kit.transformed("A", "B")
    kit.publish(first)
    second = kit.batch()
    (held, _) = kit.take(second, "Q", "A")
    kit.decide(second, set_aside(held.record_id))
    third = kit.batch()
    (going, called) = kit.take(third, "R", "U")
    kit.decide(third, *ready(going.record_id, called.record_id))
    intent = Intent(called.record_id or 0, kit.record("U").content_hash)
    calling = {"operation": "invoice", "lease": timedelta(minutes=1), "at": AT, "who": WHO}
    claim = kit.ledger.exchange([intent], [], **calling).claims[intent.record_id]
    kit.ledger.exchange([], [Answer(claim, Outcome.IN_DOUBT)], **calling)
    told = kit.ledger.note_problem(
        flow=FLOW, retailer=RETAILER, dag_id="d", run_id="r", task_id="t", error_class="e", message="m", next_step="n",
        at=AT,
    )  # fmt: skip
    kit.ledger.problems_reported([told.id], at=AT)
    kit.ledger.claim_stock(first.id, ["A"], at=AT)


@pytest.fixture
def full(filled: Path, tmp_path: Path) -> Iterator[Kit]:
    """A copy of that ledger."""
    path = shutil.copy(filled, tmp_path / "full.db")
    with open_ledger(f"sqlite:///{path}") as ledger:
        yield Kit(ledger)


@pytest.mark.parametrize("name", CALLS)
def test_no_call_reads_a_whole_table(full: Kit, name: str) -> None:
    with statements(full.ledger) as sent:
        CALLS[name](full)
    assert len(sent) > 1
    assert scans(full.ledger, sent) == []


def test_every_public_call_is_looked_at() -> None:
    inside_others = {
        "record_file", "batch", "move_batch", "register_feed", "attach_records_to_feed", "intend_feed", "publish_feed",
        "equation", "close", "alone", "exchanging",
    }  # fmt: skip
    public = {name for name in dir(Ledger) if not name.startswith("_")}
    assert public == {*CALLS, *inside_others} - {"feed"}


def test_a_scan_would_be_found(full: Kit) -> None:
    with statements(full.ledger) as sent:
        full.rows(sa.text("SELECT * FROM records WHERE message = 'x'"))
    assert len(scans(full.ledger, sent)) == 1


def test_an_error_of_the_database_does_not_repeat_the_values(full: Kit) -> None:
    with pytest.raises(sa.exc.IntegrityError) as error, full.ledger._engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO notes (text) VALUES (:text)"), {"text": "a name"})
    assert "a name" not in str(error.value)
