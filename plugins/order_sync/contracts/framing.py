"""How a TLog file is cut into orders, and how a damaged file is recognised before anything of it is used.

PredictSpring sends one JSON object per file; arrays and JSON lines are accepted as well. Nothing is decoded here:
a record is the raw bytes of one order. A file is read twice, first whole by :func:`inspect`, so that a file that ends
in the middle is refused before its first order is looked at.
"""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Iterator
from enum import Enum
from typing import BinaryIO

import msgspec
import numpy as np
import numpy.typing as npt

from order_sync.errors import BadInput

_BOM = b"\xef\xbb\xbf"
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")
_BLANKS = b" \t\r\n"
_GAPS = _BLANKS + b","
_CHUNK = 1 << 18

_ODD_MARKS = (b"NaN", b"Infinity", b"\\ud", b"\\uD")
#: What the parser says of half a number; at the very end it was cut there.
_NO_VALUE = re.compile(r"invalid (?:character|number) \(byte (\d+)\)$")
#: What it says of a value behind which something follows.
_FOLLOWING = re.compile(r"JSON is malformed: trailing characters \(byte (\d+)\)$")
_GAP = re.compile(rb"[%b]*" % _GAPS)
_CUT = -1
_any_json = msgspec.json.Decoder(msgspec.Raw)


class Layout(Enum):
    """How the orders lie in the file."""

    OBJECT = "one object"
    ARRAY = "an array of objects"
    LINES = "one object per line"


class RawRecord(msgspec.Struct, frozen=True, gc=False):
    """The bytes of one order and where they lie (``offset`` counts bytes of the unpacked file)."""

    index: int
    offset: int
    data: bytes


def inspect(stream: BinaryIO, name: str, max_record_bytes: int, ends: array[int] | None = None) -> Layout:
    """Find the layout and make sure that the file is whole, reading it once from its beginning.

    :param name: the file's name, for messages.
    :param max_record_bytes: the most bytes that one order may have.
    :param ends: takes where each order of an array ends, for :func:`records`; typecode ``Q``.
    :raises BadInput: ``FILE_EMPTY``, ``FILE_TRUNCATED``, ``FILE_NOT_JSON``, ``FILE_WRONG_ROOT``, ``FILE_ENCODING`` or
        ``FILE_TOO_LARGE``.
    """
    head, _ = _start(stream, name)
    if head == b"[":
        for offset, element in _array_elements(stream, name, max_record_bytes):
            if ends is not None:
                ends.append(offset + len(element))
        return Layout.ARRAY
    first = head + stream.readline(max_record_bytes + 1)
    if len(first.rstrip(_BLANKS)) > max_record_bytes:
        raise _too_large(name, max_record_bytes)
    if _fault(first):
        lines = _complete_line_follows(stream, max_record_bytes)
        try:
            _check_object(stream, name, max_record_bytes)
        except BadInput:
            if not lines:
                raise
        else:
            return Layout.OBJECT
    last = _last_line(stream, name, max_record_bytes)
    if last is None:
        return Layout.OBJECT
    if _fault(last) == "FILE_TRUNCATED":
        raise BadInput("FILE_TRUNCATED", f"File {name}: its last line ends in the middle of an order.")
    return Layout.LINES


def records(
    stream: BinaryIO, name: str, layout: Layout, max_record_bytes: int, ends: array[int] | None = None
) -> Iterator[RawRecord]:
    """The raw orders of a file that :func:`inspect` has found whole, in file order.

    :param ends: what :func:`inspect` put there; without it an array is searched a second time.
    :raises BadInput: ``FILE_TOO_LARGE`` for an order of more than ``max_record_bytes``.
    """
    head, offset = _start(stream, name)
    if layout is Layout.ARRAY and ends is not None:
        yield from _known_elements(stream, ends)
        return
    if layout is Layout.ARRAY:
        for index, (offset, element) in enumerate(_array_elements(stream, name, max_record_bytes)):
            yield RawRecord(index, offset, bytes(element))
        return
    if layout is Layout.OBJECT:
        yield RawRecord(0, offset, (head + stream.read()).rstrip(_BLANKS))
        return
    stream.seek(offset)
    for index, (offset, data) in enumerate(_lines(stream, name, max_record_bytes)):
        yield RawRecord(index, offset, data)


