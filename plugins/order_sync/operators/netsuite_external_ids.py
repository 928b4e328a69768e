"""Which customer an External ID means: NetSuite's return file knows no party, and it may hold Shopify's number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from order_sync.contracts.netsuite_files import CustomerId
from order_sync.errors import BadInput
from order_sync.flow import NETSUITE_CUSTOMERS, Run
from order_sync.ledger import Ledger
from order_sync.ledger.states import SENDING
from order_sync.operators.netsuite_replies import CUSTOMER, CUSTOMER_BY_SHOPIFY, PARTY_BY_EXTERNAL_ID, Replies

if TYPE_CHECKING:
    from order_sync.transforms.netsuite_customers import CustomerDraft


def keep_parties(book: Ledger, run: Run, retailer: str, drafts: Iterable[CustomerDraft]) -> dict[str, BadInput]:
    """Keep whose External ID is whose, of customers that go out under something else than their party id.

    :returns: by party, why one must not go out: NetSuite gets, or has, another customer under its External ID.
    """
    parties: dict[str, list[str]] = defaultdict(list)
    for draft in drafts:
        if draft.external_id:
            parties[draft.external_id].append(draft.key)
    if not parties:
        return {}
    kept = book.ids_of(retailer, PARTY_BY_EXTERNAL_ID, list(parties))
    strange = sorted(party for key, party in kept.items() if {party} != set(parties[key]))
    standing = book.records_by_order(NETSUITE_CUSTOMERS, retailer, strange)
    live = {record.order_key for record in standing if record.state in SENDING}
    owners = {key: kept[key] if kept.get(key) in live else some[0] for key, some in parties.items()}
    if not run.dry_run:
        book.follow_ids(retailer, PARTY_BY_EXTERNAL_ID, owners, source="customers feed", at=run.now)
    return {party: _same(owners[key]) for key, some in parties.items() for party in some if party != owners[key]}


def told_customers(
    book: Ledger, retailer: str, replies: Replies, rows: Sequence[CustomerId]
) -> dict[str, dict[str, str]]:
    """NetSuite's ids of customers, by kind of id and by key, from what it tells by External IDs."""
    prefix, names = replies.prefix, [row.party_id for row in rows]
    parties = book.ids_of(retailer, PARTY_BY_EXTERNAL_ID, sorted({*names, *(prefix + name for name in names)}))
    ids: dict[str, dict[str, str]] = {CUSTOMER: {}, CUSTOMER_BY_SHOPIFY: {}}
    strangers = dict[str, str]()
    for row in rows:
        own = row.party_id.removeprefix(prefix) or row.party_id
        party = parties.get(row.party_id) or parties.get(prefix + row.party_id)
        if not party:
            strangers[own] = row.netsuite_id
            continue
        ids[CUSTOMER][party] = row.netsuite_id
        if replies.by_shopify:
            ids[CUSTOMER_BY_SHOPIFY][own] = row.netsuite_id
    # sent when External IDs were party ids still, or never sent by us
    sent = book.records_by_order(NETSUITE_CUSTOMERS, retailer, list(strangers)) if replies.by_shopify else []
    known = {record.order_key for record in sent}
    for own, netsuite_id in strangers.items():
        ids[CUSTOMER_BY_SHOPIFY if replies.by_shopify and own not in known else CUSTOMER][own] = netsuite_id
    return ids


def _same(other: str) -> BadInput:
    message = f"NetSuite gets the customer {other} under the same External ID."
    return BadInput("SAME_EXTERNAL_ID", message, field="partyIdentifications")
