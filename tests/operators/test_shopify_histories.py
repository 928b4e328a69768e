"""Whatever happens in a shop, and to the runs that follow it: HotWax gets every version that stood, each once."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.support.shopify_history import CHANGES, PLACES, SOUND, RunPlan, ShopHistory
from tests.support.shopify_lab import ShopifyLab

#: The nights in which New York's clocks, the shop's, go back and forward.
NIGHTS = (datetime(2026, 11, 1, 4, 40, tzinfo=UTC), datetime(2026, 3, 8, 5, 40, tzinfo=UTC))
#: One way to go wrong each, whatever random histories find; gone on with by the next try, or by the next run.
SINGLE = {
    "pages": [RunPlan(dies_at=place, given_up=bool(at % 2)) for at, place in enumerate(PLACES)],
    "bulk": [
        RunPlan(quarters=14, dies_at=place, given_up=given_up)
        for place in PLACES
        if place.startswith(("collect", "request"))
        for given_up in (False, True)
    ],
}
#: More of them than in `make test`: SHOPIFY_HISTORIES=100, each time others.
EXAMPLES = int(os.environ.get("SHOPIFY_HISTORIES") or 0)

runs = st.builds(
    RunPlan,
    quarters=st.sampled_from([1, 1, 1, 2, 14]),
    late=st.integers(0, 400),
    dies_at=st.sampled_from(["", "", *PLACES]),
    given_up=st.booleans(),
    twice=st.booleans(),
    meanwhile=st.sampled_from([0, 0, 1, 2]),
)
happens = st.one_of(
    st.tuples(st.just("wait"), st.integers(1, 600)),
    st.tuples(st.just("place"), st.sampled_from(SOUND)),
    st.tuples(st.sampled_from([*CHANGES, "touch", "touch", "delete"]), st.integers(0, 30)),
)
stories = st.fixed_dictionaries(
    {
        "start": st.sampled_from(NIGHTS),
        "rounds": st.lists(st.tuples(st.lists(happens, min_size=2, max_size=8), runs), min_size=3, max_size=7),
        "page_orders": st.integers(1, 5),
        "skew": st.integers(-250, 250),
        "lag": st.integers(0, 300),
        "spread": st.integers(0, 150),
        "delivery": st.sampled_from(["sftp", "upload"]),
    }
)


@contextmanager
def history_of(template: Path, start: datetime, **setup: Any) -> Iterator[ShopHistory]:
    with (
        pytest.MonkeyPatch.context() as monkeypatch,
        tempfile.TemporaryDirectory() as folder,
        ShopifyLab(Path(folder), template, monkeypatch, bulk_from_hours=3, **setup) as lab,
    ):
        lab.now = start
        yield ShopHistory(lab, monkeypatch)


@pytest.fixture
def history(ledger_template: Path) -> Iterator[ShopHistory]:
    with history_of(ledger_template, NIGHTS[0], api={"page_orders": 2}) as made:
        yield made


@settings(
    max_examples=EXAMPLES or 4,
    derandomize=not EXAMPLES,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(story=stories)
def test_whatever_happens_every_version_arrives_once(story: dict[str, Any], ledger_template: Path) -> None:
    api, delivery = {"page_orders": story["page_orders"]}, story["delivery"]
    with history_of(ledger_template, story["start"], api=api, delivery=delivery) as history:
        shop = history.shop
        shop.faults.clock_skew_seconds = story["skew"]
        shop.faults.index_lag_seconds, shop.faults.index_lag_spread = story["lag"], story["spread"]
        for events, run in story["rounds"]:
            for what, value in events:
                if what == "wait":
                    history.lab.now += timedelta(seconds=value)
                elif what == "place":
                    history.place(value)
                else:
                    history.change(value, what)
            history.run(run)
        history.settle()
        history.judge()


@pytest.mark.parametrize("way", SINGLE)
def test_a_run_that_dies_anywhere_is_finished(ledger_template: Path, way: str) -> None:
    """One after the other on one shop."""
    with history_of(ledger_template, NIGHTS[0], api={"page_orders": 2}) as history:
        history.run(RunPlan())
        for plan in SINGLE[way]:
            for _ in range(2):
                history.place("web")
                history.lab.now += timedelta(seconds=61)
            history.change(1, "touch")
            history.run(plan)
        history.settle()
        history.judge()


@pytest.mark.parametrize("seconds", [-1, 0, 1])
def test_an_order_stamped_on_the_edge_of_a_window(history: ShopHistory, seconds: int) -> None:
    history.run(RunPlan())
    end = history.lab.book.cursor("shopify_order_import", "default")
    assert end is not None
    edges = [end + timedelta(minutes=15 * at, seconds=seconds) for at in range(3)]
    for edge in edges:
        history.shop.place("web", at=edge)
        history.run(RunPlan())
    history.settle()
    history.judge()


def test_as_many_orders_in_one_second_as_fill_several_pages(history: ShopHistory) -> None:
    history.run(RunPlan())
    for _ in range(9):
        history.place("web")
    history.run(RunPlan(meanwhile=2))
    history.settle()
    history.judge()
    assert len(history.lab.arrived()) >= 9


def test_the_last_version_arrives_where_one_in_between_did_not(history: ShopHistory) -> None:
    """Nobody promises versions that no window saw; their successors are promised."""
    history.run(RunPlan())
    history.place("web")
    for _ in range(4):
        history.lab.wait(3)
        history.change(0, "touch")
    history.run(RunPlan(quarters=2))
    history.settle()
    history.judge()
    assert len(history.lab.arrived()) == 1


@pytest.mark.parametrize(
    "spoil",
    [
        lambda patch: patch.setattr("order_sync.settings.ShopifyOrderImport.overlap", timedelta(0)),
        lambda patch: patch.setattr("order_sync.settings.ShopifyOrderImport.lag", timedelta(0)),
    ],
    ids=["no overlap", "no lag"],
)
def test_without_its_protections_the_proof_fails(
    history: ShopHistory, monkeypatch: pytest.MonkeyPatch, spoil: Callable[[pytest.MonkeyPatch], None]
) -> None:
    """Else it would prove nothing."""
    spoil(monkeypatch)
    if history.lab.settings.lag:
        history.shop.faults.index_lag_seconds = 400
    else:
        history.shop.faults.clock_skew_seconds = -660
    history.run(RunPlan())
    for _ in range(2):
        for _ in range(14):
            history.place("web")
            history.lab.wait(1)
        history.run(RunPlan())
    history.settle()
    with pytest.raises(AssertionError, match="missed"):
        history.judge()
