"""A process with everything imported that runs each step in a forked child, which may be killed or frozen.

Requests and answers are lines of JSON on standard input and output; see :mod:`tests.faults.processes`. This process
has one thread and no connections, so that a fork copies nothing that somebody else holds.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
import time
import traceback
from pathlib import Path
from typing import Any, NoReturn

#: What the steps import when they run.
_MODULES = (
    "aiohttp",
    "asyncssh",
    "order_sync.operators.batch_decisions",
    "order_sync.operators.invoice_batch",
    "order_sync.partners.retailpro",
    "order_sync.transforms.retailpro_invoices",
    "order_sync.operators.csv_batch",
    "order_sync.transforms.netsuite_customers",
    "order_sync.transforms.netsuite_sales_orders",
    "tests.support.invoice_lab",
    "tests.support.netsuite_lab",
    "tests.support.netsuite_rest_lab",
    "order_sync.operators.shopify_batch",
    "order_sync.partners.shopify_bulk",
    "tests.support.shopify_lab",
)


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever others print must not stand among the answers
    _import_everything()
    gc.freeze()
    for line in sys.stdin:
        request = json.loads(line)
        answer = _wait(**request["wait"]) if "wait" in request else _start(request)
        answers.write(json.dumps(answer) + "\n")


def _import_everything() -> None:
    for name in _MODULES:
        importlib.import_module(name)
    from airflow.sdk import BaseHook

    os.environ["AIRFLOW_CONN_WARM_UP"] = json.dumps({"conn_type": "http", "host": "localhost"})
    BaseHook.get_connection("warm_up")


def _start(request: dict[str, Any]) -> dict[str, Any]:
    pid = os.fork()
    if not pid:
        _child(request)
    return {"pid": pid}


def _wait(pid: int, seconds: float) -> dict[str, Any]:
    """What a child does: it ended with a ``code`` or by a ``signal``, was ``stopped``, or is ``running`` still."""
    deadline = time.monotonic() + seconds
    while True:
        done, status = os.waitpid(pid, os.WNOHANG | os.WUNTRACED)
        if done and os.WIFSTOPPED(status):
            return {"state": "stopped"}
        if done:
            code = os.waitstatus_to_exitcode(status)
            return {"state": "ended", "code": code if code >= 0 else None, "signal": -code if code < 0 else None}
        if time.monotonic() > deadline:
            return {"state": "running"}
        time.sleep(0.002)


def _child(request: dict[str, Any]) -> NoReturn:
    code = 1
    try:
        log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.environ.update(request["environment"])
        _run(request)
        code = 0
    except BaseException:  # noqa: BLE001 - whatever it is, the child must not go on as a second server
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _run(request: dict[str, Any]) -> None:
    from tests.faults.sabotage import SABOTAGE
    from tests.support.invoice_lab import InvoiceLab
    from tests.support.netsuite_lab import NetSuiteLab
    from tests.support.netsuite_rest_lab import RestLab
    from tests.support.shopify_lab import PastShopifyLab

    if request["sabotage"]:
        SABOTAGE[request["sabotage"]](setattr)
    kind = {kind.__name__: kind for kind in (InvoiceLab, NetSuiteLab, RestLab, PastShopifyLab)}[request["lab"]]
    lab = kind.__new__(kind)  # the steps need nothing of a laboratory but its environment
    result = getattr(lab, request["step"])(*request["arguments"], **request["asked"])
    Path(request["result"]).write_text(json.dumps(result, default=str))


if __name__ == "__main__":
    main()
