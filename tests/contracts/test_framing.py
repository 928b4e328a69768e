from __future__ import annotations

import io
import json
from array import array
from collections.abc import Iterator

import pytest

from order_sync.contracts import framing
from order_sync.contracts.framing import Layout, RawRecord
from order_sync.errors import BadInput

MOST = 10_000


@pytest.fixture(params=[1, 2, 3, 7, 1 << 20], autouse=True)
def chunk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """However small the pieces are in which a file is read, the outcome is the same."""
    monkeypatch.setattr(framing, "_CHUNK", request.param)
    return int(request.param)


def read(data: bytes, most: int = MOST) -> tuple[Layout, list[RawRecord]]:
    """Inspect and read a file; every offset must lead back to the bytes of its record."""
    stream, ends = io.BytesIO(data), array("Q")
    layout = framing.inspect(stream, "tlog.json", most, ends)
    records = list(framing.records(stream, "tlog.json", layout, most))
    assert list(framing.records(stream, "tlog.json", layout, most, ends)) == records
    assert [record.index for record in records] == list(range(len(records)))
    for record in records:
        assert data[record.offset : record.offset + len(record.data)] == record.data
    return layout, records


def refusal(data: bytes, most: int = MOST) -> BadInput:
    with pytest.raises(BadInput) as caught:
        framing.inspect(io.BytesIO(data), "tlog.json", most)
    assert caught.value.message.startswith("File tlog.json"), "the message names the file"
    assert caught.value.next_step
    return caught.value


@pytest.mark.parametrize(
    ("data", "layout", "orders"),
    [
        (b'{"a":1}', Layout.OBJECT, [b'{"a":1}']),
        (b'{"a":1}\n', Layout.OBJECT, [b'{"a":1}']),
        (b' \r\n\t{"a":1} \n\n', Layout.OBJECT, [b'{"a":1}']),
        (b'{\n  "a": {\n    "b": 1\n  }\n}\n', Layout.OBJECT, [b'{\n  "a": {\n    "b": 1\n  }\n}']),
        (b'{"a":\r\n1}', Layout.OBJECT, [b'{"a":\r\n1}']),
        (b"{}", Layout.OBJECT, [b"{}"]),
        (b"[]", Layout.ARRAY, []),
        (b" [ ] ", Layout.ARRAY, []),
        (b'[{"a":1}]', Layout.ARRAY, [b'{"a":1}']),
        (b'[{"a":1},{"b":[2]}]\n', Layout.ARRAY, [b'{"a":1}', b'{"b":[2]}']),
        (b'[\n  {"a": 1},\n  {"b": {}}\n]', Layout.ARRAY, [b'{"a": 1}', b'{"b": {}}']),
        (b'{"a":1}\n{"b":2}', Layout.LINES, [b'{"a":1}', b'{"b":2}']),
        (b'{"a":1}\n{"b":2}\n', Layout.LINES, [b'{"a":1}', b'{"b":2}']),
        (b'{"a":1}\r\n\r\n {"b":2} \r\n', Layout.LINES, [b'{"a":1}', b'{"b":2}']),
        (b'\n\n{"a":1}\n\n\n{"b":2}\n\n', Layout.LINES, [b'{"a":1}', b'{"b":2}']),
    ],
)
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_layouts(data: bytes, layout: Layout, orders: list[bytes], bom: bytes) -> None:
    found, records = read(bom + data)
    assert (found, [record.data for record in records]) == (layout, orders)


@pytest.mark.parametrize(
    "text",
    [
        r"\"",
        r"\\",
        r"\\\"",
        r"\\\\",
        r"\"\"\"",
        r"\\\"]}",
        r"{[",
        r"]}",
        r"],[",
        r"},{",
        r"\"},{\"",
        r"a\nb",
        "[" * 50,
        "é🛍️]",
        r"\u005d\u007d",
        r"\\" * 21,
        r"\"" * 21,
    ],
)
def test_texts_that_look_like_structure(text: str) -> None:
    order = f'{{"{text}":"{text}"}}'.encode()
    for data in (order, b"[" + order + b"," + order + b"]", order + b"\n" + order):
        records = read(data)[1]
        assert {record.data for record in records} == {order}
    assert json.loads(order)


