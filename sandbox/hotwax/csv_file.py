"""Reading and writing the CSV files of the Data Manager. Columns are found by name; unknown ones are ignored."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sandbox.hotwax.models import FileError

#: Name of the extra last column of an error file.
ERROR_COLUMN = "_ERROR_MESSAGE_"


@dataclass(frozen=True)
class CsvRow:
    """One row: its values by column name (blanks trimmed, missing ones blank) and its fields as they stood."""

    values: dict[str, str]
    fields: tuple[str, ...]


class CsvFile:
    """A CSV file, read row by row.

    A file that breaks off is read as far as it goes: nothing in a CSV file tells where it should end.

    :param data: the bytes; UTF-8, bytes that are not become U+FFFD.
    :raises FileError: when there is no header line.
    """

    def __init__(self, data: bytes) -> None:
        text = data.decode("utf-8-sig", errors="replace")
        self._reader = csv.reader(io.StringIO(text, newline=""))
        header = self._next()
        if not header or not any(header):
            raise FileError("Invalid Format: the file is empty")
        self.header = tuple(name.strip() for name in header)

    def rows(self) -> Iterator[CsvRow]:
        """Read the rows, without the blank ones.

        :returns: the rows in order.
        :raises FileError: where a row cannot be parsed.
        """
        while (fields := self._next()) is not None:
            if any(fields):
                padded = [*fields, *[""] * (len(self.header) - len(fields))]
                values = {name: value.strip() for name, value in zip(self.header, padded, strict=False)}
                yield CsvRow(values, tuple(fields))

    def _next(self) -> list[str] | None:
        try:
            return next(self._reader, None)
        except csv.Error as error:
            raise FileError(f"Invalid Format: line {self._reader.line_num}: {error}") from error


def error_file(header: tuple[str, ...], rows: Iterable[tuple[tuple[str, ...], str]]) -> bytes:
    """Write the rows that were refused, with the reason as an extra last column.

    :param header: the header of the imported file.
    :param rows: the fields as they stood, and the reason.
    :returns: the error file.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*header, ERROR_COLUMN])
    for fields, message in rows:
        padded = [*fields, *[""] * (len(header) - len(fields))]
        writer.writerow([*padded[: len(header)], message])
    return text.getvalue().encode()
