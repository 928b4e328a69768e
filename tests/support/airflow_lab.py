"""A laboratory for whole DAG runs: the partners on loopback, a ledger of its own, Airflow as ``dag.test()`` runs it.

Every run is a process of its own (see :mod:`tests.support.airflow_forks`), so it may be killed, and a run that hangs is
ended. What has to come of the TLogs is worked out from the TLogs by :class:`~tests.support.truth.Truth`.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import yaml

from order_sync.ledger import Batch, Ledger, open_ledger, upgrade
from sandbox.hotwax import HotWaxSettings
from sandbox.hotwax.completed_orders import write_feed
from sandbox.netsuite import NetSuiteSettings
from sandbox.predictspring_files import write_files
from sandbox.sftp import SftpServer
from sandbox.world import World

ROOT = Path(__file__).resolve().parents[2]
DAG = FLOW = "predictspring_order_sync"
INVOICING = "retailpro_invoicing"
NETSUITE, CASH_SALES = "netsuite_created_orders", "netsuite_cash_sales"
SHOPIFY = "shopify_order_import"

#: The answers of the sandbox's Retail Pro, as its overlay states them, at the pace of a test.
_SANDBOX_API = yaml.safe_load((ROOT / "sandbox" / "overlay.yaml").read_text(encoding="utf-8"))[INVOICING]["api"]
_API = {**_SANDBOX_API, "connect_seconds": 2, "read_seconds": 1, "lease_margin_seconds": 0.3, "settle_seconds": 0.1}

#: Nobody waits in a test, and a task that failed has failed: what a retry does, a further run shows.
PATIENCE: dict[str, Any] = {
    "retries": 0,
    "retry_delay_seconds": 0.1,
    FLOW: {
        "arrival": {"stable_seconds": 0.05, "poke_seconds": 0.1},
        "confirm": {"poke_seconds": 0.1, "timeout_seconds": 20},
    },
    INVOICING: {"arrival": {"stable_seconds": 0.05, "poke_seconds": 0.1}, "api": _API},
    NETSUITE: {"arrival": {"stable_seconds": 0.05, "poke_seconds": 0.1}},
    CASH_SALES: {"arrival": {"stable_seconds": 0.05, "poke_seconds": 0.1}},
    SHOPIFY: {"confirm_poke_seconds": 0.1, "confirm_seconds": 20},
    "netsuite_cash_sales": {"arrival": {"stable_seconds": 0.05, "poke_seconds": 0.1}},
}


class Run(NamedTuple):
    """A finished run.

    :param tasks: state by task id.
    :param log: everything it wrote.
    """

    run_id: str
    state: str
    tasks: dict[str, str]
    log: str


@dataclass(frozen=True)
class Running:
    """A run that was started in the process `pid`."""

    pid: int
    log: Path
    result: Path


class Airflow:
    """The process that forks for every run; start it once a session, it takes ten seconds.

    :param home: a folder for Airflow's own database.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.database = home / "airflow.db"
        self._log = home / "forks.log"
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self.home.mkdir(parents=True, exist_ok=True)
        environment = {
            **os.environ,
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.database}",
            "AIRFLOW__API_AUTH__JWT_SECRET": "nobody outside this process ever talks to it, whatever the key",
            "PYTHONPATH": os.pathsep.join((str(ROOT / "plugins"), str(ROOT))),
        }
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.airflow_forks"],
                cwd=ROOT, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
            )  # fmt: skip
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.communicate()

    def ask(self, **request: Any) -> dict[str, Any]:
        """Send a request, wait for the answer.

        :raises RuntimeError: the process has ended.
        """
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"The process that runs the DAGs has ended:\n{self._log.read_text()[-4000:]}")
        return dict(json.loads(answer))


