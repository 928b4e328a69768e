"""NetSuite, simulated: the public SuiteScripts over SFTP, SuiteTalk REST, and a database that tells what came of it."""

from __future__ import annotations

from sandbox.netsuite.csv_table import RecordError
from sandbox.netsuite.database import NetSuiteDatabase
from sandbox.netsuite.faults import NetSuiteFaults
from sandbox.netsuite.oauth import TOKEN_PATH
from sandbox.netsuite.partner import NetSuite
from sandbox.netsuite.rest_server import RECORD_PATH, RestFaults
from sandbox.netsuite.settings import NetSuiteSettings

__all__ = [
    "RECORD_PATH",
    "TOKEN_PATH",
    "NetSuite",
    "NetSuiteDatabase",
    "NetSuiteFaults",
    "NetSuiteSettings",
    "RecordError",
    "RestFaults",
]
