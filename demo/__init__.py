"""The demo: the flows, run through Airflow in one process, against the sandbox partners."""
