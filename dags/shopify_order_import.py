"""Shopify's orders, as they are placed and changed, become the JSON that HotWax imports.

**In:** orders of the Admin GraphQL API, by the time of their last change, whatever their status.
**Out:** `<prefix>_ShopifyOrders_…json`, `<prefix>_ShopifyOrderUpdates_…json` for HotWax; a report by mail.

Windows leave no gap: each begins before the last one's end (`overlap_minutes`), ends before the present
(`lag_minutes`), and what is known already is passed over. The cursor moves last.

| task | does | when it is red |
|---|---|---|
| fetch | stores the orders of the window, each whole; by pages, or in bulk | Shopify down, token or scope wrong |
| transform | checks and maps; what HotWax would refuse is set aside | settings or a lookup table wrong |
| publish | puts the files into HotWax's folders, or uploads them, once | HotWax down; the next try goes on |
| confirm | waits for HotWax's import; what it refused becomes an exception | not imported in time |
| close | closes the batches | – |
| report | mails exceptions and failed steps | mail server down |

**Colour.** Green with a report: every order has a final state or waits as an exception. Red: clearing the failed task
finishes what is left, and only that.

**Exceptions.** Mend the order in Shopify (the mail links to it): its next change brings it again by itself. Or
trigger the DAG with *Bring these orders again* (`order_ids`): Shopify's ids or names.

**Backfill.** A past interval is asked for again; what HotWax has is not sent twice.

More: `docs/shopify_order_import.md`.
"""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import chain

from order_sync.flow import flow_dag
from order_sync.operators.close import CloseBatches
from order_sync.operators.confirm import ConfirmImport
from order_sync.operators.report import FailureReportMail
from order_sync.operators.shopify_delivery import TransformShopifyOrders, delivery
from order_sync.operators.shopify_fetch import FetchShopifyOrders
from order_sync.settings import retailers

FLOW = "shopify_order_import"

for retailer in retailers():
    settings, connections = retailer.shopify_order_import, retailer.connections
    with flow_dag(FLOW, retailer, schedule=settings.schedule, doc_md=__doc__, tags=["shopify", "hotwax"]):
        fetch = FetchShopifyOrders(task_id="fetch", conn_id=connections.shopify_api)
        transform = TransformShopifyOrders(task_id="transform", work=fetch.output)
        publish = delivery(settings, connections, task_id="publish", work=fetch.output)
        confirm = ConfirmImport(
            task_id="confirm",
            conn_id=connections.hotwax_api,
            configs=settings.configs,
            work=fetch.output,
            poke_seconds=settings.confirm_poke_seconds,
            wait_seconds=settings.confirm_seconds,
            link=settings.orders.admin_url,
        )
        close = CloseBatches(task_id="close", work=fetch.output)
        report = FailureReportMail(
            task_id="report",
            conn_id=connections.mail,
            recipients=retailer.contacts,
            remind_hours=retailer.remind_hours,
            title="Shopify orders",
        )
        chain(fetch, transform, publish, confirm, close, report.as_teardown())
        [close, report] >> EmptyOperator(task_id="finished")
