"""Who may import whom; the picture of it is in docs/decisions/0001-architecture.md."""

from __future__ import annotations

import sys

import pytest

from tests.policy.repository import PACKAGE, ROOT, imported, imports, python_files, shown, within

PURE = tuple(f"plugins/order_sync/{name}" for name in ("contracts", "mapping", "transforms", "reports"))
PURE_MODULES = (
    "plugins/order_sync/settings",
    *(f"plugins/order_sync/{name}.py" for name in ("errors", "reasons", "yaml_file")),
)
NETWORK = (
    *("socket", "ssl", "asyncio", "asyncssh", "paramiko", "requests", "aiohttp", "httpx", "urllib", "urllib3"),
    *("http", "smtplib", "imaplib", "ftplib", "subprocess", "multiprocessing"),
)
OTHER_SIDE = ("sandbox", "demo", "tests", "benchmarks", "dags")


@pytest.mark.parametrize("place", [*PURE, *PURE_MODULES])
def test_pure_code_knows_neither_airflow_nor_network(place: str) -> None:
    assert imported((place,), ("airflow", *NETWORK)) == []


@pytest.mark.parametrize(
    ("place", "layers"),
    [
        ("contracts", {"contracts", "errors", "reasons"}),
        ("mapping", {"mapping", "contracts", "errors", "reasons", "yaml_file"}),
        ("transforms", {"transforms", "mapping", "contracts", "errors", "reasons", "settings", "yaml_file"}),
        ("settings", {"settings", "contracts", "errors", "reasons", "yaml_file"}),
        ("reports", {"reports", "contracts", "ledger", "errors", "reasons"}),
        ("ledger", {"ledger", "errors", "reasons"}),
        ("partners", {"partners", "contracts", "errors", "reasons", "faults"}),
    ],
)
def test_layers_point_downwards(place: str, layers: set[str]) -> None:
    upwards = []
    for path in python_files(f"plugins/order_sync/{place}"):
        for one in imports(path):
            layer = one.module.split(".")[1] if one.module.startswith("order_sync.") else None
            if layer is not None and layer not in layers:
                upwards.append(str(one))
    assert upwards == []


def test_ledger_knows_no_airflow_and_no_network() -> None:
    assert imported(("plugins/order_sync/ledger",), ("airflow", *NETWORK)) == []


def test_ledger_is_the_only_one_that_speaks_sql() -> None:
    """``flow.py`` only writes the database URL."""
    places = tuple(
        shown(path)
        for path in python_files("plugins")
        if PACKAGE / "ledger" not in path.parents and path != PACKAGE / "flow.py"
    )
    assert imported(places, ("sqlalchemy", "alembic", "sqlite3")) == []


def test_platform_never_imports_the_other_side() -> None:
    assert imported(("plugins", "dags"), OTHER_SIDE) == []


def test_sandbox_shares_no_code_with_the_platform() -> None:
    """Sharing code would hide mistakes: both sides would make the same one."""
    assert imported(("sandbox",), ("order_sync", "airflow", "demo", "tests", "benchmarks")) == []


def test_dags_import_only_steps_and_settings() -> None:
    allowed = (
        "airflow.sdk",
        "airflow.providers.standard.operators.empty",
        "order_sync.flow",
        "order_sync.operators",
        "order_sync.settings",
    )
    strange = [
        str(one)
        for path in python_files("dags")
        for one in imports(path)
        if not any(within(one.module, package) for package in allowed)
    ]
    assert strange == []


def test_dags_import_no_dags() -> None:
    names = tuple(path.stem for path in python_files("dags"))
    assert imported(("dags",), names) == []


def test_airflow_is_imported_through_its_public_sdk() -> None:
    """Task processes have no database: nothing of the platform may use the scheduler's side of Airflow."""
    allowed = ("airflow.sdk", "airflow.providers")
    strange = [
        str(one)
        for path in python_files("plugins", "dags")
        for one in imports(path)
        if within(one.module, "airflow") and not any(within(one.module, package) for package in allowed)
    ]
    assert strange == []


def test_operators_are_imported_by_dags_and_operators_only() -> None:
    places = tuple(shown(path) for path in python_files("plugins") if PACKAGE / "operators" not in path.parents)
    assert imported(places, ("order_sync.operators",)) == []


def test_dags_folder_holds_dag_files_only() -> None:
    """Airflow puts plugins/ on sys.path everywhere, dags/ only sometimes: nothing there may be imported."""
    strange = [shown(path) for path in (ROOT / "dags").rglob("*") if path.is_dir() and path.name != "__pycache__"]
    strange += [shown(path) for path in python_files("dags") if "flow_dag(" not in path.read_text(encoding="utf-8")]
    assert strange == []


def test_include_holds_data_only() -> None:
    assert [shown(path) for path in (ROOT / "include").rglob("*") if path.suffix in {".py", ".pyc", ".sh"}] == []


def test_plugins_hold_one_package_with_a_name_of_its_own() -> None:
    """``hooks`` or ``operators`` at the top of plugins/ would collide with those of others."""
    packages = [path for path in (ROOT / "plugins").iterdir() if path.is_dir() and path.name != "__pycache__"]
    assert packages == [PACKAGE]
    assert PACKAGE.name not in sys.stdlib_module_names
