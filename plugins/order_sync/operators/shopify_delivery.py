"""Which steps bring Shopify's orders to HotWax, and what their files are called in the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from order_sync.ledger import Batch, Ledger
from order_sync.operators.publish import Publish
from order_sync.operators.transform import Transform
from order_sync.operators.upload import Upload
from order_sync.settings import Connections, ShopifyOrderImport, include_folder, load

if TYPE_CHECKING:
    from order_sync.flow import Run
    from order_sync.operators.batch_reader import Input
    from order_sync.operators.outcome import Outcome
    from order_sync.operators.transform import BatchFunction
    from order_sync.staging import Staging

#: New orders, and further versions of those that HotWax has: the keys of the settings ``folders`` and ``configs``.
ORDERS, UPDATES = "orders", "updates"


class TransformShopifyOrders(Transform):
    """Shopify's orders to the files that HotWax imports."""

    def prepared(self, book: Ledger, run: Run) -> BatchFunction:
        """The retailer's transform; a batch whose files were promised stands."""
        from order_sync.operators.shopify_batch import ShopifyBatch
        from order_sync.transforms.shopify_orders import ShopifyOrders

        settings = load(self.retailer).shopify_order_import
        transform = ShopifyOrders(settings.orders, include_folder(), self.retailer)

        def of_batch(staging: Staging, batch: Batch, inputs: list[Input]) -> Outcome | None:
            if not run.dry_run and book.is_frozen(batch.id):
                self.log.info("Batch %s was published: its files stand as they are.", batch.id)
                return None
            return ShopifyBatch(transform, settings, book, staging, batch, inputs, run).transform()

        return of_batch


def delivery(settings: ShopifyOrderImport, connections: Connections, **given: Any) -> Publish | Upload:
    """The step that gives HotWax the files, by SFTP or by upload, as the setting ``delivery`` says.

    :param given: what both have in common: ``task_id``, ``work``.
    """
    if settings.delivery == "upload":
        return Upload(conn_id=connections.hotwax_api, configs=dict(settings.configs), **given)
    return Publish(conn_id=connections.hotwax_sftp, folders=dict(settings.folders), repeatable=[], **given)
