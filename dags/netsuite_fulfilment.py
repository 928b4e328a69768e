"""Order items between HotWax and NetSuite: what NetSuite has to ship, and what either of them has shipped.

**In:** HotWax's brokered items and completed orders; NetSuite's fulfilments and rejected items.
**Out:** updates of NetSuite's orders; HotWax's imports of fulfilments and rejected items; a report by mail.

No run waits: what NetSuite does not have yet waits in the ledger, and wakes when its ids have come.

| task | does | when it is red |
|---|---|---|
| take_answers | sets aside what NetSuite or HotWax refused, confirms what HotWax took in | server down |
| find_allocations, find_fulfilled, find_fulfilments, find_rejections | find finished files | folder or login is wrong |
| collect_allocations, collect_fulfilled | store the files; wake what NetSuite knows by now | server down |
| collect_fulfilments, collect_rejections | store the files | server down |
| transform_allocations, transform_fulfilled | check, map; unknown lines wait | settings or mapping wrong |
| transform_fulfilments, transform_rejections | check, map | settings wrong |
| publish_allocations, publish_fulfilled | put the files there for NetSuite, complete, once | server down |
| publish_fulfilments, publish_rejections | put the files there for HotWax, complete, once | server down |
| archive_allocations, archive_fulfilled | move HotWax's files to `archive/` or `error/` | server down |
| archive_fulfilments, archive_rejections | move NetSuite's files to `archive/` or `error/` | server down |
| report | mails exceptions, failed steps, what waits too long | mail server down |

**Colour.** Green with a report: every item has a final state, waits for an id, or waits as an exception. Red: clearing
the failed task finishes what is left, and only that.

**Exceptions.** Mend the cause that the mail names, then trigger the DAG with *Bring these orders again* (`order_ids`).

**Backfill.** A past interval's files stand as they were published; nothing is published twice.

More: `docs/netsuite_fulfilment.md`.
"""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import chain

from order_sync.flow import HOTWAX_FULFILMENTS, HOTWAX_REJECTIONS, flow_dag
from order_sync.operators.archive import Archive
from order_sync.operators.hotwax_imports import TakeItemAnswers
from order_sync.operators.netsuite_fulfilment import FLOWS, STAGES, fulfilment_replies
from order_sync.operators.publish import Publish
from order_sync.operators.report import FailureReportMail
from order_sync.operators.wait import WaitForFiles
from order_sync.settings import retailers

FLOW = "netsuite_fulfilment"

for retailer in retailers():
    settings, connections = retailer.netsuite_fulfilment, retailer.connections
    inboxes, exports, imports = settings.inboxes, settings.exports, settings.imports
    partners = {True: {"conn_id": connections.netsuite_sftp}, False: {"conn_id": connections.hotwax_sftp}}
    unfinished = {True: {"temp_folder": settings.folders.unfinished}, False: {}}
    with flow_dag(FLOW, retailer, schedule=settings.schedule, doc_md=__doc__, tags=["netsuite", "hotwax"]):
        answers = {"answers": fulfilment_replies(settings), "deadline_hours": settings.deadline_hours}
        asked = {HOTWAX_FULFILMENTS: imports["fulfilments"], HOTWAX_REJECTIONS: imports["rejections"]}
        of = {"temp_folder": settings.folders.unfinished, "api": connections.hotwax_api, "imports": asked}
        steps = [TakeItemAnswers(task_id="take_answers", **answers, **of, **partners[True])]
        for name, flow, target, to_netsuite, collecting, transforming in STAGES:
            of, source, goal = {"flow": flow}, partners[not to_netsuite], partners[to_netsuite]
            (inbox, *more), seen = inboxes[name], {"limits": settings.limits}
            seek = {"folder": inbox, "more_folders": more, "arrival": settings.arrival, "optional": True}
            find = WaitForFiles(task_id=f"find_{name}", **seek, **of, **source)
            seen["other_flows"] = [one for one in FLOWS if one != flow]
            collect = collecting(task_id=f"collect_{name}", files=find.output, **seen, **of, **source)
            of["work"] = collect.output
            transform = transforming(task_id=f"transform_{name}", **of)
            put = {"folders": {target: exports[name]}, "repeatable": [], **unfinished[to_netsuite]}
            publish = Publish(task_id=f"publish_{name}", **put, **of, **goal)
            ends = {"archive": "{folder}/archive", "error": "{folder}/error"}
            archive = Archive(task_id=f"archive_{name}", **ends, **of, **source)
            steps += [find, collect, transform, publish, archive]
        report = FailureReportMail(
            task_id="report",
            conn_id=connections.mail,
            recipients=retailer.contacts,
            remind_hours=retailer.remind_hours,
            title="Allocation and fulfilment",
            other_flows=FLOWS,
        )
        chain(*steps, report.as_teardown())
        [steps[-1], report] >> EmptyOperator(task_id="finished")
