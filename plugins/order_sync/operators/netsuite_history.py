"""load_customers: NetSuite's ids of the customers that it had before the first feed, so that none is made twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from order_sync.contracts import netsuite_history
from order_sync.contracts.netsuite_history import HistoricalCustomer, History
from order_sync.errors import Stop
from order_sync.flow import Run
from order_sync.ledger import Ledger
from order_sync.operators.base import FlowOperator
from order_sync.operators.netsuite_replies import CUSTOMER, CUSTOMER_BY_SHOPIFY
from order_sync.operators.problem_notes import Notes
from order_sync.partners.sftp import FileSink, RemoteFile, SftpClient
from order_sync.settings import HistoricalCustomers
from order_sync.staging import Staging


class LoadHistory(FlowOperator):
    """Reads the files of historical customers, leaves them where they lie, and keeps the ids.

    :param conn_id: the SFTP connection.
    :param history: where the files lie, and their columns.
    :returns: how many customers the files tell of, by kind of id.
    :raises Stop: there is no file.
    """

    def __init__(self, *, conn_id: str, history: HistoricalCustomers, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.conn_id, self.history = conn_id, history

    def step(self, run: Run, book: Ledger) -> dict[str, int]:
        """Keep what every file tells; the same file again changes nothing."""
        columns = HistoricalCustomer(self.history.netsuite_id, self.history.shopify_id, self.history.party_id)
        notes, counts = Notes(run, book, self.flow, self.retailer), dict.fromkeys((CUSTOMER_BY_SHOPIFY, CUSTOMER), 0)
        with Staging().scratch() as folder, SftpClient(self.conn_id) as sftp:
            for name, path in self._files(run, sftp, folder):
                history = netsuite_history.read(name, path.read_bytes(), columns)
                for kind, pairs in _by_kind(history):
                    counts[kind] += self._keep(run, book, notes, name, kind, pairs)
                if history.strange:
                    shown = ", ".join(map(str, history.strange[:10])) + (", …" if len(history.strange) > 10 else "")
                    message = f"{len(history.strange)} lines of {name!r:.120} could not be read: {shown}."
                    notes.tell("customers", message, "Look at the file; the other lines were taken in.")
        self.log.info("Customers that NetSuite has: %s.", counts)
        return counts

    def _files(self, run: Run, sftp: SftpClient, folder: Path) -> Iterator[tuple[str, Path]]:
        """The files, the oldest first, whether or not HotWax has archived them; of two of a name the newest."""
        folders = self.history.folder, f"{self.history.folder}/archive"
        listed = [file for place in folders for file in _listed(sftp, place, must_be=place == folders[0])]
        wanted = set(run.param("files") or [])
        files = {file.name: file for file in sorted(listed, key=_age) if not wanted or file.name in wanted}
        if not files or wanted - files.keys():
            raise Stop(
                f"{', '.join(sorted(wanted - files.keys())) or 'No file of customers'}: not found in {folders[0]}.",
                next_step="Have NetSuite run its script that exports historical customers, then clear this task.",
            )
        places = {file.path: folder / str(number) for number, file in enumerate(files.values())}
        for fetched in sftp.fetch(list(files.values()), lambda file: FileSink(places[file.path])):
            if fetched.error is not None:
                raise fetched.error
            yield fetched.remote.name, places[fetched.remote.path]

    def _keep(
        self, run: Run, book: Ledger, notes: Notes, name: str, kind: str, pairs: Iterable[tuple[str, str]]
    ) -> int:
        """Keep the ids of one kind, the first one of each key, and tell where NetSuite has several."""
        ids: dict[str, str] = {}
        doubles: dict[str, tuple[str, str]] = {}
        for key, value in pairs:
            if ids.setdefault(key, value) != value:
                doubles[key] = ids[key], value
        if not run.dry_run:
            doubles = book.keep_ids(self.retailer, kind, ids, source=name, at=run.now) | doubles
        if doubles:
            whose = "Shopify's customer" if kind == CUSTOMER_BY_SHOPIFY else "HotWax's customer"
            told = [f"{whose} {key} is {kept}, and {other} as well" for key, (kept, other) in doubles.items()]
            step = "The first one is used. Look in NetSuite which one is right, and merge or close the other."
            notes.tell_named("customers", f"NetSuite has {len(told)} customers more than once", told, step)
        return len(ids)


def _by_kind(history: History) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """What leads to NetSuite's ids, by kind."""
    customers = history.customers
    yield CUSTOMER_BY_SHOPIFY, [(one.shopify_id, one.netsuite_id) for one in customers if one.shopify_id]
    yield CUSTOMER, [(one.party_id, one.netsuite_id) for one in customers if one.party_id]


def _listed(sftp: SftpClient, folder: str, *, must_be: bool) -> Sequence[RemoteFile]:
    """The files of a folder; HotWax's archive is there once it has archived one."""
    try:
        return [file for file in sftp.list(folder) if not file.is_dir and file.name.lower().endswith(".csv")]
    except Stop:
        if must_be:
            raise
        return []


def _age(file: RemoteFile) -> tuple[object, str]:
    return file.mtime, file.path
