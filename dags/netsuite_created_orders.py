"""Customers, then created HotWax orders, become NetSuite's CSV imports; the ids that come back confirm them.

**In:** HotWax's feeds of customers and created orders that NetSuite does not have yet; NetSuite's return files.
**Out:** `<prefix>_CustomerFeed_…`, `<prefix>_CreatedOrderItemsFeed_…`, `<prefix>_CustomerDepositFeed_…` in NetSuite's
export folders; approvals for HotWax; a report by mail.

No run waits for NetSuite, whose round trip takes hours: each takes in what has come, then sends what is ready.

| task | does | when it is red |
|---|---|---|
| take_answers | keeps ids, confirms; sets refused ones aside; tells what is overdue or lost | server down |
| find_customers, find_orders | find finished files | folder or login is wrong |
| collect_customers, collect_orders | store the files; wake orders whose customer has an id now | server down |
| transform_customers, transform_orders | check, map; orders of unknown customers wait | settings or mapping wrong |
| publish_customers, publish_orders | put the files there, complete, once | server down; the next try goes on |
| archive_customers, archive_orders | move the sources to `archive/` or `error/` | server down |
| collect_deposits, transform_deposits, publish_deposits | deposits that are due; of files one at a time | server down |
| mark_exported, approve | tell HotWax which orders NetSuite has, approve them | server or HotWax down |
| report | mails exceptions, failed steps, overdue answers | mail server down |

**Colour.** Green with a report: every record has a final state, waits for an id, or waits as an exception. Red:
clearing the failed task finishes what is left, and only that.

**Exceptions.** Mend the cause that the mail names, then trigger the DAG with *Bring these orders again* (`order_ids`).

**Backfill.** A past interval's files stand as they were published; nothing is published twice.

More: `docs/netsuite_created_orders.md`.
"""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import chain

from order_sync.flow import NETSUITE_APPROVALS, NETSUITE_CUSTOMERS, NETSUITE_DEPOSITS, flow_dag
from order_sync.operators.archive import Archive
from order_sync.operators.netsuite_answers import TakeAnswers, created_orders_replies
from order_sync.operators.netsuite_approval import Approve, MarkExported
from order_sync.operators.netsuite_deposits import DEPOSITS, CollectDeposits, TransformDeposits
from order_sync.operators.netsuite_files import STAGES
from order_sync.operators.netsuite_rest import sender
from order_sync.operators.report import FailureReportMail
from order_sync.operators.wait import WaitForFiles
from order_sync.settings import retailers

FLOW = "netsuite_created_orders"

for retailer in retailers():
    settings, connections = retailer.netsuite_created_orders, retailer.connections
    folders, conn_id = settings.folders, {"conn_id": connections.netsuite_sftp}
    with flow_dag(FLOW, retailer, schedule=settings.schedule, doc_md=__doc__, tags=["netsuite", "hotwax"]):
        expected = {"answers": created_orders_replies(settings), "deadline_hours": settings.deadline_hours}
        steps = [TakeAnswers(task_id="take_answers", temp_folder=folders.unfinished, **expected, **conn_id)]
        for name, flow, target, collecting, transforming in STAGES:
            inbox, of, hotwax = folders.inbox[name], {"flow": flow}, {"conn_id": connections.hotwax_sftp}
            seek = {"folder": inbox, "arrival": settings.arrival, "optional": True}
            seek["every_minutes"] = settings.every_minutes[name]
            find = WaitForFiles(task_id=f"find_{name}", **seek, **of, **hotwax)
            others = [one.flow for one in STAGES if one.flow != flow] + [NETSUITE_DEPOSITS]
            seen = {"limits": settings.limits, "other_flows": others}
            collect = collecting(task_id=f"collect_{name}", files=find.output, **seen, **of, **hotwax)
            of["work"] = collect.output
            transform = transforming(task_id=f"transform_{name}", **of)
            put = {"folder": folders.export[name], "temp_folder": folders.unfinished}
            publish = sender(f"publish_{name}", target, settings.transport, retailer, **put, **of)
            ends = {"archive": f"{inbox}/archive", "error": f"{inbox}/error"}
            archive = Archive(task_id=f"archive_{name}", **ends, **of, **hotwax)
            steps += [find, collect, transform, publish, archive]
        of, place = {"flow": NETSUITE_DEPOSITS, **conn_id}, {"temp_folder": folders.unfinished}
        late, export = {"deadline_hours": settings.deadline_hours}, folders.export["deposits"]
        collect = CollectDeposits(task_id="collect_deposits", export=export, **late, **place, **of)
        transform = TransformDeposits(task_id="transform_deposits", work=collect.output, flow=NETSUITE_DEPOSITS)
        put = {"folder": export, "work": collect.output, "flow": NETSUITE_DEPOSITS, **place}
        steps += [collect, transform, sender("publish_deposits", DEPOSITS, settings.transport, retailer, **put)]
        of = {"flow": NETSUITE_APPROVALS, "conn_id": connections.hotwax_sftp, "approval": settings.approval}
        approve = Approve(task_id="approve", api=connections.hotwax_api, **late, **of)
        steps += [MarkExported(task_id="mark_exported", **of), approve]
        report = FailureReportMail(
            task_id="report",
            conn_id=connections.mail,
            recipients=retailer.contacts,
            remind_hours=retailer.remind_hours,
            title="NetSuite customers and orders",
            other_flows=[NETSUITE_CUSTOMERS, NETSUITE_DEPOSITS, NETSUITE_APPROVALS],
        )
        chain(*steps, report.as_teardown())
        [steps[-1], report] >> EmptyOperator(task_id="finished")
