"""What scripts put onto SFTP: return files with all that may happen to them, and error files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sandbox.netsuite.database import NetSuiteDatabase
from sandbox.netsuite.faults import NetSuiteFaults, ReturnFault
from sandbox.netsuite.settings import NetSuiteSettings


@dataclass(frozen=True)
class ReturnFile:
    """A kind of return file.

    :param suffix: ending of its name, without ``.csv``.
    :param folder: below ``netsuite/``.
    :param header: its header row.
    :param dated: whether its name begins with a plain date instead of a JavaScript one.
    """

    suffix: str
    folder: str
    header: str
    dated: bool = False


def js_date(moment: datetime, zone: str) -> str:
    """Write a time as JavaScript turns a Date into text.

    :param moment: aware.
    :param zone: IANA name.
    :returns: for example ``Sat Nov 21 2026 01:02:03 GMT-0800 (PST)``.
    """
    return moment.astimezone(ZoneInfo(zone)).strftime("%a %b %d %Y %H:%M:%S GMT%z (%Z)")


class Outbox:
    """Writes files into the folders below ``netsuite/``; nothing in them is quoted.

    :param root: local ``netsuite`` folder.
    :param database: remembers return files.
    :param settings: the zone of names.
    :param faults: what shall happen to return files.
    :param clock: gives the present time, aware UTC.
    """

    def __init__(
        self,
        root: Path,
        database: NetSuiteDatabase,
        settings: NetSuiteSettings,
        faults: NetSuiteFaults,
        clock: Callable[[], datetime],
    ) -> None:
        self._root = root
        self._database = database
        self._settings = settings
        self._faults = faults
        self._clock = clock

    def send(self, kind: ReturnFile, rows: Sequence[Sequence[object]], run: int) -> None:
        """Send a return file; nothing is sent when there are no rows.

        :param kind: of the file.
        :param rows: their values.
        :param run: the present run.
        """
        if not rows:
            return
        fault = self._faults.take(kind.suffix)
        for part, state, due in _parts(list(rows), fault, run):
            content = "".join(f"{line}\n" for line in (kind.header, *(",".join(map(str, row)) for row in part)))
            name = self._name(kind)
            columns = {"suffix": kind.suffix, "folder": kind.folder, "name": name, "content": content}
            self._database.insert("return_files", {**columns, "state": state, "due_run": due})
            if state == "sent":
                self._write(kind.folder, name, content)

    def send_waiting(self, run: int) -> None:
        """Send the return files whose delay is over.

        :param run: the present run.
        """
        query = "SELECT * FROM return_files WHERE state = 'waiting' AND due_run <= ? ORDER BY number"
        for file in self._database.rows(query, run):
            self._write(file["folder"], file["name"], file["content"])
            self._database.execute("UPDATE return_files SET state = 'sent' WHERE number = ?", file["number"])

    def error(self, folder: str, suffix: str, header: str, rows: Sequence[tuple[str, str]], glue: str) -> None:
        """Write an error file; nothing is written when there are no rows.

        :param folder: below ``netsuite/``.
        :param suffix: ending of its name, without ``.csv``.
        :param header: its header row.
        :param rows: what failed, and the message.
        :param glue: what stands between rows: a comma where the script turns an array into text.
        """
        if rows:
            content = f"{header}\n" + glue.join(f"{what},{message}\n" for what, message in rows)
            self._write(folder, self._name(ReturnFile(suffix, folder, header)), content)

    def _name(self, kind: ReturnFile) -> str:
        """A name that was not used before: scripts run minutes apart, tests do not."""
        moment = self._clock()
        while True:
            local = moment.astimezone(ZoneInfo(self._settings.zone))
            date = local.strftime("%Y-%m-%d-%H-%M-%S") if kind.dated else js_date(moment, self._settings.zone)
            name = f"{date}-{kind.suffix}.csv"
            query = "SELECT 1 FROM return_files WHERE folder = ? AND name = ?"
            if not (self._root / kind.folder / name).exists() and not self._database.rows(query, kind.folder, name):
                return name
            moment += timedelta(seconds=1)

    def _write(self, folder: str, name: str, content: str) -> None:
        path = self._root / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8", newline="")


_Part = tuple[list[Sequence[object]], str, int]


def _parts(rows: list[Sequence[object]], fault: ReturnFault | None, run: int) -> list[_Part]:
    """What goes out of a return file: rows, state, and the run in which they come."""
    if fault is None:
        return [(rows, "sent", run)]
    later = run + fault.runs
    parts: dict[str, list[_Part]] = {
        "lose": [(rows, "lost", run)],
        "delay": [(rows, "waiting", later)],
        "duplicate": [(rows, "sent", run), (rows, "sent", run)],
        "lose_half": [(rows[::2], "sent", run), (rows[1::2], "lost", run)],
        "delay_half": [(rows[::2], "sent", run), (rows[1::2], "waiting", later)],
    }
    return [part for part in parts[fault.kind] if part[0]]
