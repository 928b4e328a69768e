"""What the settings of several flows have in common."""

from __future__ import annotations

from typing import Protocol
from zoneinfo import ZoneInfo

import msgspec


class FileNames(Protocol):
    """What the names of published files are made of: settings of every flow that writes files."""

    @property
    def file_prefix(self) -> str:
        """First part of every name."""

    @property
    def zone(self) -> ZoneInfo:
        """In which the time in a name is written."""


class Connections(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Ids of Airflow connections; ``hotwax_api`` may be blank, then nothing confirms an import."""

    predictspring_sftp: str
    hotwax_sftp: str
    hotwax_api: str
    retailpro_sftp: str
    netsuite_sftp: str
    netsuite_api: str
    retailpro_api: str
    shopify_api: str
    mail: str


class Arrival(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How the sensor waits for files.

    :param stable_seconds: between the two looks in which a file must not change.
    :param poke_seconds: between two pokes while nothing is there.
    :param timeout_seconds: after which the run is skipped; 0 looks once.
    :param max_files: the most files of one run; the rest waits for the next.
    """

    stable_seconds: float
    poke_seconds: float
    timeout_seconds: float
    max_files: int


class Limits(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Bounds for what is read from a partner.

    :param max_record_bytes: of one order.
    :param max_unpacked_bytes: of all that comes out of one compressed file.
    :param max_members: files in one zip.
    :param max_ratio: unpacked to packed size.
    """

    max_record_bytes: int
    max_unpacked_bytes: int
    max_members: int
    max_ratio: int
