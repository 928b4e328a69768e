"""The whole way of one order in words, for a person at a prompt."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from order_sync.contracts import money
from order_sync.ledger import OrderStory, VersionStory


def story_lines(story: OrderStory) -> list[str]:
    """One line per thing that happened to the order, oldest first, version by version."""
    return [line for version in story.versions for line in _version(story.order_key, version)]


def _version(order_key: str, version: VersionStory) -> Iterator[str]:
    record = version.record
    amount = money.show(record.amount_minor, record.currency) if record.amount_minor is not None else "unknown"
    yield f"Order {order_key}, version {record.version}: {record.state} {record.reason}".rstrip()
    yield f"  {record.kind or 'kind unknown'}, {record.lines} lines, {amount} {record.currency}".rstrip()
    if record.message:
        yield f"  {record.field}: {record.message}" if record.field else f"  {record.message}"
    yield f"  from record {record.record_index + 1} of {version.file.first_name} (sha256 {version.file.sha256[:12]})"
    for sighting in version.sightings:
        yield f"  {_time(sighting.seen_at)}  seen as {sighting.folder}/{sighting.name}"
    for move in version.moves:
        yield f"  {_time(move.at)}  {move.from_state or '-'} > {move.to_state}  {move.why}  ({move.who})"
    for repeat in version.repeats:
        yield f"  {_time(repeat.at)}  arrived again: {repeat.kind} (batch {repeat.batch_id})"
    yield from (f"  note: {note}" for note in version.notes)
    if version.feed:
        feed = version.feed
        yield f"  in {feed.remote_path or feed.name}: {feed.state}, mapping {version.batch.mapping_version}"
    yield f"  batch {version.batch.id} of run {version.batch.run_id}: {version.batch.state}"


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}Z"
