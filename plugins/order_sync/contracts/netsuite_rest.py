"""What goes to NetSuite's REST API, and how it is called."""

from __future__ import annotations

import msgspec

#: The paths below an account's address.
RECORDS, TOKEN = "/services/rest/record/v1", "/services/rest/auth/oauth2/v1/token"


class NetSuiteRest(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How an account's REST API is called.

    :param pool: the Airflow pool of the steps that call it.
    :param concurrency: calls that may be under way at once; the account's limit is shared by all that use it.
    :param connect_seconds: until the connection must stand; nothing was sent when it does not.
    :param read_seconds: until the answer must be complete; the outcome is in doubt when it is not.
    :param lease_margin_seconds: beyond both, until a call whose process died is taken for one in doubt.
    :param settle_seconds: after the end of a doubtful call before NetSuite is asked what became of it.
    :param most_wait_seconds: the longest pause between two calls while the account has no room for one.
    :param patience_seconds: for how long it may have none before the rest is left for later.
    :param breaker_failures: calls in a row that must fail before the rest is left for later.
    :param look_first: whether NetSuite is asked for a record before it is sent, so that what another hand made or
        changed under the same external id is never overwritten.
    """

    pool: str
    concurrency: int
    connect_seconds: float
    read_seconds: float
    lease_margin_seconds: float
    settle_seconds: float
    most_wait_seconds: float
    patience_seconds: float
    breaker_failures: int
    look_first: bool


class RestLine(msgspec.Struct, frozen=True):
    """One record as it was promised: a line of the staged file.

    :param key: the record's key in the ledger.
    :param record: its type in NetSuite, e.g. ``salesOrder``.
    :param external_id: by which NetSuite knows it.
    :param content: SHA-256 of the rows that say the same in a CSV import: what the ledger knows the record by.
    :param body: sent exactly as it is.
    """

    key: str
    record: str
    external_id: str
    content: str
    body: msgspec.Raw

    def encoded(self) -> bytes:
        """The line, with its line feed."""
        return msgspec.json.encode(self) + b"\n"


#: Reads a line of the staged file.
rest_lines = msgspec.json.Decoder(RestLine)


class RestSublist(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Where the lines of a record stand, and what tells one from another.

    :param name: of the sublist, e.g. ``item``.
    :param number: NetSuite's own number of a line.
    :param key: HotWax's number of the line.
    :param kind: what marks the row of a discount.
    """

    name: str
    number: str
    key: str
    kind: str
