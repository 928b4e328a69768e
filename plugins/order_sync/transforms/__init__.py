"""Conversions: records in, target rows and rejects out. Pure code: no Airflow, no network, no clock."""
