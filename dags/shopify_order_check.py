"""HotWax has every order that Shopify has, once and alive: every day this is checked, and what is missing imported.

**In:** Shopify's orders of the retailer's yesterday, HotWax's orders, the ledger. **Out:** a mail with what was found,
in plain words, with links and steps; runs of `shopify_order_import` for orders that were never fetched.

| task | does | when it is red |
|---|---|---|
| check | compares both sides; keeps what it finds | a partner cannot be asked to the end; nothing is claimed then |
| import_missing | starts `shopify_order_import` with the orders that were never fetched | Airflow could not start it |
| report | mails what is new, what lasts, what is solved | mail server down |

**Found:** missing in HotWax, cancelled on one side only, two live orders for one, stuck in Created and why, refreshes
that went wrong, hours without orders in which the shop usually sells.

**Colour.** Green, whatever was found: findings are told by mail, not by colour. Red: it was not checked; clearing the
failed task checks again.

**Exceptions.** A finding stays until a later check does not find it any more. It is told once, again after
`remind_hours`, and once more when it is solved. Nothing has to be ticked off.

**Backfill.** A past interval checks the day before its end once more.

More: `docs/shopify_order_check.md`.
"""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import chain

from order_sync.flow import SHOPIFY_ORDERS, dag_name, flow_dag
from order_sync.operators.shopify_check import CheckShopifyOrders, ImportMissing
from order_sync.operators.shopify_check_report import CheckMail
from order_sync.settings import retailers

FLOW = "shopify_order_check"

for retailer in retailers():
    settings, connections = retailer.shopify_order_check, retailer.connections
    with flow_dag(FLOW, retailer, schedule=settings.schedule, doc_md=__doc__, tags=["shopify", "hotwax"]):
        check = CheckShopifyOrders(task_id="check", shop=connections.shopify_api, hotwax=connections.hotwax_api)
        import_missing = ImportMissing(
            task_id="import_missing", import_dag=dag_name(SHOPIFY_ORDERS, retailer), found=check.output
        )
        report = CheckMail(
            task_id="report",
            conn_id=connections.mail,
            recipients=retailer.contacts,
            remind_hours=retailer.remind_hours,
            title="Shopify order check",
        )
        chain(check, import_missing, report.as_teardown())
        [import_missing, report] >> EmptyOperator(task_id="finished")
