"""A process with Airflow imported that runs each DAG run in a forked child: a fresh process in milliseconds.

Importing Airflow and building its in-process API takes seconds, a fork takes none of them. A child may be killed or
hang without harm to the tests. The first run happens in this process itself, to import and to build all that a run
needs; afterwards every connection is closed and every thread has ended, as it must be before a fork.

Requests and answers are lines of JSON on standard input and output; see :mod:`tests.support.airflow_lab`.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import threading
import time
import traceback
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever others print must not stand among the answers
    for line in sys.stdin:
        request = json.loads(line)
        if "wait" in request:
            answer = _wait(**request["wait"])
        elif request["here"]:
            answer = _warm_up(request)
        else:
            answer = _start(request)
        answers.write(json.dumps(answer) + "\n")


def _warm_up(request: dict[str, Any]) -> dict[str, Any]:
    """Run a DAG in this process, then close what a child must not inherit.

    :raises RuntimeError: a thread is left: a fork would copy what it holds without anybody to let it go.
    """
    time.sleep = _impatient(time.sleep)
    result = _run(request)
    from airflow import settings
    from airflow.sdk.configuration import clear_secrets_backends_cache
    from airflow.sdk.execution_time.supervisor import in_process_api_server

    clear_secrets_backends_cache()
    del in_process_api_server().transport  # ends its thread; the routes stay built
    settings.Session.remove()
    settings.engine.dispose()
    settings.async_engine.sync_engine.dispose()
    deadline = time.monotonic() + 10
    while gc.collect() >= 0 and threading.active_count() > 1:
        if time.monotonic() > deadline:
            raise RuntimeError(f"Threads are left: {threading.enumerate()}")
        time.sleep(0.1)
    gc.freeze()
    return result


def _impatient(sleep: Any) -> Any:
    """``dag.test()`` sleeps for a second whenever no task is ready, as after a skip; nobody else needs the time."""
    return lambda seconds: sleep(0.02 if seconds == 1 else seconds)


def _start(request: dict[str, Any]) -> dict[str, Any]:
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
        log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(log, 1)
        os.dup2(log, 2)
        Path(request["result"]).write_text(json.dumps(_run(request)))
        code = 0
    except BaseException:  # noqa: BLE001 - whatever it is, the child must not go on as a second parent
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _run(request: dict[str, Any]) -> dict[str, Any]:
    """Run what was asked for in the Airflow below ``home``."""
    from demo.local_airflow import LocalAirflow

    os.environ.update(request["env"])
    airflow = LocalAirflow(Path(request["home"]), Path(request["connections"]), Path(request["overlay"]))
    airflow.start()
    at = request["at"]
    run = airflow.run(request["dag_id"], request["conf"], at and datetime.fromisoformat(at))
    return run._asdict()


if __name__ == "__main__":
    main()
