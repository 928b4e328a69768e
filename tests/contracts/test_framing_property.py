"""Whatever orders say and however they lie in a file: out come the same orders, or an error, never something else."""

from __future__ import annotations

import io
import json
from array import array
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from order_sync.contracts import framing
from order_sync.contracts.framing import Layout
from order_sync.errors import BadInput

#: Characters that mean something to a parser come often.
texts = st.text(st.one_of(st.sampled_from('"\\{}[],:\n\r \t0é🛍'), st.characters(codec="utf-8")), max_size=12)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), texts),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
    max_leaves=12,
)
orders = st.lists(st.dictionaries(texts, values, max_size=4), max_size=6)
chunks = st.integers(1, 40)
blanks = st.text(" \t\r\n", max_size=3)
small = settings(
    max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def read(data: bytes) -> tuple[Layout, list[Any]]:
    stream, ends = io.BytesIO(data), array("Q")
    layout = framing.inspect(stream, "tlog.json", 1 << 20, ends)
    records = list(framing.records(stream, "tlog.json", layout, 1 << 20))
    assert list(framing.records(stream, "tlog.json", layout, 1 << 20, ends)) == records
    for record in records:
        assert data[record.offset : record.offset + len(record.data)] == record.data
    return layout, [json.loads(record.data) for record in records]


def text(order: Any, ascii_only: bool, indent: int | None) -> str:
    return json.dumps(order, ensure_ascii=ascii_only, indent=indent)


@small
@given(orders=orders, chunk=chunks, ascii_only=st.booleans(), indent=st.sampled_from([None, 0, 2]), blank=blanks)
def test_array(
    monkeypatch: pytest.MonkeyPatch, orders: list[Any], chunk: int, ascii_only: bool, indent: int | None, blank: str
) -> None:
    monkeypatch.setattr(framing, "_CHUNK", chunk)
    data = blank + "[" + (blank + "," + blank).join(text(one, ascii_only, indent) for one in orders) + "]" + blank
    assert read(data.encode()) == (Layout.ARRAY, orders)


@small
@given(orders=orders.filter(lambda orders: len(orders) > 1), chunk=chunks, ascii_only=st.booleans(), blank=blanks)
def test_lines(monkeypatch: pytest.MonkeyPatch, orders: list[Any], chunk: int, ascii_only: bool, blank: str) -> None:
    monkeypatch.setattr(framing, "_CHUNK", chunk)
    data = blank + (blank + "\n" + blank).join(text(one, ascii_only, None) for one in orders) + blank
    assert read(data.encode()) == (Layout.LINES, orders)


@small
@given(order=st.dictionaries(texts, values, max_size=4), chunk=chunks, indent=st.sampled_from([None, 0, 3]))
def test_one_object(monkeypatch: pytest.MonkeyPatch, order: Any, chunk: int, indent: int | None) -> None:
    monkeypatch.setattr(framing, "_CHUNK", chunk)
    assert read(text(order, True, indent).encode()) == (Layout.OBJECT, [order])


@small
@given(orders=orders, cut=st.integers(1, 10**6), chunk=chunks)
def test_array_that_is_cut_gives_nothing(
    monkeypatch: pytest.MonkeyPatch, orders: list[Any], cut: int, chunk: int
) -> None:
    monkeypatch.setattr(framing, "_CHUNK", chunk)
    data = json.dumps(orders).encode()
    with pytest.raises(BadInput):
        read(data[: 1 + cut % (len(data) - 1)])


@small
@given(data=st.binary(max_size=60), chunk=chunks)
def test_any_bytes_give_records_or_an_error_and_end(monkeypatch: pytest.MonkeyPatch, data: bytes, chunk: int) -> None:
    monkeypatch.setattr(framing, "_CHUNK", chunk)
    stream = io.BytesIO(data)
    try:
        layout = framing.inspect(stream, "tlog.json", 100)
    except BadInput:
        return
    assert all(record.data for record in framing.records(stream, "tlog.json", layout, 100))


@small
@given(
    pieces=st.lists(
        st.sampled_from([b"{", b"}", b"[", b"]", b'"', b"\\", b",", b":", b"1", b" ", b"\n", b"{}"]), max_size=25
    ),
    chunk=chunks,
)
def test_what_inspection_lets_through_is_read_without_an_error(
    monkeypatch: pytest.MonkeyPatch, pieces: list[bytes], chunk: int
) -> None:
    """One bad file must be refused as a whole, before its first record is used, and never in the middle."""
    monkeypatch.setattr(framing, "_CHUNK", chunk)
    stream, ends = io.BytesIO(b"".join(pieces)), array("Q")
    try:
        layout = framing.inspect(stream, "tlog.json", 12, ends)
    except BadInput:
        return
    records = list(framing.records(stream, "tlog.json", layout, 12))
    assert [record.index for record in records] == list(range(len(records)))
    assert list(framing.records(stream, "tlog.json", layout, 12, ends)) == records


outcomes = st.sampled_from([b"{}", b'{"a":"}"}', b'{"a":[{}]}', b'{"a":NaN}', b'{"a"}', b'{"\\"":1}', b'{"a":"\\\\"}'])
gaps = st.sampled_from([b",", b" ,\r\n", b"\n", b"", b",,"])


@small
@given(pieces=st.lists(st.one_of(outcomes, gaps, st.sampled_from([b"[", b"]", b"{", b"}", b'"', b"\\"])), max_size=20))
def test_the_parser_finds_the_ends_that_counting_finds(monkeypatch: pytest.MonkeyPatch, pieces: list[bytes]) -> None:
    text = b"".join(pieces)
    found = framing._spans(text)
    with monkeypatch.context() as patch:
        patch.setattr(framing, "_length", lambda _: 0)
        assert framing._spans(text) == found


def test_the_parser_finds_the_ends_of_sound_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    """Should its messages change one day, all is counted: still right, but slow, which nobody would see."""
    counted: list[bytes] = []
    count = framing._brackets
    monkeypatch.setattr(framing, "_brackets", lambda text: counted.append(text) or count(text))
    assert framing._spans(b'{"a":"]"} ,\n{"b":[{}]}, {"c":1}\r\n]') == ([(0, 9), (12, 22), (24, 31)], 33)
    assert counted == [b"\r\n]"]
    assert framing._spans(b'{"a":1},{"b":[{"c":"') == ([(0, 7)], None)
    assert counted == [b"\r\n]"]
