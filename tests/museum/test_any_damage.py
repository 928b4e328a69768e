"""Damage that nobody thought of: orders with random damage, in every layout, over several batches.

Whatever comes: no batch stops, good orders go out, everything is accounted for, and another try gives the same bytes.
"""

from __future__ import annotations

import gzip
import random
import re

import pytest

from sandbox.predictspring import Shop, dump
from tests.museum.exhibits import IN_STORE, SEND_SALE, assert_closed
from tests.support.batch_lab import Lab

VALUE = re.compile(rb':("[^"]*"|-?[0-9.]+|true|false|null|\[[^\[\]{}]*\]|\{)')
PIECES = (
    *(b"null", b"true", b"{}", b"[]", b'""', b'"x"', b"0", b"-1", b"1.5", b"1e5", b"-0.0", b"1e-7", b"1.23456"),
    *(b"NaN", b"Infinity", b"Inf", b"99999999999999999999", b"123456789012345678", b"-9223372036854775808"),
    *(b",", b":", b"{", b"}", b"[", b"]", b'"', b"\\", b"\\ud800", b"\\u0000", b"\n", b"\xff", b"\0", b"[null]"),
    *(
        b'{"a":null}',
        b'"orderId":"z",',
        b'"price":5,',
        b'"IN_STORE"',
        b'"254"',
        b'"jpy"',
        b'"a,b\\n"',
        b'"' + b"x" * 70_000,
    ),
)


def damaged(rng: random.Random, data: bytes) -> bytes:
    """The order with one to three values replaced, pieces put in, or bytes lost."""
    broken = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 3))):
        place, values = rng.randrange(len(broken)), list(VALUE.finditer(bytes(broken)))
        way = rng.random()
        if way < 0.75 and values:
            value = rng.choice(values)
            broken[value.start(1) : value.end(1)] = rng.choice(PIECES)
        elif way < 0.85:
            broken[place:place] = rng.choice(PIECES)
        else:
            del broken[place : place + rng.choice((1, 20))]
    return bytes(broken)


@pytest.mark.parametrize("seed", range(5))
def test_any_damage(lab: Lab, seed: int) -> None:
    rng, shop = random.Random(seed), Shop(seed)
    lab.configure(on_changed_order=rng.choice(("emit", "exception")), sync_in_store_orders=seed % 3 > 0)
    for number in range(3):
        numbers = [rng.randrange(10, 30) for _ in range(25)]
        bad = [damaged(rng, dump(shop.order(one, lines=rng.choice((1, 2)), slim=True))) for one in numbers]
        good = SEND_SALE | {"orderId": f"GOOD{number}"}
        result = lab.run(
            {
                "first.json": dump(IN_STORE | {"orderId": f"FIRST{number}"}),
                **{f"{at}.json": data for at, data in enumerate(bad[:10])},
                "lines.jsonl": b"\n".join(bad[10:18]),
                "array.json": b"[" + b",".join(bad[18:]) + b"]",
                "two.jsonl.gz": gzip.compress(bad[0] + b"\n" + bad[1]),
                "good.json": dump(good),
            }
        )
        assert good["orderId"] in result.sent
        assert f"FIRST{number}" in result.stocked
        assert_closed(result)
        again = lab.transform(result.batch)
        assert (again.order_feed, again.variance) == (result.order_feed, result.variance)
        if rng.random() < 0.7:
            lab.publish(result)
