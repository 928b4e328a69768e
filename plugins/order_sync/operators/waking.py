"""collect, where records wait for what a partner does not know yet: they wake by themselves when its id is there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from order_sync.flow import Run
from order_sync.ledger import Batch, BatchInput, Ledger, Record
from order_sync.operators.collect import Collect


class CollectAndWake(Collect):
    """Collects new files, and wakes the records whose first wish came true.

    A record says what it waits for as two words, such as ``customer 10004`` or ``line M1:00001``.
    """

    #: First word of a wish to the kind of id that fulfils it; its second word is the key of that id.
    wakes: ClassVar[Mapping[str, str]] = {}

    def step(self, run: Run, book: Ledger) -> dict[str, Any]:
        """What :class:`Collect` finds, and a batch of the records that need not wait any longer."""
        work = super().step(run, book)
        if "batches" in work and not run.dry_run and (due := self._due(book)):
            work["batches"] = list(dict.fromkeys([*work["batches"], self._woken(run, book, due).id]))
        return work

    def _due(self, book: Ledger) -> list[Record]:
        """The records that waited for something that has an id by now."""
        by_kind: dict[str, dict[str, list[Record]]] = defaultdict(lambda: defaultdict(list))
        for record in book.waiting(self.flow, self.retailer):
            word, _, key = record.field.partition(" ")
            if word in self.wakes:
                by_kind[self.wakes[word]][key].append(record)
        due = []
        for kind, wishes in by_kind.items():
            known = book.ids_of(self.retailer, kind, sorted(wishes))
            due += [record for key, records in wishes.items() if key in known for record in records]
        return sorted(due, key=lambda record: record.id)

    def _woken(self, run: Run, book: Ledger, due: Sequence[Record]) -> Batch:
        """A batch of them; a file keeps its time, which may be the clock of the records in it."""
        places = book.record_locations([record.id for record in due])
        times = {
            (batch_id, file.file_id): file.mtime
            for batch_id in {place.batch_id for place in places}
            for file in book.batch_inputs(batch_id)
        }
        files = {place.file_id: (place.file_name, times.get((place.batch_id, place.file_id))) for place in places}
        inputs = [
            BatchInput(file, name, "", mtime, position) for position, (file, (name, mtime)) in enumerate(files.items())
        ]
        parts = [f"{place.record_id} {place.batch_id}" for place in places]
        self.log.info("%s records wake: what they waited for is known.", len(places))
        return self._created(run, book, "again", parts, inputs, [place.record_id for place in places])
