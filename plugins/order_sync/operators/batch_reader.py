"""Reads the stored inputs of a batch record by record; what cannot be read comes as a fault with its place."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import BinaryIO, NamedTuple

from order_sync.contracts import bundles, framing
from order_sync.contracts.bundles import Bounds
from order_sync.errors import BadInput
from order_sync.staging import Staging
from order_sync.transforms.tlog_frame import SourceRecord


class Input(NamedTuple):
    """One stored file to read.

    :param position: its place in the batch.
    :param file_id: its id in the ledger.
    :param sha256: hash of its bytes.
    :param wanted: the records to read, None for all.
    """

    position: int
    file_id: int
    sha256: str
    uri: str
    name: str
    wanted: Collection[int] | None = None


class FileFault(NamedTuple):
    """A file, or a part of an archive, of which nothing was used."""

    position: int
    index: int
    error: BadInput


class BatchReader:
    """Reads the records of several stored files, in order.

    :param bounds: for compressed files.
    :param max_record_bytes: of one order.
    """

    def __init__(self, staging: Staging, inputs: Sequence[Input], bounds: Bounds, max_record_bytes: int) -> None:
        self._staging, self._inputs, self._bounds, self._most = staging, inputs, bounds, max_record_bytes
        self.faults: list[FileFault] = []

    def records(self) -> Iterator[SourceRecord]:
        """All records that could be read; the rest is in :attr:`faults` when the iteration ends."""
        for source in self._inputs:
            with self._staging.open(source.uri) as stream:
                for index, found in enumerate(_records(stream, source.name, self._bounds, self._most)):
                    if source.wanted is not None and index not in source.wanted:
                        continue
                    if isinstance(found, BadInput):
                        self.faults.append(FileFault(source.position, index, found))
                    else:
                        yield SourceRecord(source.position, index, found.offset, found.data)


def read_records(staging: Staging, uri: str, indexes: Collection[int], bounds: Bounds, most: int) -> dict[int, bytes]:
    """Some records of a stored file by their index, for comparing an order with what arrived earlier."""
    reader = BatchReader(staging, [Input(0, 0, "", uri, uri, frozenset(indexes))], bounds, most)
    return {record.index: record.data for record in reader.records()}


def count_orders(stream: BinaryIO, name: str, bounds: Bounds, most: int) -> int:
    """How many records a file holds, counting an unusable part as one."""
    return sum(1 for _ in _records(stream, name, bounds, most))


def _records(stream: BinaryIO, name: str, bounds: Bounds, most: int) -> Iterator[framing.RawRecord | BadInput]:
    """The records of a file in order; a part that is damaged comes as one error and gives no record."""
    for part in bundles.parts(stream, name, bounds):
        if isinstance(part, BadInput):
            yield part
            continue
        try:
            layout = framing.inspect(part.stream, part.name, most)
        except BadInput as error:
            yield error
            continue
        yield from framing.records(part.stream, part.name, layout, most)