@pytest.mark.parametrize("blanks", [b"", b" ", b"\n", b" \t\r\n" * 5])
def test_blanks_between_the_elements_of_an_array(blanks: bytes) -> None:
    data = blanks.join((b"", b"[", b'{"a":1}', b",", b'{"b":[{}]}', b"]", b""))
    assert [record.data for record in read(data)[1]] == [b'{"a":1}', b'{"b":[{}]}']


@pytest.mark.parametrize("data", [b"", b" ", b"\n\n\t\r ", b"\xef\xbb\xbf", b"\xef\xbb\xbf \n"])
def test_nothing(data: bytes) -> None:
    assert refusal(data).reason == "FILE_EMPTY"


@pytest.mark.parametrize("data", [b'"a"', b"1", b"-1", b"true", b"false", b"null", b"0.5"])
def test_no_object(data: bytes) -> None:
    assert refusal(data).reason == "FILE_WRONG_ROOT"


@pytest.mark.parametrize(
    "data", [b"[1]", b'["a"]', b"[null]", b"[[]]", b'[[{"a":1}]]', b'[{"a":1},2]', b'[{"a":1},2,{"b":1}]', b'[{} "a"]']
)
def test_array_of_something_else(data: bytes) -> None:
    assert refusal(data).reason == "FILE_WRONG_ROOT"


@pytest.mark.parametrize("data", [b"orders", b"<a/>", b"}", b"]", b"a,b\n1,2", b"'a'", b"\x89PNG", b"%PDF-1.7"])
def test_no_json(data: bytes) -> None:
    assert refusal(data).reason == "FILE_NOT_JSON"


@pytest.mark.parametrize(
    "data",
    [b"{a:1}", b'{"a":1,}', b'{"a" 1}', b"{'a':1}", b'{"a":01}', b'{"a":1}}', b'{"a":1} x', b'{"a":"\t"}', b"{]"],
)
def test_almost_json(data: bytes) -> None:
    assert refusal(data).reason == "FILE_NOT_JSON"


@pytest.mark.parametrize("data", [b"[]x", b'[{"a":1}] {"b":2}', b'[{"a":1}][{"b":2}]', b"[][]", b'[{"a":1}]x', b"[],"])
def test_something_behind_an_array(data: bytes) -> None:
    assert refusal(data).reason == "FILE_NOT_JSON"


@pytest.mark.parametrize("order", [b'{"a":"b","c":[{"d":null}],"e":-1.5}', b'{"a":"\xc3\xa9\\""}'])
def test_object_cut_anywhere(order: bytes) -> None:
    """A number at the very end would be whole when cut, but never its object."""
    for cut in range(1, len(order)):
        assert refusal(order[:cut]).reason == "FILE_TRUNCATED", order[:cut]


def test_array_cut_anywhere() -> None:
    data = b'[{"a":"]"},{"b":["\\"",{}]} ]'
    for cut in range(1, len(data)):
        assert refusal(data[:cut]).reason in {"FILE_TRUNCATED", "FILE_WRONG_ROOT"}, data[:cut]
        assert refusal(data[:cut]).reason == "FILE_TRUNCATED" or data[:cut].rstrip().endswith(b",")


def test_lines_cut_anywhere_in_the_last() -> None:
    data = b'{"a":1}\n{"b":"}"}\n{"c":[2]}'
    whole = [at for at in range(len(data)) if data[at : at + 1] == b"\n"]
    for cut in range(9, len(data)):
        if cut in whole or cut - 1 in whole:
            continue
        assert refusal(data[:cut]).reason == "FILE_TRUNCATED", data[:cut]


