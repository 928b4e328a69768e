"""What Retail Pro checks before it creates a document. Amounts are not added up, as the published sample is not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NoReturn

from sandbox.retailpro.fields import (
    COMPANY,
    CUSTOMER,
    INVOICE,
    ITEM,
    SLIP,
    SLIP_ITEM,
    Table,
    can_be_written,
    faults_of,
    is_true,
)
from sandbox.retailpro.settings import Operation, RetailProSettings

#: The field that numbers a document.
KEY: dict[Operation, str] = {"invoice": "OrderNo", "slip": "SlipNo"}


class NotJsonError(Exception):
    """The body is not JSON."""


class WrongBodyError(Exception):
    """The body is JSON, but no JSON that could be a document."""


def read_body(body: bytes) -> dict[str, Any]:
    """Read a body; numbers stay exact.

    :param body: the bytes as they came.
    :returns: its fields.
    :raises NotJsonError: it is not JSON in UTF-8.
    :raises WrongBodyError: it is not an object, or a name stands twice in an object.
    """
    try:
        document = _DECODER.decode(body.decode())
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise NotJsonError("The body is not JSON") from error
    if not isinstance(document, dict):
        raise WrongBodyError("The body must be an object")
    return document


def key_of(document: dict[str, Any], operation: Operation) -> str:
    """The number that a document says it has, blank when it has none.

    :param document: the body.
    :param operation: what is to be created.
    """
    key = document.get(KEY[operation])
    return key if isinstance(key, str) and can_be_written(key) else ""


def check(document: dict[str, Any], operation: Operation, settings: RetailProSettings) -> list[str]:
    """Check a document.

    :param document: the body.
    :param operation: what is to be created.
    :param settings: the version of the body, and which stores and products are not known.
    :returns: one text per fault, none when the document can be created.
    """
    return list(_invoice(document, settings) if operation == "invoice" else _slip(document, settings))


def _invoice(document: dict[str, Any], settings: RetailProSettings) -> Iterator[str]:
    yield from faults_of(document, INVOICE[settings.body])
    if settings.body == "v2_fiscal" and is_true(document.get("FiscalCredit")):
        yield from (f"{name}: required when FiscalCredit is true" for name in COMPANY if _blank(document.get(name)))
    for name in ("CustomerBilling", "CustomerShipping"):
        if type(customer := document.get(name)) is dict:
            yield from faults_of(customer, CUSTOMER[settings.body], f"{name}.")
    yield from _stores(document, ("InvoicingStore",), settings)
    yield from _items(document, ITEM, settings)


def _slip(document: dict[str, Any], settings: RetailProSettings) -> Iterator[str]:
    faults = [*faults_of(document, SLIP), *_items(document, SLIP_ITEM, settings)]
    yield from faults
    yield from _stores(document, ("FromStore", "ToStore"), settings)
    if not faults:
        if document["FromStore"] == document["ToStore"]:
            yield "ToStore: the same as FromStore"
        if sum((Decimal(item["Qty"]) for item in document["Items"]), Decimal(0)) != document["TotalQty"]:
            yield "TotalQty: not the sum of Items.Qty"


def _items(document: dict[str, Any], table: Table, settings: RetailProSettings) -> Iterator[str]:
    items = document.get("Items")
    for index, item in enumerate(items if type(items) is list else []):
        at = f"Items[{index}]"
        if type(item) is not dict:
            yield f"{at}: must be an object"
            continue
        yield from faults_of(item, table, f"{at}.")
        if _among(item.get("UPC"), settings.unknown_upcs):
            yield f"{at}.UPC: product {item['UPC']} is not known"
        yield from _stores(item, ("StoreOrig", "StoreDest"), settings, f"{at}.")


def _stores(record: dict[str, Any], names: tuple[str, ...], settings: RetailProSettings, at: str = "") -> Iterator[str]:
    for name in names if settings.unknown_stores else ():
        if _among(record.get(name), settings.unknown_stores):
            yield f"{at}{name}: store {record[name]} is not known"


def _among(value: object, unknown: set[str]) -> bool:
    return type(value) is str and value in unknown


def _blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _no_name_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise WrongBodyError(f"{twice}: stands there twice")
    return record


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_no_name_twice, parse_float=Decimal, parse_constant=_no_constant)
