"""Compressed files: what is whole comes out, what is damaged or dangerous is refused before any of it is used."""

from __future__ import annotations

import gzip
import io
import random
import struct
import zipfile
from collections.abc import Callable

import pytest
from order_sync.contracts import bundles
from order_sync.contracts.bundles import Bounds, Part
from order_sync.errors import BadInput

BOUNDS = Bounds(unpacked_bytes=1 << 20, members=5, ratio=100)
#: Two kilobytes that compress, but not much.
TEXT = bytes(random.Random(1).choices(b'{}[]",:0123456789abcdef', k=2_000))


def opened(data: bytes, bounds: Bounds = BOUNDS) -> list[tuple[str, bytes | str]]:
    """Name and bytes of each part; of one that is refused the message and the reason."""
    found: list[tuple[str, bytes | str]] = []
    for part in bundles.parts(io.BytesIO(data), "tlog.zip", bounds):
        if isinstance(part, BadInput):
            found.append((part.message, part.reason))
        else:
            found.append((part.name, part.stream.read()))
    return found


def refusal(data: bytes, bounds: Bounds = BOUNDS) -> str:
    """The message, where all of the file is refused."""
    ((message, reason),) = opened(data, bounds)
    assert reason == "FILE_BUNDLE_UNSAFE", (message, reason)
    assert "tlog.zip" in message
    return message


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return packed.getvalue()


def test_a_plain_file_is_its_own_part() -> None:
    assert opened(b'{"a":1}') == [("tlog.zip", b'{"a":1}')]
    assert opened(b"") == [("tlog.zip", b"")]
    assert opened(b"PK") == [("tlog.zip", b"PK")]


def test_gzip() -> None:
    assert opened(gzip.compress(TEXT)) == [("tlog.zip", TEXT)]
    assert opened(gzip.compress(b"")) == [("tlog.zip", b"")]
    assert opened(gzip.compress(TEXT) + gzip.compress(b"more")) == [("tlog.zip", TEXT + b"more")]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_zip(method: int) -> None:
    data = zipped(("b.json", TEXT), ("sub/", b""), ("sub/a.json", b"{}"), method=method)
    assert opened(data) == [("tlog.zip/b.json", TEXT), ("tlog.zip/sub/a.json", b"{}")]


def test_a_part_can_be_read_twice_and_from_any_place() -> None:
    for data in (TEXT, gzip.compress(TEXT), zipped(("a", TEXT))):
        (part,) = bundles.parts(io.BytesIO(data), "x", BOUNDS)
        assert isinstance(part, Part)
        stream = part.stream
        assert stream.read() == TEXT
        stream.seek(1_000)
        assert stream.tell() == 1_000
        assert stream.read(10) == TEXT[1_000:1_010]
        stream.seek(0)
        assert stream.read() == TEXT


def test_a_zip_inside_a_zip_is_not_opened() -> None:
    inner = zipped(("a.json", b"{}"))
    assert opened(zipped(("inner.zip", inner), method=zipfile.ZIP_STORED)) == [("tlog.zip/inner.zip", inner)]


# Bombs.


@pytest.mark.parametrize("pack", [gzip.compress, lambda data: zipped(("a", data))])
def test_ratio(pack: Callable[[bytes], bytes]) -> None:
    bomb = pack(b"0" * 900_000)
    assert len(bomb) * 100 < 900_000
    assert "allowed" in refusal(bomb)
    assert opened(bomb, BOUNDS._replace(ratio=10_000))[0][1] == b"0" * 900_000


@pytest.mark.parametrize("pack", [gzip.compress, lambda data: zipped(("a", data))])
def test_unpacked_bytes_to_the_byte(pack: Callable[[bytes], bytes]) -> None:
    assert opened(pack(TEXT), BOUNDS._replace(unpacked_bytes=2_000))[0][1] == TEXT
    assert "1999 bytes" in refusal(pack(TEXT), BOUNDS._replace(unpacked_bytes=1_999))


def test_unpacked_bytes_of_all_members_together() -> None:
    three = zipped(*((name, TEXT) for name in "abc"))
    assert len(opened(three, BOUNDS._replace(unpacked_bytes=6_000))) == 3
    assert "6000 bytes unpacked" in refusal(three, BOUNDS._replace(unpacked_bytes=5_999))


def test_members() -> None:
    assert len(opened(zipped(*((str(n), b"{}") for n in range(5))))) == 5
    assert "6 members" in refusal(zipped(*((str(n), b"{}") for n in range(6))))


def test_a_zip_that_lies_about_its_sizes() -> None:
    """The directory says 10 bytes, the data unpack to far more."""
    packed = bytearray(zipped(("a.json", b"0" * 500_000)))
    directory = packed.index(b"PK\x01\x02")
    for place in (directory + 24, 22):
        struct.pack_into("<I", packed, place, 10)
    found = opened(bytes(packed), BOUNDS._replace(unpacked_bytes=100_000))
    assert [reason for _, reason in found] == ["FILE_BUNDLE_UNSAFE"]


