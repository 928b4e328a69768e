"""HC_MR_CreateCustomerDeposit: one file per run, archived before the first deposit is made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from sandbox.netsuite.csv_table import RecordError
from sandbox.netsuite.database import NetSuiteDatabase
from sandbox.netsuite.faults import NetSuiteFaults
from sandbox.netsuite.folders import Folders
from sandbox.netsuite.outbox import Outbox
from sandbox.netsuite.records import Records
from sandbox.netsuite.settings import DEPOSITS, Generation, NetSuiteSettings
from sandbox.netsuite.values import js_number, read_json

SCRIPT = "HC_MR_CreateCustomerDeposit"
ERROR_SUFFIX = "ErrorCustomerDeposit"

#: Order, amount, payment method, external id.
_KEYS: dict[Generation, tuple[str, str, str, str]] = {
    "camel": ("orderId", "totalAmount", "paymentMethod", "externalId"),
    "title": ("order_id", "total_amount", "payment_method", "external_id"),
}

Result = tuple[int, str, str, str]


class DepositScript:
    """Makes customer deposits from JSON files.

    :param database: the truth.
    :param records: makes the deposits.
    :param folders: where files wait.
    :param outbox: takes the error file.
    :param settings: generation of the keys.
    :param faults: crashes, and external ids to refuse.
    """

    def __init__(
        self,
        database: NetSuiteDatabase,
        records: Records,
        folders: Folders,
        outbox: Outbox,
        settings: NetSuiteSettings,
        faults: NetSuiteFaults,
    ) -> None:
        self._database = database
        self._records = records
        self._folders = folders
        self._outbox = outbox
        self._settings = settings
        self._faults = faults

    def run(self) -> None:
        """Take the oldest file that is not empty; one that is no JSON stays, and with it every later one."""
        waiting = ((path, content) for path in self._folders.waiting(DEPOSITS) if (content := self._folders.read(path)))
        path, content = next(waiting, (None, b""))
        if path is None:
            return
        try:
            elements = read_json(content)
        except ValueError as error:
            self._folders.note_blocked(SCRIPT, path.name, content, str(error))
            return
        self._folders.move(path, "archive")
        job = self._folders.note(SCRIPT, path.name, content, "COMPLETE")
        if self._faults.take_deposit_crash():
            self._database.execute("UPDATE import_jobs SET status = 'CRASHED' WHERE number = ?", job)
            return
        results = list(self._results(elements if isinstance(elements, list) else []))
        self._folders.note_rows(job, [result for result, _ in results])
        self._tell([(key, order, result[3]) for result, (key, order) in results if result[2] == "refused"])

    def _results(self, elements: list[Any]) -> Iterator[tuple[Result, tuple[str, str]]]:
        """What became of each element; with it, by which the script tells failures apart, and the order."""
        for number, element in enumerate(elements, start=1):
            fields = element if isinstance(element, dict) else {}
            order, amount, method, external_id = (fields.get(name) for name in _KEYS[self._settings.generation])
            exact = js_number(amount)
            outcome, message = "skipped", ""
            if exact is not None and exact > 0 and order:
                outcome, message = self._create(_text(order), exact, _text(method), _text(external_id))
            key = f"{_text(order)}-{_text(external_id)}"
            yield (number, _text(external_id), outcome, message), (key, _text(order))

    def _create(self, order: str, amount: Decimal, method: str, external_id: str) -> tuple[str, str]:
        try:
            if (message := self._faults.refuse.get(external_id)) is not None:
                raise RecordError(message)
            with self._database.transaction():
                self._records.create_deposit(order, amount, method, external_id, "json")
        except RecordError as error:
            return "refused", str(error)
        return "created", ""

    def _tell(self, failures: list[tuple[str, str, str]]) -> None:
        """Write the error file; of failures with one key the script loses all, as it cannot read two at once."""
        times = Counter(key for key, _, _ in failures)
        rows = [(order, message) for key, order, message in failures if times[key] == 1]
        self._outbox.error(f"{DEPOSITS}/error", ERROR_SUFFIX, "orderId,errorMessage", rows, "")


def _text(value: object) -> str:
    return "" if value is None else str(value)
