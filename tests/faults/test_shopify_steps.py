"""Steps between Shopify and HotWax are killed at every place, or run by two at the same time."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.faults.processes import Processes
from tests.support.shopify_lab import PastShopifyLab, number

#: The places that each step passes, in their order.
PLACES = {
    "fetch": ("collect.before_batch", "collect.before_cursor"),
    "transform": ("transform.before_decide", "transform.before_register"),
    "publish": ("publish.before_upload", "publish.before_rename", "publish.after_rename", "publish.before_commit"),
    "confirm": ("confirm.before_commit",),
}
UPLOAD = PLACES | {"publish": ("publish.before_upload", "publish.before_commit")}


WAYS: dict[str, dict[str, Any]] = {
    "sftp": {},
    "upload": {"delivery": "upload"},
    "bulk": {"bulk_from_hours": 0.1, "api": {"bulk_hours": 1e6}},
}


def ways(*short: str) -> list[Any]:
    """Every way, those that are not in a short run marked."""
    return [pytest.param(way, marks=() if way in short else pytest.mark.thorough) for way in WAYS]


@pytest.fixture
def lab(
    request: pytest.FixtureRequest, tmp_path: Path, ledger_template: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PastShopifyLab]:
    """A shop with orders that nobody has read; HotWax has had one of them, which changed since."""
    with PastShopifyLab(tmp_path, ledger_template, monkeypatch, **WAYS[request.param]) as opened:
        early = opened.now - timedelta(hours=9)
        known = opened.shop.place("web", at=early)
        opened.run("the one before", window=early)
        for minutes in range(120, 20, -20):
            opened.shop.place("web", at=opened.now - timedelta(minutes=minutes))
        opened.shop.touch(known, at=opened.now - timedelta(hours=1))
        yield opened


def walk(lab: PastShopifyLab, processes: Processes, *, together: bool = False) -> int:
    """A run whose every step dies at every place before it succeeds; how often it died."""
    died, work = 0, {}
    for step, places in (UPLOAD if lab.settings.delivery == "upload" else PLACES).items():
        given = ("killed",) if step == "fetch" else ("killed", work)
        if step == "confirm":
            lab.hotwax.importer.import_now()
        for place in () if together else places:
            child = processes.start(step, *given, at=place, lab="PastShopifyLab")
            ended = child.finish()
            if place == "collect.before_cursor" and ended.code == 0:
                continue  # its batch stood: nothing was fetched anew
            assert ended.signal == signal.SIGKILL, f"{step} at {place}: {ended}: {child.log.read_text()}"
            died += 1
        if together:
            both = [processes.start(step, *given, lab="PastShopifyLab") for _ in range(2)]
            assert {child.finish().state for child in both} == {"ended"}
        result = getattr(lab, step)(*given)
        work = result if step == "fetch" else work
    return died


def right(lab: PastShopifyLab) -> None:
    """HotWax has every version once, and the ledger says so."""
    arrived = lab.arrived()
    assert set(arrived.values()) == {1}
    assert lab.truth() <= arrived.keys()
    assert len(arrived) == 7, "the versions of today, and the older one"
    assert lab.states(*(one.order_id for one in lab.shop.database.truth())) == {"CONFIRMED": 6}
    assert lab.hotwax.shopify.duplicated() == []
    known = min((one.order_id for one in lab.shop.database.truth()), key=number)
    assert [one.outcome for one in lab.hotwax.shopify.arrivals(number(known))] == ["created", "updated"]


@pytest.mark.fault("S1")
@pytest.mark.parametrize("lab", ways("sftp"), indirect=True)
def test_killed_at_every_place_one_after_the_other(lab: PastShopifyLab, processes: Processes) -> None:
    died = walk(lab, processes)
    assert died >= 6
    lab.wait(15)
    lab.run("the next one")
    right(lab)


@pytest.mark.fault("S1")
@pytest.mark.parametrize("lab", ways("bulk"), indirect=True)
def test_killed_before_the_cursor_moves(lab: PastShopifyLab, processes: Processes) -> None:
    before = lab.book.cursor("shopify_order_import", "default")
    child = processes.start("fetch", "killed", at="collect.before_cursor", lab="PastShopifyLab")
    assert child.finish().signal == signal.SIGKILL, child.log.read_text()
    assert lab.book.cursor("shopify_order_import", "default") == before
    lab.wait(15)
    lab.run("the next one")
    right(lab)


@pytest.mark.fault("S40")
@pytest.mark.parametrize("lab", ways("upload"), indirect=True)
def test_every_step_by_two_at_the_same_time(lab: PastShopifyLab, processes: Processes) -> None:
    walk(lab, processes, together=True)
    lab.wait(15)
    lab.run("the next one")
    right(lab)
