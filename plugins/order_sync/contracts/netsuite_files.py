"""The files that NetSuite's scripts give back: which one is what, and what stands in it.

Sources: hotwax/netsuite-integration (the scripts that write them). Their names begin with a date as JavaScript writes
it, blanks, colons and all, so only the ending of a name says what a file is. Return files hold ids; error files are not
proper CSV: messages are not quoted, and rows after the first may begin with a stray comma.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar

from order_sync.errors import BadInput


class Kind(StrEnum):
    """What a file is; the value is the end of its name without ``.csv``."""

    CUSTOMERS = "CustomerExport"
    SALES_ORDERS = "SalesOrderExport"
    SALES_ORDER_LINES = "SalesOrderItemExport"
    DEPOSITS = "CustomerDepositExport"
    CASH_SALES = "CashSaleExport"
    CUSTOMER_ERRORS = "ErrorAddCustomer"
    SALES_ORDER_ERRORS = "ErrorSaleOrder"
    CASH_SALE_ERRORS = "ErrorCashSale"
    UPDATE_ERRORS = "ErrorUpdateSaleOrder"
    DEPOSIT_ERRORS = "ErrorCustomerDeposit"
    FULFILMENT_ERRORS = "ErrorCreateSalesOrderItemFulfillment"
    FULFILLED_ORDER_ERRORS = "ErrorFulfilledOrders"


class CustomerId(NamedTuple):
    """NetSuite's id of a customer, by HotWax's party id."""

    party_id: str
    netsuite_id: str


class OrderId(NamedTuple):
    """NetSuite's id of a sales order or a cash sale, by HotWax's order id."""

    order_id: str
    netsuite_id: str


class LineId(NamedTuple):
    """NetSuite's number of a line.

    :param seq: HotWax's number of it.
    :param discount: whether it is the row of the line's discount.
    """

    order_id: str
    seq: str
    discount: bool
    netsuite_id: str


class DepositId(NamedTuple):
    """NetSuite's id of a customer deposit; what orderId and manualRefNumber are is the account's choice."""

    order_id: str
    netsuite_id: str
    reference: str


class ErrorRow(NamedTuple):
    """A message of NetSuite's.

    :param subject: the file, or NetSuite's id of the order, that it is about; blank where the script did not say.
    """

    subject: str
    message: str


class Strange(NamedTuple):
    """A line that could not be read; its text is not kept, it may hold anything.

    :param line: counted from 1.
    """

    line: int
    problem: str


R = TypeVar("R", CustomerId, OrderId, LineId, DepositId, ErrorRow)


class Answers(NamedTuple, Generic[R]):
    """What stands in one file: the rows, as they came, and lines that could not be read."""

    rows: list[R]
    strange: list[Strange]


#: The first line of the files of a kind.
HEADERS: dict[Kind, tuple[str, ...]] = {
    Kind.CUSTOMERS: ("partyId", "partyIdentificationTypeId", "idValue"),
    Kind.SALES_ORDERS: ("orderId", "orderIdentificationTypeId", "idValue"),
    Kind.SALES_ORDER_LINES: ("orderId", "orderItemSeqId", "attrName", "attrValue"),
    Kind.DEPOSITS: ("orderId", "internalId", "manualRefNumber"),
    Kind.CASH_SALES: ("orderId", "orderIdentificationTypeId", "idValue"),
    **dict.fromkeys(
        (Kind.CUSTOMER_ERRORS, Kind.SALES_ORDER_ERRORS, Kind.CASH_SALE_ERRORS, Kind.UPDATE_ERRORS),
        ("fileName", "errorMessage"),
    ),
    **dict.fromkeys(
        (Kind.DEPOSIT_ERRORS, Kind.FULFILMENT_ERRORS, Kind.FULFILLED_ORDER_ERRORS), ("orderId", "errorMessage")
    ),
}
#: Of those about orders, the ones about items that were shipped.
ITEM_ERRORS = (Kind.FULFILMENT_ERRORS, Kind.FULFILLED_ORDER_ERRORS)
ERRORS = frozenset(kind for kind, header in HEADERS.items() if header[-1] == "errorMessage")

#: Whether a line of an order is itself or its discount, by the name of the attribute.
_LINES = {"NetsuiteItemLineId": False, "NetsuiteDiscountItemLineId": True}
_SUBJECTS = {"fileName": re.compile(r"[^,]*\.[A-Za-z0-9]{1,5}"), "orderId": re.compile(r"[\w#.-]+")}
#: Without a stray comma before it, only this begins a row; anything else goes on with the message before it.
_PLAIN_SUBJECTS = {"fileName": re.compile(r"[^,\s]+\.[A-Za-z0-9]{1,5}"), "orderId": re.compile(r"\d+")}


def kind_of(name: str) -> Kind | None:
    """What a file is by the end of its name; None for a file that none of the scripts writes."""
    _, dash, ending = name.rpartition("-")
    return _ENDINGS.get(ending) if dash else None


def customers(name: str, data: bytes) -> Answers[CustomerId]:
    """The ids of customers.

    :param name: of the file, for messages.
    :raises BadInput: ``FILE_EMPTY``, ``FILE_ENCODING`` or ``FILE_WRONG_HEADER``; so do the other readers.
    """

    def row(cells: Sequence[str]) -> CustomerId | str:
        party, kind, value = cells
        return CustomerId(party, value) if kind == "NETSUITE_CUSTOMER_ID" else "it is no NETSUITE_CUSTOMER_ID"

    return _read(name, data, Kind.CUSTOMERS, row)


def orders(name: str, data: bytes) -> Answers[OrderId]:
    """The ids of sales orders, or of cash sales: both have the same columns."""

    def row(cells: Sequence[str]) -> OrderId | str:
        order, kind, value = cells
        return OrderId(order, value) if kind == "NETSUITE_ORDER_ID" else "it is no NETSUITE_ORDER_ID"

    return _read(name, data, Kind.SALES_ORDERS, row)


def lines(name: str, data: bytes) -> Answers[LineId]:
    """The numbers of the lines of sales orders; of a discount that was sent without a number nothing can be kept."""

    def row(cells: Sequence[str]) -> LineId | str | None:
        order, seq, attribute, value = cells
        discount = _LINES.get(attribute)
        if discount is None:
            return "its attrName is not known"
        if not seq:
            return None if discount else "a value is empty"
        return LineId(order, seq, discount, value)

    return _read(name, data, Kind.SALES_ORDER_LINES, row)


def deposits(name: str, data: bytes) -> Answers[DepositId]:
    """The ids of customer deposits."""

    def row(cells: Sequence[str]) -> DepositId | str:
        return DepositId(cells[0], cells[1], cells[2])

    return _read(name, data, Kind.DEPOSITS, row)


def errors(name: str, data: bytes, kind: Kind) -> Answers[ErrorRow]:
    """The messages of an error file.

    A line belongs to the message before it unless it begins with a stray comma, or with what a message can be about.

    :param kind: one of :data:`ERRORS`.
    """
    header = HEADERS[kind]
    rows, strange = list[ErrorRow](), list[Strange]()
    for number, line in _lines(name, data, kind):
        if row := _error(line, header[0]):
            rows.append(row)
        elif rows:
            rows[-1] = ErrorRow(rows[-1].subject, f"{rows[-1].message} {line.strip()}")
        else:
            strange.append(Strange(number, f"it does not begin with {header[0]}"))
    return Answers([ErrorRow(row.subject, _unquoted(row.message)) for row in rows], strange)


def _error(line: str, first: str) -> ErrorRow | None:
    """The row that a line begins, or None where it goes on with the one before."""
    stray = line.startswith(",")
    subject, comma, message = line.removeprefix(",").partition(",")
    subject = _unquoted(subject.strip())
    if comma and (_SUBJECTS if stray else _PLAIN_SUBJECTS)[first].fullmatch(subject):
        return ErrorRow(subject, message.strip())
    return ErrorRow("", line[1:].strip()) if stray else None


def _read(name: str, data: bytes, kind: Kind, row: Callable[[Sequence[str]], R | str | None]) -> Answers[R]:
    """The rows of a return file; a line that is not one costs nothing but itself.

    :param row: makes a row of the cells of a line, or says why it is none; None: it tells nothing.
    """
    rows, strange, width = list[R](), list[Strange](), len(HEADERS[kind])
    for number, line in _lines(name, data, kind):
        cells = _cells(line)
        if len(cells) != width:
            strange.append(Strange(number, f"it has {len(cells)} values, {width} are wanted"))
        elif not (cells[0] and (cells[1] or kind is Kind.SALES_ORDER_LINES) and (kind is Kind.DEPOSITS or cells[-1])):
            strange.append(Strange(number, "a value is empty"))
        elif isinstance(made := row(cells), str):
            strange.append(Strange(number, made))
        elif made is not None:
            rows.append(made)
    return Answers(rows, strange)


def _lines(name: str, data: bytes, kind: Kind) -> Iterator[tuple[int, str]]:
    """The lines below the header that are not blank, with their numbers.

    :raises BadInput: ``FILE_EMPTY``, ``FILE_ENCODING`` or ``FILE_WRONG_HEADER``.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput("FILE_ENCODING", f"File {name}: byte {error.start} is not UTF-8.") from error
    every = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    numbered = ((number, line) for number, line in enumerate(every, start=1) if line and not line.isspace())
    first = next(numbered, None)
    if first is None:
        raise BadInput("FILE_EMPTY", f"File {name}: it holds no data.")
    _check_header(name, first[1], kind)
    return numbered


def _check_header(name: str, line: str, kind: Kind) -> None:
    found, wanted = tuple(_cells(line)), HEADERS[kind]
    if found == wanted:
        return
    other = next((one for one, header in HEADERS.items() if header == found), None)
    guess = f", which is that of a file *-{other}.csv" if other else ""
    message = f"File {name}: its first line is {line!r:.120}{guess}; {','.join(wanted)} is wanted."
    raise BadInput("FILE_WRONG_HEADER", message)


def _cells(line: str) -> list[str]:
    if '"' not in line:
        return [cell.strip() for cell in line.split(",")]
    return [cell.strip() for cell in next(csv.reader([line], skipinitialspace=True))]


def _unquoted(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1].replace('""', '"')
    return text


_ENDINGS: Mapping[str, Kind] = {f"{kind}.csv": kind for kind in Kind}
