"""MDM_INV_VARIANCE, service updateInventoryByIdentification: signed stock changes, one per row.

Deltas are not idempotent: a file imported twice deducts twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from sandbox.hotwax.checks import check_variance
from sandbox.hotwax.csv_file import CsvFile, CsvRow, error_file
from sandbox.hotwax.models import Record, RecordError, Variance
from sandbox.hotwax.settings import HotWaxSettings


class VarianceCsv:
    """One inventory variance file.

    :param data: its bytes.
    :param settings: what HotWax knows.
    :param create: applies a change.
    :raises FileError: when there is no header line.
    """

    error_suffix = ".csv"

    def __init__(self, data: bytes, settings: HotWaxSettings, create: Callable[[Variance], None]) -> None:
        self._file = CsvFile(data)
        self._settings = settings
        self._create = create

    def records(self) -> Iterator[Record]:
        """Read the rows.

        :returns: one record per row.
        :raises FileError: where a row cannot be parsed.
        """
        for row in self._file.rows():
            yield Record(row.values.get("idValue", ""), partial(self._import, row), rows=(row.fields,))

    def error_file(self, refused: list[tuple[Record, str]]) -> bytes:
        """Write the error file.

        :param refused: the records with their reasons.
        :returns: its bytes.
        """
        return error_file(self._file.header, ((record.rows[0], message) for record, message in refused))

    def _import(self, row: CsvRow) -> None:
        values = row.values
        variance = Variance(
            facility_id=values.get("facilityId", ""),
            external_facility_id=values.get("externalFacilityId", ""),
            id_type=values.get("idType", ""),
            id_value=values.get("idValue", ""),
            delta=values.get("availableDelta", ""),
            location=values.get("locationSeqId", ""),
            reason=values.get("varianceReasonId", ""),
            comments=values.get("comments", ""),
        )
        faults = check_variance(variance, self._settings)
        if faults:
            raise RecordError("; ".join(faults))
        self._create(variance)
