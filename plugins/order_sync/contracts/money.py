"""Exact money: decimal text or JSON numbers to whole minor units (cents), and back to text.

A JSON number travels as a 64-bit float for speed, never as a value: a number of at most 15 significant digits is the
only one of its length that has its float, so dividing the rounded minor units again and comparing the two floats
proves that the minor units are exactly what the partner wrote. Whatever does not pass that proof is an error.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

#: Decimals per currency (ISO 4217); every currency not named here is refused rather than guessed.
DECIMALS: dict[str, int] = {
    **dict.fromkeys(
        [
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ],
        0,
    ),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
    **dict.fromkeys(
        [
            "AED",
            "ARS",
            "AUD",
            "BGN",
            "BRL",
            "CAD",
            "CHF",
            "CNY",
            "COP",
            "CRC",
            "CZK",
            "DKK",
            "DOP",
            "EGP",
            "EUR",
            "GBP",
            "GTQ",
            "HKD",
            "HNL",
            "HUF",
            "IDR",
            "ILS",
            "INR",
            "MAD",
            "MXN",
            "MYR",
            "NIO",
            "NOK",
            "NZD",
            "PAB",
            "PEN",
            "PHP",
            "PLN",
            "QAR",
            "RON",
            "RSD",
            "SAR",
            "SEK",
            "SGD",
            "THB",
            "TRY",
            "TWD",
            "UAH",
            "USD",
            "UYU",
            "ZAR",
        ],
        2,
    ),
}

#: No genuine amount has more minor units. It is far below the 15 digits of the proof above, so sums stay exact.
LIMIT = 10**13

Int64Array = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


def to_minor(values: npt.NDArray[np.float64], decimals: Int64Array) -> tuple[Int64Array, BoolArray]:
    """Turn parsed JSON numbers into minor units.

    :param values: numbers as the JSON parser gave them; NaN stands for "absent".
    :param decimals: decimals of the currency of each value.
    :returns: minor units (0 where absent or bad) and a mask of the values that are too large or finer than the
        currency; an absent value is not bad.
    """
    scale = 10.0**decimals
    absent = np.isnan(values)
    scaled = np.where(absent, 0.0, values) * scale
    in_range = np.abs(scaled) <= LIMIT
    whole = np.rint(np.where(in_range, scaled, 0.0))
    exact = (whole / scale == np.where(absent, 0.0, values)) & in_range
    return np.where(exact, whole, 0.0).astype(np.int64), ~exact


def text_to_number(text: str) -> float:
    """The number that JSON would have carried for decimal text, for partners that quote their amounts.

    :raises ValueError: the text is not a plain decimal number of at most 15 significant digits.
    """
    try:
        value = Decimal(text.strip())
    except InvalidOperation as error:
        raise ValueError("not a number") from error
    if not value.is_finite() or len(value.normalize().as_tuple().digits) > 15:
        raise ValueError("not a finite number of at most 15 digits")
    return value.__float__()


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
