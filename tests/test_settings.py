"""Retailers' settings: the default one, what differs, what a machine lays over it, and what is refused."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from order_sync import settings
from order_sync.errors import Stop

DEFAULT = (settings.include_folder() / "retailers" / "default.yaml").read_text(encoding="utf-8")


@pytest.fixture
def include(tmp_path: Path) -> Path:
    folder = tmp_path / "include"
    (folder / "retailers").mkdir(parents=True)
    (folder / "retailers" / "default.yaml").write_text(DEFAULT, encoding="utf-8")
    return folder


def write(include: Path, text: str, name: str = "acme") -> Path:
    path = include / "retailers" / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(include: Path, name: str = "acme") -> str:
    with pytest.raises(Stop) as caught:
        settings.load(name, include)
    return caught.value.message


def line_of(text: str, start: str) -> int:
    return next(at for at, line in enumerate(text.splitlines(), 1) if line.strip().startswith(start))


def test_the_default_retailer() -> None:
    retailer = settings.load("default")
    flow = retailer.predictspring_order_sync
    assert retailer.name == "default"
    assert retailer.contacts
    assert retailer.retry_delay == timedelta(seconds=retailer.retry_delay_seconds)
    assert (flow.feed_format, flow.sync_in_store_orders, flow.on_changed_order) == ("csv", True, "exception")
    assert flow.zone == ZoneInfo("UTC")
    assert (flow.folders.inbox, flow.folders.order_feed) == ("predictspring/tlog", "hotwax/order-feed")
    assert flow.folders.inventory_variance == "hotwax/inventory-variance"
    assert flow.values["currency"] == "USD"
    assert flow.values["phone"] == "0000000000", "digits are text here"


def test_another_retailer_lists_only_what_differs(include: Path) -> None:
    write(
        include,
        "contacts: [a@example.com]\npredictspring_order_sync:\n  feed_format: json\n  values: {currency: CAD}\n",
    )
    default, acme = settings.retailers(include)
    assert (default.name, acme.name) == ("default", "acme")
    assert acme.contacts == ["a@example.com"], "a list is replaced whole"
    ours, theirs = default.predictspring_order_sync, acme.predictspring_order_sync
    assert (theirs.feed_format, theirs.values["currency"]) == ("json", "CAD")
    assert theirs.values | {"currency": "USD"} == ours.values
    assert (theirs.folders, theirs.arrival, theirs.limits) == (ours.folders, ours.arrival, ours.limits)
    assert default == settings.load("default", include)


def test_the_default_retailer_comes_first(include: Path) -> None:
    for name in ("zeta", "alpha"):
        write(include, "owner: somebody\n", name)
    assert [retailer.name for retailer in settings.retailers(include)] == ["default", "alpha", "zeta"]


def test_an_overlay_lies_over_every_retailer(include: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(include, "retries: 7\npredictspring_order_sync: {file_prefix: acme, schedule: '@hourly'}\n")
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text("retries: 0\npredictspring_order_sync: {file_prefix: test}\n")
    monkeypatch.setenv("ORDER_SYNC_OVERLAY", str(overlay))
    for retailer in settings.retailers(include):
        assert (retailer.retries, retailer.predictspring_order_sync.file_prefix) == (0, "test")
    assert settings.load("acme", include).predictspring_order_sync.schedule == "@hourly"
    monkeypatch.setenv("ORDER_SYNC_OVERLAY", "")
    assert settings.load("acme", include).retries == 7


def test_the_folder_can_be_told(include: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDER_SYNC_INCLUDE", str(include))
    write(include, "owner: somebody\n")
    assert settings.include_folder() == include
    assert settings.load("acme").owner == "somebody"


FLOW = "predictspring_order_sync"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("owner: a\n\ncontact: [a@example.com]\n", 3, "unknown field `contact`"),
        (f"{FLOW}:\n  feed_format: csv\n  file_prefx: x\n", 3, "unknown field `file_prefx`"),
        (f"{FLOW}:\n  folders:\n    inbox: a\n    outbox: b\n", 4, "unknown field `outbox`"),
        ("retries: many\n", 1, "retries: Expected `int`, got `str`"),
        ("owner: a\ncontacts: a@example.com\n", 2, "contacts: Expected `array`, got `str`"),
        (f"{FLOW}:\n  feed_format: xml\n", 2, "feed_format: Invalid enum value 'xml'"),
        (f"{FLOW}:\n  on_changed_order: drop\n", 2, "on_changed_order: Invalid enum value 'drop'"),
        (f"{FLOW}:\n  sync_in_store_orders: 'no'\n", 2, "Expected `bool`, got `str`"),
        (f"{FLOW}:\n  values:\n    currency: USD\n    phone: 0000000000\n", 4, "Expected `str`, got `int`"),
        (f"{FLOW}:\n  limits:\n    max_ratio: 1.5\n", 3, "max_ratio"),
        (f"{FLOW}:\n\n  time_zone: America/Gotham\n", 3, "America/Gotham is not a time zone"),
        (f"{FLOW}:\n  time_zone: ''\n", 2, "is not a time zone"),
        (f"{FLOW}:\n  time_zone: ../../etc/passwd\n", 2, "is not a time zone"),
        ("owner: a\ncontacts: []\n", 2, "at least one address"),
        ("connections:\n", 1, "connections: Expected `object`, got `null`"),
    ],
)
def test_what_is_wrong_is_named_with_file_and_line(include: Path, text: str, line: int, words: str) -> None:
    path = write(include, text)
    message = refusal(include)
    assert message.startswith(f"{path}:{line}: "), message
    assert words in message


@pytest.mark.parametrize(
    ("old", "new", "start", "words"),
    [
        ("  file_prefix:", "  file_prefx:", "file_prefx:", "file_prefx"),
        ("  time_zone: UTC", "  time_zone: Mars", "time_zone:", "Mars is not a time zone"),
        ("retries: 2", "retries: two", "retries:", "retries: Expected `int`"),
        ("contacts: [order-exceptions@example.com]", "contacts: []", "contacts:", "at least one address"),
    ],
)
def test_what_is_wrong_in_the_default_file_is_named_there(
    include: Path, old: str, new: str, start: str, words: str
) -> None:
    """Also when another retailer is loaded that says nothing about it."""
    assert old in DEFAULT
    text = DEFAULT.replace(old, new)
    path = write(include, text, "default")
    write(include, "owner: a\n")
    for name in ("default", "acme"):
        message = refusal(include, name)
        assert message.startswith(f"{path}:{line_of(text, start)}: "), message
        assert words in message


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("owner: a\nunheard: 1\n", 2, "unheard"),
        ("predictspring_order_sync:\n  arrival:\n    max_files: none\n", 3, "max_files"),
        ("predictspring_order_sync:\n  time_zone: Mars\n", 2, "Mars"),
        ("contacts: []\n", 1, "at least one address"),
    ],
)
def test_what_is_wrong_in_the_overlay_is_named_there(
    include: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, line: int, words: str
) -> None:
    write(include, "contacts: [a@example.com]\npredictspring_order_sync: {time_zone: UTC, arrival: {max_files: 5}}\n")
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text(text)
    monkeypatch.setenv("ORDER_SYNC_OVERLAY", str(overlay))
    for name in ("default", "acme"):
        message = refusal(include, name)
        assert message.startswith(f"{overlay}:{line}: "), message
        assert words in message


def test_a_missing_setting_names_the_section(include: Path) -> None:
    text = DEFAULT.replace("  file_prefix: order_sync\n", "")
    path = write(include, text, "default")
    message = refusal(include, "default")
    assert message.startswith(f"{path}:{line_of(text, 'predictspring_order_sync:')}: ")
    assert "missing required field `file_prefix`" in message


def test_files_that_are_not_there(include: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert str(include / "retailers" / "nobody.yaml") in refusal(include, "nobody")
    assert settings.retailers(tmp_path / "nowhere") == []
    monkeypatch.setenv("ORDER_SYNC_OVERLAY", str(tmp_path / "no-overlay.yaml"))
    assert str(tmp_path / "no-overlay.yaml") in refusal(include, "default")


def test_settings_are_immutable() -> None:
    retailer = settings.load("default")
    with pytest.raises(AttributeError):
        retailer.retries = 5  # type: ignore[misc]


@pytest.mark.parametrize(
    ("api", "told"),
    [
        ("resolve_doubt: look_up", "resolve_doubt: look_up needs look_up.invoice_path and look_up.slip_path"),
        ("resolve_doubt: resend", "resolve_doubt: resend needs duplicate.statuses, or orders are invoiced twice"),
    ],
)
def test_doubt_cannot_be_ended_by_evidence_that_is_not_set_up(include: Path, api: str, told: str) -> None:
    path = write(include, f"retailpro_invoicing:\n  api:\n    {api}\n")
    assert refusal(include) == f"{path}:3: {told}."