class AirflowLab:
    """Partners, ledger, staging store and settings of one test.

    HotWax has an SFTP door of its own, :attr:`hotwax_sftp`, to the same folders: the partners fail one at a time.

    :param airflow: where the runs happen.
    :param home: a folder for everything else.
    :param hotwax: what HotWax knows.
    """

    def __init__(self, airflow: Airflow, home: Path, hotwax: HotWaxSettings | None = None) -> None:
        self.home = home
        self._airflow = airflow
        self._numbers = itertools.count(1)
        self.world = World(
            home / "partners",
            hotwax=hotwax or HotWaxSettings(poll_seconds=0.02),
            netsuite=NetSuiteSettings(poll_seconds=3_600),  # a test lets it tick
        )
        self.hotwax_sftp = SftpServer(self.world.sftp.root, keys=home / "partners" / "hotwax_keys")
        self.connections_path = home / "connections.yaml"
        self.ledger_path = home / "ledger.sqlite"
        self._overlay = home / "overlay.yaml"
        self._environment: dict[str, str] = {}
        self._feeds = itertools.count()

    def __enter__(self) -> Self:
        self.world.start()
        self.hotwax_sftp.start()
        shutil.copyfile(self.world.connections_path, self.connections_path)
        self.connect(hotwax_sftp=door(self.hotwax_sftp))
        self.settings()
        template = self._airflow.home / "ledger.sqlite"
        if not template.exists():
            upgrade(f"sqlite:///{template}")
        shutil.copyfile(template, self.ledger_path)
        if not (self.home / "airflow.db").exists():
            (self.home / "airflow.db").symlink_to(self._airflow.database)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hotwax_sftp.stop()
        self.world.stop()

    # What is set up.

    @property
    def inbox(self) -> Path:
        """Where PredictSpring puts its TLogs."""
        return self.world.tlog_folder

    def drop(self, *orders: Mapping[str, Any], stem: str = "tlog", layout: str = "one_per_file") -> list[Path]:
        """Put orders into the inbox."""
        return write_files(self.inbox, [dict(order) for order in orders], layout, stem=stem)

    def complete(self, orders: Iterable[dict[str, Any]], layout: str = "array") -> Path:
        """Let HotWax write a feed of completed orders."""
        at = datetime(2026, 9, 1, 6, tzinfo=UTC) + timedelta(minutes=15 * next(self._feeds))
        return write_feed(self.world.completed_orders_folder, orders, at, layout)

    def settings(self, **changes: Any) -> None:
        """Lay settings over the retailers', from now on; those of the flow by their own names."""
        own = {name: changes.pop(name) for name in list(changes) if name in {"retries", "contacts", "connections"}}
        flow = {**PATIENCE[FLOW], **changes}
        self._overlay.write_text(yaml.safe_dump({**PATIENCE, **own, FLOW: flow}))

    def invoicing(self, **api: Any) -> None:
        """Lay settings over how the retailers call Retail Pro, from now on."""
        flow = {**PATIENCE[INVOICING], "api": {**_API, **api}}
        self._overlay.write_text(yaml.safe_dump({**PATIENCE, INVOICING: flow}))

    def netsuite_by_rest(self, **rest: Any) -> None:
        """Lay settings over how the retailers call NetSuite, from now on: by REST."""
        flow = {**PATIENCE[NETSUITE], "transport": "rest"}
        self._overlay.write_text(yaml.safe_dump({**PATIENCE, NETSUITE: flow, "netsuite_rest": rest}))

    def environment(self, **values: str) -> None:
        """Set environment variables of all further runs."""
        self._environment |= values

    def connections(self) -> dict[str, Any]:
        """The connections as the runs read them."""
        return dict(yaml.safe_load(self.connections_path.read_text()))

    def connect(self, **changes: Mapping[str, Any]) -> None:
        """Change connections from now on.

        :param changes: connection id to the values that become others.
        """
        connections = self.connections()
        for name, values in changes.items():
            connections[name] = {**connections[name], **values}
        self.connections_path.write_text(yaml.safe_dump(connections))

    # What is run.

    def run(self, dag_id: str = DAG, *, at: datetime | None = None, **conf: Any) -> Run:
        """Run the DAG to its end.

        :param at: the logical date, now by default; the same date again runs that run again, all of it.
        :param conf: values for the DAG's params.
        """
        return self.finish(self.start(dag_id, at=at, **conf))

    def start(self, dag_id: str = DAG, *, at: datetime | None = None, fault: str = "", **conf: Any) -> Running:
        """Start a run and do not wait for it.

        :param fault: where it kills itself: one of :data:`order_sync.faults.POINTS`, a colon, and the how-manieth
            time it gets there.
        """
        request, running = self._request(dag_id, at, conf)
        request["env"] = {**request["env"], "ORDER_SYNC_FAULT_AT": fault}
        return Running(self._airflow.ask(**request)["pid"], *running)

    def finish(self, running: Running, seconds: float = 60) -> Run:
        """Wait for a run.

        :raises RuntimeError: it did not come to an end by itself.
        """
        end = self._airflow.ask(wait={"pid": running.pid, "seconds": seconds})
        log = running.log.read_text(errors="replace")
        if end["code"] != 0:
            raise RuntimeError(f"The run ended as {end}:\n{log[-6000:]}")
        return Run(**json.loads(running.result.read_text()), log=log)

    def die(self, running: Running) -> None:
        """Wait until a run has killed itself."""
        end = self._airflow.ask(wait={"pid": running.pid, "seconds": 60})
        assert end["signal"] == signal.SIGKILL, f"{end}\n{running.log.read_text(errors='replace')[-6000:]}"

    def kill(self, fault: str, *, at: datetime | None = None) -> None:
        """Run the DAG until it kills itself."""
        self.die(self.start(at=at, fault=fault))

    def warm_up(self, dag_id: str = DAG) -> None:
        """Run a DAG in the forking process itself, once, before anything is forked."""
        request, _ = self._request(dag_id, None, {})
        done = self._airflow.ask(**{**request, "here": True})
        assert done["state"] == "success", done

    def _request(
        self, dag_id: str, at: datetime | None, conf: Mapping[str, Any]
    ) -> tuple[dict[str, Any], tuple[Path, Path]]:
        number = next(self._numbers)
        log, result = self.home / f"run-{number}.log", self.home / f"run-{number}.json"
        request = {
            "here": False, "home": str(self.home), "connections": str(self.connections_path), "conf": dict(conf),
            "overlay": str(self._overlay), "dag_id": dag_id, "at": at.isoformat() if at else None,
            "env": self._environment, "log": str(log), "result": str(result),
        }  # fmt: skip
        return request, (log, result)

    def until(self, condition: Callable[[], bool], seconds: float = 30) -> None:
        """Wait for something to happen while a run is under way."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "it did not happen in time"
            time.sleep(0.01)

    # What has come of it.

    def ledger(self) -> Ledger:
        """The ledger; to be closed."""
        return open_ledger(f"sqlite:///{self.ledger_path}")

    def batches(self) -> list[Batch]:
        """All batches, oldest first."""
        with self.ledger() as book:
            return [book.batch(row["id"]) for row in self.rows("batches")]

    def rows(self, table: str) -> list[dict[str, Any]]:
        """All rows of a table of the ledger."""
        with sqlite3.connect(self.ledger_path) as connection:
            connection.row_factory = sqlite3.Row
            found = [dict(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY rowid")]
        connection.close()
        return found

    def states(self) -> dict[str, str]:
        """State of each order's latest version."""
        return {row["order_key"]: row["state"] for row in sorted(self.rows("records"), key=lambda row: row["version"])}

    @property
    def mails(self) -> list[EmailMessage]:
        """Every mail that was taken."""
        return self.world.mailbox.messages

    def tree(self) -> dict[str, str]:
        """Every file on the SFTP server with a hash of its bytes."""
        root = self.world.sftp.root
        files = sorted(path for path in root.rglob("*") if path.is_file())
        return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    def keys(self, flow: str, state: str) -> list[str]:
        """The orders, or slips, of one flow of the ledger whose latest version is in one state."""
        latest = {row["order_key"]: row["state"] for row in self.rows("records") if row["flow"] == flow}
        return sorted(key for key, found in latest.items() if found == state)

    def published(self, folder: str = "hotwax/order-feed") -> dict[str, bytes]:
        """Name to bytes of every file that HotWax was given, taken or not."""
        root = self.world.sftp.root / folder
        return {path.name: path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}

    def everything(self) -> dict[str, Any]:
        """All that a run could change on any side, to compare."""
        with sqlite3.connect(self.ledger_path) as connection:
            dump = list(connection.iterdump())
        connection.close()
        logs = [log.log_id for log in self.world.hotwax.logs.all()]
        return {
            "ledger": dump, "files": self.tree(), "orders": self.world.hotwax.database.figures(), "imports": logs,
            "invoices": self.world.retailpro.database.figures(), "netsuite": self.world.netsuite.database.figures(),
            "mails": len(self.mails),
        }  # fmt: skip


def text_of(mail: EmailMessage) -> str:
    """The plain text of a mail, unfolded to single spaces."""
    body = mail.get_body(("plain",))
    assert body is not None
    return " ".join(body.get_content().split())


def attachment(mail: EmailMessage) -> str:
    """The one attachment of a mail, a CSV."""
    (part,) = mail.iter_attachments()
    assert part.get_content_type() == "text/csv"
    content = part.get_content()
    return content.decode("utf-8-sig") if isinstance(content, bytes) else content


def door(server: SftpServer) -> dict[str, Any]:
    """What a connection to a server says."""
    return {"port": server.port, "password": server.password, "extra": {"host_key": server.host_key}}
