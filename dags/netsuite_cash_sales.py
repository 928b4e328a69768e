"""Completed orders of tills become NetSuite's cash sales; the ids that come back confirm them.

**In:** HotWax's completed orders of tills; NetSuite's return and error files of cash sales.
**Out:** `<prefix>_CashSaleFeed_…` in NetSuite's export folder of cash sales; a report by mail.

A cash sale is completed, of a till, and taken away as a whole. Everything else is a sales order and goes by
`netsuite_created_orders`; no order goes by both. No run waits for NetSuite.

| task | does | when it is red |
|---|---|---|
| take_answers | keeps ids, confirms; sets aside what was refused; sends lost files again | server down |
| find | finds finished files | folder or login is wrong |
| collect | stores the files; wakes orders whose customer has an id now | server down |
| transform | checks, maps; orders of unknown customers wait | settings or mapping wrong |
| publish | puts the files there, complete, once | server down; the next try goes on |
| archive | moves the sources to `archive/` or `error/` | server down |
| report | mails exceptions, failed steps, overdue answers | mail server down |

**Colour.** Green with a report: every record has a final state, waits for an id, or waits as an exception. Red:
clearing the failed task finishes what is left, and only that.

**Exceptions.** Mend the cause that the mail names, then trigger the DAG with *Bring these orders again* (`order_ids`).

**Backfill.** A past interval's files stand as they were published; nothing is published twice.

More: `docs/netsuite_cash_sales.md`.
"""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import chain

from order_sync.flow import flow_dag
from order_sync.operators.archive import Archive
from order_sync.operators.netsuite_answers import TakeAnswers
from order_sync.operators.netsuite_cash_sales import (
    CASH_SALES,
    CollectCashSales,
    TransformCashSales,
    cash_sales_replies,
)
from order_sync.operators.netsuite_rest import sender
from order_sync.operators.report import FailureReportMail
from order_sync.operators.wait import WaitForFiles
from order_sync.settings import retailers

FLOW = "netsuite_cash_sales"

for retailer in retailers():
    settings, connections = retailer.netsuite_cash_sales, retailer.connections
    folders, inbox = settings.folders, settings.folders.inbox
    hotwax, netsuite = {"conn_id": connections.hotwax_sftp}, {"conn_id": connections.netsuite_sftp}
    unfinished = {"temp_folder": folders.unfinished}
    with flow_dag(FLOW, retailer, schedule=settings.schedule, doc_md=__doc__, tags=["netsuite", "hotwax"]):
        expected = {"answers": cash_sales_replies(retailer), "deadline_hours": settings.deadline_hours}
        answers = TakeAnswers(task_id="take_answers", **expected, **unfinished, **netsuite)
        find = WaitForFiles(task_id="find", folder=inbox, arrival=settings.arrival, optional=True, **hotwax)
        collect = CollectCashSales(task_id="collect", files=find.output, limits=settings.limits, **hotwax)
        work = {"work": collect.output}
        transform = TransformCashSales(task_id="transform", **work)
        put = {"folder": folders.export, **unfinished}
        publish = sender("publish", CASH_SALES, settings.transport, retailer, **put, **work)
        ends = {"archive": f"{inbox}/archive", "error": f"{inbox}/error"}
        archive = Archive(task_id="archive", **ends, **work, **hotwax)
        report = FailureReportMail(
            task_id="report",
            conn_id=connections.mail,
            recipients=retailer.contacts,
            remind_hours=retailer.remind_hours,
            title="NetSuite cash sales",
        )
        chain(answers, find, collect, transform, publish, archive, report.as_teardown())
        [archive, report] >> EmptyOperator(task_id="finished")
