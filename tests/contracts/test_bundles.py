from __future__ import annotations

import gzip
import io
import os
import random
import zipfile

import pytest

from order_sync.contracts import bundles
from order_sync.contracts.bundles import Bounds, Part
from order_sync.errors import BadInput

BOUNDS = Bounds(unpacked_bytes=100_000, members=5, ratio=200)
METHODS = {
    "stored": zipfile.ZIP_STORED,
    "deflated": zipfile.ZIP_DEFLATED,
    "bzip2": zipfile.ZIP_BZIP2,
    "lzma": zipfile.ZIP_LZMA,
}


def opened(data: bytes, bounds: Bounds = BOUNDS) -> list[tuple[str, bytes | str]]:
    """Name and bytes of each part, or its message; each part is read twice, as it is in production."""
    found: list[tuple[str, bytes | str]] = []
    for part in bundles.parts(io.BytesIO(data), "day.bin", bounds):
        if isinstance(part, BadInput):
            assert part.reason == "FILE_BUNDLE_UNSAFE"
            assert part.message.startswith("File day.bin")
            found.append(("", part.message))
            continue
        content = part.stream.read()
        part.stream.seek(0)
        assert part.stream.read(3) == content[:3]
        found.append((part.name, content))
    return found


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return out.getvalue()


def only_error(data: bytes, bounds: Bounds = BOUNDS) -> str:
    [(name, message)] = opened(data, bounds)
    assert name == ""
    assert isinstance(message, str)
    return message


def test_plain_file_is_its_own_part() -> None:
    stream = io.BytesIO(b'{"a":1}')
    stream.seek(3)
    [part] = bundles.parts(stream, "tlog.json", BOUNDS)
    assert isinstance(part, Part)
    assert (part.name, part.stream.read()) == ("tlog.json", b'{"a":1}')


@pytest.mark.parametrize("data", [b"", b"P", b"PK", b"\x1f", b"PK\x03"])
def test_file_too_short_for_a_mark_is_plain(data: bytes) -> None:
    assert opened(data) == [("day.bin", data)]


def test_gzip() -> None:
    assert opened(gzip.compress(b'{"a":1}')) == [("day.bin", b'{"a":1}')]


def test_gzip_of_several_members_is_one_text() -> None:
    assert opened(gzip.compress(b'{"a":1}\n') + gzip.compress(b'{"b":2}')) == [("day.bin", b'{"a":1}\n{"b":2}')]


def test_gzip_is_known_by_its_bytes_not_by_its_name() -> None:
    for part in bundles.parts(io.BytesIO(gzip.compress(b"x")), "tlog.json", BOUNDS):
        assert isinstance(part, Part)
        assert (part.name, part.stream.read()) == ("tlog.json", b"x")


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_zip(method: int) -> None:
    data = zipped({"a.json": b'{"a":1}', "deep/b.json": b'{"b":2}' * 100}, method)
    assert opened(data) == [("day.bin/a.json", b'{"a":1}'), ("day.bin/deep/b.json", b'{"b":2}' * 100)]


def test_zip_with_folders_and_nothing_else() -> None:
    """Were it passed over, a file would vanish without a word."""
    [error] = bundles.parts(io.BytesIO(zipped({"a/": b"", "a/b/": b""})), "day.bin", BOUNDS)
    assert isinstance(error, BadInput)
    assert (error.reason, error.message) == ("FILE_EMPTY", "File day.bin: the archive holds no files.")


def test_members_come_in_the_order_of_the_archive() -> None:
    names = ["b", "a", "c"]
    assert [name for name, _ in opened(zipped(dict.fromkeys(names, b"x")))] == [f"day.bin/{name}" for name in names]


def test_archive_in_an_archive_is_not_opened() -> None:
    inner = gzip.compress(b'{"a":1}')
    assert opened(zipped({"a.json.gz": inner})) == [("day.bin/a.json.gz", inner)]
    assert opened(gzip.compress(inner)) == [("day.bin", inner)]


@pytest.mark.parametrize("cut", [3, 10, 15, -9, -4, -1])
def test_cut_gzip(cut: int) -> None:
    data = gzip.compress(os.urandom(500))[:cut]
    assert "cannot be unpacked" in only_error(data)


def test_gzip_with_rubbish_behind_it() -> None:
    assert "cannot be unpacked" in only_error(gzip.compress(b'{"a":1}') + b"rubbish")


def test_gzip_with_a_wrong_checksum() -> None:
    data = bytearray(gzip.compress(b'{"a":1}'))
    data[-8] ^= 1
    assert "cannot be unpacked" in only_error(bytes(data))


def test_zip_with_a_wrong_checksum_loses_that_member_only() -> None:
    data = zipped({"a": b"aaaa", "b": b"bbbb"}, zipfile.ZIP_STORED).replace(b"aaaa", b"axaa")
    (_, message), good = opened(data)
    assert "day.bin/a" in str(message)
    assert good == ("day.bin/b", b"bbbb")