def test_a_bomb_is_not_unpacked_whole() -> None:
    bomb = gzip.compress(b"0" * (64 << 20))
    stream = io.BytesIO(bomb)
    refusal(bomb)
    (part,) = bundles.parts(stream, "x", BOUNDS)
    assert isinstance(part, BadInput)
    assert stream.tell() < len(bomb), "most of it was never read"


# Tricks.


@pytest.mark.parametrize(
    "name",
    ["/etc/passwd", "../a.json", "a/../../b.json", "..", "C:/a.json", "C:a.json", "\\\\server\\a", "a\\..\\..\\b", "\\a"],
)
def test_a_name_that_leads_out_of_the_archive(name: str) -> None:
    found = opened(zipped((name, b"{}"), ("good.json", b"{}")))
    assert found[0][1] == "FILE_BUNDLE_UNSAFE"
    assert "leads out" in found[0][0]
    assert found[1] == ("tlog.zip/good.json", b"{}")


@pytest.mark.parametrize("name", ["a..json", "..a", "a b.json", "Zoë.json", "a/b/c.json", ".hidden"])
def test_a_name_that_is_only_odd(name: str) -> None:
    assert opened(zipped((name, b"{}"))) == [(f"tlog.zip/{name}", b"{}")]


def test_a_name_is_shown_without_control_characters_and_not_at_any_length() -> None:
    ((shown, _),) = opened(zipped(("a\n\x1b[31m\u202e" + "x" * 300, b"{}")))
    assert shown.isprintable()
    assert len(shown) < 140


def test_encrypted() -> None:
    packed = bytearray(zipped(("a.json", TEXT), ("b.json", b"{}")))
    directory = packed.index(b"PK\x01\x02")
    packed[directory + 8] |= 1
    packed[6] |= 1
    found = opened(bytes(packed))
    assert found[0][1] == "FILE_BUNDLE_UNSAFE"
    assert "encrypted" in found[0][0]
    assert found[1] == ("tlog.zip/b.json", b"{}")


# Damage.


def test_a_zip_without_any_member_is_an_empty_file() -> None:
    """Were it passed over, a file would vanish without a word."""
    for data in (zipped(), zipped(("only/", b""))):
        ((message, reason),) = opened(data)
        assert reason == "FILE_EMPTY"
        assert "tlog.zip" in message


@pytest.mark.parametrize("pack", [gzip.compress, lambda data: zipped(("a", data))], ids=["gzip", "zip"])
def test_a_bundle_that_is_cut_anywhere_is_refused(pack: Callable[[bytes], bytes]) -> None:
    whole = pack(TEXT[:300])
    for end in range(4, len(whole)):
        refusal(whole[:end])


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_any_flipped_byte_of_a_zip_is_noticed_or_harmless(method: int) -> None:
    """Whatever byte is wrong: never other bytes than those packed, never another exception."""
    whole = zipped(("a.json", TEXT[:120]), ("b.json", TEXT[120:240]), method=method)
    for at in range(4, len(whole)):
        for flip in (0x01, 0x80, 0xFF):
            damaged = bytearray(whole)
            damaged[at] ^= flip
            for name, part in opened(bytes(damaged)):
                if isinstance(part, bytes) and name.startswith("tlog.zip/"):
                    assert part in (TEXT[:120], TEXT[120:240])


def test_any_flipped_byte_of_a_gzip_is_noticed_or_harmless() -> None:
    whole = gzip.compress(TEXT[:300], mtime=0)
    for at in range(2, len(whole)):
        for bit in range(8):
            damaged = bytearray(whole)
            damaged[at] ^= 1 << bit
            ((_, part),) = opened(bytes(damaged))
            assert part in (TEXT[:300], "FILE_BUNDLE_UNSAFE")


def test_a_bad_member_does_not_spoil_the_others() -> None:
    whole = bytearray(zipped(("a.json", TEXT[:200]), ("b.json", b"{}"), method=zipfile.ZIP_STORED))
    whole[whole.index(TEXT[:200]) + 5] ^= 1
    found = opened(bytes(whole))
    assert [part for _, part in found] == ["FILE_BUNDLE_UNSAFE", b"{}"]
    assert "tlog.zip/a.json" in found[0][0]


def test_trouble_of_the_store_is_not_the_files() -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() > 4:
                raise OSError(5, "Input/output error")
            return super().read(size)

    with pytest.raises(OSError, match="Input/output"):
        list(bundles.parts(Broken(gzip.compress(TEXT)), "x", BOUNDS))
