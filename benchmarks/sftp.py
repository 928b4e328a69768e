"""SFTP in and out against a real OpenSSH server on loopback: our client beside OpenSSH's ``sftp`` and two Python peers.

    python -m benchmarks.sftp            # 500 MB, 1,000 x 20 KB, 10,000 x 2 KB; a few minutes
    python -m benchmarks.sftp --quick    # small sizes, to see that it works
    python -m benchmarks.sftp --write    # also puts the table into benchmarks/results.md

Every peer moves the same files; the rounds alternate the peers and the median of three is shown. Ours does more than
the others in the same time: it hashes every byte (and compares what it uploads with the hash that the staging store
has recorded), has the server confirm each size, publishes under a temporary name and renames. The provider's operator
opens a connection a file: it is given fewer files and its time is scaled up.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.results import write_section
from tests.support.openssh import OpenSsh

_ROOT = Path(__file__).resolve().parents[1]
CONN_ID = "bench_sftp"
SCALED_COUNT = 20


@dataclass(frozen=True)
class Load:
    """One set of files: how many, and the size of each in bytes."""

    count: int
    size: int

    @property
    def title(self) -> str:
        """The set in words."""
        size = f"{self.size // 1_000_000} MB" if self.size >= 1_000_000 else f"{self.size // 1_000} KB"
        return f"{self.count:,} × {size}"


FULL = (Load(1, 500_000_000), Load(1_000, 20_000), Load(10_000, 2_000))
QUICK = (Load(1, 20_000_000), Load(100, 20_000), Load(500, 2_000))


@dataclass(frozen=True)
class Bench:
    """One running server and the folders of one round: `local` holds the files, `down` takes downloads."""

    server: OpenSsh
    local: Path
    down: Path
    hashes: dict[str, str]

    @property
    def names(self) -> list[str]:
        """The names of the files."""
        return sorted(path.name for path in self.local.iterdir())

    @property
    def remote(self) -> Path:
        """The folder on the server which uploads go to and downloads come from."""
        return self.server.root / "files"


Peer = Callable[[Bench], None]


def ours_put(bench: Bench) -> None:
    """Upload under temporary names, verify by the server's own account, hash, rename."""
    from order_sync.partners.sftp import SftpClient, Upload

    with SftpClient(CONN_ID) as sftp:
        uploads = [Upload(bench.local / name, "files", name, bench.hashes[name]) for name in bench.names]
        published = sftp.publish_many(uploads)
    _require(all(one.error is None and one.renamed for one in published), "ours: a file was not published")


def ours_get(bench: Bench) -> None:
    """List, download, verify against the listing, hash, store."""
    from order_sync.partners.sftp import FileSink, SftpClient

    with SftpClient(CONN_ID) as sftp:
        fetched = sftp.fetch(sftp.list("files"), lambda file: FileSink(bench.down / file.name))
    _require(all(one.error is None for one in fetched), "ours: a file was not downloaded")


def openssh_put(bench: Bench) -> None:
    """OpenSSH's ``sftp`` in batch mode, ``mput``."""
    _openssh(bench, f"lcd {bench.local}\ncd files\nmput *\n")


def openssh_get(bench: Bench) -> None:
    """OpenSSH's ``sftp`` in batch mode, ``mget``."""
    _openssh(bench, f"lcd {bench.down}\ncd files\nmget *\n")


def paramiko_put(bench: Bench) -> None:
    """Paramiko, one connection, ``put`` with its size check."""
    with _paramiko(bench) as sftp:
        for name in bench.names:
            sftp.put(str(bench.local / name), f"files/{name}")


def paramiko_get(bench: Bench) -> None:
    """Paramiko, one connection, ``get`` with prefetch."""
    with _paramiko(bench) as sftp:
        for name in sftp.listdir("files"):
            sftp.get(f"files/{name}", str(bench.down / name))


def operator_put(bench: Bench) -> None:
    """The provider's ``SFTPOperator`` with lists."""
    _operator(bench, "put", SCALED_COUNT)


def operator_get(bench: Bench) -> None:
    """The provider's ``SFTPOperator`` with lists."""
    _operator(bench, "get", SCALED_COUNT)


PEERS: dict[str, tuple[Peer, Peer]] = {
    "**ours** (verify, hash, rename)": (ours_get, ours_put),
    "OpenSSH `sftp`": (openssh_get, openssh_put),
    "paramiko, one connection": (paramiko_get, paramiko_put),
    "provider `SFTPOperator`": (operator_get, operator_put),
}


