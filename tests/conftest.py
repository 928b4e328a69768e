"""An Airflow home for the whole session: Airflow reads its settings when any test imports it first."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

_HOME = tempfile.mkdtemp(prefix="order-sync-tests-")
atexit.register(shutil.rmtree, _HOME, ignore_errors=True)

os.environ["AIRFLOW_HOME"] = _HOME
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] = f"sqlite:///{_HOME}/airflow.db"
# What the shell of the person who runs the tests says about the platform counts for nothing here.
for _name in [name for name in os.environ if name.startswith(("ORDER_SYNC_", "AIRFLOW_CONN_", "AIRFLOW__SECRETS__"))]:
    del os.environ[_name]
