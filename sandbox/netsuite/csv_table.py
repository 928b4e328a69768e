"""Reading a CSV file through a saved import: columns by header text, unknown ones left alone."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.netsuite.columns import SavedImport
from sandbox.netsuite.settings import NetSuiteSettings


class SubmitError(Exception):
    """NetSuite does not even take the file: it ends in ``failed``, and an error file says why."""


class RecordError(Exception):
    """One record is refused; only NetSuite's import status page says so."""


@dataclass(frozen=True)
class Row:
    """One row below the header.

    :param number: 1 for the first.
    :param values: by column name of the newer generation, blanks trimmed; columns that the file lacks are missing.
    """

    number: int
    values: dict[str, str]

    def __getitem__(self, name: str) -> str:
        """The value of a column, blank when the file has no such column."""
        return self.values.get(name, "")


class CsvTable:
    """A CSV file as a saved import sees it. One that breaks off is read as far as it goes: nothing tells its end.

    :param content: the bytes.
    :param saved: the import.
    :param settings: generation of the header texts, most rows.
    :raises SubmitError: not UTF-8, a required column is missing, or there are too many rows.
    """

    def __init__(self, content: bytes, saved: SavedImport, settings: NetSuiteSettings) -> None:
        try:
            text = content.decode("utf-8-sig")
            lines = [fields for fields in csv.reader(io.StringIO(text, newline="")) if any(fields)]
        except (UnicodeDecodeError, csv.Error) as error:
            raise SubmitError("The file could not be read as CSV in UTF-8") from error
        headers = saved.headers(settings.generation)
        found = [name.strip() for name in lines[0]] if lines else []
        missing = [text for text, column in headers.items() if column.required and text not in found]
        if missing:
            raise SubmitError(f"Missing columns of the saved CSV import: {' '.join(missing)}")
        if len(lines) - 1 > settings.most_rows:
            raise SubmitError(f"The file has {len(lines) - 1} rows. The limit is {settings.most_rows}")
        self._columns = [headers[name].camel if name in headers else None for name in found]
        self._lines = lines[1:]
        self._required = {column.camel: text for text, column in headers.items() if column.required}

    def rows(self) -> Iterator[Row]:
        """The rows, in order, without blank ones."""
        names = self._columns
        for number, fields in enumerate(self._lines, start=1):
            padded = [*fields, *[""] * (len(names) - len(fields))]
            values = {name: text.strip() for name, text in zip(names, padded, strict=False) if name is not None}
            yield Row(number, values)

    def lacks(self, row: Row) -> str | None:
        """The first required value that a row lacks.

        :param row: one of this table.
        :returns: the header text of its column, None when all are there.
        """
        return next((text for name, text in self._required.items() if not row[name]), None)
