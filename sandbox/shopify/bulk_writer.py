"""Writes the result of a bulk operation: JSON lines, in memory that stays flat."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import IO, Any

import msgspec

from sandbox.shopify.bulk_query import BulkPlan
from sandbox.shopify.database import Found, ShopifyDatabase
from sandbox.shopify.faults import ShopifyFaults
from sandbox.shopify.plan import Child

_CHUNK = 250
#: Ungrouped lines are mixed within blocks of so many; one child in so many comes only at the very end.
_BLOCK = 1_000
_LATE = 20
_OMITTED = 7


@dataclass
class Counts:
    """What an operation counted.

    :param objects: lines.
    :param roots: lines without a parent.
    :param size: bytes.
    """

    objects: int = 0
    roots: int = 0
    size: int = 0


class BulkWriter:
    """Writes one result.

    :param database: the orders.
    :param plan: of the query.
    :param faults: what happens meanwhile.
    :param grouped: children follow their parents; without it they stand anywhere, before them, too.
    """

    def __init__(self, database: ShopifyDatabase, plan: BulkPlan, faults: ShopifyFaults, *, grouped: bool) -> None:
        self._database, self._plan, self._faults, self._grouped = database, plan, faults, grouped
        self._random = Random(faults.seed)

    def write(self, path: Path, cancelled: Callable[[], bool], *, half: bool, lose: int) -> Counts:
        """Write it.

        :param path: where it goes.
        :param cancelled: whether it shall stop.
        :param half: stop after half of the orders.
        :param lose: how many lines at the end are counted and not written.
        """
        counts, late = Counts(), path.with_suffix(".late")
        with path.open("wb") as file, late.open("w+b") as rest:
            block: list[bytes] = []
            for order in self._orders(cancelled, half=half):
                lines = list(self._lines(order))
                counts.roots += 1
                counts.objects += len(lines)
                if self._grouped:
                    file.writelines(lines)
                    continue
                for place, line in enumerate(lines):
                    if place and self._random.randrange(_LATE) == 0:
                        rest.write(line)
                    else:
                        block.append(line)
                if len(block) >= _BLOCK:
                    self._flush(block, file)
            self._flush(block, file)
            rest.seek(0)
            while data := rest.read(1 << 20):
                file.write(data)
        late.unlink()
        counts.size = path.stat().st_size
        if lose:
            _shorten(path, lose)
        return counts

    def _flush(self, block: list[bytes], file: IO[bytes]) -> None:
        self._random.shuffle(block)
        file.writelines(block)
        block.clear()

    def _orders(self, cancelled: Callable[[], bool], *, half: bool) -> Iterator[dict[str, Any]]:
        plan = self._plan
        wanted = plan.wanted._replace(most=_CHUNK)
        left = self._total() // 2 if half else -1
        place = 0
        while not cancelled() and (found := self._database.search(wanted, plan.context.now)):
            for one in self._kept(found):
                place += 1
                self._faults.take_root(place)
                if left == 0:
                    return
                left -= 1
                yield from self._database.documents([one.num])
            wanted = wanted._replace(after=found[-1])

    def _kept(self, found: list[Found]) -> list[Found]:
        if not (self._plan.is_sorted and self._faults.sorted_bulk_omits):
            return found
        return [one for one in found if hashlib.sha256(str(one.num).encode()).digest()[0] % _OMITTED]

    def _total(self) -> int:
        wanted, now = self._plan.wanted, self._plan.context.now
        return self._database.count(wanted.sql, wanted.values, now, None)

    def _lines(self, order: dict[str, Any]) -> Iterator[bytes]:
        plan = self._plan.child.plan
        yield _line(plan.read(order))
        for child in plan.children:
            yield from _children(child, order, order["id"])


def _children(child: Child, parent: Any, parent_id: str) -> Iterator[bytes]:
    for value in child.values(parent):
        yield _line(child.plan.read(value) | {"__parentId": parent_id})
        for below in child.plan.children:
            yield from _children(below, value, value["id"])


def _line(content: dict[str, Any]) -> bytes:
    return msgspec.json.encode(content) + b"\n"


def _shorten(path: Path, lines: int) -> None:
    """Take lines away at the end of a file."""
    data = path.read_bytes()
    kept = data.splitlines(keepends=True)[:-lines]
    path.write_bytes(b"".join(kept))
