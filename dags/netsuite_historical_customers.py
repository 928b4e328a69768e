"""NetSuite's ids of the customers that it had before the first feed, so that none of them is made twice.

**In:** NetSuite's files of historical customers. **Out:** nothing but a report by mail; the ids are kept.

Run it by hand before `netsuite_created_orders` runs for the first time, and whenever NetSuite wrote such a file anew.

| task | does | when it is red |
|---|---|---|
| load_customers | reads the files, leaves them there, keeps the ids | no file, another header |
| report | mails what a person has to look at | mail server down |

**Colour.** Green: every id is kept. Green with a report: NetSuite has a customer twice, or a line could not be read.
Red: files behind the one that is named were not read; clearing the task reads all of them again.

**Exceptions.** There are none: a customer that is not known is offered as a new one.

**Backfill.** There is nothing to fill: it has no schedule.

More: `docs/netsuite_historical_customers.md`.
"""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import chain

from order_sync.flow import flow_dag
from order_sync.operators.netsuite_history import LoadHistory
from order_sync.operators.report import FailureReportMail
from order_sync.settings import retailers

FLOW = "netsuite_historical_customers"

for retailer in retailers():
    history, connections = retailer.netsuite_created_orders.historical_customers, retailer.connections
    with flow_dag(FLOW, retailer, schedule=None, doc_md=__doc__, tags=["netsuite", "by-hand"]):
        load = LoadHistory(task_id="load_customers", conn_id=connections.netsuite_sftp, history=history)
        report = FailureReportMail(
            task_id="report",
            conn_id=connections.mail,
            recipients=retailer.contacts,
            remind_hours=retailer.remind_hours,
            title="NetSuite customers from before",
        )
        chain(load, report.as_teardown())
        [load, report] >> EmptyOperator(task_id="finished")