def _start(stream: BinaryIO, name: str) -> tuple[bytes, int]:
    """Rewind, skip the byte order mark and blanks, return the first byte of the JSON text and its offset."""
    stream.seek(0)
    start = stream.read(4)
    if start[:2] in _WIDE_MARKS or b"\x00" in start[:4]:
        raise BadInput("FILE_ENCODING", f"File {name}: it looks like UTF-16 or UTF-32, but must be UTF-8.")
    offset = len(_BOM) if start.startswith(_BOM) else 0
    stream.seek(offset)
    while (chunk := stream.read(_CHUNK)) and not (text := chunk.lstrip(_BLANKS)):
        offset += len(chunk)
    if not chunk:
        raise BadInput("FILE_EMPTY", f"File {name}: it holds no data.")
    offset, byte = offset + len(chunk) - len(text), text[:1]
    stream.seek(offset + 1)
    if byte not in b"[{":
        kind = "FILE_WRONG_ROOT" if byte in b'"-0123456789tfn' else "FILE_NOT_JSON"
        raise BadInput(kind, f"File {name}: it does not begin with an order; its first character is {byte!r}.")
    return byte, offset


def _lines(stream: BinaryIO, name: str, max_record_bytes: int) -> Iterator[tuple[int, bytes]]:
    """Offset and bytes of every line that is not blank, from where the stream stands."""
    offset, open_line = stream.tell(), b""
    while chunk := stream.read(_CHUNK):
        *lines, open_line = (open_line + chunk).split(b"\n")
        for line in lines:
            data = line.strip(_BLANKS)
            if data:
                yield offset + line.index(data), data
            offset += len(line) + 1
        if len(open_line) > max_record_bytes:
            raise _too_large(name, max_record_bytes)
    if data := open_line.strip(_BLANKS):
        yield offset + open_line.index(data), data


def _fault(data: bytes) -> str | None:
    """``FILE_TRUNCATED`` or ``FILE_NOT_JSON`` when these bytes are not one JSON value, None when they are."""
    try:
        _any_json.decode(data)
    except RecursionError:
        return None  # whole or not, it is this record's trouble alone: its decoder will say so
    except msgspec.DecodeError as error:
        if _readable(data):
            return None
        place = _NO_VALUE.search(str(error))
        at_the_end = place is not None and int(place[1]) >= len(data.rstrip(_BLANKS))
        return "FILE_TRUNCATED" if at_the_end or "truncated" in str(error) else "FILE_NOT_JSON"
    return None


def _readable(data: bytes) -> bool:
    """Whether nothing is wrong but NaN, Infinity or half a character: one field's trouble, its decoder will name it."""
    if not any(mark in data for mark in _ODD_MARKS):
        return False
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return False
    return True


def _check_object(stream: BinaryIO, name: str, max_record_bytes: int) -> None:
    """Refuse a single object, over several lines perhaps, that is cut, too large or not JSON."""
    head, _ = _start(stream, name)
    data = head + stream.read(max_record_bytes)
    if len(data) > max_record_bytes:
        raise _too_large(name, max_record_bytes)
    fault = _fault(data)
    if fault == "FILE_TRUNCATED":
        raise BadInput(fault, f"File {name}: it ends in the middle of the order, after {len(data)} bytes.")
    if fault:
        raise BadInput(fault, f"File {name}: it begins like an order but is not JSON.")


def _complete_line_follows(stream: BinaryIO, max_record_bytes: int) -> bool:
    """Whether the line after a bad first one is a whole object: then it is one bad record among lines."""
    line = stream.readline(max_record_bytes)
    return line.startswith(b"{") and _fault(line) is None


def _last_line(stream: BinaryIO, name: str, max_record_bytes: int) -> bytes | None:
    """The last line that is not blank, None when there is but one; large files are read in large steps.

    :raises BadInput: ``FILE_TOO_LARGE`` when a line is too long.
    """
    _, offset = _start(stream, name)
    stream.seek(offset)
    open_line, last, several = b"", b"", False
    while chunk := stream.read(_CHUNK):
        text = open_line + chunk
        ends = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n"))
        if int(np.diff(ends, prepend=-1, append=len(text)).max()) - 1 > max_record_bytes:
            raise _too_large(name, max_record_bytes)
        end = int(ends[-1]) if len(ends) else 0
        if whole := text[:end].strip(_BLANKS):
            start = whole.rfind(b"\n") + 1
            several = several or bool(last) or start > 0
            last = whole[start:]
        open_line = text[end:]
    if rest := open_line.strip(_BLANKS):
        several, last = several or bool(last), rest
    return last if several else None


def _too_large(name: str, limit: int) -> BadInput:
    return BadInput("FILE_TOO_LARGE", f"File {name}: one order has more than the allowed {limit} bytes.")


