"""What every DAG shares: its frame (retries, timeouts, params, teardown report) and what a step may ask of its run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from airflow.sdk import DAG, BaseHook, CronDataIntervalTimetable, Param

from order_sync.errors import Stop
from order_sync.ledger import Ledger, open_ledger
from order_sync.settings import DEFAULT, Retailer

if TYPE_CHECKING:
    from airflow.sdk import Context

LEDGER_CONNECTION = "order_sync_ledger"
#: The ledger's flow of manual slips, which are documents of their own beside the orders of their DAG.
SLIPS_FLOW = "retailpro_manual_slips"
#: The ledger's flows of what goes to NetSuite in one DAG.
NETSUITE_CUSTOMERS, NETSUITE_ORDERS = "netsuite_customers", "netsuite_created_orders"
#: The ledger's flows of what follows an order there.
NETSUITE_DEPOSITS, NETSUITE_APPROVALS = "netsuite_deposits", "netsuite_approvals"
#: The ledger's flow of cash sales.
NETSUITE_CASH_SALES = "netsuite_cash_sales"
#: The ledger's flows of allocation and fulfilment: what NetSuite has to ship, what HotWax shipped, what NetSuite did,
#: what it will not ship.
NETSUITE_ALLOCATIONS, NETSUITE_FULFILMENTS = "netsuite_allocations", "netsuite_fulfilments"
HOTWAX_FULFILMENTS, HOTWAX_REJECTIONS = "hotwax_fulfilments", "hotwax_rejections"
#: The ledger's flow of Shopify's orders.
SHOPIFY_ORDERS = "shopify_order_import"
#: The ledger's flow of what the check of Shopify's orders found.
SHOPIFY_FINDINGS = "shopify_findings"
#: Every flow that the ledger keeps records of.
LEDGER_FLOWS = (
    *("predictspring_order_sync", "retailpro_invoicing", SLIPS_FLOW, NETSUITE_CUSTOMERS, NETSUITE_ORDERS),
    *(NETSUITE_DEPOSITS, NETSUITE_APPROVALS),
    NETSUITE_CASH_SALES,
    *(NETSUITE_ALLOCATIONS, NETSUITE_FULFILMENTS, HOTWAX_FULFILMENTS, HOTWAX_REJECTIONS),
    SHOPIFY_ORDERS,
)
START = datetime(2026, 1, 1, tzinfo=UTC)

_DRIVERS = {"sqlite": "sqlite", "postgres": "postgresql+psycopg"}

#: The form in the UI, and the keys of ``airflow dags test -c``.
PARAMS: dict[str, Param] = {
    "files": Param(
        [],
        type=["array", "null"],
        items={"type": "string"},
        title="Only these files",
        description="File names in the inbox, one per line.",
    ),
    "order_ids": Param(
        [],
        type=["array", "null"],
        items={"type": "string"},
        title="Bring these orders again",
        description="Orders that wait as exceptions, one id per line; 'all' takes every open exception.",
    ),
    "dry_run": Param(
        False,
        type="boolean",
        title="Dry run",
        description="Do everything but change anything: the log shows what would be sent.",
    ),
    "force_publish": Param(
        False,
        type="boolean",
        title="Publish again",
        description="Put the files of this run's interval into the partner's folder once more, same bytes and name. "
        "The stock variance is never repeated: HotWax would deduct twice.",
    ),
    "max_records": Param(
        None,
        type=["null", "integer"],
        minimum=1,
        title="At most so many orders",
        description="The rest of the files waits for the next run: whole files only.",
    ),
}


def dag_name(flow: str, retailer: Retailer) -> str:
    """The id of a flow's DAG: ``flow`` for the default retailer, ``flow__name`` for others."""
    return flow if retailer.name == DEFAULT else f"{flow}__{retailer.name}"


