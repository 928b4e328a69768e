"""Cutting files into orders: every layout, every kind of damage, whatever the borders of the chunks."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from order_sync.contracts import framing
from order_sync.contracts.framing import Layout, RawRecord
from order_sync.errors import BadInput

NAME, MOST = "tlog.json", 1 << 20
BOM = b"\xef\xbb\xbf"


@pytest.fixture(params=[1, 2, 3, 5, 7, 64, 1 << 20], ids=lambda size: f"chunk-{size}")
def chunk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(framing, "_CHUNK", request.param)
    return request.param


def split(data: bytes, most: int = MOST) -> tuple[Layout, list[RawRecord]]:
    stream = io.BytesIO(data)
    layout = framing.inspect(stream, NAME, most)
    return layout, list(framing.records(stream, NAME, layout, most))


def contents(data: bytes) -> list[bytes]:
    return [record.data for record in split(data)[1]]


def refused(data: bytes, most: int = MOST) -> BadInput:
    with pytest.raises(BadInput) as caught:
        framing.inspect(io.BytesIO(data), NAME, most)
    assert NAME in caught.value.message
    return caught.value


A, B, C = b'{"orderId":"A"}', b'{"orderId":"B","n":[1,{"x":2}]}', b'{}'
LAYOUTS: list[tuple[bytes, Layout, list[bytes]]] = [
    (A, Layout.OBJECT, [A]),
    (b" \r\n\t" + A + b" \n\n", Layout.OBJECT, [A]),
    (BOM + A, Layout.OBJECT, [A]),
    (BOM + b"\n " + A, Layout.OBJECT, [A]),
    (b'{\n  "orderId": "A"\n}\n', Layout.OBJECT, [b'{\n  "orderId": "A"\n}']),
    (b'{\r\n}\r\n', Layout.OBJECT, [b"{\r\n}"]),
    (b"[]", Layout.ARRAY, []),
    (b" [ \n ] ", Layout.ARRAY, []),
    (b"[" + A + b"]", Layout.ARRAY, [A]),
    (BOM + b"[" + A + b"," + B + b"]\n", Layout.ARRAY, [A, B]),
    (b"\n[\n " + A + b" ,\n\t" + B + b"\r\n,\n" + C + b" ] \n", Layout.ARRAY, [A, B, C]),
    (A + b"\n" + B, Layout.LINES, [A, B]),
    (A + b"\n" + B + b"\n", Layout.LINES, [A, B]),
    (BOM + b"\n" + A + b"\r\n\r\n  \n" + B + b"\r\n \n" + C + b"\n\n", Layout.LINES, [A, B, C]),
    (A + b"\n[]\n5\n" + B, Layout.LINES, [A, b"[]", b"5", B]),
    (A + b"\nnonsense\n" + B, Layout.LINES, [A, b"nonsense", B]),
    (b'{"orderId":}\n' + A + b"\n" + B, Layout.LINES, [b'{"orderId":}', A, B]),
    (b'{"orderId":"cut\n' + A + b"\n", Layout.LINES, [b'{"orderId":"cut', A]),
    (A + b"\nnonsense", Layout.LINES, [A, b"nonsense"]),
    (A + b",\n" + B, Layout.LINES, [A + b",", B]),
]


@pytest.mark.parametrize(("data", "layout", "wanted"), LAYOUTS, ids=range(len(LAYOUTS)))
def test_layouts(chunk: int, data: bytes, layout: Layout, wanted: list[bytes]) -> None:
    found, records = split(data)
    assert (found, [record.data for record in records]) == (layout, wanted)
    assert [record.index for record in records] == list(range(len(wanted)))
    for record in records:
        place = slice(record.offset, record.offset + len(record.data) + 3)
        assert data[place].strip().startswith(record.data), "the offset says where the record lies"
        if layout is not Layout.LINES:
            assert data[record.offset :].startswith(record.data)


TRICKY = [
    r'{"a":"]"}',
    r'{"a":"["}',
    r'{"a":"}{][,"}',
    r'{"a":"\""}',
    r'{"a":"\\"}',
    r'{"a":"\\\""}',
    r'{"a":"\\\\","b":"]"}',
    r'{"a":"\\\\\"]","b":["\\"]}',
    r'{"\"]":{"b\\":[[[],[{}]],"\u005d"]}}',
    r'{"a":"\u0022]"}',
    '{"a":"🙂]é"}',
    r'{"a":"","b":"\\","c":"\\\\\\\\"}',
    '{"a":";{}\x7f"}',
]


def test_brackets_quotes_and_backslashes_in_strings(chunk: int) -> None:
    tricky = [text.encode() for text in TRICKY]
    assert contents(b"[" + b",".join(tricky) + b"]") == tricky
    assert contents(b"\n".join(tricky)) == tricky
    for one in tricky:
        assert contents(one) == [one]
        assert contents(b"[" + one + b" ]") == [one]


# Damage.

ARRAY_TEXT = '[{"orderId":"Aé","n":-1.5e3,"t":true},\n {"s":"x\\"]\\\\","l":[1,null]}]'.encode()
OBJECT_TEXT = '{"orderId":"Aé🙂","n":-1.5e3,\n "t":true,"f":false,"z":null,"u":"\\u00e9\\\\","l":[{},[]]}'.encode()


@pytest.mark.parametrize("whole", [ARRAY_TEXT, OBJECT_TEXT, OBJECT_TEXT.replace(b"\n", b"")], ids=["array", "object", "line"])
def test_a_file_that_is_cut_anywhere_is_refused(whole: bytes) -> None:
    """No half file is ever taken for a whole one, wherever the upload ended."""
    split(whole)
    for end in range(1, len(whole)):
        assert refused(whole[:end]).reason == "FILE_TRUNCATED", whole[:end]
    assert refused(b"").reason == "FILE_EMPTY"


@pytest.mark.parametrize("ending", [b"", b"\n"])
def test_lines_that_are_cut_anywhere_are_refused(ending: bytes) -> None:
    last = OBJECT_TEXT.replace(b"\n", b"")
    for end in range(1, len(last)):
        cut = A + b"\n" + B + b"\n" + last[:end] + ending
        assert refused(cut).reason == "FILE_TRUNCATED", last[:end]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "FILE_EMPTY"),
        (b" \n\t\r\n ", "FILE_EMPTY"),
        (BOM, "FILE_EMPTY"),
        (BOM + b"\n", "FILE_EMPTY"),
        (b'"text"', "FILE_WRONG_ROOT"),
        (b"5", "FILE_WRONG_ROOT"),
        (b"-5", "FILE_WRONG_ROOT"),
        (b"null", "FILE_WRONG_ROOT"),
        (b"true", "FILE_WRONG_ROOT"),
        (b"false", "FILE_WRONG_ROOT"),
        (b"[1,2]", "FILE_WRONG_ROOT"),
        (b'["a"]', "FILE_WRONG_ROOT"),
        (b"[null]", "FILE_WRONG_ROOT"),
        (b"[[]]", "FILE_WRONG_ROOT"),
        (b"[" + A + b",5]", "FILE_WRONG_ROOT"),
        (b"[" + A + b",]", "FILE_WRONG_ROOT"),
        (b"[5," + A + b"]", "FILE_WRONG_ROOT"),
        (b"<xml/>", "FILE_NOT_JSON"),
        (b"order-id,external-id\n1,2\n", "FILE_NOT_JSON"),
        (b"{nonsense}", "FILE_NOT_JSON"),
        (b'{"a" 1}', "FILE_NOT_JSON"),
        (b"{'a': 1}", "FILE_NOT_JSON"),
        (b"{\n nonsense\n}", "FILE_NOT_JSON"),
        (b"[" + A + b"]x", "FILE_NOT_JSON"),
        (b"[" + A + b"]\n\n]", "FILE_NOT_JSON"),
        (b"[" + A + b"][" + B + b"]", "FILE_NOT_JSON"),
        (A.decode().encode("utf-16"), "FILE_ENCODING"),
        (A.decode().encode("utf-16-le"), "FILE_ENCODING"),
        (A.decode().encode("utf-16-be"), "FILE_ENCODING"),
        (A.decode().encode("utf-32"), "FILE_ENCODING"),
        (b"\x00", "FILE_ENCODING"),
        (b"[", "FILE_TRUNCATED"),
        (b"{", "FILE_TRUNCATED"),
        (b"[" + A, "FILE_TRUNCATED"),
        (b"[" + A + b",", "FILE_TRUNCATED"),
        (b'["a', "FILE_TRUNCATED"),
    ],
)
def test_damage(chunk: int, data: bytes, reason: str) -> None:
    assert refused(data).reason == reason


@pytest.mark.parametrize("value", [b"NaN", b"Infinity", b"-Infinity", b'"\\ud800"'])
def test_one_fields_trouble_is_not_the_files(value: bytes) -> None:
    """The decoder will name the field; framing must not condemn the file for it."""
    record = b'{"a":' + value + b"}"
    assert split(record)[0] is Layout.OBJECT
    assert contents(A + b"\n" + record) == [A, record]
    assert contents(record + b"\n" + A) == [record, A]


def test_deep_nesting_is_one_records_trouble() -> None:
    deep = b'{"a":' * 20_000 + b"1" + b"}" * 20_000
    assert contents(deep) == [deep]
    assert contents(b"[" + A + b"," + deep + b"]") == [A, deep]
    assert contents(A + b"\n" + deep + b"\n" + B) == [A, deep, B]


# Size.


@pytest.mark.parametrize("layout", [b"%b", b"%b\n{}\n", b"{}\n%b\n", b"{}\n%b", b"[%b]", b"[{},%b,{}]", b"\n\n%b"])
def test_an_order_may_have_so_many_bytes_and_not_one_more(chunk: int, layout: bytes) -> None:
    most = 100
    record = b'{"a":"' + b"x" * 92 + b'"}'
    assert len(record) == most
    assert record in [one.data for one in split(layout % record, most)[1]]
    stream = io.BytesIO(layout % record.replace(b"xx", b"xxx", 1))
    with pytest.raises(BadInput) as caught:
        found = framing.inspect(stream, NAME, most)
        list(framing.records(stream, NAME, found, most))
    assert caught.value.reason == "FILE_TOO_LARGE"
    assert "100 bytes" in caught.value.message


def test_a_pretty_order_may_have_so_many_bytes_and_not_one_more() -> None:
    record = b'{\n"a":"' + b"x" * 91 + b'"}'
    assert [one.data for one in split(record, len(record))[1]] == [record]
    assert refused(record, len(record) - 1).reason == "FILE_TOO_LARGE"


class Endless(io.RawIOBase):
    """A stream without an end that counts what was read of it."""

    def __init__(self, start: bytes) -> None:
        super().__init__()
        self.start, self.at, self.given = start, 0, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self.at = offset
        return offset

    def tell(self) -> int:
        return self.at

    def readinto(self, buffer: Any) -> int:
        text = self.start[self.at : self.at + len(buffer)].ljust(len(buffer), b"x")
        buffer[:] = text
        self.at += len(buffer)
        self.given += len(buffer)
        return len(buffer)


@pytest.mark.parametrize("start", [b'{"a":"', b'[{"a":"', b'{}\n{"a":"', b'{\n"a":"'])
def test_an_endless_order_is_given_up_early(start: bytes) -> None:
    stream = Endless(start)
    with pytest.raises(BadInput) as caught:
        framing.inspect(io.BufferedReader(stream), NAME, 1 << 16)  # type: ignore[arg-type]
    assert caught.value.reason == "FILE_TOO_LARGE"
    assert stream.given < 8 << 20


# Whatever the orders say.

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.text('[]{}",\\\n\r:', max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('a"\\]}', max_size=3), inner, max_size=3),
    max_leaves=8,
)
ORDERS = st.lists(st.dictionaries(st.text(max_size=4), VALUES, max_size=4), min_size=1, max_size=6)
BLANKS = st.text(" \t\r\n", max_size=3)


@pytest.fixture(scope="module")
def patched() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@given(orders=ORDERS, size=st.integers(1, 40), ascii_only=st.booleans(), blanks=st.tuples(BLANKS, BLANKS, BLANKS), bom=st.booleans())
@settings(max_examples=150, deadline=None)
def test_any_array_and_any_lines_come_apart_as_they_were_put_together(
    patched: pytest.MonkeyPatch, orders: list[Any], size: int, ascii_only: bool, blanks: tuple[str, ...], bom: bool
) -> None:
    patched.setattr(framing, "_CHUNK", size)
    texts = [json.dumps(order, ensure_ascii=ascii_only) for order in orders]
    start, between, end = blanks
    head = (BOM if bom else b"") + start.encode()
    array = head + f"[{between}{f'{between},{between}'.join(texts)}{between}]{end}".encode()
    layout, records = split(array)
    assert layout is Layout.ARRAY
    assert [json.loads(record.data) for record in records] == orders
    assert all(array[record.offset :].startswith(record.data) for record in records)
    lines = head + f"{between}\n".join(texts).encode() + end.encode()
    layout, records = split(lines)
    assert layout is (Layout.LINES if len(orders) > 1 else Layout.OBJECT)
    assert [json.loads(record.data) for record in records] == orders


@given(order=st.dictionaries(st.text(max_size=4), VALUES, max_size=4), indent=st.sampled_from([None, 1, "\t"]))
@settings(max_examples=60, deadline=None)
def test_any_object_comes_as_it_is(order: Any, indent: Any) -> None:
    text = json.dumps(order, indent=indent).encode()
    layout, (record,) = split(b"\n" + text + b"\r\n")
    assert (layout, record.data, record.offset) == (Layout.OBJECT, text, 1)
