"""A field that stands twice in its object, with two values: found exactly, wherever the flow reads."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from order_sync.contracts import predictspring, tlog_json
from order_sync.errors import BadInput
from sandbox.predictspring import Shop, dump

SCHEMA = predictspring.schema(
    [path for path in predictspring.ORDER_FIELDS if path != "displayOrderId"], predictspring.LINE_FIELDS
)

Path = tuple[str | int, ...]


class Pairs(list[tuple[str, Any]]):
    """A JSON object as it stands in the text: every pair, in order."""


def written(value: Any) -> str:
    """JSON of a value in which objects may hold a field twice."""
    if isinstance(value, Pairs):
        return "{" + ",".join(f"{json.dumps(name)}:{written(inner)}" for name, inner in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(written, value)) + "]"
    return json.dumps(value)


def pairs(data: bytes) -> Pairs:
    return json.loads(data, object_pairs_hook=Pairs)  # type: ignore[no-any-return]


def objects(value: Any, path: str = "") -> list[tuple[str, Pairs]]:
    """Every object below a value with its path."""
    if isinstance(value, Pairs):
        below = [found for name, inner in value for found in objects(inner, f"{path}.{name}".lstrip("."))]
        return [(path, value), *below]
    if isinstance(value, list):
        return [found for at, inner in enumerate(value) for found in objects(inner, f"{path}[{at}]")]
    return []


def read_by_the_flow(path: str) -> bool:
    """Whether a path of an order, with its indexes, is one of the schema's."""
    kinds: Any = SCHEMA
    for part in path.split("."):
        name, *indexes = part.replace("]", "").split("[")
        if kinds.get_field_index(name) < 0:
            return False
        kinds = kinds.field(name).type
        for _ in indexes:
            kinds = kinds.value_type
    return True


def found(data: bytes) -> str:
    """The field that is found to stand twice, blank for none."""
    if tlog_json.decode([data], SCHEMA) is not None:
        return ""
    error = refusal(data)
    if error is None:
        return ""
    assert error.reason == "DUPLICATE_FIELD"
    assert error.field in error.message
    return error.field


def refusal(data: bytes) -> BadInput | None:
    try:
        tlog_json.mend(data, SCHEMA)
    except BadInput as error:
        return error
    return None


ORDERS = [dump(Shop(1).order(number, kind, lines=2, slim=True)) for number, kind in enumerate(("mixed", "send_sale"))]


@pytest.mark.parametrize("data", ORDERS)
@pytest.mark.parametrize("before", [True, False])
def test_every_field_of_every_object(data: bytes, before: bool) -> None:
    """Each field of an order in turn, once more with another value: found exactly where the flow reads."""
    looked_at = 0
    for number, (path, _) in enumerate(objects(pairs(data))):
        for at in range(len(objects(pairs(data))[number][1])):
            order = pairs(data)
            holder = objects(order)[number][1]
            name, value = holder[at]
            other = None if value is not None else "other"
            holder.insert(0 if before else len(holder), (name, other))
            field = f"{path}.{name}".lstrip(".")
            assert found(written(order).encode()) == (field if read_by_the_flow(field) else ""), field
            looked_at += 1
    assert looked_at > 120


@pytest.mark.parametrize("data", ORDERS)
def test_field_that_stands_twice_with_one_value_is_read(data: bytes) -> None:
    for number in range(len(objects(pairs(data)))):
        order = pairs(data)
        holder = objects(order)[number][1]
        holder.append(holder[0])
        text = written(order).encode()
        assert found(text) == ""
        assert tlog_json.mend(text, SCHEMA) == tlog_json.mend(data, SCHEMA)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (r'{"orderId":"A","order\u0049d":"B"}', "orderId"),
        ('{"orderId":"A","orderId":"A","orderId":"B"}', "orderId"),
        ('{"orderId":"B","orderId":"A","orderId":"A"}', "orderId"),
        ('{"totalAmount":1,"totalAmount":"1"}', "totalAmount"),
        ('{"totalAmount":true,"totalAmount":1}', "totalAmount"),
        ('{"totalAmount":1,"totalAmount":null}', "totalAmount"),
        ('{"totalAmount":NaN,"totalAmount":1}', "totalAmount"),
        ('{"store":{"city":"A"},"store":{"city":"A","state":"B"}}', "store"),
        ('{"orderProductList":[{"price":1},{"price":2,"x":0,"price":3}]}', "orderProductList[1].price"),
        ('{"orderProductList":[],"orderProductList":[{}]}', "orderProductList"),
    ],
)
def test_odd_ways_of_standing_twice(text: str, field: str) -> None:
    assert found(text.encode()) == field


@pytest.mark.parametrize(
    "text",
    [
        '{"totalAmount":1,"totalAmount":1.00}',
        '{"store":{"city":"A","state":"B"},"store":{"state":"B","city":"A"}}',
        '{"orderid":"A","orderId":"B"}',
        '{"orderId":"A","x":{"orderId":"B"}}',
        '{"orderId":"\\"orderId\\":\\"B\\""}',
        '{"orderId":"A","x":1,"x":2}',
        '{"orderProductList":[{"price":1},{"price":2}]}',
    ],
)
def test_what_only_looks_like_it(text: str) -> None:
    assert found(text.encode()) == ""


names = st.sampled_from(["orderId", "totalAmount", "email", "store", "city", "x", "orderDate"])
scalars = st.sampled_from(["A", "B", None])


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(st.tuples(names, scalars), max_size=6), st.lists(st.tuples(names, scalars), max_size=4))
def test_any_mixture_of_fields(header: list[tuple[str, Any]], store: list[tuple[str, Any]]) -> None:
    texts = {"orderId", "email", "city"}
    header = [(name, value) for name, value in header if name in texts | {"x"}]
    store = [(name, value) for name, value in store if name in {"city", "x"}]
    expected = {
        f"{prefix}{name}"
        for prefix, holder in (("", header), ("store.", store))
        for name in {name for name, _ in holder} & (texts if not prefix else {"city"})
        if len({value for other, value in holder if other == name}) > 1 and read_by_the_flow(prefix + name)
    }
    field = found(written(Pairs([*header, ("store", Pairs(store))])).encode())
    assert field in expected or (field == "" and not expected)


def test_message_shows_no_value() -> None:
    with pytest.raises(BadInput) as caught:
        tlog_json.mend(b'{"email":"ada@example.com","email":"bob@example.com"}', SCHEMA)
    assert "example.com" not in str(caught.value)
