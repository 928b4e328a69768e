"""TLogs from JSON to columns, exactly: a fast way for plain records, a careful one for those that are not.

Both ways give the same columns. Amounts are read from their decimal text, never through a float. What is only unusual
(an id as a number, an amount as text, an instant as text) is accepted; what is ambiguous or of the wrong kind is not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import json as arrow_json

from order_sync.contracts.predictspring import SCALE
from order_sync.errors import BadInput

_BLOCK = 1 << 22
_NUL = re.compile(rb"\\u0000")
#: A record this long may hide a nesting that no genuine order has.
_SUSPICIOUS_BYTES = 1 << 14
_DEEPEST = 100
_MOST_DIGITS = 40
_STEP = Decimal(1).scaleb(-SCALE)
_LARGEST = Decimal(10) ** 13


def decode(records: Sequence[bytes], schema: pa.Schema) -> pa.Table | None:
    """Read plain TLogs into columns, all at once; None if any of them needs a closer look by :func:`mend`.

    A field that stands twice in its object is not plain.
    """
    if not all(data[:1] == b"{" and data[-1:] == b"}" for data in records):
        return None  # Arrow would read across the border of two records, and a bare null kills it
    text = b"\n".join(records)
    if _NUL.search(text) or any(len(data) > _SUSPICIOUS_BYTES and _too_deep(data) for data in records):
        return None
    options = arrow_json.ReadOptions(block_size=max(_BLOCK, max(map(len, records), default=0) + 1))
    parsing = arrow_json.ParseOptions(
        explicit_schema=schema,
        unexpected_field_behavior="ignore",
        # looking for the ends of lines is the faster way, where each line is an order
        newlines_in_values=any(b"\n" in data for data in records),
    )
    try:
        _check_utf8(text)
        table = arrow_json.read_json(pa.BufferReader(text), options, parsing)
    except pa.ArrowInvalid:
        return None
    return table if len(table) == len(records) else None


def mend(data: bytes, schema: pa.Schema) -> dict[str, Any]:
    """Read one TLog with care, as a row for the columns of ``schema``.

    :raises BadInput: ``FILE_ENCODING``, ``RECORD_NOT_JSON``, ``RECORD_TOO_DEEP``, ``RECORD_WRONG_TYPE``, ``BAD_MONEY``
        or ``DUPLICATE_FIELD``; the message names the field.
    """
    try:
        if _too_deep(data):
            raise RecursionError
        order = json.loads(
            data.decode(), object_pairs_hook=_Object, parse_float=Decimal, parse_int=_whole, parse_constant=Decimal
        )
    except UnicodeDecodeError as error:
        raise BadInput("FILE_ENCODING", f"byte {error.start} of the record is not UTF-8 (Latin-1 perhaps).") from error
    except RecursionError as error:
        raise BadInput("RECORD_TOO_DEEP", f"it is nested more than {_DEEPEST} levels deep.") from error
    except ValueError as error:
        raise BadInput("RECORD_NOT_JSON", f"{error}.") from error
    if not isinstance(order, dict):
        raise BadInput("RECORD_NOT_JSON", "it is not an object.")
    return _object(order, list(schema), "")


class _Object(dict[str, Any]):
    """A JSON object that remembers which of its fields stand there twice with different values."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.twice: set[str] = set()
        if len(self) < len(pairs):
            self.twice = {name for name, value in pairs if not _same(self[name], value)}


def _same(one: Any, other: Any) -> bool:
    return bool(one == other) and isinstance(one, bool) is isinstance(other, bool)


def _whole(digits: str) -> int | Decimal:
    return int(digits) if len(digits) <= _MOST_DIGITS else Decimal(digits)


def _too_deep(data: bytes) -> bool:
    """Whether anything in the record is nested more deeply than any genuine order."""
    codes = np.frombuffer(data, np.uint8) & 0xDF
    steps = (codes == ord("[")).astype(np.int8) - (codes == ord("]"))
    if not steps.any():
        return False
    return int(np.cumsum(steps, dtype=np.int64).max()) > _DEEPEST


def _check_utf8(text: bytes) -> None:
    """Whether all of the text is UTF-8, also where no field of ours stands.

    :raises pa.ArrowInvalid: it is not.
    """
    ends = pa.py_buffer(np.array([0, len(text)], dtype="<i8"))
    pa.Array.from_buffers(pa.large_string(), 1, [None, ends, pa.py_buffer(text)]).validate(full=True)


def _object(value: Mapping[str, Any], fields: Sequence[pa.Field], path: str) -> dict[str, Any]:
    twice = getattr(value, "twice", ())
    row = {}
    for field in fields:
        name = f"{path}{field.name}"
        if field.name in twice:
            raise BadInput("DUPLICATE_FIELD", f"field {name} stands there twice, with two values.", field=name)
        row[field.name] = _value(value.get(field.name), field.type, name)
    return row


def _value(value: Any, kind: pa.DataType, path: str) -> Any:
    """A JSON value as one of the column's type.

    :raises BadInput: it cannot be one.
    """
    if value is None:
        return None
    if pa.types.is_struct(kind):
        if not isinstance(value, dict):
            raise _wrong(path, value, "an object")
        return _object(value, [kind.field(at) for at in range(kind.num_fields)], f"{path}.")
    if pa.types.is_list(kind):
        if not isinstance(value, list):
            raise _wrong(path, value, "a list")
        return [_value(item, kind.value_type, f"{path}[{at}]") for at, item in enumerate(value)]
    return _PLAIN[kind.id](value, path)


def _text(value: Any, path: str) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise _wrong(path, value, "text")
    if "\0" in value:
        raise BadInput("RECORD_WRONG_TYPE", f"field {path} holds the character NUL.", field=path)
    if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        raise BadInput("RECORD_WRONG_TYPE", f"field {path} holds half a character.", field=path)
    return value


def _number(value: Any, path: str) -> Decimal:
    try:
        if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
            raise InvalidOperation
        if isinstance(value, str) and ("_" in value or not value.isascii()):
            raise InvalidOperation  # Python reads such numbers, nobody means them
        number = Decimal(value.strip() if isinstance(value, str) else value)
        if not number.is_finite():
            raise InvalidOperation
    except InvalidOperation:
        raise _wrong(path, value, "a number") from None
    if abs(number) >= _LARGEST or number != number.quantize(_STEP):
        raise BadInput(
            "BAD_MONEY", f"field {path}: {number:.20} is too large or has more than {SCALE} decimals.", field=path
        )
    return number.quantize(_STEP)


def _instant(value: Any, path: str) -> int:
    with suppress(BadInput):
        number = _number(value, path)
        if number == number.to_integral_value():
            return int(number)
    raise _wrong(path, value, "an instant in whole milliseconds")


def _flag(value: Any, path: str) -> bool:
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    if not isinstance(value, bool):
        raise _wrong(path, value, "true or false")
    return value


_PLAIN: dict[int, Callable[[Any, str], Any]] = {
    pa.string().id: _text,
    pa.decimal128(18, SCALE).id: _number,
    pa.int64().id: _instant,
    pa.bool_().id: _flag,
}


def _wrong(path: str, value: Any, wanted: str) -> BadInput:
    kinds = {str: "text", bool: "true or false", int: "a number", Decimal: "a number", list: "a list"}
    found = kinds.get(type(value), "an object")
    if isinstance(value, Decimal) and not value.is_finite():
        found = str(value)
    return BadInput("RECORD_WRONG_TYPE", f"field {path} holds {found} where {wanted} is expected.", field=path)