def _array_elements(stream: BinaryIO, name: str, max_record_bytes: int) -> Iterator[tuple[int, memoryview]]:
    """Offset and bytes of the elements of an array, read in chunks; ``stream`` stands right after the opening bracket.

    :raises BadInput: ``FILE_TRUNCATED``, ``FILE_NOT_JSON``, ``FILE_WRONG_ROOT`` or ``FILE_TOO_LARGE``.
    """
    pending, base, index = b"", stream.tell(), 0
    while chunk := stream.read(_CHUNK):
        text, at = pending + chunk, 0
        view = memoryview(text)
        spans, closed = _spans(text)
        for start, end in spans:
            if not text.startswith(b"{", start):
                raise BadInput("FILE_WRONG_ROOT", f"File {name}, record {index + 1}: it is not an object.")
            if end - start > max_record_bytes:
                raise _too_large(name, max_record_bytes)
            yield base + start, view[start:end]
            at, index = end, index + 1
        if closed is not None:
            _check_end(text[at:closed], text[closed + 1 :], stream, name)
            return
        pending = text[at:]
        base += at
        if len(pending) > max_record_bytes:
            raise _too_large(name, max_record_bytes)
    raise BadInput("FILE_TRUNCATED", f"File {name}: the array is not closed; the file ends after record {index}.")


def _known_elements(stream: BinaryIO, ends: array[int]) -> Iterator[RawRecord]:
    """The elements of an array of which is known where each ends."""
    at = base = stream.tell()
    text = b""
    for index, end in enumerate(ends):
        while end > base + len(text) and (chunk := stream.read(_CHUNK)):
            base, text = at, text[at - base :] + chunk
        start = _after_gap(text, at - base)
        yield RawRecord(index, base + start, text[start : end - base])
        at = end


def _after_gap(text: bytes, at: int) -> int:
    """The first place from ``at`` on that is no blank and no comma."""
    return _GAP.match(text, at).end()  # type: ignore[union-attr] # it matches everywhere


def _spans(text: bytes) -> tuple[list[tuple[int, int]], int | None]:
    """Start and end of the elements with which ``text`` begins, and where their array is closed, None where it is not.

    The parser finds the end of a sound object sooner than counting brackets does. From the first element on that is
    not sound, not whole or no object, they are counted, which finds the same ends.
    """
    spans, at, view, length = list[tuple[int, int]](), 0, memoryview(text), 0
    while text.startswith(b"{", start := _after_gap(text, at)) and (length := _length(view[start:])) > 0:
        at = text.rindex(b"}", start, start + length) + 1
        spans.append((start, at))
    if length == _CUT:
        return spans, None
    positions, depths = _brackets(text[at:])
    closings = positions[depths == 0]
    closed = int(closings[0]) + at if len(closings) else None
    for end in (positions[depths == 1] + at + 1).tolist():
        if closed is not None and end > closed:
            break
        spans.append((_after_gap(text, at), end))
        at = end
    return spans, closed


def _length(text: memoryview) -> int:
    """How long the JSON value is with which a text begins, blanks behind it included.

    :returns: 0 if it is not sound or nothing follows it, ``_CUT`` if the text ends in the middle of it.
    """
    try:
        _any_json.decode(text)
    except msgspec.DecodeError as error:
        message = str(error)
        if following := _FOLLOWING.match(message):
            return int(following[1]) - 1
        return _CUT if message == "Input data was truncated" else 0
    except RecursionError:
        pass
    return 0


def _brackets(text: bytes) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Where brackets and braces stand outside strings in the rest of an array, and the depth after each."""
    codes = np.frombuffer(text, dtype=np.uint8)
    quotes = np.flatnonzero(codes == ord('"'))
    if b"\\" in text:
        quotes = _unescaped(codes, quotes)
    folded = codes & 0xDF
    brackets = np.flatnonzero((folded == ord("[")) | (folded == ord("]")))
    positions = brackets[np.searchsorted(quotes, brackets) % 2 == 0]
    steps = np.where(folded[positions] == ord("["), 1, -1)
    return positions, 1 + np.cumsum(steps)


def _unescaped(codes: npt.NDArray[np.uint8], quotes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Quotes that no backslash escapes."""
    slashes = np.flatnonzero(codes == ord("\\"))
    new_run = np.concatenate(([True], np.diff(slashes) != 1))
    run_start = np.maximum.accumulate(np.where(new_run, np.arange(len(slashes)), 0))
    escaping = slashes[(np.arange(len(slashes)) - run_start) % 2 == 0]
    return quotes[~np.isin(quotes - 1, escaping)]


def _check_end(before: bytes, after: bytes, stream: BinaryIO, name: str) -> None:
    """Refuse an array with something that is no object before its end, or anything but blanks behind it."""
    if before.strip(_BLANKS):
        raise BadInput("FILE_WRONG_ROOT", f"File {name}: the array holds something other than objects.")
    rest = after or stream.read(_CHUNK)
    while rest:
        if rest.strip(_BLANKS):
            raise BadInput("FILE_NOT_JSON", f"File {name}: something follows the end of the array.")
        rest = stream.read(_CHUNK)
