"""CSV imports: what becomes of the rows of a submitted file. Nobody hears of it but the import status page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import groupby

from sandbox.netsuite.columns import CASH_SALES, CUSTOMERS, ORDER_UPDATES, SALES_ORDERS, SavedImport
from sandbox.netsuite.csv_table import CsvTable, RecordError, Row
from sandbox.netsuite.database import NetSuiteDatabase
from sandbox.netsuite.faults import NetSuiteFaults
from sandbox.netsuite.order_updates import update_order
from sandbox.netsuite.records import Records


@dataclass
class ImportResult:
    """What became of a file.

    :param status: COMPLETE, or FAILED when the whole file was refused.
    :param message: as the import status page words it.
    :param rows: row number, external id, result and message of every row.
    """

    status: str = "COMPLETE"
    message: str = ""
    rows: list[tuple[int, str, str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class _Kind:
    """How the records of a saved import are told apart and written."""

    key: str
    result: str
    write: Callable[[list[Row]], object]
    adjacent: bool = True


class CsvImports:
    """Runs the saved imports.

    :param database: where records go.
    :param records: makes them.
    :param faults: records to refuse.
    """

    def __init__(self, database: NetSuiteDatabase, records: Records, faults: NetSuiteFaults) -> None:
        self._database = database
        self._faults = faults
        self._kinds = {
            CUSTOMERS.script: _Kind(
                "externalId", "created", lambda rows: records.create_customer(rows[0], "csv"), adjacent=False
            ),
            SALES_ORDERS.script: _Kind("externalId", "created", lambda rows: records.create_order(rows, "csv")),
            CASH_SALES.script: _Kind("externalId", "created", lambda rows: records.create_cash_sale(rows, "csv")),
            ORDER_UPDATES.script: _Kind("internalId", "updated", lambda rows: update_order(database, records, rows)),
        }

    def run(self, saved: SavedImport, table: CsvTable) -> ImportResult:
        """Import a file.

        :param saved: the saved import.
        :param table: the file.
        :returns: what became of it.
        """
        kind = self._kinds[saved.script]
        rows = list(table.rows())
        for row in rows:
            if (lacking := table.lacks(row)) is not None:
                message = f"Row {row.number}: required value missing: {lacking}. The whole file was refused."
                return ImportResult(
                    "FAILED", message, [(one.number, one[kind.key], "refused", message) for one in rows]
                )
        result = ImportResult()
        with self._database.transaction():
            for record in _records(rows, kind):
                key = record[0][kind.key]
                outcome, message = self._write(kind, key, record)
                result.rows += [(row.number, key, outcome, message) for row in record]
        done = sum(row[2] != "refused" for row in result.rows)
        result.message = f"{done} of {len(result.rows)} records processed successfully"
        return result

    def _write(self, kind: _Kind, key: str, rows: list[Row]) -> tuple[str, str]:
        try:
            if (message := self._faults.refuse.get(key)) is not None:
                raise RecordError(message)
            with self._database.transaction():
                kind.write(rows)
        except RecordError as error:
            return "refused", str(error)
        return kind.result, ""


def _records(rows: list[Row], kind: _Kind) -> Iterator[list[Row]]:
    """Adjacent rows with one key are one record; without a key, those with one order name."""
    if not kind.adjacent:
        yield from ([row] for row in rows)
        return
    for _, group in groupby(rows, key=lambda row: row[kind.key] or f"name {row['orderId']}"):
        yield list(group)
