"""Files: bytes that partners sent, known by their hash, whatever their names."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from order_sync.ledger.bulk import among, chunks, insert_rows
from order_sync.ledger.connection import Store
from order_sync.ledger.rows import FileRow, FileSeen
from order_sync.ledger.schema import file_sightings, files, storable


class Files(Store):
    """The part of the ledger that keeps files."""

    def record_file(self, flow: str, retailer: str, seen: FileSeen, *, at: datetime) -> FileRow:
        """Register one file; see :meth:`record_files`."""
        return self.record_files(flow, retailer, [seen], at=at)[0]

    def sighted(self, flow: str, retailer: str, names: Sequence[str]) -> set[tuple[str, int, datetime | None]]:
        """Return which files of some names were taken in before: name, size and the partner's time."""
        columns = [file_sightings.c.name, files.c.size, file_sightings.c.mtime]
        query = sa.select(*columns).join(files, files.c.id == file_sightings.c.file_id)
        found: set[tuple[str, int, datetime | None]] = set()
        with self._reading() as connection:
            for chunk in chunks(sorted(set(names))):
                named = among(connection, file_sightings.c.name, chunk)
                rows = connection.execute(query.where(named, files.c.flow == flow, files.c.retailer == retailer))
                found |= {(row.name, row.size, row.mtime) for row in rows}
        return found

    def record_files(self, flow: str, retailer: str, seen: Sequence[FileSeen], *, at: datetime) -> list[FileRow]:
        """Register files by their bytes, and every name and time they were seen under.

        Bytes that are known keep their row: only the sighting is added, and that once per name, folder and time.

        :returns: one row for each of ``seen``, in its order; the second of two equal files in one call is ``known``.
        """
        hashes = list(dict.fromkeys(file.sha256 for file in seen))
        with self._writing_flow(flow, retailer) as connection:
            known = _read(connection, flow, retailer, hashes)
            fresh = {file.sha256: _file_row(flow, retailer, file, at) for file in reversed(seen)}
            created = [fresh[sha256] for sha256 in hashes if sha256 not in known]
            insert_rows(connection, files, created)
            rows = known | _read(connection, flow, retailer, [row["sha256"] for row in created])
            _add_sightings(connection, [(rows[file.sha256]["id"], file) for file in seen], at)
        answers = []
        met = set(known)
        for file in seen:
            answers.append(FileRow(**rows[file.sha256], known=file.sha256 in met))
            met.add(file.sha256)
        return answers


def _read(connection: Connection, flow: str, retailer: str, hashes: Sequence[str]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for chunk in chunks(hashes):
        query = sa.select(files).where(
            files.c.flow == flow, files.c.retailer == retailer, among(connection, files.c.sha256, chunk)
        )
        found |= {row.sha256: dict(row._mapping) for row in connection.execute(query)}
    return found


def _file_row(flow: str, retailer: str, file: FileSeen, at: datetime) -> dict[str, Any]:
    return {
        "flow": flow, "retailer": retailer, "sha256": file.sha256, "size": file.size, "uri": file.uri,
        "first_name": file.name, "first_seen_at": at,
    }  # fmt: skip


def _add_sightings(connection: Connection, seen: Sequence[tuple[int, FileSeen]], at: datetime) -> None:
    wanted = {(file_id, storable(file.name), storable(file.folder), file.mtime): file_id for file_id, file in seen}
    known = set()
    for chunk in chunks(sorted(set(wanted.values()))):
        query = sa.select(
            file_sightings.c.file_id, file_sightings.c.name, file_sightings.c.folder, file_sightings.c.mtime
        ).where(among(connection, file_sightings.c.file_id, chunk))
        known |= {tuple(row) for row in connection.execute(query)}
    rows = [
        {"file_id": file_id, "name": name, "folder": folder, "mtime": mtime, "seen_at": at}
        for file_id, name, folder, mtime in wanted
        if (file_id, name, folder, mtime) not in known
    ]
    insert_rows(connection, file_sightings, rows)
