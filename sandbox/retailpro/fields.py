"""The field tables of "Order to Invoice", in both published versions, and of the manual slip.

Sources: hotwax/oms-documentation, adoc/flows/SalesOrders (InvoiceAPI.md, InvTransfer.md). Types and lengths of the slip
are not published; those of the invoice are taken for the fields that both have.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

from sandbox.retailpro.amounts import ten_thousandths
from sandbox.retailpro.settings import Body

#: Says what is wrong with a value, blank when nothing is.
Check = Callable[[object], str]


class Field(NamedTuple):
    """One line of a field table."""

    check: Check
    required: bool


Table = Mapping[str, Field]

_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", re.ASCII)
_ABSENT: Final = object()


def faults_of(record: dict[str, Any], table: Table, at: str = "") -> list[str]:
    """Hold a record against its table.

    :param record: the fields as they came.
    :param table: the published fields.
    :param at: where the record stands in the body, with a point at the end.
    :returns: one text per fault, each beginning with the field; no text repeats what the field holds.
    """
    faults = [f"{at}{name}: unknown field" for name in record if name not in table]
    for name, (check, required) in table.items():
        value = record.get(name, _ABSENT)
        if value is _ABSENT:
            if required:
                faults.append(f"{at}{name}: required")
        elif required and type(value) is str and not value.strip():
            faults.append(f"{at}{name}: required, it is blank")
        elif problem := check(value):
            faults.append(f"{at}{name}: {problem}")
    return faults


def _text(longest: int | None) -> Check:
    def check(value: object) -> str:
        if type(value) is not str:
            return "must be text"
        if longest is not None and len(value) > longest:
            return f"longer than {longest} characters"
        return "" if value.isascii() or can_be_written(value) else "holds half a character"

    return check


def _number(value: object) -> str:
    if not isinstance(value, int | Decimal) or isinstance(value, bool):
        return "must be a number"
    return "" if ten_thousandths(value) is not None else "does not fit Float(10,4)"


def _quantity(value: object) -> str:
    return _number(value) or ("" if isinstance(value, int | Decimal) and value > 0 else "must be above 0")


def _one_or_two(value: object) -> str:
    """The only codes that are published."""
    return "" if type(value) is int and value in {1, 2} else "must be 1 or 2"


def _date(value: object) -> str:
    if type(value) is not str or _DATE.fullmatch(value) is None:
        return "must be yyyy-MM-ddTHH:mm:ss"
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return "is no date"
    return ""


def _yes_or_no(value: object) -> str:
    """The table says boolean, the published sample has text."""
    return "" if value is True or value is False or value in {"true", "false"} else "must be true or false"


def _object(value: object) -> str:
    return "" if type(value) is dict else "must be an object"


def _list(value: object) -> str:
    if type(value) is not list:
        return "must be a list"
    return "" if value else "required, it is empty"


def can_be_written(text: str) -> bool:
    """Whether a text can be written as UTF-8: JSON can hold one half of a surrogate pair.

    :param text: the text.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_true(value: object) -> bool:
    """Whether a FiscalCredit says yes.

    :param value: the field, absent as None.
    """
    return value is True or value == "true"


_FISCAL: Table = {
    "FiscalCredit": Field(_yes_or_no, True),
    "CompanyId": Field(_text(20), False),
    "CompanyName": Field(_text(30), False),
    "CompanyAddress": Field(_text(80), False),
}
#: Required as soon as FiscalCredit is true.
COMPANY = ("CompanyId", "CompanyName", "CompanyAddress")

_INVOICE: Table = {
    "InvoicingStore": Field(_text(5), True),
    "OrderNo": Field(_text(9), True),
    "CreatedDate": Field(_date, True),
    "DeliveryType": Field(_one_or_two, True),
    "PaymentType": Field(_one_or_two, True),
    "TotalAmt": Field(_number, True),
    "TotalDiscAmt": Field(_number, False),
    "ShippingAmt": Field(_number, False),
    "CustomerShipping": Field(_object, True),
    "CustomerBilling": Field(_object, True),
    "Items": Field(_list, True),
}
_CUSTOMER: Table = {
    "FirstName": Field(_text(30), True),
    "LastName": Field(_text(30), True),
    "Email": Field(_text(60), True),
    "Address1": Field(_text(40), True),
    "Address2": Field(_text(40), False),
    "City": Field(_text(40), False),
    "Country": Field(_text(40), False),
    "NoDocument": Field(_text(20), True),
    "Phone": Field(_text(None), False),
}
INVOICE: Mapping[Body, Table] = {"v1": _INVOICE, "v2_fiscal": {**_INVOICE, **_FISCAL}}
CUSTOMER: Mapping[Body, Table] = {"v1": _CUSTOMER, "v2_fiscal": {**_CUSTOMER, "TypeDocument": Field(_text(40), True)}}
ITEM: Table = {
    "UPC": Field(_text(19), True),
    "OrigPrice": Field(_number, True),
    "OrigTax": Field(_number, True),
    "Price": Field(_number, True),
    "Tax": Field(_number, True),
    "Qty": Field(_quantity, True),
    "StoreOrig": Field(_text(5), True),
    "StoreDest": Field(_text(5), False),
}
SLIP: Table = {
    "SlipNo": Field(_text(None), True),
    "FromStore": Field(_text(5), True),
    "ToStore": Field(_text(5), True),
    "CreatedDate": Field(_date, True),
    "TotalQty": Field(_quantity, True),
    "Items": Field(_list, True),
}
SLIP_ITEM: Table = {"UPC": Field(_text(19), True), "Qty": Field(_quantity, True)}
