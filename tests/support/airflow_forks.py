"""A process with Airflow imported that runs each DAG run in a forked child: a fresh process in milliseconds.

Importing Airflow and building its in-process API takes seconds, a fork takes none of them. A child may be killed or
hang without harm to the tests. Nothing here opens a database or starts a thread before the fork.

Requests and answers are lines of JSON on standard input and output; see :mod:`tests.support.airflow_lab`.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import traceback
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever is printed by others must not stand among the answers
    _warm_up()
    answers.write("ready\n")
    for line in sys.stdin:
        request = json.loads(line)
        answer = _wait(**request["wait"]) if "wait" in request else _start(request)
        answers.write(json.dumps(answer) + "\n")


def _warm_up() -> None:
    """Import what a DAG run needs, and build the in-process API as far as it goes without a thread."""
    import order_sync.operators.transform_batch
    import order_sync.partners.hotwax_http
    import order_sync.partners.mail
    import order_sync.partners.sftp_worker
    import order_sync.reports.rendering  # noqa: F401
    from airflow.dag_processing.dagbag import BundleDagBag  # noqa: F401
    from airflow.sdk.execution_time.supervisor import in_process_api_server

    in_process_api_server().app  # noqa: B018 - a cached property


def _start(request: dict[str, Any]) -> dict[str, int]:
    pid = os.fork()
    if not pid:
        _child(request)
    return {"pid": pid}


def _wait(pid: int, seconds: float) -> dict[str, Any]:
    """How a child ended: ``code`` of its exit, ``signal`` that ended it, or ``late`` when it had to be killed."""
    deadline = time.monotonic() + seconds
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
            return {"code": code if code >= 0 else None, "signal": -code if code < 0 else None, "late": False}
        if time.monotonic() > deadline:
            os.killpg(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return {"code": None, "signal": None, "late": True}
        time.sleep(0.005)


def _child(request: dict[str, Any]) -> NoReturn:
    code = 1
    try:
        os.setpgid(0, 0)
        with open(request["log"], "ab", buffering=0) as log:  # noqa: PTH123
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        os.environ.update(request["env"])
        Path(request["result"]).write_text(json.dumps(_run(request)))
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _run(request: dict[str, Any]) -> dict[str, Any]:
    """Run what was asked for in the Airflow below ``home``.

    Without a DAG id only the databases are made: the template of all others.
    """
    from airflow import settings

    from demo.local_airflow import LocalAirflow

    home = Path(request["home"])
    airflow = LocalAirflow(home, Path(request["connections"]), Path(request["overlay"]))
    settings.configure_vars()
    settings.configure_orm()
    airflow.start()
    if not request["dag_id"]:
        return {}
    at = request["at"]
    run = airflow.run(request["dag_id"], request["conf"], at and datetime.fromisoformat(at))
    return run._asdict()


if __name__ == "__main__":
    main()
