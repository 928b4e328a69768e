"""Bodies that Retail Pro takes, made by hand, and ways to spoil them."""

from __future__ import annotations

import copy
import json
from typing import Any

import requests

from sandbox.retailpro import INVOICE_PATH, SLIP_PATH, RetailPro

TIMEOUT = 5
DROP: Any = object()


def customer() -> dict[str, Any]:
    return {
        "FirstName": "Ana",
        "LastName": "Prueba",
        "Email": "ana@example.com",
        "Address1": "Calle Uno 1",
        "NoDocument": "012345678",
        "Phone": "50370000000",
    }


def invoice(order_no: str = "00000001", total: object = 92.5, *, body: str = "v1") -> dict[str, Any]:
    document = {
        "InvoicingStore": "SVA32",
        "OrderNo": order_no,
        "CreatedDate": "2026-03-20T11:29:00",
        "DeliveryType": 2,
        "PaymentType": 1,
        "TotalAmt": total,
        "TotalDiscAmt": 10,
        "ShippingAmt": 2.5,
        "CustomerShipping": customer(),
        "CustomerBilling": customer(),
        "Items": [
            {
                "UPC": "750000000001",
                "OrigPrice": 50,
                "OrigTax": 5.75,
                "Price": 45,
                "Tax": 5.175,
                "Qty": 2,
                "StoreOrig": "P22",
                "StoreDest": "A36",
            }
        ],
    }
    if body == "v2_fiscal":
        document["FiscalCredit"] = "false"
        document["CustomerShipping"]["TypeDocument"] = document["CustomerBilling"]["TypeDocument"] = "dui"
    return document


def slip(slip_no: str = "000000011") -> dict[str, Any]:
    return {
        "SlipNo": slip_no,
        "FromStore": "P22",
        "ToStore": "SVA32",
        "CreatedDate": "2026-03-20T11:29:00",
        "TotalQty": 3,
        "Items": [{"UPC": "750000000001", "Qty": 2}, {"UPC": "750000000002", "Qty": 1}],
    }


def changed(document: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """A copy with another value at a path such as ``Items.0.UPC``; DROP takes the field away."""
    result = copy.deepcopy(document)
    *parts, last = path.split(".")
    place: Any = result
    for part in parts:
        place = place[int(part) if isinstance(place, list) else part]
    if value is DROP:
        del place[last]
    else:
        place[last] = value
    return result


def path_of(document: dict[str, Any]) -> str:
    return SLIP_PATH if "FromStore" in document else INVOICE_PATH


def post(retailpro: RetailPro, document: dict[str, Any] | bytes, path: str = "", **options: Any) -> requests.Response:
    """POST with the right credentials of basic authentication."""
    known = retailpro.credentials
    options.setdefault("auth", (known.login, known.password))
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    where = path or (path_of(document) if isinstance(document, dict) else INVOICE_PATH)
    return requests.post(f"{retailpro.url}{where}", data=body, timeout=options.pop("timeout", TIMEOUT), **options)


def look_up(retailpro: RetailPro, number: str, *, slips: bool = False) -> requests.Response:
    known = retailpro.credentials
    path, name = (SLIP_PATH, "SlipNo") if slips else (INVOICE_PATH, "OrderNo")
    return requests.get(
        f"{retailpro.url}{path}", params={name: number}, auth=(known.login, known.password), timeout=TIMEOUT
    )


def found(retailpro: RetailPro, number: str) -> list[str]:
    """The OrderNos that a look-up shows."""
    answer = look_up(retailpro, number)
    assert answer.status_code == 200
    return [document["OrderNo"] for document in answer.json()["Documents"]]
