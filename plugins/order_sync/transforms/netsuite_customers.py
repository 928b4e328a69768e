"""HotWax's customers to NetSuite: a row of the customer file for each that NetSuite does not know yet.

Nobody's name, address or number stands in a draft but in its row: what is logged or reported is the party id.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa

from order_sync.contracts import hotwax_created
from order_sync.contracts.hotwax_completed import Identifications, OrderIdentification, text
from order_sync.contracts.hotwax_created import Customer, e164
from order_sync.errors import BadInput
from order_sync.mapping import model as mapping_model
from order_sync.mapping.engine import Engine
from order_sync.mapping.model import Vocabulary
from order_sync.mapping.sheet import Sheet
from order_sync.settings import NetSuiteOrders
from order_sync.transforms.arrays import clean
from order_sync.transforms.invoice_order import told
from order_sync.transforms.netsuite_frames import in_frames
from order_sync.transforms.netsuite_known import Known, nothing
from order_sync.transforms.netsuite_rows import Rows, row_sheet
from order_sync.transforms.netsuite_vocabulary import CASES, CUSTOMER_PATHS, CUSTOMER_TEXTS
from order_sync.transforms.tlog_frame import SourceRecord

FRAME_CUSTOMERS = 5_000

Texts = tuple[str | None, ...]


class CustomerDraft(msgspec.Struct, frozen=True, gc=False):
    """What becomes of one customer.

    :param key: HotWax's party id, blank where it cannot be read.
    :param name: what people are told: the party id, never a person's name.
    :param cause: why it is rejected.
    :param left_out: why it need not go to NetSuite, a code of the exclusions; blank otherwise.
    :param netsuite_id: NetSuite's id, where the feed has it or Shopify's number leads to it.
    :param external_id: under which it goes out, where that does not hold the party id.
    :param row: exactly what is sent, with its line feed; blank where nothing is.
    """

    record: SourceRecord
    key: str
    name: str
    cause: BadInput | None
    left_out: str
    netsuite_id: str
    external_id: str
    row: bytes


class _Finding(msgspec.Struct, gc=False):
    """What was found out about a customer; ``texts`` in the order of the vocabulary, none where no row is wanted."""

    key: str
    netsuite_id: str = ""
    shopify: str = ""
    external_id: str = ""
    cause: BadInput | None = None
    texts: Texts | None = None


class NetSuiteCustomers:
    """The transform of one retailer.

    :param include: the folder with mappings and lookup tables.
    :param retailer: whose own lookup tables come before the common ones.
    :raises Stop: a mapping or a table is wrong; the message names file and line.
    """

    def __init__(self, settings: NetSuiteOrders, include: Path, retailer: str) -> None:
        self.settings = settings
        folder = include / "mappings"
        vocabulary = Vocabulary(CUSTOMER_PATHS, CASES, frozenset(settings.texts))
        path = folder / f"netsuite_customer_{settings.generation}.yaml"
        mapping = mapping_model.load(path, vocabulary, folder / "lookups", retailer)
        self._rows = Rows(Engine(mapping, settings.texts, settings.zone))
        kinds = settings.identifications
        self._shop = Identifications[OrderIdentification](kinds.shopify_customer, "partyIdentifications")
        self._netsuite = Identifications[OrderIdentification](kinds.netsuite_customer, "partyIdentifications")
        self._at_tills = frozenset(settings.pos_classifications)
        self.version = mapping_model.combined_version(mapping, tables=[], settings=settings)

    def header(self) -> bytes:
        """The header line of a file."""
        return self._rows.header()

    def read(
        self, records: Iterable[SourceRecord], size: int = FRAME_CUSTOMERS, *, by_shopify: Known = nothing
    ) -> Iterator[list[CustomerDraft]]:
        """A draft for every customer, in their order, some thousand at a time; memory is one such frame.

        :param by_shopify: asked once per frame, by Shopify's numbers, for customers whose id the feed does not have.
        """
        return in_frames(records, size, lambda chunk: self._drafts(chunk, by_shopify))

    def _drafts(self, records: Sequence[SourceRecord], by_shopify: Known) -> list[CustomerDraft]:
        findings = [self._find(record) for record in records]
        if numbers := [finding.shopify for finding in findings if finding.texts and finding.shopify]:
            ids = by_shopify(numbers)
            for finding in findings:
                if finding.texts and (found := ids.get(finding.shopify)):
                    finding.netsuite_id, finding.texts = found, None
        rows = self._write(findings)
        return [_draft(*one) for one in zip(records, findings, rows, strict=True)]

    def _find(self, record: SourceRecord) -> _Finding:
        try:
            customer = hotwax_created.customers.decode(record.data)
        except BadInput as cause:
            return _Finding(hotwax_created.guess_party_id(record.data), cause=told(cause))
        finding = _Finding(text(customer.partyId) or "")
        try:
            self._judge(customer, finding)
        except BadInput as cause:
            finding.cause = told(cause)
        return finding

    def _judge(self, customer: Customer, finding: _Finding) -> None:
        if not finding.key:
            raise BadInput("REQUIRED_FIELD", "partyId is empty.", field="partyId")
        # without a time to go by, a number that has an end is taken for one that has ended
        numbers: list[OrderIdentification] = [one for one in customer.partyIdentifications or () if not one.until]
        finding.netsuite_id = self._netsuite.open_at(0, numbers) or ""
        if not finding.netsuite_id:
            finding.shopify = self._shop.open_at(0, numbers) or ""
            prefix = self.settings.customer_external_id_prefix
            if finding.shopify and self.settings.customer_external_id == "shopify":
                finding.external_id = prefix + finding.shopify
            own = prefix + finding.key if self.settings.customer_external_id == "party" else finding.external_id
            finding.texts = self._texts(customer, finding.key, own or None, finding.shopify or None)

    def _texts(self, customer: Customer, party: str, external_id: str | None, shopify: str | None) -> Texts:
        settings = self.settings
        groups = {
            one if isinstance(one, str) else one.partyClassificationGroupId for one in customer.classifications or ()
        }
        addresses = [
            customer.email,
            *(one if isinstance(one, str) else one.emailAddress for one in customer.emails or ()),
        ]
        return (
            party,
            customer.firstName,
            customer.lastName,
            external_id,
            shopify,
            "web" if groups.isdisjoint(self._at_tills) else "pos",
            next((address for address in addresses if address and address.strip()), None),
            e164(customer.phone, settings.phone_country_code),
        )

    def _write(self, findings: Sequence[_Finding]) -> list[bytes]:
        """The row of each customer, blank where there is none; a value that does not fit becomes a cause."""
        rows = [b""] * len(findings)
        places = [at for at, finding in enumerate(findings) if finding.texts]
        if not places:
            return rows
        written, verdicts = self._rows.write(_sheet([findings[at] for at in places]))
        for place, (at, row) in enumerate(zip(places, written, strict=True)):
            cause = findings[at].cause = verdicts.causes.get(place)
            rows[at] = b"" if cause else row
        return rows


def _sheet(findings: Sequence[_Finding]) -> Sheet:
    keys = [finding.key for finding in findings]
    sheet = row_sheet(np.ones(len(keys), np.int64), np.full(len(keys), 2), keys, keys)
    columns = zip(*(finding.texts or () for finding in findings), strict=True)
    sheet.text = {
        path: clean(pa.array(values, pa.string())) for path, values in zip(CUSTOMER_TEXTS, columns, strict=True)
    }
    return sheet


def _draft(record: SourceRecord, finding: _Finding, row: bytes) -> CustomerDraft:
    return CustomerDraft(
        record=record,
        key=finding.key,
        name=finding.key,
        cause=finding.cause,
        left_out="HAS_NETSUITE_ID" if finding.netsuite_id and finding.cause is None else "",
        netsuite_id=finding.netsuite_id,
        external_id=finding.external_id if row else "",
        row=row,
    )
