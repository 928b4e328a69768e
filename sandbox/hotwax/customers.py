"""HotWax's feed of customers, simulated: seeded records, and the job that writes files of them.

No public source shows this feed; the shape is by analogy with HotWax's other feeds.

Command line: ``python -m sandbox.hotwax.customers --customers 50 --out FOLDER --seed 1``
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

#: One record of the feed.
Customer: TypeAlias = dict[str, Any]

NETSUITE_CUSTOMER_ID = "NETSUITE_CUSTOMER_ID"
SHOPIFY_CUST_ID = "SHOPIFY_CUST_ID"
CLASSIFICATION_OF_TILL = "POS_SALES_CHANNEL"

#: Kinds of customer.
CUSTOMER_KINDS: dict[str, str] = {
    "web": "of the shop, with a NetSuite id",
    "pos": "of a till, with a NetSuite id",
    "new_customer": "of the shop, without a NetSuite id; this and all that follow",
    "new_pos": "of a till",
    "ended_id": "with a NetSuite id that has ended",
    "long_names": "with names longer than NetSuite takes; with a NetSuite id, the following again without",
    "new_long_names": "with names longer than NetSuite takes",
    "no_names": "without names, one blank and one null",
    "no_phone": "without a phone",
    "bad_phone": "with a phone that is no number",
    "no_email": "without an e-mail address",
    "emails": "with a list of e-mail addresses",
    "no_shopify_id": "that is none of the shop's",
}
#: How files of a feed are laid out: what stands before, between and after the records.
LAYOUTS: dict[str, tuple[bytes, bytes, bytes]] = {"array": (b"[", b",\n", b"]\n"), "lines": (b"", b"\n", b"\n")}

_KNOWN = frozenset({"web", "pos", "long_names"})
_FIRST_NAMES = ("Ana", "Luis", "Eva", "José", "Zoë", "Max", "Iris")
_LAST_NAMES = ("Muestra", "Ejemplo", "Prueba", "Ficticia", "Inventado")
_MADE = "2025-11-03T08:15:00-05:00"
_ENDED = "2025-12-01T00:00:00-05:00"

_encoder = msgspec.json.Encoder(decimal_format="number")


def party_id(number: int) -> str:
    """HotWax's id of customer `number`."""
    return f"HC{10_000 + number}"


def customer(seed: int, number: int, kind: str = "web") -> Customer:
    """Customer `number`; the same seed, number and kind always give the same one.

    :param kind: a key of :data:`CUSTOMER_KINDS`.
    :raises ValueError: unknown kind, or a number below 1.
    """
    if kind not in CUSTOMER_KINDS:
        raise ValueError(f"unknown kind of customer {kind!r}; known are {', '.join(CUSTOMER_KINDS)}")
    if number < 1:
        raise ValueError(f"customer {number}: numbers begin with 1")
    first_name, last_name = _names(seed, number, kind)
    return {
        "partyId": party_id(number),
        "firstName": first_name,
        "lastName": last_name,
        **_email(number, kind),
        "phone": _phone(number, kind),
        "classifications": [CLASSIFICATION_OF_TILL] if kind in {"pos", "new_pos"} else [],
        "partyIdentifications": _identifications(number, kind),
    }


def identification(party: str, kind: str, value: str, ended: str | None = None) -> dict[str, str | None]:
    """One identification of a party, as HotWax's feeds have it.

    :param ended: when it ended, ISO text; ``None`` while it holds.
    """
    return {
        "partyId": party,
        "partyIdentificationTypeId": kind,
        "idValue": value,
        "fromDate": _MADE,
        "thruDate": ended,
        "lastUpdatedStamp": _MADE,
    }


def netsuite_id(record: Customer) -> str | None:
    """The NetSuite id that a record has and that has not ended."""
    for one in record["partyIdentifications"]:
        if one["partyIdentificationTypeId"] == NETSUITE_CUSTOMER_ID and one["thruDate"] is None:
            return str(one["idValue"])
    return None


