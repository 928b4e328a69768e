"""The seam between the two ways to NetSuite: the drafts of a file for SFTP, each as one line of a staged file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

from order_sync.operators.csv_batch import CSV, Draft, Form, Rows
from order_sync.operators.netsuite_rest import SENT, rest_target
from order_sync.settings import include_folder
from order_sync.transforms.netsuite_rest_bodies import RestBodies
from order_sync.transforms.tlog_frame import SourceRecord

#: Records are promised by the batch, and move one by one, each with its own call.
REST = Form(ending="jsonl", carries_records=False)


def by_transport(
    transport: Literal["sftp", "rest"],
    rows: Rows,
    target: str,
    date_format: str,
    *,
    in_file: Form = CSV,
    keys: Sequence[str] = (),
) -> tuple[Rows, str, Form]:
    """The rows, the target and the form of the files by which records go.

    :param rows: of the CSV import; by REST with the newer column names.
    :param target: what files for SFTP are called in the ledger.
    :param date_format: in which the rows have dates.
    :param in_file: the form of files for SFTP.
    :param keys: of rows that are JSON objects; none: they are rows of a CSV import.
    """
    if transport == "sftp":
        return rows, target, in_file
    return RestRows(rows, SENT[target].form, include_folder(), date_format, keys=keys), rest_target(target), REST


class RestRows:
    """Drafts whose rows are lines of a staged file; decisions and identities are those of the CSV import.

    :param rows: of the CSV import, with the newer column names.
    :param form: name of the form of the bodies.
    :param date_format: in which the rows have dates.
    :param keys: of rows that are JSON objects; none: they are rows of a CSV import.
    :raises Stop: the form is wrong; the message names file and line.
    """

    def __init__(self, rows: Rows, form: str, include: Path, date_format: str, *, keys: Sequence[str] = ()) -> None:
        self._rows = rows
        self._bodies = RestBodies(form, include, b"" if keys else rows.header(), date_format, keys=keys)
        self.version = f"{rows.version}-{self._bodies.version}"[:33]

    def header(self) -> bytes:
        """None: every line stands for itself."""
        return b""

    def read(self, records: Iterable[SourceRecord]) -> Iterator[Sequence[Draft]]:
        """Drafts, some thousand at a time, in the order of the records."""
        for drafts in self._rows.read(records):
            yield [self._in_form(draft) for draft in drafts]

    def _in_form(self, draft: Draft) -> Draft:
        if not draft.rows:
            return draft
        known_by = draft.known_by or draft.rows
        line = self._bodies.line(draft.key, draft.rows, known_by)
        return draft._replace(rows=line, known_by=known_by)
