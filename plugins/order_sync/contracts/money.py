"""Exact money: exact decimals to whole minor units (cents), and back to text."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

#: Decimals per currency (ISO 4217); every currency not named here is refused rather than guessed.
DECIMALS: dict[str, int] = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys(
        "AED ARS AUD BGN BRL CAD CHF CNY COP CRC CZK DKK DOP EGP EUR GBP GTQ HKD HNL HUF IDR ILS INR MAD MXN MYR NIO "
        "NOK NZD PAB PEN PHP PLN QAR RON RSD SAR SEK SGD THB TRY TWD UAH USD UYU ZAR".split(),
        2,
    ),
}

#: No genuine amount has more minor units; far below 64 bits, so that sums over any order stay exact.
LIMIT = 10**13
_BEYOND = 10**18

Int64Array = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


def unscaled(column: pa.Decimal128Array) -> Int64Array:
    """The digits of exact decimals as whole numbers, ``11.5400`` → ``115400``; 0 where the value is absent.

    Digits beyond 64 bits, which a partner may send but nobody means, come as a number larger than any amount.
    """
    words = np.frombuffer(column.buffers()[1], dtype="<i8").reshape(-1, 2)[column.offset : column.offset + len(column)]
    low, high = words[:, 0], words[:, 1]
    beyond = high != low >> 63
    values = np.where(beyond, _BEYOND, low) if beyond.any() else low
    return np.where(np.asarray(column.is_valid()), values, 0) if column.null_count else values


def to_minor(digits: Int64Array, scale: int, decimals: Int64Array) -> tuple[Int64Array, BoolArray]:
    """Turn exact decimals into minor units.

    :param digits: what :func:`unscaled` gave.
    :param scale: the decimals that the digits have.
    :param decimals: decimals of the currency of each value.
    :returns: minor units (0 where bad) and a mask of the values that are too large or finer than the currency.
    """
    minor, finer = np.divmod(digits, 10 ** (scale - decimals))
    bad = (finer != 0) | (np.abs(minor) > LIMIT)
    return np.where(bad, 0, minor), bad


def show(minor: int, currency: str) -> str:
    """Minor units as decimal text without the currency, ``12345`` USD → ``123.45``."""
    return f"{Decimal(minor).scaleb(-DECIMALS.get(currency, 2)):f}"


def column_text(minor: Int64Array, decimals: int) -> pa.StringArray:
    """Minor units as decimal text, vectorised, for one number of decimals: ``-450`` → ``-4.50``."""
    unit = 10**decimals
    whole, rest = np.divmod(np.abs(minor), unit)
    parts = [pa.array(whole).cast(pa.string())]
    if decimals:
        endings = pa.array([f".{number:0{decimals}d}" for number in range(unit)])
        parts.append(endings.take(pa.array(rest)))
    if (minor < 0).any():
        parts.insert(0, pa.array(["", "-"]).take(pa.array((minor < 0).astype(np.int8))))
    return pc.binary_join_element_wise(*parts, "") if len(parts) > 1 else parts[0]
