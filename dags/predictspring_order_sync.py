"""PredictSpring TLogs become the order feed (CSV or JSON) and the stock variance that HotWax imports.

**In:** TLogs on SFTP (`folders.inbox`): JSON objects, arrays, JSON lines, `.gz`, `.zip`.
**Out:** `<prefix>_OrderFeed_…` and `<prefix>_InventoryVariance_…` in HotWax's folders; a failure report by mail.

| task | does | when it is red |
|---|---|---|
| wait_for_tlogs | finds finished files; skips the run when there are none | folder or login is wrong |
| collect | stores the files by content, makes the batch | server down; retried |
| transform | decodes, checks, maps; bad orders are set aside | settings or mapping wrong, or the money does not close |
| publish | puts the feeds there, complete, once | server down; the next try finishes it |
| confirm | follows the import in HotWax's Data Manager log | HotWax did not import, or its import broke off |
| archive | moves the sources to `archive/` or `error/` | server down; nothing is sent twice |
| report | mails exceptions, failed steps, what was solved | mail server down |

**Colour.** Green with a report: every order has a final state, some wait as exceptions. Red: clearing the failed task
finishes what is left, and only that.

**Exceptions.** Mend the cause that the mail names, then trigger the DAG with *Bring these orders again* (`order_ids`).

**Backfill.** A past interval is computed again from the stored inputs: same mapping version, same bytes; nothing is
published twice. *Publish again* (`force_publish`) puts the order feed there once more on purpose.

More: `docs/predictspring_order_sync.md`.
"""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import chain

from order_sync.flow import flow_dag
from order_sync.operators.archive import Archive
from order_sync.operators.collect import Collect
from order_sync.operators.confirm import ConfirmImport
from order_sync.operators.publish import Publish
from order_sync.operators.report import FailureReportMail
from order_sync.operators.transform import TransformTlogs
from order_sync.operators.wait import WaitForFiles
from order_sync.settings import retailers

FLOW = "predictspring_order_sync"

for retailer in retailers():
    settings, connections = retailer.predictspring_order_sync, retailer.connections
    folders, confirming = settings.folders, settings.confirm
    with flow_dag(FLOW, retailer, schedule=settings.schedule, doc_md=__doc__, tags=["predictspring", "hotwax"]):
        wait = WaitForFiles(
            task_id="wait_for_tlogs",
            conn_id=connections.predictspring_sftp,
            folder=folders.inbox,
            arrival=settings.arrival,
        )
        collect = Collect(
            task_id="collect", conn_id=connections.predictspring_sftp, files=wait.output, limits=settings.limits
        )
        transform = TransformTlogs(task_id="transform", work=collect.output)
        publish = Publish(
            task_id="publish",
            conn_id=connections.hotwax_sftp,
            folders={"order_feed": folders.order_feed, "inventory_variance": folders.inventory_variance},
            repeatable=["order_feed"],
            work=collect.output,
        )
        confirm = ConfirmImport(
            task_id="confirm",
            conn_id=connections.hotwax_api,
            configs={
                "order_feed": confirming.order_feed_configs[settings.feed_format],
                "inventory_variance": confirming.inventory_variance_config,
            },
            work=collect.output,
            poke_seconds=confirming.poke_seconds,
            wait_seconds=confirming.timeout_seconds,
        )
        archive = Archive(
            task_id="archive",
            conn_id=connections.predictspring_sftp,
            archive=folders.archive,
            error=folders.error,
            work=collect.output,
        )
        report = FailureReportMail(
            task_id="report",
            conn_id=connections.mail,
            recipients=retailer.contacts,
            remind_hours=retailer.remind_hours,
            title="PredictSpring order sync",
        )
        # `finished` is free (the scheduler never starts it): it makes a failed report colour the run, too
        chain(wait, collect, transform, publish, confirm, archive, report.as_teardown())
        [archive, report] >> EmptyOperator(task_id="finished")
