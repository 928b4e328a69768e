"""All partners under one folder, started together."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import yaml

from sandbox.hotwax import HotWax, HotWaxSettings
from sandbox.hotwax.brokering import Brokering
from sandbox.hotwax.created_orders_shop import HotWaxShop
from sandbox.hotwax.netsuite_ids import NetSuiteIds
from sandbox.hotwax.netsuite_items import NetSuiteItems
from sandbox.hotwax.settings import INVENTORY_VARIANCE_FOLDER, ORDER_FEED_FOLDER, SHOPIFY_FOLDERS
from sandbox.keys import write_private
from sandbox.mailbox import Mailbox
from sandbox.netsuite import NetSuite, NetSuiteSettings
from sandbox.retailpro import RetailPro, RetailProSettings
from sandbox.retailpro.settings import COMPLETED_ORDERS_FOLDER, INVOICES_FOLDER, RESPONSES_FOLDER
from sandbox.sftp import SftpServer
from sandbox.shopify import Shopify, ShopifySettings

TLOG_FOLDER = "predictspring/tlog"
SENDER = "order-sync@example.com"
_FOLDERS = (
    TLOG_FOLDER,
    ORDER_FEED_FOLDER,
    INVENTORY_VARIANCE_FOLDER,
    COMPLETED_ORDERS_FOLDER,
    INVOICES_FOLDER,
    RESPONSES_FOLDER,
    *SHOPIFY_FOLDERS.values(),
)


class Ports(NamedTuple):
    """TCP ports; 0 is any free one."""

    sftp: int = 0
    hotwax: int = 0
    smtp: int = 0
    retailpro: int = 0
    netsuite: int = 0
    shopify: int = 0

    @classmethod
    def from_base(cls, base: int) -> Self:
        """Fixed ports: SFTP at base + 22, mail + 25, Shopify + 60, NetSuite + 70, HotWax + 80, Retail Pro + 90.

        :param base: for example 18000.
        :returns: the ports.
        """
        return cls(
            sftp=base + 22,
            hotwax=base + 80,
            smtp=base + 25,
            retailpro=base + 90,
            netsuite=base + 70,
            shopify=base + 60,
        )


class World:
    """The partners; use it as a context manager, or :meth:`start` and :meth:`stop` it.

    Below `root`: ``sftp/`` (what the SFTP server shows), ``mail/``, ``keys/``, ``hotwax.sqlite``,
    ``retailpro.sqlite``, ``netsuite.sqlite``, ``shopify.sqlite`` and ``connections.yaml``, an Airflow connections file
    without the ledger's connection. All but the ports outlives a restart.

    :param root: the folder; made if missing.
    :param ports: where to listen.
    :param hotwax: what HotWax knows, and how often it looks for files.
    :param retailpro: what Retail Pro knows and recognises.
    :param netsuite: how NetSuite's account is set up, and how often its scripts run.
    :param shopify: how the Shopify shop and its app are set up.
    :param seed: of the shops' customers and orders.
    :param polling: HotWax looks for files and NetSuite runs its scripts by themselves; without it only
        `hotwax.importer.import_now()`, `netsuite.scripts.run_now()`, `netsuite_ids.import_now()` and :meth:`tick` do.
    """

    def __init__(
        self,
        root: Path,
        *,
        ports: Ports | None = None,
        hotwax: HotWaxSettings | None = None,
        retailpro: RetailProSettings | None = None,
        netsuite: NetSuiteSettings | None = None,
        shopify: ShopifySettings | None = None,
        seed: int = 1,
        polling: bool = True,
    ) -> None:
        wanted = ports or Ports()
        self.root = root.resolve()
        keys = self.root / "keys"
        sftp_root = self.root / "sftp"
        for folder in _FOLDERS:
            (sftp_root / folder).mkdir(parents=True, exist_ok=True)
        self.sftp = SftpServer(sftp_root, keys=keys, port=wanted.sftp)
        self.hotwax = HotWax(
            sftp_root, self.root / "hotwax.sqlite", keys, settings=hotwax, port=wanted.hotwax, polling=polling
        )
        self.retailpro = RetailPro(self.root / "retailpro.sqlite", settings=retailpro, port=wanted.retailpro, keys=keys)
        database = self.root / "netsuite.sqlite"
        self.netsuite = NetSuite(
            sftp_root, database, settings=netsuite, keys=keys, port=wanted.netsuite, polling=polling
        )
        # HotWax looks for NetSuite's ids as often as NetSuite runs its scripts
        every = self.netsuite.settings.poll_seconds
        self.netsuite_ids = NetSuiteIds(self.hotwax.database, self.hotwax.logs, sftp_root, poll_seconds=every)
        self.shop = HotWaxShop(sftp_root, self.hotwax.database, self.netsuite_ids, seed=seed)
        self.brokering = Brokering(sftp_root, self.hotwax.database, self.shop)
        self.netsuite_items = NetSuiteItems(self.hotwax.database, self.hotwax.logs, sftp_root, self.shop)
        orders = self.root / "shopify.sqlite"
        self.shopify = Shopify(orders, settings=shopify, seed=seed, port=wanted.shopify, keys=keys)
        self.mailbox = Mailbox(self.root / "mail", port=wanted.smtp)
        self.connections_path = self.root / "connections.yaml"
        self._polling = polling
        self._running = ExitStack()

    @property
    def tlog_folder(self) -> Path:
        """Local folder into which PredictSpring puts its TLogs."""
        return self.sftp.root / TLOG_FOLDER

    @property
    def order_feed_folder(self) -> Path:
        """Local folder from which HotWax takes order feeds."""
        return self.sftp.root / ORDER_FEED_FOLDER

    @property
    def inventory_variance_folder(self) -> Path:
        """Local folder from which HotWax takes inventory variances."""
        return self.sftp.root / INVENTORY_VARIANCE_FOLDER

    @property
    def completed_orders_folder(self) -> Path:
        """Local folder into which HotWax puts its completed orders."""
        return self.sftp.root / COMPLETED_ORDERS_FOLDER

    @property
    def invoices_folder(self) -> Path:
        """Local folder of the files that hold what Retail Pro is to be sent."""
        return self.sftp.root / INVOICES_FOLDER

    @property
    def responses_folder(self) -> Path:
        """Local folder of what Retail Pro answered."""
        return self.sftp.root / RESPONSES_FOLDER

    @property
    def netsuite_folder(self) -> Path:
        """Local folder above all that goes to NetSuite and comes back."""
        return self.netsuite.root

    def start(self) -> None:
        """Start every partner and write the connections file.

        :raises OSError: when a port is taken; nothing is left running then.
        """
        with ExitStack() as starting:
            for partner in (self.sftp, self.hotwax, self.retailpro, self.netsuite, self.shopify, self.mailbox):
                starting.enter_context(partner)
            if self._polling:
                starting.enter_context(self.netsuite_ids)
                starting.enter_context(self.netsuite_items)
            content = yaml.safe_dump(self.connections(), sort_keys=False)
            write_private(self.connections_path, content.encode())
            self._running = starting.pop_all()

    def tick(self) -> None:
        """NetSuite's scripts run once, then HotWax takes in what they gave back, and what it was told of NetSuite."""
        self.netsuite.scripts.run_now()
        self.netsuite_ids.import_now()
        self.netsuite_items.import_now()

    def stop(self) -> None:
        """Stop every partner."""
        self._running.close()

    def __enter__(self) -> Self:
        """Start them."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop them."""
        self.stop()

    def connections(self) -> dict[str, dict[str, object]]:
        """Airflow connections by id, as its LocalFilesystemBackend reads them."""
        return {
            "predictspring_sftp": self._sftp_connection(),
            "hotwax_sftp": self._sftp_connection(),
            "hotwax_api": {
                "conn_type": "http",
                "host": self.hotwax.url,
                "login": self.hotwax.credentials.login,
                "password": self.hotwax.credentials.password,
                "extra": {"backend": "moqui"},
            },
            "retailpro_sftp": self._sftp_connection(),
            "retailpro_api": {
                "conn_type": "http",
                "host": self.retailpro.url,
                "login": self.retailpro.credentials.login,
                "password": self.retailpro.credentials.password,
            },
            "netsuite_sftp": self._sftp_connection(),
            "netsuite_api": {
                "conn_type": "http",
                "host": self.netsuite.url,
                "login": self.netsuite.credentials.client_id,
                "password": self.netsuite.credentials.private_key,
                "extra": {"certificate_id": self.netsuite.credentials.certificate_id, "algorithm": "ES256"},
            },
            "shopify_api": {
                "conn_type": "http",
                "host": self.shopify.url,
                "login": self.shopify.credentials.client_id,
                "password": self.shopify.credentials.client_secret,
            },
            "smtp_default": {
                "conn_type": "smtp",
                "host": self.mailbox.host,
                "port": self.mailbox.port,
                "extra": {"disable_ssl": True, "disable_tls": True, "from_email": SENDER},
            },
        }

    def _sftp_connection(self) -> dict[str, object]:
        return {
            "conn_type": "sftp",
            "host": self.sftp.host,
            "port": self.sftp.port,
            "login": self.sftp.user,
            "password": self.sftp.password,
            "extra": {"host_key": self.sftp.host_key},
        }
