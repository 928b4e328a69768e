"""The responses folder on SFTP: every answer of the partner as one line of JSON, in a file that is put there once."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from order_sync.flow import Run
from order_sync.ledger import Call, Ledger
from order_sync.partners.sftp import SftpClient
from order_sync.settings import RetailProInvoicing
from order_sync.staging import Staging

#: The most answers of one file.
_MOST = 5_000


def file_responses(
    book: Ledger, run: Run, *, flow: str, retailer: str, conn_id: str, settings: RetailProInvoicing, label: str
) -> int:
    """Put every answer that stands in no file yet into one, and the files into the responses folder.

    :param flow: the ledger flow whose calls they are.
    :param label: what the file names say about their content.
    :returns: how many answers were filed.
    """
    filed = 0
    while calls := book.calls_to_file(flow, retailer, limit=_MOST):
        name = calls[0].response_file
        if not name:
            moment = calls[0].started_at.astimezone(settings.zone)
            name = f"{settings.file_prefix}_{label}_{moment:%Y-%m-%d-%H_%M_%S}_{calls[0].id:08d}.jsonl"
            book.give_file([call.id for call in calls], name)
        lines = b"".join(map(_line, calls))
        with Staging().scratch() as folder:
            local = Path(folder) / "responses"
            local.write_bytes(lines)
            with SftpClient(conn_id) as sftp:
                sftp.publish(local, settings.folders.responses, name, sha256=hashlib.sha256(lines).hexdigest())
        book.filed([call.id for call in calls], at=run.now)
        filed += len(calls)
    return filed


def _line(call: Call) -> bytes:
    content = {
        "number": call.order_key,
        "operation": call.operation,
        "attempt": call.attempt,
        "request_sha256": call.request_hash,
        "started_at": call.started_at.isoformat(),
        "milliseconds": call.milliseconds,
        "outcome": call.outcome,
        "message": call.message,
        "status": call.status,
        "headers": dict(call.headers),
        "body": call.body,
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
