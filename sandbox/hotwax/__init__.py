"""HotWax Commerce, simulated: a Data Manager that imports files from SFTP, and its two HTTP back ends."""

from __future__ import annotations

from sandbox.hotwax.importer import Importer
from sandbox.hotwax.logs import ImportLog, LogStatus
from sandbox.hotwax.partner import HotWax
from sandbox.hotwax.settings import IMP_JSON_LIST_DATA, IMP_ORDER, MDM_INV_VARIANCE, HotWaxSettings

__all__ = [
    "IMP_JSON_LIST_DATA",
    "IMP_ORDER",
    "MDM_INV_VARIANCE",
    "HotWax",
    "HotWaxSettings",
    "ImportLog",
    "Importer",
    "LogStatus",
]