def write_feed(folder: Path, name: str, records: Iterable[dict[str, Any]], at: datetime, layout: str = "array") -> Path:
    """Write one file of a feed, record by record, under a name with a dot until it is whole.

    A file of the same millisecond is replaced.

    :param folder: made when missing.
    :param name: of the feed, the file's name begins with it.
    :param at: stands in the file's name, as it is.
    :param layout: one of :data:`LAYOUTS`.
    :returns: the file, ``NAME_YYYY-MM-DD-HH_MM_SS_mmm.json``.
    :raises ValueError: unknown layout.
    """
    if layout not in LAYOUTS:
        raise ValueError(f"unknown layout {layout!r}; known are {', '.join(LAYOUTS)}")
    before, between, after = LAYOUTS[layout]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}_{at:%Y-%m-%d-%H_%M_%S}_{at.microsecond // 1000:03d}.json"
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        file.write(before)
        for index, record in enumerate(records):
            file.write(between + dump(record) if index else dump(record))
        file.write(after)
    return part.replace(path)


def write_customers(folder: Path, records: Iterable[Customer], at: datetime, layout: str = "array") -> Path:
    """Write one file of customers, see :func:`write_feed`.

    :returns: the file, ``CustomerFeed_YYYY-MM-DD-HH_MM_SS_mmm.json``.
    """
    return write_feed(folder, "CustomerFeed", records, at, layout)


def dump(record: dict[str, Any]) -> bytes:
    """One record as compact JSON in UTF-8; amounts as exact numbers."""
    return _encoder.encode(record)


def _names(seed: int, number: int, kind: str) -> tuple[str | None, str | None]:
    if kind == "no_names":
        return " ", None
    rng = random.Random(f"customer:{seed}:{number}")
    first, last = rng.choice(_FIRST_NAMES), rng.choice(_LAST_NAMES)
    if kind.endswith("long_names"):
        return f"{first}-Maximiliana Guadalupe", f"{last} de la Santísima {last} y Compañía " * 3
    return first, last


def _email(number: int, kind: str) -> Customer:
    address = f"shopper{number:05d}@example.com"
    if kind == "emails":
        return {"emails": [address, f"old.{address}"]}
    return {"email": None if kind == "no_email" else address}


def _phone(number: int, kind: str) -> dict[str, str | None] | None:
    if kind == "no_phone":
        return None
    if kind == "bad_phone":
        return {"countryCode": None, "areaCode": None, "contactNumber": "call the office"}
    return {"countryCode": "1", "areaCode": "212", "contactNumber": f"55501{number % 100:02d}"}


def _identifications(number: int, kind: str) -> list[dict[str, str | None]]:
    party = party_id(number)
    found = []
    if kind != "no_shopify_id":
        found.append(identification(party, SHOPIFY_CUST_ID, str(5_700_000_000_000 + number)))
    if kind in _KNOWN:
        found.append(identification(party, NETSUITE_CUSTOMER_ID, str(900_000 + number)))
    if kind == "ended_id":
        found.append(identification(party, NETSUITE_CUSTOMER_ID, str(800_000 + number), _ENDED))
    return found


def main(arguments: list[str] | None = None) -> None:
    """Write a file of customers into a folder, from the command line."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.hotwax.customers", description=main.__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder to write into; made when missing")
    parser.add_argument("--customers", type=int, default=50, help="how many (default: 50)")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other customers (default: 1)")
    parser.add_argument("--first", type=int, default=1, help="number of the first customer (default: 1)")
    parser.add_argument("--kind", choices=CUSTOMER_KINDS, default="new_customer", help="default: new_customer")
    parser.add_argument("--layout", choices=LAYOUTS, default="array", help="default: one array")
    options = parser.parse_args(arguments)
    numbers = range(options.first, options.first + options.customers)
    records = (customer(options.seed, number, options.kind) for number in numbers)
    print(write_customers(options.out, records, datetime.now(UTC), options.layout))


if __name__ == "__main__":
    main()