def test_bad_line_among_good_ones_is_left_to_its_record() -> None:
    data = b'{"a":1}\nrubbish\n{"c":3}'
    assert [record.data for record in read(data)[1]] == [b'{"a":1}', b"rubbish", b'{"c":3}']


@pytest.mark.parametrize("first", [b"{rubbish}", b'{"a":', b'{"a":1,}', b'{"a":1}}'])
def test_bad_first_line_is_left_to_its_record(first: bytes) -> None:
    layout, records = read(first + b'\n{"b":2}\n')
    assert (layout, [record.data for record in records]) == (Layout.LINES, [first, b'{"b":2}'])


@pytest.mark.parametrize("data", [b'{"lines":[\n{"id":1}\n]}', b'{"a":\n{"id":1}\n}', b'{"a":[\n{}\n,\n{}\n]}\n'])
def test_object_whose_second_line_is_an_object_is_one_order(data: bytes) -> None:
    layout, records = read(data)
    assert (layout, [record.data for record in records]) == (Layout.OBJECT, [data.strip()])


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
def test_wide_characters(encoding: str) -> None:
    assert refusal('{"a":1}'.encode(encoding)).reason == "FILE_ENCODING"


@pytest.mark.parametrize("data", [b"\0", b"\0\0\0\0{}", b"{\0}"])
def test_nul(data: bytes) -> None:
    assert refusal(data).reason == "FILE_ENCODING"


@pytest.mark.parametrize("value", [b"NaN", b"Infinity", b"-Infinity", rb'"\ud83d"'])
def test_trouble_of_one_field_is_left_to_its_record(value: bytes) -> None:
    data = b'{"a":' + value + b"}"
    assert read(data) == (Layout.OBJECT, [RawRecord(0, 0, data)])


def test_deep_nesting_is_left_to_its_record() -> None:
    data = b'{"a":' + b"[" * 5_000 + b"]" * 5_000 + b"}"
    assert read(data, most=20_000)[1] == [RawRecord(0, 0, data)]


@pytest.mark.parametrize("size", [99, 100])
@pytest.mark.parametrize(
    "layout", [b"%b", b" \n%b\n ", b"[%b]", b"[%b,{}]", b"[{},%b ]", b"%b\n{}", b"{}\n%b", b"{}\n%b\n{}"]
)
def test_largest_order_allowed(size: int, layout: bytes) -> None:
    order = b'{"a":"' + b"x" * (size - 8) + b'"}'
    assert len(order) == size
    data = layout % order
    if layout != b" \n%b\n ":  # the blanks behind a single object count as part of it
        assert order in [record.data for record in read(data, most=size)[1]]
    error = refusal(data, most=size - 1)
    assert error.reason == "FILE_TOO_LARGE"
    assert f" {size - 1} bytes" in error.message


def test_order_over_several_lines_that_is_too_large() -> None:
    assert refusal(b'{\n"a":"' + b"x" * 200 + b'"\n}', most=100).reason == "FILE_TOO_LARGE"


def test_many_blanks_are_no_order_that_is_too_large() -> None:
    blanks = b" \n" * 300
    for data, count in (
        (blanks + b'{"a":1}', 1),
        (b'{"a":1}\n' + blanks + b'{"b":2}', 2),
        (blanks + b"[]" + blanks, 0),
    ):
        assert len(read(data, most=100)[1]) == count


def test_records_are_read_one_at_a_time() -> None:
    """Reading stops where the reader stops, so that memory is one record, not the file."""
    stream = io.BytesIO(b"[" + b",".join(b'{"a":%d}' % number for number in range(10_000)) + b"]")
    records: Iterator[RawRecord] = framing.records(stream, "tlog.json", Layout.ARRAY, MOST)
    assert next(records).data == b'{"a":0}'
    assert stream.tell() <= max(framing._CHUNK, 10) + 1