def main() -> None:
    """Measure, print the table, and write it if asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sizes")
    parser.add_argument("--write", action="store_true", help="put the table into benchmarks/results.md")
    options = parser.parse_args()
    _import_all()
    table = _measure(QUICK if options.quick else FULL, rounds=3)
    print(table)
    if options.write:
        write_section("sftp", table)


def _measure(loads: tuple[Load, ...], rounds: int) -> str:
    cells: dict[str, list[str]] = {name: [] for name in PEERS}
    for load in loads:
        times = _times(load, rounds)
        for name in PEERS:
            get, put = (statistics.median(times[name, kind]) for kind in ("get", "put"))
            scaled = _is_scaled(name, load)
            cells[name].append(f"{get:.2f} / {put:.2f}" + (" (scaled)" if scaled else ""))
    legend = (
        f"Loopback, `sshd` of the system, {os.cpu_count()} cores, medians of {rounds}, peers alternating. "
        f"The times of the operator are scaled up from {SCALED_COUNT} files. Command: `python -m benchmarks.sftp`."
    )
    lines = [
        f"| seconds get / put | {' | '.join(load.title for load in loads)} |",
        f"|---|{'---|' * len(loads)}",
        *(f"| {name} | {' | '.join(columns)} |" for name, columns in cells.items()),
        "",
        legend,
    ]
    return "\n".join(lines)


def _times(load: Load, rounds: int) -> dict[tuple[str, str], list[float]]:
    times: dict[tuple[str, str], list[float]] = {(name, kind): [] for name in PEERS for kind in ("get", "put")}
    with tempfile.TemporaryDirectory(prefix="bench-sftp-") as folder:
        root = Path(folder)
        _generate(root / "local", load)
        hashes = {path.name: _sha256(path) for path in (root / "local").iterdir()}
        with OpenSsh(root / "remote", root / "keys") as server:
            os.environ[f"AIRFLOW_CONN_{CONN_ID.upper()}"] = server.airflow_connection()
            for _ in range(rounds):
                for name, (get, put) in PEERS.items():
                    bench = Bench(server, root / "local", root / "down", hashes)
                    scale = load.count / SCALED_COUNT if _is_scaled(name, load) else 1
                    times[name, "put"].append(scale * _time(put, bench, bench.remote))
                    times[name, "get"].append(scale * _time(get, bench, bench.down))
                    print(
                        f"{load.title}: {name}: {times[name, 'get'][-1]:.2f} / {times[name, 'put'][-1]:.2f}", flush=True
                    )
    return times


def _time(peer: Peer, bench: Bench, target: Path) -> float:
    """Time a peer that fills `target`, and check what arrived."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    os.sync()
    started = time.perf_counter()
    peer(bench)
    seconds = time.perf_counter() - started
    arrived = list(target.iterdir())
    wanted = SCALED_COUNT if peer in (operator_get, operator_put) else len(bench.names)
    _require(len(arrived) == min(wanted, len(bench.names)), f"{peer.__name__}: {len(arrived)} files arrived")
    for path in arrived[:5]:
        same = path.read_bytes() == (bench.local / path.name).read_bytes()
        _require(same, f"{peer.__name__}: {path.name} arrived with other bytes")
    return seconds


def _generate(folder: Path, load: Load) -> None:
    folder.mkdir()
    rng = random.Random(load.count)
    chunk = rng.randbytes(min(load.size, 1_000_000))
    for number in range(load.count):
        with (folder / f"tlog-{number:05}.json").open("wb") as file:
            for _ in range(load.size // len(chunk)):
                file.write(chunk)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _openssh(bench: Bench, commands: str) -> None:
    server = bench.server
    options = [f"-o{option}" for option in ("BatchMode=yes", f"UserKnownHostsFile={_known_hosts(server)}")]
    command = ["sftp", "-q", "-b", "-", *options, "-i", str(server.client_key_path), "-P", str(server.port)]
    subprocess.run(
        [*command, f"{server.user}@{server.host}"], input=commands.encode(), check=True, stdout=subprocess.DEVNULL
    )


def _known_hosts(server: OpenSsh) -> Path:
    path = server.keys / "known_hosts"
    path.write_text(f"[{server.host}]:{server.port} {server.host_key}\n")
    return path


@contextmanager
def _paramiko(bench: Bench) -> Iterator[object]:
    import paramiko

    server = bench.server
    with paramiko.SSHClient() as client:
        client.load_host_keys(str(_known_hosts(server)))
        client.connect(server.host, server.port, server.user, key_filename=str(server.client_key_path))
        with client.open_sftp() as sftp:
            yield sftp


def _operator(bench: Bench, operation: str, count: int) -> None:
    from airflow.providers.sftp.operators.sftp import SFTPOperator

    names = bench.names[:count]
    folder = bench.local if operation == "put" else bench.down
    SFTPOperator(
        task_id="transfer",
        ssh_conn_id=CONN_ID,
        local_filepath=[str(folder / name) for name in names],
        remote_filepath=[f"{bench.remote}/{name}" for name in names],
        operation=operation,
    ).execute({})


def _is_scaled(name: str, load: Load) -> bool:
    return "Operator" in name and load.count > SCALED_COUNT


def _import_all() -> None:
    """Load the libraries before the clock runs, as in a task, and keep them quiet."""
    sys.path.insert(0, str(_ROOT / "plugins"))
    os.environ.setdefault("AIRFLOW_HOME", tempfile.mkdtemp(prefix="bench-airflow-"))
    os.environ["AIRFLOW__LOGGING__LOGGING_LEVEL"] = "ERROR"
    for module in ("airflow.providers.sftp.operators.sftp", "paramiko", "order_sync.partners.sftp_worker"):
        importlib.import_module(module)


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise SystemExit(f"The measurement is not valid: {message}.")


if __name__ == "__main__":
    main()
