"""Records in frames of some thousand, each worked on as one, so that memory is that of one frame."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

from order_sync.transforms.tlog_frame import SourceRecord

Draft = TypeVar("Draft")


def in_frames(
    records: Iterable[SourceRecord], size: int, draft: Callable[[list[SourceRecord]], list[Draft]]
) -> Iterator[list[Draft]]:
    """The drafts of one frame after the other.

    While a frame is worked on Python does not look for cycles among its objects: there are none, it only costs time.

    :param size: of a frame.
    """
    source = iter(records)
    while chunk := list(islice(source, size)):
        enabled = gc.isenabled()
        gc.disable()
        try:
            drafts = draft(chunk)
        finally:
            if enabled:
                gc.enable()
        yield drafts
