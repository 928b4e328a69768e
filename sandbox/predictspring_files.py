"""Writes simulated TLogs to files: in every layout that may lie in the folder, and in bulk for measurements."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Callable, Iterable
from functools import partial
from itertools import count as endless
from pathlib import Path
from typing import BinaryIO

from sandbox.predictspring_sale import Order, Stamps

#: How orders may lie in files: a real-time export is one object per file, a batch one of the others.
LAYOUTS: tuple[str, ...] = ("one_per_file", "array", "json_lines", "gz", "zip")

_ZIP_DATE = (2026, 1, 5, 9, 0, 0)
_BATCH = 2000


def dump(order: Order) -> bytes:
    """One order as compact JSON in UTF-8."""
    return json.dumps(order, ensure_ascii=False, separators=(",", ":")).encode()


def write_files(folder: Path, orders: Iterable[Order], layout: str = LAYOUTS[0], *, stem: str = "tlog") -> list[Path]:
    """Write orders into `folder` (made when missing); the same orders always give the same bytes.

    ``one_per_file``: ``<stem>_<orderId>.json`` each. ``array``: ``<stem>.json``. ``json_lines``: ``<stem>.jsonl``.
    ``gz``: the same lines as ``<stem>.jsonl.gz``. ``zip``: ``<stem>.zip`` with one member per order.

    :param layout: one of :data:`LAYOUTS`.
    :returns: the files, in the order of the orders; further orders with the same id get ``_2``, ``_3`` … in their names
    :raises ValueError: unknown layout.
    """
    if layout not in LAYOUTS:
        raise ValueError(f"unknown layout {layout!r}; known are {', '.join(LAYOUTS)}")
    folder.mkdir(parents=True, exist_ok=True)
    named = _named(orders, stem)
    if layout == "one_per_file":
        return [_write(folder / name, partial(_put, content=content)) for name, content in named]
    if layout == "zip":
        return [_write(folder / f"{stem}.zip", partial(_zip, named=named))]
    contents = [content for _, content in named]
    lines = b"".join(content + b"\n" for content in contents)
    name, whole = {
        "array": (f"{stem}.json", b"[" + b",\n".join(contents) + b"]"),
        "json_lines": (f"{stem}.jsonl", lines),
        "gz": (f"{stem}.jsonl.gz", gzip.compress(lines, mtime=0)),
    }[layout]
    return [_write(folder / name, partial(_put, content=whole))]


def write_templates(path: Path, count: int, orders: Iterable[Order], stamps: Callable[[int], Stamps]) -> None:
    """Write `count` JSON lines, taking the orders in a circle and giving line `n` the id and instants ``stamps(n)``.

    :param orders: the templates; template `k` was made with ``stamps(k)``.
    """
    templates = [_template(order, stamps(k)) for k, order in enumerate(orders)]

    def fill(file: BinaryIO) -> None:
        for start in range(0, count, _BATCH):
            numbers = range(start, min(start + _BATCH, count))
            file.write(b"".join(templates[n % len(templates)] % _slots(stamps(n)) for n in numbers))

    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path, fill)


def _template(order: Order, stamps: Stamps) -> bytes:
    text = dump(order).replace(b"%", b"%%") + b"\n"
    for slot, value in _slots(stamps).items():
        text = text.replace(value, b"%%(%b)b" % slot)
    return text


def _slots(stamps: Stamps) -> dict[bytes, bytes]:
    return {slot.encode(): value.encode() for slot, value in zip(Stamps._fields, stamps, strict=True)}


def _named(orders: Iterable[Order], stem: str) -> list[tuple[str, bytes]]:
    used: set[str] = set()
    named = []
    for order in orders:
        base = f"{stem}_{order.get('orderId', 'without_id')}"
        name = next(name for i in endless(1) if (name := f"{base}{f'_{i}' if i > 1 else ''}.json") not in used)
        used.add(name)
        named.append((name, dump(order)))
    return named


def _put(file: BinaryIO, content: bytes) -> None:
    file.write(content)


def _zip(file: BinaryIO, named: Iterable[tuple[str, bytes]]) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in named:
            bundle.writestr(zipfile.ZipInfo(name, _ZIP_DATE), content, zipfile.ZIP_DEFLATED)


def _write(path: Path, fill: Callable[[BinaryIO], object]) -> Path:
    """Write under a temporary name and rename, so that nobody reads half a file."""
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        fill(file)
    return part.replace(path)
