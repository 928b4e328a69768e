"""The ledger as one object."""

from __future__ import annotations

from types import TracebackType

from order_sync.ledger.admit import Admitting
from order_sync.ledger.alone import Alone
from order_sync.ledger.batches import Batches
from order_sync.ledger.calls import Calls
from order_sync.ledger.cursors import Cursors
from order_sync.ledger.decisions import Decisions
from order_sync.ledger.derived import Derived
from order_sync.ledger.exceptions import Exceptions
from order_sync.ledger.feeds import Feeds
from order_sync.ledger.files import Files
from order_sync.ledger.findings import Findings
from order_sync.ledger.orders import Orders
from order_sync.ledger.partner_ids import PartnerIds
from order_sync.ledger.problems import Problems
from order_sync.ledger.responses import Responses
from order_sync.ledger.stock import Stock
from order_sync.ledger.summary import Summaries
from order_sync.ledger.unanswered import Unanswered
from order_sync.ledger.upgrade import open_engine
from order_sync.ledger.volume import Volume


class Ledger(
    Files,
    Batches,
    Admitting,
    Decisions,
    Feeds,
    Calls,
    Responses,
    PartnerIds,
    Derived,
    Unanswered,
    Cursors,
    Stock,
    Summaries,
    Exceptions,
    Orders,
    Problems,
    Findings,
    Volume,
    Alone,
):
    """What happened to every file, batch, order and feed.

    Every call is one transaction and may be repeated: the second time it changes nothing. Times are arguments, aware
    and in UTC. Get one from :func:`open_ledger`; it closes itself when used in a ``with`` statement.
    """

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_ledger(url: str) -> Ledger:
    """Open the ledger at a database URL.

    :raises Stop: if there is no ledger, or its tables are not those that this code needs.
    """
    return Ledger(open_engine(url))
