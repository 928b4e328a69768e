"""Invented customers, addresses, products and stores, each the same for the same number."""

from __future__ import annotations

from typing import Any

_FIRST = ("Ada", "Bruno", "Chloë", "Dmitri", "Elif", "Farah", "Göran", "Hana", "Ivo", "Jun", "Kofi", "Lucía")
_LAST = ("Archer", "Baker", "Cooper", "Dyer", "Fletcher", "Glover", "Hooper", "Mason", "O'Neil", "Potter", "Sawyer")
_PLACES = (
    ("12 Elm Street", "Springfield", "Illinois", "IL", "62701", "United States", "US"),
    ("400 Lake Road", "Madison", "Wisconsin", "WI", "53703", "United States", "US"),
    ("77 Harbor Way", "Portland", "Maine", "ME", "04101", "United States", "US"),
    ("5 Queen Street", "Toronto", "Ontario", "ON", "M5H 2N2", "Canada", "CA"),
    ("9 Rosenweg", "Hamburg", None, None, "20095", "Germany", "DE"),
)
_GOODS = ("Linen Shirt", "Wool Coat", "Canvas Bag", "Leather Belt", "Rain Hat", "Silk Scarf", "Denim Skirt", "Socks")
_SIZES = ("S", "M", "L", "XL")
_STORES = (("254", "Main Street"), ("301", "Harbor Mall"), ("412", "Station"))

PRODUCTS = 400
CUSTOMERS = 5000


def gid(kind: str, number: int) -> str:
    """An id as GraphQL shows it.

    :param kind: the type.
    :param number: the number of the thing.
    """
    return f"gid://shopify/{kind}/{number}"


def address(number: int, person: tuple[str, str], *, phone: str | None) -> dict[str, Any]:
    """A postal address.

    :param number: decides which, and is its id.
    :param person: given name and family name.
    :param phone: of the person, None for none.
    """
    street, city, province, code, postcode, country, country_code = _PLACES[number % len(_PLACES)]
    return {
        "id": gid("MailingAddress", 30_000_000 + number),
        "firstName": person[0],
        "lastName": person[1],
        "name": " ".join(person),
        "company": None,
        "address1": street,
        "address2": "2nd floor" if number % 4 == 0 else None,
        "city": city,
        "province": province,
        "provinceCode": code,
        "zip": postcode,
        "country": country,
        "countryCodeV2": country_code,
        "phone": phone,
        "latitude": None,
        "longitude": None,
    }


def customer(number: int, *, created: int) -> dict[str, Any]:
    """A customer.

    :param number: decides which; there are so many as `CUSTOMERS` says.
    :param created: seconds.
    """
    number %= CUSTOMERS
    person = (_FIRST[number % len(_FIRST)], _LAST[number // len(_FIRST) % len(_LAST)])
    phone = f"+1555{1_000_000 + number}"
    email = f"shopper{number}@mail.example"
    return {
        "id": gid("Customer", 7_000_000 + number),
        "firstName": person[0],
        "lastName": person[1],
        "displayName": " ".join(person),
        "email": email,
        "phone": phone,
        "defaultEmailAddress": {"emailAddress": email, "validFormat": True},
        "defaultPhoneNumber": {"phoneNumber": phone},
        "defaultAddress": address(number, person, phone=phone),
        "createdAt": created - 86_400 * (number % 900 + 1),
        "updatedAt": created,
        "locale": "en",
        "note": None,
        "numberOfOrders": number % 9 + 1,
        "tags": [],
        "taxExempt": False,
    }


def product(number: int, *, created: int) -> tuple[dict[str, Any], dict[str, Any], int]:
    """A product and one variant of it.

    :param number: decides which; there are so many as `PRODUCTS` says.
    :param created: seconds.
    :returns: product, variant, price in minor units.
    """
    number %= PRODUCTS
    title = _GOODS[number % len(_GOODS)]
    size = _SIZES[number // len(_GOODS) % len(_SIZES)]
    whole = {
        "id": gid("Product", 8_000_000 + number // len(_SIZES)),
        "title": title,
        "handle": f"{title.lower().replace(' ', '-')}-{number // len(_SIZES)}",
        "isGiftCard": False,
        "productType": "Apparel",
        "tags": [],
        "vendor": "Sandbox",
        "status": "ACTIVE",
        "createdAt": created - 86_400 * 400,
        "updatedAt": created - 86_400,
    }
    variant = {
        "id": gid("ProductVariant", 9_000_000 + number),
        "sku": f"SKU-{number:04d}-{size}",
        "barcode": f"75000000{number:04d}",
        "title": size,
        "displayName": f"{title} - {size}",
        "createdAt": whole["createdAt"],
        "updatedAt": whole["updatedAt"],
        "taxable": True,
    }
    return whole, variant, 1_000 + 7 * (number * 37 % 900)


def store(number: int, *, created: int) -> dict[str, Any]:
    """A store; its name begins with HotWax's external id of the facility.

    :param number: decides which.
    :param created: seconds.
    """
    code, name = _STORES[number % len(_STORES)]
    return {
        "id": gid("Location", 60_000_000 + int(code)),
        "name": f"{code} {name}",
        "isActive": True,
        "fulfillsOnlineOrders": True,
        "createdAt": created - 86_400 * 500,
        "updatedAt": created - 86_400 * 500,
    }