def flow_dag(flow: str, retailer: Retailer, *, schedule: str | None, doc_md: str, tags: list[str]) -> DAG:
    """The DAG of one flow for one retailer.

    :param schedule: cron, UTC; the data interval is the time since the previous fire. None: it runs by hand only.
    """
    return DAG(
        dag_id=dag_name(flow, retailer),
        schedule=CronDataIntervalTimetable(schedule, timezone="UTC") if schedule else None,
        start_date=START,
        catchup=False,
        max_active_runs=1,
        doc_md=doc_md,
        tags=["order-sync", f"retailer:{retailer.name}", *tags],
        params=dict(PARAMS),
        default_args={
            "owner": retailer.owner,
            "retries": retailer.retries,
            "retry_delay": retailer.retry_delay,
            "retry_exponential_backoff": True,
            "max_retry_delay": timedelta(minutes=10),
            "execution_timeout": timedelta(hours=2),
            "retailer": retailer.name,
            "flow": flow,
        },
    )


class Window(NamedTuple):
    """A data interval, half-open, UTC."""

    start: datetime
    end: datetime


def _plain(at: datetime) -> datetime:
    """The same moment without Airflow's own type of time: its differences cannot be divided."""
    return datetime.fromisoformat(at.astimezone(UTC).isoformat())


class Run:
    """What a step may ask of the DAG run it belongs to.

    :param context: the task's context as Airflow gives it.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._run: Any = context["dag_run"]

    @property
    def dag_id(self) -> str:
        """The DAG."""
        return str(self._run.dag_id)

    @property
    def run_id(self) -> str:
        """The run: a pointer for people and for resuming, never part of a business key."""
        return str(self._run.run_id)

    @property
    def who(self) -> str:
        """The step, as the ledger's history shows it."""
        return f"{self.dag_id} / {self.run_id} / {self._context['ti'].task_id}"

    @property
    def window(self) -> Window:
        """The data interval; the moment of the run where it has none (asset and API runs)."""
        moment = self._run.run_after or self.now
        start = self._context.get("data_interval_start") or moment
        end = self._context.get("data_interval_end") or moment
        return Window(_plain(start), _plain(end))

    @property
    def repeats_interval(self) -> bool:
        """Whether a person asked for an interval again (backfill, "publish again"): from stored inputs."""
        return bool(self.param("force_publish")) or self._type == "backfill"

    @property
    def asked_for(self) -> bool:
        """Whether a person started the run, or gave it a param."""
        return self._type != "scheduled" or any((self._context.get("params") or {}).values())

    @property
    def _type(self) -> str:
        return str(getattr(self._run.run_type, "value", self._run.run_type))

    @property
    def now(self) -> datetime:
        """The time of this step."""
        return now()

    def param(self, name: str) -> Any:
        """A param of :data:`PARAMS`, its default where the run was started without."""
        return (self._context.get("params") or {}).get(name)

    @property
    def dry_run(self) -> bool:
        """Whether nothing may change."""
        return bool(self.param("dry_run"))


def now() -> datetime:
    """The present time: the one place where the platform looks at a clock."""
    return datetime.now(UTC)


@contextmanager
def ledger() -> Iterator[Ledger]:
    """The ledger behind the Airflow connection ``order_sync_ledger``, closed at the end."""
    opened = open_ledger(ledger_url())
    try:
        yield opened
    finally:
        opened.close()


def ledger_url() -> str:
    """The database URL of the ledger.

    :raises Stop: the connection names neither SQLite nor PostgreSQL.
    """
    from sqlalchemy import URL

    connection = BaseHook.get_connection(LEDGER_CONNECTION)
    driver = _DRIVERS.get(connection.conn_type)
    if driver is None:
        raise Stop(
            f"Connection {LEDGER_CONNECTION} has type {connection.conn_type!r}.",
            next_step="Give it the type sqlite (host = path of the file) or postgres.",
        )
    if driver == "sqlite":
        return URL.create(driver, database=connection.host).render_as_string(hide_password=False)
    url = URL.create(driver, connection.login, connection.password, connection.host, connection.port, connection.schema)
    return url.render_as_string(hide_password=False)
