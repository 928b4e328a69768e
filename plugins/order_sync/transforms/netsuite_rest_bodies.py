"""Rows of NetSuite's CSV imports to bodies of its REST API: the same decisions and values in another form.

A body is made of the very rows that a CSV import would hold, so both ways send the same, and a record that went one
way is recognised when it comes again the other way.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any, Literal

import msgspec

from order_sync import yaml_file
from order_sync.contracts.netsuite_rest import RestLine, RestSublist

Kind = Literal["text", "number", "yes_no", "id", "reference", "date"]

_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?")
_ID = re.compile(r"-?\d+")
_YES = frozenset({"t", "true", "yes"})
#: Where year, month and day stand in a date of a CSV import, by the account's preference.
_DATE_PARTS = {
    "M/D/YYYY": (2, 0, 1), "MM/DD/YYYY": (2, 0, 1), "D/M/YYYY": (2, 1, 0), "DD/MM/YYYY": (2, 1, 0),
    "YYYY-MM-DD": (0, 1, 2),
}  # fmt: skip

Row = Mapping[str, str]


class _Field(msgspec.Struct, forbid_unknown_fields=True, frozen=True, rename={"from_": "from", "kind": "as"}):
    """One field of a body.

    :param name: where it stands, with dots between the parts.
    :param from_: the column of the CSV import; a blank one is left out of the body.
    :param kind: how its text is written.
    """

    name: str
    from_: str
    kind: Kind = "text"


class _Sublist(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The lines of a record, one for each row.

    :param same: fields that must agree for a record of NetSuite to be ours.
    """

    name: str
    number: str
    key: str
    kind: str
    same: list[str]
    fields: list[_Field]


class RestForm(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How a body is made of rows.

    :param record: type of the record in NetSuite.
    :param external_id: the column that holds its external id.
    :param same: fields that must agree for a record of NetSuite to be ours.
    """

    record: str
    external_id: str
    same: list[str]
    fields: list[_Field]
    lines: _Sublist | None = None

    @property
    def sublist(self) -> RestSublist | None:
        """Where the lines stand."""
        one = self.lines
        return RestSublist(one.name, one.number, one.key, one.kind) if one else None


def load_form(name: str, include: Path) -> RestForm:
    """Read the form ``<name>_rest.yaml`` of the mappings.

    :raises Stop: it is wrong; the message names file and line.
    """
    path = _path(name, include)
    content, places = yaml_file.load(path)
    form = yaml_file.convert(content, RestForm, path, places)
    fields = {field.name for field in form.fields}
    for number, wanted in enumerate(form.same):
        if wanted not in fields:
            raise yaml_file.wrong(*places[f".same[{number}]"], f"same: {wanted} is no field of this form")
    return form


class RestBodies:
    """Makes lines of a staged file.

    :param name: of the form.
    :param header: the first line of the CSV file; blank: rows are JSON objects with some of these ``keys``.
    :param date_format: in which the rows have dates.
    :raises Stop: the form is wrong, or names a column that there is not.
    """

    def __init__(self, name: str, include: Path, header: bytes, date_format: str, *, keys: Sequence[str] = ()) -> None:
        self.form = load_form(name, include)
        self._columns = next(csv.reader([header.decode()])) if header else []
        self._parts = _DATE_PARTS[date_format]
        path = _path(name, include)
        self.version = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        self._check(path, self._columns or keys)

    def line(self, key: str, rows: bytes, known_by: bytes) -> bytes:
        """The line of one record.

        :param key: of the record in the ledger.
        :param rows: of the record, as the CSV import would get them.
        :param known_by: what the ledger knows it by.
        """
        read = self._read(rows)
        body = self._object(self.form.fields, read[0])
        if self.form.lines:
            body[self.form.lines.name] = {"items": [self._object(self.form.lines.fields, row) for row in read]}
        content = hashlib.sha256(known_by).hexdigest()
        written = msgspec.Raw(msgspec.json.encode(body))
        return RestLine(key, self.form.record, read[0][self.form.external_id], content, written).encoded()

    def _read(self, rows: bytes) -> list[Row]:
        if self._columns:
            read = csv.reader(StringIO(rows.decode(), newline=""))
            return [dict(zip(self._columns, cells, strict=True)) for cells in read]
        return [{name: _text(value) for name, value in msgspec.json.decode(rows).items()}]

    def _object(self, fields: Sequence[_Field], row: Row) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for field in fields:
            if text := row.get(field.from_, "").strip():  # as the CSV import does
                *groups, last = field.name.split(".")
                place = made
                for group in groups:
                    place = place.setdefault(group, {})
                place[last] = self._value(field.kind, text)
        return made

    def _value(self, kind: Kind, text: str) -> Any:
        if kind == "number":  # as it is written, so that no digit is lost
            return msgspec.Raw(text.encode()) if _NUMBER.fullmatch(text) else text
        if kind == "yes_no":
            return text.lower() in _YES
        if kind == "id":
            return {"id": text}
        if kind == "reference":
            return {"id" if _ID.fullmatch(text) else "refName": text}
        if kind == "date":
            parts = re.split(r"[/-]", text)
            year, month, day = (parts[at] for at in self._parts)
            return f"{year}-{month:>02}-{day:>02}"
        return text

    def _check(self, path: Path, columns: Sequence[str]) -> None:
        _, places = yaml_file.load(path)
        listed = {f".fields[{number}]": field for number, field in enumerate(self.form.fields)}
        if self.form.lines:
            listed |= {f".lines.fields[{number}]": field for number, field in enumerate(self.form.lines.fields)}
        for place, field in listed.items():
            if field.from_ not in columns:
                raise yaml_file.wrong(*places[f"{place}.from"], f"from: there is no column {field.from_}")


def _text(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else str(value)


def _path(name: str, include: Path) -> Path:
    return include / "mappings" / f"{name}_rest.yaml"
