"""The whole way of one order in words, for a person at a prompt."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from order_sync.contracts import money
from order_sync.ledger import Call, OrderStory, VersionStory
from order_sync.reports.plain_text import one_line


def story_lines(story: OrderStory) -> list[str]:
    """One line per thing that happened to the order, oldest first, version by version."""
    return [line for version in story.versions for line in _version(story.order_key, version)]


def _version(order_key: str, version: VersionStory) -> Iterator[str]:
    record = version.record
    amount = money.show(record.amount_minor, record.currency) if record.amount_minor is not None else "unknown"
    yield f"Order {order_key}, version {record.version}: {record.state} {record.reason}".rstrip()
    yield f"  {record.kind or 'kind unknown'}, {record.lines} lines, {amount} {record.currency}".rstrip()
    if record.partner_ref:
        yield f"  at the partner: {record.partner_ref}"
    if record.message:
        yield f"  {record.field}: {record.message}" if record.field else f"  {record.message}"
    yield f"  from record {record.record_index + 1} of {version.file.first_name} (sha256 {version.file.sha256[:12]})"
    for sighting in version.sightings:
        yield f"  {_time(sighting.seen_at)}  seen as {sighting.folder}/{sighting.name}"
    for move in version.moves:
        yield f"  {_time(move.at)}  {move.from_state or '-'} > {move.to_state}  {move.why}  ({move.who})"
    yield from map(_call, version.calls)
    for repeat in version.repeats:
        yield f"  {_time(repeat.at)}  arrived again: {repeat.kind} (batch {repeat.batch_id})"
    yield from (f"  note: {note}" for note in version.notes)
    if version.feed:
        feed = version.feed
        yield f"  in {feed.remote_path or feed.name}: {feed.state}, mapping {version.batch.mapping_version}"
    yield f"  batch {version.batch.id} of run {version.batch.run_id}: {version.batch.state}"


def _call(call: Call) -> str:
    """One call with its answer; what the partner wrote is shown as far as a line goes."""
    status = f"status {call.status}, " if call.status else ""
    spent = f"{call.milliseconds} ms, " if call.milliseconds is not None else ""
    body = f"  answer {one_line(call.body, 200)}" if call.body else ""
    attempt = f" {call.attempt}" if call.attempt else ""
    outcome = call.outcome or "under way"
    return f"  {_time(call.started_at)}  {call.operation}{attempt}: {outcome}, {status}{spent}{call.message}{body}"


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}Z"
