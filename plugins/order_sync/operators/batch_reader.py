"""Reads the stored inputs of a batch record by record; what cannot be read comes as a fault with its place."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import BinaryIO, NamedTuple

from order_sync.contracts import bundles, framing
from order_sync.contracts.bundles import Bounds
from order_sync.errors import BadInput
from order_sync.staging import Staging
from order_sync.transforms.tlog_frame import SourceRecord

#: Cuts one part of a file into records; see :func:`json_records`.
Frames = Callable[[BinaryIO, str, int], Iterator[framing.RawRecord | BadInput]]


def json_records(stream: BinaryIO, name: str, most: int) -> Iterator[framing.RawRecord | BadInput]:
    """The JSON objects of a file: one, an array of them, or one per line.

    :param most: the most bytes of one.
    :raises BadInput: nothing of the file is to be used.
    """
    ends = array("Q")
    layout = framing.inspect(stream, name, most, ends)
    yield from framing.records(stream, name, layout, most, ends)


def split_records(split: Callable[[bytes], Sequence[bytes]]) -> Frames:
    """What cuts each JSON object of a file once more, so that its parts go their own ways.

    :param split: the parts of one object, always the same ones and at least one; it never fails.
    """

    def frames(stream: BinaryIO, name: str, most: int) -> Iterator[framing.RawRecord | BadInput]:
        for found in json_records(stream, name, most):
            if isinstance(found, BadInput):
                yield found
            else:
                yield from (framing.RawRecord(found.index, found.offset, part) for part in split(found.data))

    return frames


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
    :param frames: what cuts a file into records.
    """

    def __init__(
        self,
        staging: Staging,
        inputs: Sequence[Input],
        bounds: Bounds,
        max_record_bytes: int,
        frames: Frames = json_records,
    ) -> None:
        self._staging, self._inputs, self._bounds, self._most = staging, inputs, bounds, max_record_bytes
        self._frames = frames
        self.faults: list[FileFault] = []

    def records(self) -> Iterator[SourceRecord]:
        """All records that could be read; the rest is in :attr:`faults` when the iteration ends."""
        for source in self._inputs:
            with self._staging.open(source.uri) as stream:
                for index, found in enumerate(_records(stream, source.name, self._bounds, self._most, self._frames)):
                    if source.wanted is not None and index not in source.wanted:
                        continue
                    if isinstance(found, BadInput):
                        self.faults.append(FileFault(source.position, index, found))
                    else:
                        yield SourceRecord(source.position, index, found.offset, found.data)


def read_records(
    staging: Staging, uri: str, indexes: Collection[int], bounds: Bounds, most: int, frames: Frames = json_records
) -> dict[int, bytes]:
    """Some records of a stored file by their index, for comparing an order with what arrived earlier."""
    reader = BatchReader(staging, [Input(0, 0, "", uri, uri, frozenset(indexes))], bounds, most, frames)
    return {record.index: record.data for record in reader.records()}


def count_orders(stream: BinaryIO, name: str, bounds: Bounds, most: int) -> int:
    """How many records a file holds, counting an unusable part as one."""
    return sum(1 for _ in _records(stream, name, bounds, most, json_records))


def _records(
    stream: BinaryIO, name: str, bounds: Bounds, most: int, frames: Frames
) -> Iterator[framing.RawRecord | BadInput]:
    """The records of a file in order; a part that is damaged comes as one error and gives no record."""
    for part in bundles.parts(stream, name, bounds):
        if isinstance(part, BadInput):
            yield part
            continue
        try:
            yield from frames(part.stream, part.name, most)
        except BadInput as error:
            yield error
