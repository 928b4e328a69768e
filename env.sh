# Settings for Airflow and order sync on this machine: `source ./env.sh` from this folder, in bash or zsh.
# Everything is kept below this folder: .airflow (Airflow's home), .order_sync (ledger, staging store), .sandbox (partners).
ORDER_SYNC_ROOT="$(cd "$(dirname "${BASH_SOURCE:-$0}")" && pwd)"
export ORDER_SYNC_ROOT

export AIRFLOW_HOME="${AIRFLOW_HOME:-$ORDER_SYNC_ROOT/.airflow}"
export AIRFLOW__CORE__DAGS_FOLDER="$ORDER_SYNC_ROOT/dags"
export AIRFLOW__CORE__PLUGINS_FOLDER="$ORDER_SYNC_ROOT/plugins"
export AIRFLOW__CORE__LOAD_EXAMPLES=False
export AIRFLOW__CORE__PARALLELISM="${AIRFLOW__CORE__PARALLELISM:-4}"
export AIRFLOW__DATABASE__SQL_ALCHEMY_CONN="${AIRFLOW__DATABASE__SQL_ALCHEMY_CONN:-sqlite:///$AIRFLOW_HOME/airflow.db}"
export AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME=0.2
export AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL=30
export AIRFLOW__API__HOST=127.0.0.1
export AIRFLOW__API__PORT="${AIRFLOW__API__PORT:-8080}"
export AIRFLOW__CORE__EXECUTION_API_SERVER_URL="http://127.0.0.1:$AIRFLOW__API__PORT/execution/"
export AIRFLOW__USAGE_DATA_COLLECTION__ENABLED=False

# Connections: the sandbox writes its own into a file; the ledger is a file, too. In production both come from elsewhere.
export AIRFLOW__SECRETS__BACKEND=airflow.secrets.local_filesystem.LocalFilesystemBackend
export AIRFLOW__SECRETS__BACKEND_KWARGS="{\"connections_file_path\": \"$ORDER_SYNC_ROOT/.sandbox/connections.yaml\"}"
export AIRFLOW_CONN_ORDER_SYNC_LEDGER="${AIRFLOW_CONN_ORDER_SYNC_LEDGER:-{\"conn_type\": \"sqlite\", \"host\": \"$ORDER_SYNC_ROOT/.order_sync/ledger.sqlite\"\}}"
export ORDER_SYNC_STAGING="${ORDER_SYNC_STAGING:-file://$ORDER_SYNC_ROOT/.order_sync/staging}"
export ORDER_SYNC_OVERLAY="${ORDER_SYNC_OVERLAY-$ORDER_SYNC_ROOT/sandbox/overlay.yaml}"

export PYTHONPATH="$ORDER_SYNC_ROOT/plugins:$ORDER_SYNC_ROOT${PYTHONPATH:+:$PYTHONPATH}"
export PATH="$ORDER_SYNC_ROOT/.venv/bin:$PATH"