@pytest.mark.parametrize("cut", [5, 30, -1, -10, -40])
def test_cut_zip(cut: int) -> None:
    assert "cannot be unpacked" in only_error(zipped({"a": b"a" * 100})[:cut])


def test_encrypted_member() -> None:
    data = bytearray(zipped({"a": b"secret", "b": b"open"}, zipfile.ZIP_STORED))
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + flags] |= 1
    (_, message), good = opened(bytes(data))
    assert "encrypted" in str(message)
    assert good == ("day.bin/b", b"open")


def test_unknown_compression() -> None:
    data = bytearray(zipped({"a": b"x"}, zipfile.ZIP_STORED))
    for mark, method in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        data[data.index(mark) + method] = 99
    assert "cannot be unpacked" in only_error(bytes(data))


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_damage_of_any_byte_gives_parts_or_an_error(method: int) -> None:
    """A damaged file must never stop the batch that holds it: other exceptions than `BadInput` would."""
    rng = random.Random(method)
    whole = zipped({f"tlög{at}.json": b'{"orderId":"%d"}' % at * 20 for at in range(3)}, method)
    for _ in range(300):
        data = bytearray(whole)
        for _ in range(rng.choice((1, 1, 3))):
            data[rng.randrange(4, len(data))] = rng.randrange(256)
        assert opened(bytes(data), Bounds(10**6, 100, 200))  # never nothing, which nobody would hear of


@pytest.mark.parametrize("size", [1_000, 1_001])
def test_most_unpacked_bytes(size: int) -> None:
    bounds = Bounds(1_000, 5, 10_000)
    content = os.urandom(size)
    for data in (gzip.compress(content), zipped({"a": content})):
        if size == 1_000:
            assert [found for _, found in opened(data, bounds)] == [content]
        else:
            assert "1000" in only_error(data, bounds)


def test_most_unpacked_bytes_count_all_members_together() -> None:
    bounds = Bounds(1_000, 5, 10_000)
    assert len(opened(zipped({"a": b"a" * 500, "b": b"b" * 500}), bounds)) == 2
    assert "1001 bytes" in only_error(zipped({"a": b"a" * 500, "b": b"b" * 501}), bounds)


@pytest.mark.parametrize("count", [5, 6])
def test_most_members(count: int) -> None:
    data = zipped({str(at): b"x" for at in range(count)})
    assert len(opened(data)) == (5 if count == 5 else 1)
    if count == 6:
        assert "6 members" in only_error(data)


def test_bomb_is_refused_by_its_ratio() -> None:
    content = b"0" * 1_000_000
    for data in (gzip.compress(content), zipped({"a": content})):
        bounds = Bounds(10**9, 5, 10)
        assert str(10 * len(data)) in only_error(data, bounds)


def test_bomb_that_lies_about_its_size_is_bounded() -> None:
    """The size in the directory of an archive is only a claim."""
    content = b"0" * 1_000_000
    data = zipped({"a": content}).replace((1_000_000).to_bytes(4, "little"), (100).to_bytes(4, "little"))
    assert "cannot be unpacked" in only_error(data, Bounds(10**9, 5, 10**6))


def test_bomb_is_found_without_unpacking_it_whole() -> None:
    reads: list[int] = []

    class Counting(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            data = super().read(size)
            reads.append(len(data))
            return data

    data = gzip.compress(os.urandom(1000) + b"0" * 50_000_000 + os.urandom(1_000_000))
    [error] = bundles.parts(Counting(data), "day.gz", Bounds(1 << 21, 5, 10**6))
    assert isinstance(error, BadInput)
    assert sum(reads) < len(data) / 2


@pytest.mark.parametrize("name", ["../a", "/a", "a/../../b", "\\a", "..\\a", "C:\\a", "c:a", "..", "a/.."])
def test_name_that_leads_out(name: str) -> None:
    (_, message), good = opened(zipped({name: b"x", "b": b"y"}))
    assert "leads out" in str(message)
    assert good == ("day.bin/b", b"y")


def test_name_is_fit_for_a_message() -> None:
    [(name, _)] = opened(zipped({"a\x1b[31m\n" + "é" * 300: b"x"}))
    assert name.isprintable()
    assert len(name) <= len("day.bin/") + 120
    assert name.endswith("é" * 100)


def test_trouble_of_the_store_is_no_fault_of_the_file() -> None:
    """A file must not be set aside because the disk or the network failed."""

    class Failing(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() > 10:
                raise OSError(5, "Input/output error")
            return super().read(size)

    with pytest.raises(OSError, match="Input/output error"):
        list(bundles.parts(Failing(gzip.compress(os.urandom(1000))), "day.gz", BOUNDS))
