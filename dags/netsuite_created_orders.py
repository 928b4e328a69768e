"""Customers, then created HotWax orders, become NetSuite's CSV imports; the ids that come back confirm them.

**In:** HotWax's feeds of customers and created orders that NetSuite does not have yet; NetSuite's return files.
**Out:** `<prefix>_CustomerFeed_…`, `<prefix>_CreatedOrderItemsFeed_…` in NetSuite's export folders; a report by mail.

No run waits for NetSuite, whose round trip takes hours: each takes in what has come, then sends what is ready.

| task | does | when it is red |
|---|---|---|
| take_answers | keeps ids of return files, confirms what they belong to, tells what is overdue | server down |
| find_customers, find_orders | find finished files | folder or login is wrong |
| collect_customers, collect_orders | store the files; wake orders whose customer has an id now | server down |
| transform_customers, transform_orders | check, map; orders of unknown customers wait | settings or mapping wrong |
| publish_customers, publish_orders | put the files there, complete, once | server down; the next try goes on |
| archive_customers, archive_orders | move the sources to `archive/` or `error/` | server down |
| report | mails exceptions, failed steps, overdue answers | mail server down |

**Colour.** Green with a report: every record has a final state, waits for an id, or waits as an exception. Red:
clearing the failed task finishes what is left, and only that.

**Exceptions.** Mend the cause that the mail names, then trigger the DAG with *Bring these orders again* (`order_ids`).

**Backfill.** A past interval's files stand as they were published; nothing is published twice.

More: `docs/netsuite_created_orders.md`.
"""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import chain

from order_sync.flow import NETSUITE_CUSTOMERS, flow_dag
from order_sync.operators.archive import Archive
from order_sync.operators.netsuite_answers import TakeAnswers
from order_sync.operators.netsuite_files import STAGES
from order_sync.operators.publish import Publish
from order_sync.operators.report import FailureReportMail
from order_sync.operators.wait import WaitForFiles
from order_sync.settings import retailers

FLOW = "netsuite_created_orders"

for retailer in retailers():
    settings, connections = retailer.netsuite_created_orders, retailer.connections
    folders, conn_id = settings.folders, {"conn_id": connections.netsuite_sftp}
    with flow_dag(FLOW, retailer, schedule=settings.schedule, doc_md=__doc__, tags=["netsuite", "hotwax"]):
        hours = settings.deadline_hours
        steps = [TakeAnswers(task_id="take_answers", folders=folders, deadline_hours=hours, **conn_id)]
        for name, flow, target, collecting, transforming in STAGES:
            inbox, of, hotwax = folders.inbox[name], {"flow": flow}, {"conn_id": connections.hotwax_sftp}
            seek = {"folder": inbox, "arrival": settings.arrival, "optional": True}
            find = WaitForFiles(task_id=f"find_{name}", **seek, **of, **hotwax)
            seen = {"limits": settings.limits, "other_flows": [one.flow for one in STAGES if one.flow != flow]}
            collect = collecting(task_id=f"collect_{name}", files=find.output, **seen, **of, **hotwax)
            of["work"] = collect.output
            transform = transforming(task_id=f"transform_{name}", **of)
            put = {"folders": {target: folders.export[name]}, "temp_folder": folders.unfinished}
            publish = Publish(task_id=f"publish_{name}", repeatable=[target], **put, **of, **conn_id)
            ends = {"archive": f"{inbox}/archive", "error": f"{inbox}/error"}
            archive = Archive(task_id=f"archive_{name}", **ends, **of, **hotwax)
            steps += [find, collect, transform, publish, archive]
        report = FailureReportMail(
            task_id="report",
            conn_id=connections.mail,
            recipients=retailer.contacts,
            remind_hours=retailer.remind_hours,
            title="NetSuite customers and orders",
            other_flows=[NETSUITE_CUSTOMERS],
        )
        chain(*steps, report.as_teardown())
        [steps[-1], report] >> EmptyOperator(task_id="finished")
