"""What the simulated Retail Pro holds, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sandbox.retailpro.settings import Operation


@dataclass(frozen=True)
class Call:
    """One POST that arrived, whatever became of it.

    :param number: 1 for the first one.
    :param key: OrderNo or SlipNo, blank when the body had none.
    :param body: exactly the bytes that came.
    :param committed: whether this call created a document.
    :param status: the HTTP status that went out, 0 when none did.
    :param lie: what went out instead of the answer, blank when the answer did.
    :param answer: the body of the answer, whether it went out or not.
    """

    number: int
    arrived_at: datetime
    operation: Operation
    key: str
    body: bytes
    sha256: str
    committed: bool
    status: int
    lie: str
    answer: bytes


@dataclass(frozen=True)
class Invoice:
    """One invoice; amounts are whole ten-thousandths.

    :param created_date: CreatedDate as it came.
    :param created_at: when Retail Pro created it.
    :param sha256: of the body that it was made of.
    :param call_number: the call that made it.
    """

    number: int
    order_no: str
    invoicing_store: str
    created_date: str
    total_amt: int
    total_disc_amt: int
    shipping_amt: int
    created_at: datetime
    sha256: str
    call_number: int

    @property
    def invoice_no(self) -> str:
        """Retail Pro's own number."""
        return invoice_no(self.number)


@dataclass(frozen=True)
class Slip:
    """One manual slip; quantities are whole ten-thousandths, the rest is as in :class:`Invoice`."""

    number: int
    slip_no: str
    from_store: str
    to_store: str
    created_date: str
    total_qty: int
    created_at: datetime
    sha256: str
    call_number: int


@dataclass(frozen=True)
class LookUp:
    """One GET that arrived.

    :param documents: how many documents the answer held.
    """

    number: int
    arrived_at: datetime
    operation: Operation
    key: str
    status: int
    documents: int


def invoice_no(number: int) -> str:
    """How Retail Pro writes the number of an invoice.

    :param number: 1 for the first invoice.
    """
    return f"INV-{number:07d}"
