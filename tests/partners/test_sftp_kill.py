"""The process is killed in the middle; the next try finishes with one whole file."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from order_sync.partners.sftp import FileSink, SftpClient
from sandbox.sftp import SftpServer

from .conftest import Connect

# Imports once, then does the work in a fresh child for each line "<folder> <fault>"; answers with the child's end.
WORKER = """
import os, sys
from pathlib import Path
from order_sync.partners import sftp_worker
from order_sync.partners.sftp import FileSink, SftpClient

def work(folder):
    with SftpClient("partner_sftp") as sftp:
        sftp.fetch(sftp.list("in"), lambda file: FileSink(folder / file.name))
        sftp.publish(folder / "a.json", "out", "feed.json", taken_folders=["out/archive"])
        sftp.move("in/a.json", "in/archive")

for line in sys.stdin:
    folder, connection, fault = line.rstrip("\\n").split("\t")
    child = os.fork()
    if child == 0:
        os.environ["AIRFLOW_CONN_PARTNER_SFTP"] = connection
        os.environ["ORDER_SYNC_FAULT_AT"] = fault
        work(Path(folder))
        os._exit(0)
    print("ended", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""

BYTES = b"x" * 2_000_000
TEMPORARY = f"out/.feed.json.{hashlib.sha256(BYTES).hexdigest()[:12]}.part"


@pytest.fixture(scope="module")
def worker() -> Iterator[subprocess.Popen[str]]:
    """A process that has the imports behind it and works in children, which may be killed."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", WORKER], env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        yield process
        process.communicate()


def _work(worker: subprocess.Popen[str], folder: Path, fault: str) -> int:
    assert worker.stdin is not None
    assert worker.stdout is not None
    worker.stdin.write(f"{folder}\t{os.environ['AIRFLOW_CONN_PARTNER_SFTP']}\t{fault}\n")
    worker.stdin.flush()
    return next(int(line.split()[1]) for line in worker.stdout if line.startswith("ended "))


def _files(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("point", "left"),
    [
        ("fetch.before_download", ["in/a.json"]),
        ("fetch.after_download", ["in/a.json"]),
        ("publish.before_upload", ["in/a.json"]),
        ("publish.before_rename", ["in/a.json", TEMPORARY]),
        ("publish.after_rename", ["in/a.json", "out/feed.json"]),
        ("move.before_rename", ["in/a.json", "out/feed.json"]),
        ("move.after_rename", ["in/archive/a.json", "out/feed.json"]),
    ],
)
def test_killed_process_leaves_no_half_file_and_the_next_try_finishes(
    sandbox: SftpServer,
    connect: Connect,
    worker: subprocess.Popen[str],
    tmp_path: Path,
    point: str,
    left: list[str],
) -> None:
    (sandbox.root / "in/a.json").write_bytes(BYTES)
    staging = tmp_path / "staging"
    staging.mkdir()
    conn_id = connect(sandbox)
    assert _work(worker, staging, f"{point}:1") == -signal.SIGKILL
    assert _files(sandbox.root) == left

    with SftpClient(conn_id) as sftp:
        waiting = [file for file in sftp.list("in") if not file.is_dir]
        assert all(one.error is None for one in sftp.fetch(waiting, lambda file: FileSink(staging / file.name)))
        sftp.publish(staging / "a.json", "out", "feed.json", taken_folders=["out/archive"])
        sftp.move("in/a.json", "in/archive")
    assert _files(sandbox.root) == ["in/archive/a.json", "out/feed.json"]
    assert (sandbox.root / "out/feed.json").read_bytes() == BYTES
    assert _files(staging) == ["a.json"]


def test_work_that_is_not_killed_ends_well(
    sandbox: SftpServer, connect: Connect, worker: subprocess.Popen[str], tmp_path: Path
) -> None:
    (sandbox.root / "in/a.json").write_bytes(BYTES)
    connect(sandbox)
    assert _work(worker, tmp_path, "") == 0
    assert _files(sandbox.root) == ["in/archive/a.json", "out/feed.json"]
