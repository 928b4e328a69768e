"""References between records: what an internal id must lead to, and what NetSuite says when it does not."""

from __future__ import annotations

from sandbox.netsuite.csv_table import RecordError
from sandbox.netsuite.database import NetSuiteDatabase
from sandbox.netsuite.settings import NetSuiteSettings
from sandbox.netsuite.values import internal_id


class References:
    """Looks references up.

    :param database: customers and orders.
    :param settings: everything else that is known.
    """

    def __init__(self, database: NetSuiteDatabase, settings: NetSuiteSettings) -> None:
        self._database = database
        self._settings = settings

    def customer(self, key: str) -> int:
        """A customer.

        :param key: internal id.
        :returns: the same as a number.
        :raises RecordError: there is none.
        """
        query = "SELECT internal_id FROM customers WHERE internal_id = ? AND is_active = 1"
        if not self._database.rows(query, internal_id(key)):
            raise RecordError(f"Invalid entity reference key {key}")
        return int(key)

    def item(self, key: str) -> str:
        """An item.

        :param key: internal id, or the name of one that has a name.
        :raises RecordError: there is none.
        """
        if key in self._settings.named_items:
            return key
        return _known("item", key, self._settings.unknown_items)

    def location(self, key: str, subsidiary: str) -> str:
        """A location, perhaps none.

        :param key: internal id or blank.
        :param subsidiary: that it must serve.
        :raises RecordError: there is none, or it serves another.
        """
        if not key:
            return key
        serves = self._settings.location_subsidiaries.get(key, subsidiary)
        if key in self._settings.unknown_locations or internal_id(key) is None or serves != subsidiary:
            of = f" for subsidiary {subsidiary}" if subsidiary else ""
            raise RecordError(f"Invalid location reference key {key}{of}")
        return key

    def subsidiary(self, key: str) -> str:
        """A subsidiary, perhaps none.

        :param key: internal id or blank.
        :raises RecordError: there is none.
        """
        if key and key not in self._settings.subsidiaries:
            raise RecordError(f"Invalid subsidiary reference key {key}")
        return key

    def shipping_method(self, key: str) -> str:
        """A shipping method, perhaps none.

        :param key: internal id or blank.
        :raises RecordError: there is none.
        """
        return _known("shipmethod", key, self._settings.unknown_shipping_methods) if key else key

    def department(self, key: str) -> str:
        """A department, perhaps none; every whole number is one.

        :param key: internal id or blank.
        :raises RecordError: there is none.
        """
        return _known("department", key, set()) if key else key

    def payment_method(self, key: str) -> str:
        """A payment method, perhaps none.

        :param key: internal id or name.
        :raises RecordError: there is none.
        """
        if key in self._settings.unknown_payment_methods:
            raise RecordError(f"Invalid paymentmethod reference key {key}")
        return key

    def price_level(self, name: str) -> str:
        """A price level, perhaps none.

        :param name: its name or blank.
        :raises RecordError: there is none.
        """
        if name and name not in self._settings.price_levels:
            raise RecordError(f"Invalid price reference key {name}")
        return name

    def new(self, table: str, external_id: str) -> str | None:
        """An external id for a new record.

        :param table: of the record.
        :param external_id: the id, perhaps blank.
        :returns: the id, None when it is blank.
        :raises RecordError: a record has it.
        """
        if external_id and self._database.one(table, external_id) is not None:
            raise RecordError("This record already exists")
        return external_id or None


def _known(kind: str, key: str, unknown: set[str]) -> str:
    if key in unknown or internal_id(key) is None:
        raise RecordError(f"Invalid {kind} reference key {key}")
    return key
