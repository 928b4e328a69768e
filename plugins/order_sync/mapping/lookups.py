"""Lookup tables: CSV files with the columns ``key,value,description`` in include/mappings/lookups."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from order_sync.yaml_file import wrong


@dataclass(frozen=True)
class Lookup:
    """One table.

    :param name: the file's name without its ending, as mappings call it.
    :param path: the file, for messages.
    :param values: what each key stands for.
    """

    name: str
    path: Path
    values: dict[str, str]

    @property
    def keys(self) -> pa.StringArray:
        """The keys as an array, in file order."""
        return pa.array(list(self.values), pa.string())

    @property
    def targets(self) -> pa.StringArray:
        """The value of each key, in the order of :attr:`keys`; blank is null."""
        return pa.array([value or None for value in self.values.values()], pa.string())


def find(folder: Path, retailer: str, name: str) -> Path:
    """The file of a table: the retailer's own where there is one, else the common one."""
    own = folder / retailer / f"{name}.csv"
    return own if own.is_file() else folder / f"{name}.csv"


def load(path: Path) -> Lookup:
    """Read a table; blanks around keys and values are none of them.

    :raises Stop: the file is missing or a line is not ``key,value,description`` with a key of its own; the message
        names file and line.
    """
    values: dict[str, str] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            if next(reader, None) != ["key", "value", "description"]:
                raise wrong(path, 1, "the first line must be key,value,description")
            for row in reader:
                key, value = (row[0].strip(), row[1].strip()) if len(row) == 3 else ("", "")
                if not key:
                    raise wrong(path, reader.line_num, "it needs a key, a value and a description (it may be empty)")
                if key in values:
                    raise wrong(path, reader.line_num, f"the key {key!r} stands there twice")
                values[key] = value
    except OSError as error:
        raise wrong(path, 1, f"the lookup table cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise wrong(path, 1, "the lookup table is not UTF-8 text; save it as CSV UTF-8") from error
    return Lookup(path.stem, path, values)
