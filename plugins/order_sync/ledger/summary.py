"""Counting what is in the ledger: per batch, in count and money."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from order_sync.ledger.arrivals import AdmissionKind
from order_sync.ledger.connection import Store, to_batch
from order_sync.ledger.counting import Line, tally_by
from order_sync.ledger.feeds import read_feeds
from order_sync.ledger.figures import BatchSummary, Equation, Tally, TotalLine
from order_sync.ledger.rows import Batch, Feed
from order_sync.ledger.schema import batch_files, batches, records, repeats
from order_sync.ledger.states import SENDING, State


class Summaries(Store):
    """The part of the ledger that counts."""

    def summaries(self, batch_ids: Sequence[int]) -> list[BatchSummary]:
        """Return counts and money of some batches, by id; those that do not exist are left out."""
        ids = sorted(set(batch_ids))
        with self._reading() as connection:
            known = connection.execute(sa.select(batches).where(batches.c.id.in_(ids)).order_by(batches.c.id)).all()
            counted = _by_batch(connection, records, ("state", "reason", "kind"), ids)
            repeated = _by_batch(connection, repeats, ("kind",), ids)
            feeds = read_feeds(connection, ids)
            counts = (
                sa.select(batch_files.c.batch_id, sa.func.count())
                .where(batch_files.c.batch_id.in_(ids))
                .group_by(batch_files.c.batch_id)
            )
            inputs = {row[0]: row[1] for row in connection.execute(counts)}
        return [
            _summary(
                to_batch(row),
                inputs.get(row.id, 0),
                counted.get(row.id, []),
                repeated.get(row.id, []),
                tuple(feed for feed in feeds if feed.batch_id == row.id),
            )
            for row in known
        ]

    def totals(self, batch_ids: Sequence[int]) -> list[TotalLine]:
        """Return counts and money of some batches together, currency by currency."""
        found = []
        with self._reading() as connection:
            for table, names in ((records, ("state", "reason", "currency")), (repeats, ("kind", "currency"))):
                for values, tally in tally_by(connection, table, names, table.c.batch_id.in_(set(batch_ids))):
                    state, *reason, currency = values
                    minor = sum(tally.amounts.values())
                    found.append(TotalLine(str(state), "".join(reason), currency, tally.count, minor))
        return found

    def equation(self, batch_id: int) -> Equation:
        """Return what arrived in a batch and what became of it, in count and money.

        :raises LookupError: if there is no such batch.
        """
        found = self.summaries([batch_id])
        if not found:
            raise LookupError(f"The ledger has no batch {batch_id}.")
        return equation_of(found[0])


def equation_of(summary: BatchSummary) -> Equation:
    """Put the figures of a batch side by side."""
    states, repeats_by_kind = summary.states, summary.repeats
    none = Tally()
    same = repeats_by_kind.get(AdmissionKind.SAME, none)
    older = repeats_by_kind.get(AdmissionKind.OLDER, none)
    moved = repeats_by_kind.get(AdmissionKind.MOVED, none)
    sending = sum((states.get(state, none) for state in SENDING), none)
    excluded = states.get(State.EXCLUDED, none) + states.get(State.CANCELLED, none) + same + older
    return Equation(
        arrived=sum([*states.values(), *repeats_by_kind.values()], none),
        sending=sending,
        excluded=excluded,
        rejected=states.get(State.QUARANTINED, none) + moved,
        undecided=states.get(State.SEEN, none),
    )


def _by_batch(
    connection: Connection, table: sa.Table, names: Sequence[str], ids: Sequence[int]
) -> dict[int, list[Line]]:
    found: dict[int, list[Line]] = defaultdict(list)
    for (batch_id, *values), tally in tally_by(connection, table, ("batch_id", *names), table.c.batch_id.in_(ids)):
        found[batch_id].append((tuple(values), tally))
    return found


def _fold(lines: Iterable[Line], key: Callable[..., Any]) -> dict[Any, Tally]:
    """Add up the lines that ``key`` gives the same value for."""
    folded: dict[Any, Tally] = {}
    for values, tally in lines:
        name = key(*values)
        folded[name] = folded.get(name, Tally()) + tally
    return folded


def _summary(
    batch: Batch, files: int, counted: Sequence[Line], repeated: Sequence[Line], batch_feeds: tuple[Feed, ...]
) -> BatchSummary:
    with_reason = [line for line in counted if line[0][1]]
    return BatchSummary(
        batch=batch,
        files=files,
        states=_fold(counted, lambda state, _reason, _kind: state),
        reasons=_fold(with_reason, lambda state, reason, _kind: (state, reason)),
        repeats=_fold(repeated, str),
        kinds=_fold(counted, lambda state, _reason, kind: (state, kind)),
        feeds=batch_feeds,
    )
