"""What varies by retailer in allocation, fulfilment and rejected items, between HotWax and NetSuite."""

from __future__ import annotations

from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from order_sync.settings.parts import Arrival, Limits


class FulfilmentFolders(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Folders, by what stands in them.

    :param allocations: where HotWax drops brokered items; every inbox has ``archive`` and ``error`` below.
    :param fulfilled: where it drops completed orders.
    :param fulfilments: where NetSuite drops what it shipped, one folder for each form.
    :param rejections: where it drops what its facilities rejected.
    :param update: where NetSuite takes updates of orders.
    :param fulfilled_json: where it takes the older files of what HotWax shipped.
    :param unfinished: where unfinished files lie: NetSuite takes any file of its folders.
    :param hotwax_fulfilments: where HotWax takes what NetSuite shipped; ``hotwax_rejections`` what was rejected.
    """

    allocations: str
    fulfilled: str
    fulfilments: list[str]
    rejections: str
    update: str
    fulfilled_json: str
    unfinished: str
    hotwax_fulfilments: str
    hotwax_rejections: str


class NetSuiteFacilities(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Which facilities NetSuite fulfils; all others are HotWax's.

    :param ids: their external ids.
    :param groups: facility groups, where the feed tells them.
    """

    ids: list[str]
    groups: list[str]


class NetSuiteFulfilment(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Settings of the flow ``netsuite_fulfilment``.

    :param schedule: cron, UTC.
    :param file_prefix: first part of the names of files that are written.
    :param time_zone: of the time in those names.
    :param deadline_hours: after which what waits for an id of NetSuite is reported by name.
    :param generation: of the column names: ``camel`` (``lineId``) or ``title`` (``Line Id``).
    :param fulfilled: how NetSuite is told what HotWax shipped: by ``csv`` in the update folder, or the older ``json``.
    :param max_rows_per_file: the most rows of a file for NetSuite.
    :param allocate_address: whether an allocation carries the ship-to address, ``allocate_shipping_method`` the method.
    :param imports: HotWax's Data Manager configs that say what became of a file, by what it holds.
    :param values: texts that the mappings refer to as ``setting``.
    """

    schedule: str
    file_prefix: str
    time_zone: str
    deadline_hours: float
    generation: Literal["camel", "title"]
    fulfilled: Literal["csv", "json"]
    max_rows_per_file: int
    allocate_address: bool
    allocate_shipping_method: bool
    netsuite_facilities: NetSuiteFacilities
    imports: dict[Literal["fulfilments", "rejections"], str]
    folders: FulfilmentFolders
    arrival: Arrival
    limits: Limits
    values: dict[str, str]

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of file names."""
        return ZoneInfo(self.time_zone)

    @property
    def inboxes(self) -> dict[str, list[str]]:
        """Where files come, by stage."""
        folders = self.folders
        return {
            "allocations": [folders.allocations],
            "fulfilled": [folders.fulfilled],
            "fulfilments": folders.fulfilments,
            "rejections": [folders.rejections],
        }

    @property
    def exports(self) -> dict[str, str]:
        """Where files go, by stage."""
        folders = self.folders
        return {
            "allocations": folders.update,
            "fulfilled": folders.fulfilled_json if self.fulfilled == "json" else folders.update,
            "fulfilments": folders.hotwax_fulfilments,
            "rejections": folders.hotwax_rejections,
        }

    @property
    def rows(self) -> FileSize:
        """How large files may get."""
        return FileSize(self.max_rows_per_file, self.max_rows_per_file)


class FileSize(msgspec.Struct, frozen=True):
    """How large a file may get; every record is one row."""

    max_orders_per_file: int
    max_rows_per_file: int
