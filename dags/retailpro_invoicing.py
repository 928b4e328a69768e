"""Completed HotWax orders become Retail Pro invoices, each exactly once; other stores' stock moves by manual slips.

**In:** completed-orders feeds on SFTP (`folders.inbox`), JSON: orders whose items are all fulfilled. **Out:** a file of
invoices on SFTP, one API call per order, every answer in `folders.responses`; a failure report by mail.

| task | does | when it is red |
|---|---|---|
| wait_for_orders | finds finished files; skips the run when there are none | folder or login is wrong |
| collect | stores the files by content, makes the batch | server down; retried |
| transform | checks, maps; POS orders are left out, bad ones set aside | settings or mapping wrong |
| publish | puts the file of invoices there, complete, once | server down; the next try finishes it |
| deliver | calls the API once per order | something is not sent, or in doubt |
| manual_slips | moves stock from the other stores that shipped | the same |
| archive | moves the sources to `archive/` or `error/` | server down; nothing is sent twice |
| report | mails refusals, doubts, failed steps, what was solved | mail server down |

**Colour.** Green with a report: every order has a final state; some wait as exceptions. Red: an order is not sent or in
doubt. Clearing the task sends what is left, and only that; nothing is ever invoiced twice.

**Doubt.** No answer, or a server error: Retail Pro may have done it. A look-up ends that, or sending again, or a person
(`python -m order_sync unknown list`): the retailer's settings say which.

**Exceptions.** Mend the cause that the mail names, then trigger the DAG with *Bring these orders again* (`order_ids`);
the numbers of refused manual slips may be given, too.

**Backfill.** A past interval's file stands as it was published; nothing is sent that was sent before.

More: `docs/retailpro_invoicing.md`.
"""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import TriggerRule, chain

from order_sync.flow import SLIPS_FLOW, flow_dag
from order_sync.operators.archive import Archive
from order_sync.operators.collect import Collect
from order_sync.operators.deliver import ORDER_TO_INVOICE, Deliver
from order_sync.operators.manual_slips import ManualSlips
from order_sync.operators.publish import Publish
from order_sync.operators.report import FailureReportMail
from order_sync.operators.transform import TransformInvoices
from order_sync.operators.wait import WaitForFiles
from order_sync.settings import retailers

FLOW = "retailpro_invoicing"

for retailer in retailers():
    settings, connections = retailer.retailpro_invoicing, retailer.connections
    folders = settings.folders
    with flow_dag(FLOW, retailer, schedule=settings.schedule, doc_md=__doc__, tags=["retail-pro", "hotwax"]):
        wait = WaitForFiles(
            task_id="wait_for_orders", conn_id=connections.hotwax_sftp, folder=folders.inbox, arrival=settings.arrival
        )
        collect = Collect(
            task_id="collect",
            conn_id=connections.hotwax_sftp,
            files=wait.output,
            limits=settings.limits,
            other_flows=[SLIPS_FLOW],
        )
        transform = TransformInvoices(task_id="transform", work=collect.output)
        publish = Publish(
            task_id="publish",
            conn_id=connections.retailpro_sftp,
            folders={ORDER_TO_INVOICE: folders.invoices},
            repeatable=[ORDER_TO_INVOICE],
            work=collect.output,
        )
        api = {"conn_id": connections.retailpro_api, "sftp_conn_id": connections.retailpro_sftp}
        deliver = Deliver(task_id="deliver", work=collect.output, **api)
        some = TriggerRule.ALL_DONE_MIN_ONE_SUCCESS  # an order in doubt does not hold up the others' slips
        slips = ManualSlips(task_id="manual_slips", work=collect.output, trigger_rule=some, **api)
        archive = Archive(
            task_id="archive",
            conn_id=connections.hotwax_sftp,
            archive=folders.archive,
            error=folders.error,
            work=collect.output,
        )
        report = FailureReportMail(
            task_id="report",
            conn_id=connections.mail,
            recipients=retailer.contacts,
            remind_hours=retailer.remind_hours,
            title="Retail Pro invoicing",
            other_flows=[SLIPS_FLOW],
        )
        chain(wait, collect, transform, publish, deliver, [slips, archive])
        publish >> slips >> archive >> report.as_teardown()
        [archive, report] >> EmptyOperator(task_id="finished")
